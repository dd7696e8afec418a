"""Resuming: who wins, what the loser is told, and what of a note is shown."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.local.running import Platform


def _parked(platform: Platform, task: str = "ask now?\nstep") -> str:
    run_id: str = platform.create(task)["id"]
    platform.wait(run_id, "awaiting_human")
    return run_id


def test_of_fifty_simultaneous_resumes_exactly_one_wins(platform: Platform) -> None:
    run_id = _parked(platform, "ask now?\nspin")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: _resume(platform, run_id, f"from {n}"), range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
    codes = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"RESUME_CONFLICT", "NOT_AWAITING_HUMAN"}
    platform.cancel(run_id)
    assert [event["type"] for event in platform.events(run_id)].count("resumed") == 1


def test_of_a_resume_and_a_cancel_at_once_the_run_obeys_the_one_that_was_confirmed(platform: Platform) -> None:
    for _ in range(5):
        run_id = _parked(platform, "ask now?\nspin")
        with ThreadPoolExecutor(2) as pool:
            resumed = pool.submit(_resume, platform, run_id, "go")
            cancelled = pool.submit(requests.post, f"{platform.url}/runs/{run_id}/cancel", headers=_key(platform))
        assert cancelled.result().status_code == 200
        assert resumed.result().status_code in (200, 409)
        assert platform.run(run_id)["status"] == "cancelled"


def test_a_client_that_resumes_on_the_event_never_comes_too_early(platform: Platform) -> None:
    run_id = platform.create("ask one?\nask two?\nask three?\nstep")["id"]
    answers = [platform.resume(run_id) for event in platform.stream(run_id) if event["type"] == "awaiting_human"]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert platform.run(run_id)["status"] == "succeeded"


def test_a_run_that_does_not_wait_says_so(platform: Platform) -> None:
    spinning = platform.create("spin")["id"]
    platform.wait(spinning, "running")
    queued = platform.create("step")["id"]
    for run_id, status in ((spinning, "running"), (queued, "queued")):
        answer = platform.resume(run_id)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["current_state"]) == (409, "NOT_AWAITING_HUMAN", status)
        assert (error["allowed_from"], error["required_state"]) == (["awaiting_human"], "awaiting_human")
    for run_id in (queued, spinning):
        platform.cancel(run_id)
    error = platform.resume(spinning).json()["error"]
    assert (error["code"], error["current_state"]) == ("RESUME_CONFLICT", "cancelled")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"note": null}', b'{"note": "x"}'])
def test_a_body_may_be_missing_or_empty(platform: Platform, body: bytes) -> None:
    run_id = _parked(platform)
    answer = platform.session.post(f"{platform.url}/runs/{run_id}/resume", data=body, timeout=10)
    assert answer.status_code == 200, answer.text
    assert platform.wait(run_id)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "dict_type"), (b"{", "json_invalid"), (b'{"note": 1}', "string_type"),
        (b'{"response": "yes"}', "extra_forbidden"), (b'{"note": "%s"}' % (b"x" * 2001), "string_too_long"),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_and_the_run_stays_parked(platform: Platform, body: bytes, kind: str) -> None:
    run_id = _parked(platform)
    answer = platform.session.post(f"{platform.url}/runs/{run_id}/resume", data=body, timeout=10)
    assert (answer.status_code, answer.json()["error"]["details"][0]["type"]) == (422, kind)
    assert platform.cancel(run_id).json()["status"] == "cancelled"


def test_a_password_reaches_the_agent_and_nothing_else(platform: Platform, tmp_path: Path) -> None:
    seen = tmp_path / "note"
    run_id = _parked(platform, f"ask which password?\nraw {seen}\necho\nstep")
    platform.resume(run_id, "the password is hopper99 [decision 1a2b3c4d]")
    events = platform.events(run_id)
    assert seen.read_text() == "the password is hopper99"
    resumed = next(event for event in events if event["type"] == "resumed")
    assert resumed["data"] == {"note": "the password is •••••••• [decision 1a2b3c4d]"}
    assert "hopper99" not in str(events)
    assert "hopper99" not in platform.log.read_text()
    for file in (platform.data_dir / "local").glob("platform.sqlite3*"):
        assert b"hopper99" not in file.read_bytes()


def test_a_code_is_masked_in_the_event_that_repeats_the_note(platform: Platform) -> None:
    run_id = _parked(platform)
    platform.resume(run_id, "the code is 123456")
    assert {"note": "the code is ••••••••"} in [event["data"] for event in platform.events(run_id)]


def test_a_parked_run_leaves_its_slot_to_others(platform: Platform) -> None:
    machines = [platform.post("/machines", {"display_name": f"M{n}"}).json()["machine"]["id"] for n in range(3)]
    parked = [platform.create("ask now?\nstep", machine_id=machine)["id"] for machine in machines]
    for run_id in parked:
        platform.wait(run_id, "awaiting_human")
    other = platform.create("step")["id"]  # three slots, three parked runs, and still it goes
    assert platform.wait(other)["status"] == "succeeded"
    for run_id in parked:
        platform.resume(run_id)
    began = time.monotonic()
    assert [platform.wait(run_id)["status"] for run_id in parked] == ["succeeded"] * 3
    assert time.monotonic() - began < 20
    for machine in machines:
        platform.session.delete(f"{platform.url}/machines/{machine}", timeout=20)


def _key(platform: Platform) -> dict[str, str]:
    return {"X-API-Key": platform.key}


def _resume(platform: Platform, run_id: str, note: str) -> requests.Response:
    address = f"{platform.url}/runs/{run_id}/resume"
    return requests.post(address, json={"note": note}, headers=_key(platform), timeout=30)
