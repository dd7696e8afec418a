"""The life of a run over HTTP, from its creation to its last event."""

from __future__ import annotations

import base64
import hashlib

import cv2
import numpy as np
import pytest

from tests.local.running import Platform

RUN_FIELDS = {
    "id", "object", "status", "machine_id", "machine", "task", "cua_version", "instructions", "max_steps",
    "on_awaiting_human", "steps_completed", "credits_charged", "cost_cents", "result", "error", "awaiting_human_reason",
    "metadata", "llm", "webhook_url", "webhook_secret", "created_at", "started_at", "awaiting_human_since",
    "finished_at", "request_id", "deadline_seconds",
}  # fmt: skip


def test_a_run_goes_through_a_pause_to_its_end(platform: Platform) -> None:
    run = platform.create("step\nask May I?\nkeep\nstep")
    assert (run["status"], run["steps_completed"], run["started_at"]) == ("queued", 0, None)
    parked = platform.wait(run["id"], "awaiting_human")
    assert parked["awaiting_human_reason"] == "May I?"
    assert parked["awaiting_human_since"] is not None
    resumed = platform.resume(run["id"], "yes").json()
    assert (resumed["status"], resumed["awaiting_human_reason"]) == ("running", None)
    done = platform.wait(run["id"])
    assert done["status"] == "succeeded"
    assert done["result"] == {"passed": True, "status": "succeeded", "summary": "all done", "verdict": "seen"}
    assert (done["error"], done["steps_completed"], done["cost_cents"]) == (None, 2, 0)


def test_its_events_come_in_the_order_of_the_contract(platform: Platform) -> None:
    run = platform.create("reason why\nsay how\nstep\nask May I?\nstep")
    platform.wait(run["id"], "awaiting_human")
    platform.resume(run["id"])
    events = platform.events(run["id"])
    assert [event["type"] for event in events] == [
        "status", "status", "reasoning", "text", "tool_call", "tool_result", "step", "billing", "status",
        "awaiting_human", "resumed", "status", "tool_call", "tool_result", "step", "billing", "status", "done",
    ]  # fmt: skip
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["data"] == {"status": "queued"}
    assert events[4]["data"] == {
        "step": 1, "action_type": "wait", "tool": "wait", "params": {"seconds": 0}, "description": "wait",
    }  # fmt: skip
    assert events[9]["data"] == {"reason": "May I?"}
    assert events[10]["data"] == {"note": None}
    assert events[-1]["data"] == {
        "status": "succeeded",
        "result": {"passed": True, "status": "succeeded", "summary": "all done", "verdict": "seen"},
        "error": None,
    }


def test_every_field_of_the_run_is_always_there(platform: Platform) -> None:
    run = platform.create("step", instructions="be kind", metadata={"a": [1, None]}, max_steps=7, cua_version="v5")
    for seen in (run, platform.wait(run["id"])):
        assert set(seen) == RUN_FIELDS
    assert (seen["metadata"], seen["instructions"], seen["max_steps"], seen["cua_version"]) == (
        {"a": [1, None]}, "be kind", 7, "v5",
    )  # fmt: skip
    assert seen["request_id"] == run["request_id"]
    assert seen["finished_at"].endswith("Z")


def test_the_default_engine_is_v3_and_unset_fields_are_null(platform: Platform) -> None:
    run = platform.create("step")
    assert run["cua_version"] == "v3"
    assert [run[name] for name in ("instructions", "metadata", "llm", "webhook_url", "webhook_secret")] == [None] * 5


@pytest.mark.parametrize(
    ("task", "code"),
    [("fail the page says no", "VERIFICATION_FAILED"), ("give up", "TASK_FAILED"), ("crash boom", "INTERNAL_ERROR")],
)
def test_a_run_that_did_not_do_it_fails_and_says_how(platform: Platform, task: str, code: str) -> None:
    done = platform.wait(platform.create(task)["id"])
    assert (done["status"], done["error"]["code"]) == ("failed", code)
    assert "boom" not in done["error"]["message"]
    types = [event["type"] for event in platform.events(done["id"])]
    assert types[-3:] == ["error", "status", "done"]


def test_a_run_out_of_steps_fails_with_the_steps_it_made(platform: Platform) -> None:
    done = platform.wait(platform.create("step\nstep\nstep", max_steps=2)["id"])
    assert (done["status"], done["steps_completed"], done["error"]["code"]) == ("failed", 2, "MAX_STEPS_REACHED")


def test_a_run_may_use_its_last_step(platform: Platform) -> None:
    assert platform.wait(platform.create("step\nstep", max_steps=2)["id"])["status"] == "succeeded"


@pytest.mark.parametrize(("policy", "status"), [("fail", "failed"), ("cancel", "cancelled")])
def test_a_run_that_may_not_wait_ends_when_it_needs_a_person(platform: Platform, policy: str, status: str) -> None:
    done = platform.wait(platform.create("ask the code", on_awaiting_human=policy)["id"])
    assert (done["status"], done["error"]["code"]) == (status, "AWAITING_HUMAN")
    assert "the code" in done["error"]["message"]
    assert platform.get(f"/runs/{done['id']}/screenshots").json()["data"]


def test_a_pause_that_lasts_too_long_times_the_run_out(platform: Platform) -> None:
    run = platform.create("ask anybody?", awaiting_human_timeout_seconds=1)
    done = platform.wait(run["id"])
    assert (done["status"], done["error"]["code"]) == ("timed_out", "AWAITING_HUMAN_TIMEOUT")


def test_the_deadline_ends_a_run_at_work_and_a_parked_one(platform: Platform) -> None:
    spinning = platform.create("spin", deadline_seconds=2)
    assert platform.wait(spinning["id"])["error"]["code"] == "DEADLINE_EXCEEDED"
    parked = platform.create("ask now?", deadline_seconds=2)
    done = platform.wait(parked["id"])
    assert (done["status"], done["error"]["code"], done["result"]) == ("timed_out", "DEADLINE_EXCEEDED", None)


def test_the_deadline_runs_in_the_queue_too(platform: Platform) -> None:
    first = platform.create("spin")
    platform.wait(first["id"], "running")
    waiting = platform.create("step", deadline_seconds=1)
    done = platform.wait(waiting["id"])
    assert (done["status"], done["started_at"]) == ("timed_out", None)
    assert platform.cancel(first["id"]).json()["status"] == "cancelled"


def test_cancel_works_from_every_live_state_and_only_once(platform: Platform) -> None:
    running = platform.create("spin")
    platform.wait(running["id"], "running")
    queued = platform.create("step")
    assert platform.cancel(queued["id"]).json()["status"] == "cancelled"
    assert platform.cancel(running["id"]).json()["status"] == "cancelled"
    parked = platform.create("ask now?")
    platform.wait(parked["id"], "awaiting_human")
    answer = platform.cancel(parked["id"]).json()
    assert (answer["status"], answer["error"], answer["result"]) == ("cancelled", None, None)
    again = platform.cancel(parked["id"])
    assert again.status_code == 409
    error = again.json()["error"]
    assert (error["code"], error["current_state"]) == ("INVALID_STATE", "cancelled")
    assert error["allowed_from"] == ["queued", "running", "awaiting_human"]


def test_nothing_follows_done_and_a_step_in_flight_is_not_billed(platform: Platform) -> None:
    run = platform.create("act wait\nspin")
    assert len(_now(platform, run["id"])) == 4
    platform.cancel(run["id"])
    assert platform.run(run["id"])["steps_completed"] == 0
    assert [event["type"] for event in platform.events(run["id"])][-2:] == ["status", "done"]


def test_two_runs_of_one_machine_go_one_after_the_other(platform: Platform) -> None:
    first, second, third = (platform.create("step") for _ in range(3))
    ends = [platform.wait(run["id"]) for run in (first, second, third)]
    assert [run["status"] for run in ends] == ["succeeded"] * 3
    assert ends[0]["finished_at"] <= ends[1]["started_at"]
    assert ends[1]["finished_at"] <= ends[2]["started_at"]


def test_several_machines_work_side_by_side(platform: Platform) -> None:
    other = platform.post("/machines", {"display_name": "Second"}).json()["machine"]["id"]
    here, there = platform.create("spin"), platform.create("spin", machine_id=other)
    for run in (here, there):
        platform.wait(run["id"], "running")
    for run in (here, there):
        platform.cancel(run["id"])
    assert platform.session.delete(f"{platform.url}/machines/{other}").json()["status"] == "terminated"


def test_frames_are_kept_with_what_must_not_be_read_made_flat(platform: Platform, page: str) -> None:
    run = platform.create(f"goto {page}\nkeep\nblur 0 0 1280 800\nstep")
    platform.wait(run["id"])
    listing = platform.get(f"/runs/{run['id']}/screenshots").json()
    assert [(frame["index"], frame["step"]) for frame in listing["data"]] == [(1, 1), (2, 1)]
    assert "image_b64" not in listing["data"][0]
    answer = platform.get(f"/runs/{run['id']}/screenshots", params={"include_image": "true", "after_index": 0})
    assert answer.headers["Cache-Control"] == "no-store"
    for frame in answer.json()["data"]:
        raw = base64.b64decode(frame["image_b64"])
        assert hashlib.sha256(raw).hexdigest() == frame["sha256"]
        assert len(raw) == frame["size_bytes"]
    pictures = [_decoded(frame["image_b64"]) for frame in answer.json()["data"]]
    assert pictures[0].shape == (800, 1280, 3)
    spread = [picture.std(axis=(0, 1)).max() for picture in pictures]
    assert spread[0] > 5
    assert spread[1] < 1


def test_frames_are_paged_by_index(platform: Platform) -> None:
    run = platform.create("keep\nkeep\nkeep\nstep")
    platform.wait(run["id"])
    first = platform.get(f"/runs/{run['id']}/screenshots", params={"limit": 2}).json()
    assert ([frame["index"] for frame in first["data"]], first["has_more"]) == ([1, 2], True)
    rest = platform.get(f"/runs/{run['id']}/screenshots", params={"after_index": 2}).json()
    assert ([frame["index"] for frame in rest["data"]], rest["has_more"]) == ([3], False)


def test_a_pause_keeps_a_frame(platform: Platform) -> None:
    run = platform.create("ask what now?")
    platform.wait(run["id"], "awaiting_human")
    assert len(platform.get(f"/runs/{run['id']}/screenshots").json()["data"]) == 1
    platform.cancel(run["id"])


def _now(platform: Platform, run_id: str) -> list[str]:
    """What the log holds by now, read over a stream that is left at the first pause in it."""
    lines = []
    with platform.session.get(f"{platform.url}/runs/{run_id}/events", stream=True, timeout=20) as answer:
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            lines += [line] if line.startswith("id:") else []
            if line.startswith("id: 4"):
                break
    return lines


def _decoded(image: str) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(base64.b64decode(image), dtype=np.uint8), cv2.IMREAD_COLOR)
