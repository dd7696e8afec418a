"""The bench itself: its table, its files, its upstream's pace, and one tiny measure from end to end."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.utils import timezone

from bench import __main__ as bench
from bench import lab
from bench.crowd_upstream import frame
from bench.sockets import Socket, _client_frame
from coasty_api import sse, wire
from runs import fragments
from runs.models import Connection, Event, Run


def test_the_table_tells_what_was_reached_and_what_was_missed(tmp_path):
    rows = [
        lab.Row("more is better", 0.9, 0.5, 0.8),
        lab.Row("less is better", 14, 15, 4, is_most=True, unit="x"),
        lab.Row("too slow", 16, 15, 4, is_most=True),
        lab.Row("could not be done", None, 1, 2),
    ]
    assert [row.verdict for row in rows] == ["aim", "must", "MISSED", "not measured"]
    assert bench.table(rows).count("\n") == 4
    written = json.loads(bench.write(rows, tmp_path, "some", {"cores": 2}).read_text())
    first = {name: written[0][name] for name in ("name", "value", "must", "aim")}
    assert first == {"name": "more is better", "value": 0.9, "must": 0.5, "aim": 0.8}


def test_every_measure_can_be_called_by_its_name():
    assert all(callable(bench.measure_of(name)) for name in bench.MEASURES)


def test_the_upstream_of_the_bench_speaks_as_the_contract_says():
    moment = "2026-01-02T03:04:05.000006+00:00"
    body = b"".join(frame(seq, moment).split(b"\r\n", 1)[1][:-2] for seq in range(1, 6))
    events = [wire.event(found) for found in sse.Parser().feed(body)]
    assert [(event.seq, event.type) for event in events] == list(
        enumerate(["text", "tool_call", "tool_result", "step", "billing"], 1)
    )
    assert all(event.created_at.isoformat() == moment and json.loads(event.data)["at"] == moment for event in events)


def test_a_client_frame_is_masked_and_tells_its_length():
    assert _client_frame(b"x" * 3)[:2] == bytes([0x81, 0x83])
    assert _client_frame(b"x" * 300)[:4] == bytes([0x81, 0xFE, 1, 44])


@pytest.mark.django_db
def test_the_sockets_of_the_bench_time_every_line_as_the_page_draws_it_and_each_once():
    run = Run.objects.create(connection=Connection.objects.create(name="far", base_url="x"), upstream_id="run-1")
    moment = timezone.now()
    for seq in range(1, 6):
        kind, data = frame_told(seq)
        Event.objects.create(run=run, seq=seq, type=kind, data=data, created_at=moment, received_at=moment)
    drawn = str(fragments.run_timeline(run)).encode()
    socket = Socket("/", "127.0.0.1", "", b"", b"", is_timing=True)
    socket.transport = SimpleNamespace(write=lambda data: None)
    for _time in range(2):
        socket._take(1, drawn, moment.timestamp() + 0.25)
    assert [round(delay, 3) for delay in socket.delays] == [0.25] * 5


def frame_told(seq):
    """What the event of that number says: its type and payload."""
    told = next(iter(sse.Parser().feed(frame(seq, "2026-01-02T03:04:05+00:00").split(b"\r\n", 1)[1][:-2])))
    event = wire.event(told)
    return event.type, event.data


@pytest.mark.slow
def test_a_tiny_crowd_is_followed_and_its_events_are_timed_to_the_commit():
    with lab.stage(20, seed=1) as made:
        relay = made.relay()
        made.wait_until_followed(30)
        relay.tell(do="reset")
        made.pace(200, 1.0)
        lab.wait_for(lambda: not made.state()["is_speaking"], 10, every=0.05)
        sent = made.state()["sent"]
        seen = lab.wait_for(lambda: (told := relay.tell(do="report"))["events"] >= sent and told, 10, every=0.05)
    assert sent > 150
    assert 0 < seen["p50_ms"] <= seen["p99_ms"] < 10_000
    assert seen["following"] == 20
