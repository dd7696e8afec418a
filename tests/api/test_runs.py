"""Runs over the API: started, listed, searched, paged, followed by events, cancelled."""

from __future__ import annotations

import io
import itertools
import json
import zipfile

import pytest
from django.test import Client
from django.utils import timezone

from runs import ingest, registry
from runs.models import AuditEntry, Run
from tests.upstreams import Upstream

pytestmark = pytest.mark.django_db
SHOWN = {
    "id", "status", "task", "machine_id", "steps_completed", "cost_cents", "awaiting_human_reason", "result", "error",
    "created_at", "started_at", "awaiting_human_since", "finished_at", "metadata", "started_by", "max_steps", "cursor",
    "stream",
}  # fmt: skip


def test_a_run_is_started_with_the_fields_of_the_service(desk, callers):
    body = {
        "task": "Pay the invoice", "machine_id": "mch_test_00000001", "cua_version": "v3", "instructions": "Be quick.",
        "max_steps": 7, "deadline_seconds": 600, "on_awaiting_human": "pause", "metadata": {"team": "ops"},
        "awaiting_human_timeout_seconds": 300,
    }  # fmt: skip
    answer = callers.operator("POST", "/runs", body)
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert set(run) >= SHOWN
    assert (run["task"], run["max_steps"], run["metadata"]) == ("Pay the invoice", 7, {"team": "ops"})
    assert (run["started_by"], run["status"], run["deadline_seconds"]) == ("operator", "queued", 600)
    assert desk.far.runs[run["id"]].fields["awaiting_human_timeout_seconds"] == 300
    assert callers.viewer("GET", f"/runs/{run['id']}").json() == run
    assert AuditEntry.objects.get(act="run.started").actor_name == "operator"


def test_a_run_without_a_machine_gets_the_first_that_runs(desk, callers):
    assert callers.operator("POST", "/runs", {"task": "x"}).json()["machine_id"] == "mch_test_00000001"
    desk.far.machines = []
    answer = callers.operator("POST", "/runs", {"task": "x"})
    assert answer.status_code == 409
    assert answer.json()["error"]["message"]


def test_the_same_idempotency_key_starts_one_run_per_person(desk, callers):
    first = callers.operator("POST", "/runs", {"task": "x"}, **{"Idempotency-Key": "monday"})
    again = callers.operator("POST", "/runs", {"task": "x"}, **{"Idempotency-Key": "monday"})
    other = callers.admin("POST", "/runs", {"task": "x"}, **{"Idempotency-Key": "monday"})
    assert first.json()["id"] == again.json()["id"]
    assert other.json()["id"] != first.json()["id"]
    assert Run.objects.count() == 2
    changed = callers.operator("POST", "/runs", {"task": "y"}, **{"Idempotency-Key": "monday"})
    assert changed.status_code == 422
    assert callers.operator("POST", "/runs", {"task": "x"}, **{"Idempotency-Key": "a b"}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {}, {"task": ""}, {"task": "x" * 16_001}, {"task": 5}, {"task": "x", "surprise": 1},
        {"task": "x", "max_steps": 0},
        {"task": "x", "max_steps": 1001}, {"task": "x", "max_steps": True}, {"task": "x", "max_steps": "5"},
        {"task": "x", "max_steps": 2.5}, {"task": "x", "cua_version": "v2"}, {"task": "x", "on_awaiting_human": "wait"},
        {"task": "x", "metadata": {str(n): n for n in range(51)}}, {"task": "x", "deadline_seconds": 86_401}, [], "x",
    ],
)  # fmt: skip
def test_what_the_service_would_refuse_is_refused_here(desk, callers, body):
    answer = callers.operator("POST", "/runs", body if isinstance(body, str) else json.dumps(body))
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]
    assert desk.far.count("POST", "/runs") == 0


def test_a_whole_number_may_be_written_as_one_with_a_point(desk, callers):
    assert callers.operator("POST", "/runs", '{"task": "x", "max_steps": 3.0}').json()["max_steps"] == 3


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 401}, 502, "UPSTREAM_KEY_REFUSED"),
        ({"status": 403}, 502, "UPSTREAM_NOT_ALLOWED"),
        ({"status": 403, "body": b"<html>1010</html>"}, 502, "UPSTREAM_BLOCKED"),
        ({"status": 404}, 404, "UPSTREAM_NOT_FOUND"),
        ({"status": 422}, 422, "UPSTREAM_REFUSED"),
        ({"status": 402}, 402, "UPSTREAM_PAYMENT_NEEDED"),
        ({"status": 429, "retry_after": 7}, 429, "UPSTREAM_BUSY"),
        ({"status": 503, "times": 9}, 503, "UPSTREAM_UNAVAILABLE"),
        ({"lose": "before", "times": 9}, 502, "UPSTREAM_ANSWER_LOST"),
    ],
)
def test_each_trouble_upstream_is_a_clear_answer(desk, callers, fault, status, code):
    desk.far.fail("POST", "/runs$", **fault)
    answer = callers.operator("POST", "/runs", {"task": "x"})
    assert answer.status_code == status, answer.content
    told = answer.json()["error"]
    assert told["code"] == code
    assert told["message"]
    assert told["remedy"]
    assert desk.far.key not in answer.content.decode()
    if "retry_after" in fault:
        assert answer["Retry-After"] == "7"


def test_a_key_of_one_connection_starts_nothing_on_another(desk, callers, people):
    key = {"Idempotency-Key": "tuesday"}
    first = callers.operator("POST", "/runs", {"task": "x"}, **key).json()
    with Upstream("sk-coasty-test-2") as other:
        connection = registry.add(people.admin, name="Other", base_url=other.base_url, key=other.key)
        answer = callers.operator("POST", "/runs", {"task": "x", "connection": connection.slug}, **key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID")
        assert not other.runs
    assert callers.operator("POST", "/runs", {"task": "x"}, **key).json()["id"] == first["id"]


@pytest.mark.parametrize("odd", ["1e999", "NaN", "-Infinity", '"\\ud800"', "[1, {}, 2" + "]" * 3])
def test_what_is_no_json_reaches_nobody(desk, callers, odd):
    answer = callers.operator("POST", "/runs", f'{{"task": "x", "metadata": {{"a": {odd}}}}}')
    assert (answer.status_code, desk.far.runs) == (400, {})


@pytest.mark.parametrize("odd", ["NaN", "1e999", "[" * 100_000])
def test_the_form_of_a_new_run_takes_no_number_that_json_can_not_say(desk, people, odd):
    client = Client()
    client.force_login(people.operator)
    fields = {
        "task": "x",
        "machine_id": "mch_test_00000001",
        "max_steps": 5,
        "cua_version": "v3",
        "idempotency_key": "k",
    }
    answer = client.post("/runs/new/", {**fields, "metadata": f'{{"a": {odd}}}'})
    assert (answer.status_code, desk.far.runs) == (422, {})
    assert "This is not JSON." in answer.content.decode()


@pytest.mark.parametrize("path", ["/runs/%00", "/runs?status=%00", "/audit?act=%00&run=%00", "/approvals?run_id=%00"])
def test_a_zero_byte_is_no_fault_of_ours(callers, path):
    assert callers.viewer("GET", path).status_code in {200, 404}


def test_an_upstream_that_is_down_stops_no_reading(desk, callers):
    scripted, _, _ = desk.parked()
    desk.far.close()
    assert callers.operator("POST", "/runs", {"task": "x"}).status_code == 503
    for path in ("/runs", f"/runs/{scripted.id}", f"/runs/{scripted.id}/events", "/approvals", "/audit"):
        assert callers.viewer("GET", path).status_code == 200
    desk.far.listen()


def test_events_come_with_the_payload_to_the_letter(desk, callers):
    scripted, run = desk.run()
    odd = '{"text":"caf\\u00e9 \\ud83d","n":1.0,"big":12345678901234567890,"a":1,"a":2}'
    scripted.emit("text", odd)
    scripted.emit("text", "not json at all")
    scripted.emit("text", '{"n": NaN}')
    desk.follow(scripted)
    answer = callers.viewer("GET", f"/runs/{scripted.id}/events?after=2")
    assert odd in answer.content.decode()
    data = [event["data"] for event in json.loads(answer.content)["data"]]
    assert data[1:] == ["not json at all", '{"n": NaN}']
    whole = callers.viewer("GET", f"/runs/{scripted.id}/events").json()
    assert [event["seq"] for event in whole["data"]] == [1, 2, 3, 4, 5]
    assert whole["data"][0].keys() == {"seq", "type", "data", "created_at", "received_at"}
    assert whole["data"][1]["data"] == {"status": "running"}
    assert whole["next"] is None
    assert Run.objects.get(pk=run.pk).cursor == 5


def test_an_event_nested_without_end_stops_no_page_and_no_export(desk, callers, people):
    scripted, _ = desk.run()
    for kind, payload in (("text", '{"text": "hello", "x": %s}'), ("tool_call", '{"tool": "click", "params": %s}')):
        for levels in (300, 900, 50_000):
            scripted.emit(kind, payload.replace("%s", "[" * levels + "]" * levels))
    desk.follow(scripted)
    client, path = Client(), f"/runs/{scripted.id}"
    client.force_login(people.admin)
    assert b"hello" in client.get(f"{path}/").content
    assert callers.viewer("GET", f"{path}/events").json()["data"][-1]["seq"] == 8
    for part, lines in (("events.jsonl", 8), ("acts.csv", 4)):
        assert len(client.get(f"{path}/{part}").getvalue().splitlines()) == lines
    assert zipfile.is_zipfile(io.BytesIO(client.post(f"{path}/case/").getvalue()))


def test_events_are_paged_by_seq(desk, callers):
    scripted, _ = desk.run()
    for number in range(48):
        scripted.emit("text", {"text": str(number)})
    desk.follow(scripted)
    seen, after = [], "0"
    while after is not None:
        page = callers.viewer("GET", f"/runs/{scripted.id}/events?after={after}&limit=7").json()
        seen += [event["seq"] for event in page["data"]]
        after = page["next"]
    assert seen == list(range(1, 51))
    for bad in ("after=-1", "after=x", "limit=0", "limit=5001", "cursor=zzz", "after=99999999999999999999"):
        assert callers.viewer("GET", f"/runs/{scripted.id}/events?{bad}").status_code == 422
    assert callers.viewer("GET", f"/runs/{scripted.id}/events?after=1000").json() == {"data": [], "next": None}


def test_large_payloads_end_a_page_early_and_lose_nothing(desk, callers):
    scripted, _ = desk.run()
    for _ in range(5):
        scripted.emit("text", {"text": "x" * 3_000_000})
    desk.follow(scripted)
    first = callers.viewer("GET", f"/runs/{scripted.id}/events").json()
    assert 0 < len(first["data"]) < 7
    rest = callers.viewer("GET", f"/runs/{scripted.id}/events?after={first['next']}").json()
    assert [event["seq"] for event in first["data"] + rest["data"]] == list(range(1, 8))


def test_runs_are_listed_newest_first_by_pages_that_new_runs_do_not_shift(desk, callers):
    made = [desk.run()[0].id for _ in range(7)]
    Run.objects.update(created_at=timezone.now())  # the same instant: the id decides
    page = callers.viewer("GET", "/runs?limit=3").json()
    newer, _ = desk.run()
    seen = [run["id"] for run in page["data"]]
    while page["next"]:
        page = callers.viewer("GET", f"/runs?limit=3&cursor={page['next']}").json()
        seen += [run["id"] for run in page["data"]]
    assert seen == made[::-1]
    assert callers.viewer("GET", "/runs?limit=1").json()["data"][0]["id"] == newer.id


@pytest.mark.parametrize("bad", ["limit=0", "limit=201", "limit=x", "cursor=zzz", "cursor=WzFd", "status=lost"])
def test_a_query_that_makes_no_sense_is_refused(desk, callers, bad):
    answer = callers.viewer("GET", f"/runs?{bad}")
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]


def test_runs_are_found_by_status_and_words(desk, callers):
    parked, _, _ = desk.parked("Which card?")
    running, run = desk.run()
    Run.objects.filter(pk=run.pk).update(task="Refund order 7001")

    def ids(query):
        return {found["id"] for found in callers.viewer("GET", f"/runs?{query}").json()["data"]}

    assert ids("status=awaiting_human") == {parked.id}
    assert ids("status=succeeded") == set()
    assert ids("q=refund") == {running.id}
    assert ids("q=WHICH+CARD") == {parked.id}
    assert ids(f"q={running.id}") == {running.id}
    assert ids("q=%25") == set()
    assert ids("q=%00") == {parked.id, running.id}


def test_a_status_that_the_contract_does_not_name_is_shown_as_it_is(desk, callers):
    scripted, run = desk.run()
    Run.objects.filter(pk=run.pk).update(status="hibernating")
    assert callers.viewer("GET", f"/runs/{scripted.id}").json()["status"] == "hibernating"
    assert len(callers.viewer("GET", "/runs?status=hibernating").json()["data"]) == 1


def test_a_cancel_is_audited_and_a_second_one_told(desk, callers):
    scripted, _ = desk.run()
    assert callers.operator("POST", f"/runs/{scripted.id}/cancel").json()["status"] == "cancelled"
    assert AuditEntry.objects.get(act="run.cancelled").actor_name == "operator"
    again = callers.operator("POST", f"/runs/{scripted.id}/cancel")
    assert again.status_code == 409
    assert again.json()["error"]["current_state"] == "cancelled"
    assert callers.operator("POST", "/runs/nothing/cancel").status_code == 404


def test_the_audit_log_is_paged_newest_first_and_chained(desk, callers):
    for _ in range(3):
        scripted = callers.operator("POST", "/runs", {"task": "x"}).json()
    first = callers.viewer("GET", "/audit?limit=4").json()
    rest = callers.viewer("GET", f"/audit?limit=200&cursor={first['next']}").json()
    entries = first["data"] + rest["data"]
    assert [entry["seq"] for entry in entries] == list(range(len(entries), 0, -1))
    assert all(new["previous_hash"] == old["hash"] for new, old in itertools.pairwise(entries))
    mine = callers.viewer("GET", f"/audit?run={scripted['id']}").json()["data"]
    assert [(entry["act"], entry["actor"], entry["run_id"]) for entry in mine] == [
        ("run.started", "operator", scripted["id"])
    ]
    assert len(callers.viewer("GET", "/audit?act=token.issued").json()["data"]) == 5


def test_a_body_that_is_too_large_is_refused(callers):
    answer = callers.operator("POST", "/runs", json.dumps({"task": "x", "metadata": {"a": "x" * 1_100_000}}))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "TOO_LARGE"


def test_a_run_of_somebody_elses_console_is_shown_too(desk, callers):
    scripted = desk.far.add(task="From a script")
    ingest.take_snapshot(desk.connection, scripted.view(), asked_at=timezone.now())
    assert callers.viewer("GET", f"/runs/{scripted.id}").json()["started_by"] is None


def test_what_a_task_or_an_event_gives_away_is_masked_for_everybody(desk, callers):
    scripted, run, approval = desk.parked()
    scripted.emit("text", {"text": "I sign in, the password is lovelace9, then go on"})
    desk.follow(scripted)
    Run.objects.filter(pk=run.pk).update(task="Log in, the password is lovelace9", instructions="password: lovelace9")
    for path in ("/runs", f"/runs/{scripted.id}", f"/runs/{scripted.id}/events", f"/approvals/{approval.pk}"):
        for caller in (callers.viewer, callers.operator, callers.reviewer, callers.admin):
            said = caller("GET", path)
            assert said.status_code == 200
            assert "lovelace9" not in said.content.decode()
    events = callers.viewer("GET", f"/runs/{scripted.id}/events").json()["data"]
    assert events[-1]["data"]["text"] == "I sign in, the password is ••••••••, then go on"
