"""Both programs have a module of the wire of their own; what one writes, the other reads, to the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from coasty_api import sse
from coasty_api import wire as reader
from coasty_local import wire as writer

AT = 1_782_900_000_123
ISO = datetime.fromtimestamp(AT / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

ROW = {
    "id": "2c1a3d2e-0000-4000-8000-000000000001", "status": "awaiting_human", "machine_id": "mch_test_00000001",
    "task": "Pay invoice INV-1042", "cua_version": "v3", "instructions": None, "max_steps": 50,
    "on_awaiting_human": "pause", "steps_completed": 4, "cost_cents": 20, "result": None, "error": None,
    "awaiting_human_reason": "May I pay?", "metadata": '{"team": "ops"}', "llm": None, "webhook_url": None,
    "created_at": AT, "started_at": AT + 1000, "awaiting_human_since": AT + 2000, "finished_at": None,
    "request_id": "req_0123456789ab", "deadline_seconds": 600,
}  # fmt: skip
PAYLOADS = [
    ("status", '{"status":"running"}'),
    ("text", '{"text":"Grüße 😀\\n","step":1}'),
    ("tool_call", '{"step":1,"action_type":"click","tool":"click","params":{"x":1,"y":2}}'),
    ("tool_result", '{"step":1,"success":true}'),
    ("awaiting_human", '{"reason":"May I pay?"}'),
    ("resumed", '{"note":null}'),
    ("step", '{"steps_completed":1}'),
    ("billing", '{"credits_charged":5,"cost_cents":5}'),
    ("error", '{"code":"TASK_FAILED","message":"no"}'),
    ("done", '{"status":"failed","result":null,"error":{"code":"TASK_FAILED","message":"no"}}'),
]
RUN_KEYS = {
    "id", "object", "status", "machine_id", "machine", "task", "cua_version", "instructions", "max_steps",
    "on_awaiting_human", "steps_completed", "credits_charged", "cost_cents", "result", "error",
    "awaiting_human_reason", "metadata", "llm", "webhook_url", "webhook_secret", "created_at", "started_at",
    "awaiting_human_since", "finished_at", "request_id",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), PAYLOADS)
def test_an_event_that_one_writes_the_other_reads(kind, data):
    written = writer.event({"seq": 7, "type": kind, "data": data, "created_at": AT})
    assert written.split("\n")[:3] == ["id: 7", f"event: {kind}", f"data: {data}"]
    [frame] = sse.Parser().feed(written.encode())
    event = reader.event(frame)
    assert (event.seq, event.type, event.data) == (7, kind, data)
    assert event.created_at == reader.time(ISO)


def test_an_event_stays_on_its_line_for_readers_that_break_at_every_sign_of_unicode():
    payload = {"text": "a\u2028b\u2029c\x85d\x0be\x1cf\rg"}
    data = writer.dumps(payload)
    written = writer.event({"seq": 7, "type": "text", "data": data, "created_at": AT})
    assert written.splitlines() == written.split("\n")[:-1]
    [frame] = sse.Parser().feed(written.encode())
    assert json.loads(reader.event(frame).data) == payload


def test_a_run_that_one_writes_has_every_key_and_the_other_understands_it():
    written = json.loads(writer.dumps(writer.run(ROW)))
    assert set(written) >= RUN_KEYS
    assert written["webhook_secret"] is None
    assert reader.cost_cents(written) == 20
    assert reader.steps_completed(written) == 4
    assert reader.pause_reason(written) == "May I pay?"
    assert reader.time(written["created_at"]) == reader.time(ISO)
    assert written["metadata"] == {"team": "ops"}
    for name in ("max_steps", "steps_completed", "credits_charged", "cost_cents"):
        assert type(written[name]) is int, "a number with a point breaks strict readers"


def test_a_run_becomes_the_same_run_in_the_mirror(connection):
    from runs import ingest

    written = json.loads(writer.dumps(writer.run(ROW)))
    run = ingest.take_snapshot(connection, written)
    for name in ("status", "machine_id", "task", "cua_version", "max_steps", "steps_completed", "cost_cents"):
        assert getattr(run, name) == ROW[name]
    assert (run.awaiting_human_reason, run.metadata, run.deadline_seconds) == ("May I pay?", {"team": "ops"}, 600)
    assert run.created_at == reader.time(ISO)


@pytest.mark.parametrize(
    ("kind", "payload", "status"),
    [
        ("status", {"status": "awaiting_human"}, "awaiting_human"),
        ("awaiting_human", {"reason": "x"}, "awaiting_human"),
        ("resumed", {"note": None}, "running"),
        ("done", {"status": "timed_out"}, "timed_out"),
        ("done", {}, None),
        ("status", {"status": 5}, None),
        ("text", {"status": "failed"}, None),
        ("status", [], None),
    ],
)
def test_what_an_event_says_of_the_status(kind, payload, status):
    assert reader.status_told(kind, payload) == status


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1.00, "b" :  {"c": [1, 2 ]} }', {"a": "1.00", "b": '{"c": [1, 2 ]}'}),
        ('{"a": "x\\"y", "a": 2}', {"a": "2"}),
        ("{}", {}), ("[1]", {}), ('{"a": 1', {}), ('{"a" 1}', {}), ("", {}), ("nonsense", {}), ("null", {}),
    ],
)  # fmt: skip
def test_the_members_of_an_object_are_found_as_they_stand(text, expected):
    assert reader.members(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01T10:00:00Z", "2026-07-01T10:00:00+00:00"),
        ("2026-07-01T12:00:00.123456+02:00", "2026-07-01T10:00:00.123456+00:00"),
        ("2026-07-01T10:00:00", "2026-07-01T10:00:00+00:00"),
        ("0001-01-01T00:00:00+05:00", None), ("9999-12-31T23:59:59-05:00", None),
        ("yesterday", None), ("", None), (None, None), (1_782_900_000, None),
    ],
)  # fmt: skip
def test_times_are_read_as_utc(text, expected):
    found = reader.time(text)
    assert (found.isoformat() if found else None) == expected
