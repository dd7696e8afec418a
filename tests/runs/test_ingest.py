"""Events and snapshots become one mirror: each event once, newer beats older, pauses told twice are one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from runs import ingest
from runs import upstream as upstreams
from runs.models import Event, Lease, Run
from runs.signals import status_changed

pytestmark = pytest.mark.django_db

PAUSE = "awaiting_human"


@pytest.fixture
def moves():
    """Every change that receivers were told."""
    seen = []

    def receive(run, old, new, seq, **_):
        seen.append((old, new, seq))

    status_changed.connect(receive)
    yield seen
    status_changed.disconnect(receive)


@pytest.fixture
def take(arrived):
    def take(run, *events, start=1):
        """Each event as (type, payload), numbered from `start`."""
        batch = [arrived(run, start + n, kind, json.dumps(payload)) for n, (kind, payload) in enumerate(events)]
        ingest.take_events(batch)
        run.refresh_from_db()
        return run

    return take


def snapshot(run, status, seconds_ago=0.0, **fields):
    payload = {"id": run.upstream_id, "status": status, **fields}
    ingest.take_snapshot(run.connection, payload, asked_at=timezone.now() - timedelta(seconds=seconds_ago))
    run.refresh_from_db()
    return run


def test_an_event_that_comes_twice_is_stored_once(make_run, arrived):
    run = make_run()
    first = [arrived(run, 1, "text", '{"n":1}'), arrived(run, 2, "text", '{"n":2}')]
    ingest.take_events([*first, arrived(run, 2, "text", '{"n":"other"}')])
    ingest.take_events([*first, arrived(run, 3, "text", '{"n":3}')])
    assert list(run.events.values_list("seq", "data")) == [(1, '{"n":1}'), (2, '{"n":2}'), (3, '{"n":3}')]


def test_a_payload_is_kept_to_the_letter(make_run, arrived):
    run = make_run()
    raw = '{"a" : 1.00,\t"b":"\\u0000 \\ud83d\\ude00 é", "a": 12345678901234567890123}'
    told = [raw, "not json {", "", "NULL", 'a "quoted" \\ {one, two}\n\ttail\\', "null", "{}", "⸺ \u202e', --"]
    ingest.take_events([arrived(run, seq, 'a "kind\\" {,}', data) for seq, data in enumerate(told, 1)])
    assert [(event.type, event.data) for event in run.events.all()] == [('a "kind\\" {,}', data) for data in told]


def test_a_payload_over_the_limit_is_named_and_not_stored(make_run, arrived):
    run = make_run()
    ingest.take_events([arrived(run, 1, "text", '"' + "x" * ingest.MAX_DATA_BYTES + '"')])
    assert run.events.get().payload == {"too_large": True, "bytes": ingest.MAX_DATA_BYTES + 2}


def test_gaps_are_accepted_and_filled_late_without_moving_the_run_back(make_run, arrived):
    run = make_run()
    ingest.take_events(
        [arrived(run, 1, "status", '{"status":"running"}'), arrived(run, 5, "done", '{"status":"failed"}')]
    )
    ingest.take_events([arrived(run, 3, "status", f'{{"status":"{PAUSE}"}}')])
    run.refresh_from_db()
    assert (run.status, run.cursor) == ("failed", 5)
    assert list(run.events.values_list("seq", flat=True)) == [1, 3, 5]


def test_events_of_many_runs_go_in_one_batch(make_run, arrived):
    many = [make_run() for _ in range(5)]
    taken = ingest.take_events([arrived(run, seq, "text") for seq in (1, 2, 3) for run in many])
    assert {pk: progress.cursor for pk, progress in taken.progress.items()} == {run.pk: 3 for run in many}
    assert Event.objects.count() == 15


def test_cost_is_the_highest_total_and_steps_never_fall(make_run, take):
    run = make_run()
    take(run, ("billing", {"cost_cents": 5}), ("billing", {"credits_charged": 15}), ("billing", {"cost_cents": 10}))
    take(run, ("step", {"steps_completed": 3}), ("step", {"steps_completed": 2}), start=4)
    assert (run.cost_cents, run.steps_completed) == (15, 3)
    assert snapshot(run, "running", steps_completed=1, cost_cents=5).cost_cents == 15
    assert snapshot(run, "succeeded", cost_cents=12).cost_cents == 12, "the ended run has the last word"


@pytest.mark.parametrize(
    "signals",
    [
        [("status", {"status": PAUSE}), (PAUSE, {"reason": "captcha"})],
        [(PAUSE, {"reason": "captcha"}), ("status", {"status": PAUSE})],
        [(PAUSE, {"awaiting_human_reason": "captcha"})],
    ],
)
def test_both_signals_of_a_pause_are_one_pause_with_its_first_seq(signals, make_run, take, moves):
    run = take(make_run(), *signals)
    assert (run.status, run.awaiting_human_reason, run.pause_seq) == (PAUSE, "captcha", 1)
    assert [move for move in moves if move[0] != move[1]] == [("running", PAUSE, 1)]
    assert {seq for _old, _new, seq in moves} == {1}


def test_a_second_pause_is_another_one(make_run, take, moves):
    pause, resumed = (PAUSE, {"reason": "one"}), ("resumed", {"note": None})
    run = take(make_run(), pause, resumed, ("status", {"status": "running"}), (PAUSE, {"reason": "two"}))
    assert (run.pause_seq, run.awaiting_human_reason) == (4, "two")
    changes = [move for move in moves if move[0] != move[1]]
    assert changes == [("running", PAUSE, 1), (PAUSE, "running", 2), ("running", PAUSE, 4)]


def test_a_snapshot_from_before_an_event_does_not_undo_it(make_run, take):
    run = take(make_run(), (PAUSE, {"reason": "captcha"}))
    assert snapshot(run, "running", seconds_ago=1).status == PAUSE
    run = take(run, ("resumed", {}), start=2)
    assert snapshot(run, PAUSE, seconds_ago=1, awaiting_human_reason="captcha").status == "running"


def test_an_answer_that_still_shows_the_moment_before_the_pause_is_not_believed(make_run, take):
    run = take(make_run(), (PAUSE, {"reason": "captcha"}))
    assert snapshot(run, "running").status == PAUSE


def test_a_snapshot_without_the_time_of_its_question_counts_as_old(make_run, take):
    run = take(make_run(), (PAUSE, {"reason": "captcha"}))
    ingest.take_snapshot(run.connection, {"id": run.upstream_id, "status": "running"})
    run.refresh_from_db()
    assert run.status == PAUSE
    ingest.take_snapshot(run.connection, {"id": run.upstream_id, "status": "cancelled"})
    run.refresh_from_db()
    assert run.status == "cancelled", "an end is an end, however old"


def test_the_backlog_of_an_adopted_parked_run_does_not_close_its_pause(connection, take, moves):
    payload = {"id": "adopted", "status": PAUSE, "awaiting_human_reason": "captcha", "steps_completed": 2}
    run = ingest.take_snapshot(connection, payload, asked_at=timezone.now())
    moves.clear()
    take(
        run,
        ("status", {"status": "queued"}),
        ("status", {"status": "running"}),
        ("step", {"steps_completed": 1}),
        (PAUSE, {"reason": "an older question"}),
        ("resumed", {"note": "answered"}),
        ("step", {"steps_completed": 2}),
        ("status", {"status": PAUSE}),
        (PAUSE, {"reason": "captcha"}),
    )
    assert (run.status, run.awaiting_human_reason, run.pause_seq, run.is_ahead) == (PAUSE, "captcha", 7, False)
    assert set(moves) == {(PAUSE, PAUSE, 7)}, "the pause that was known gets its seq, nothing else moves"
    assert take(run, ("resumed", {}), start=9).status == "running"


def test_a_backlog_that_tells_no_steps_is_caught_up_with_when_it_is_quiet(connection, arrived):
    payload = {"id": "adopted", "status": PAUSE, "steps_completed": 7}
    run = ingest.take_snapshot(connection, payload, asked_at=timezone.now() - timedelta(seconds=30))
    told = timezone.now() - timedelta(seconds=20)
    ingest.take_events([arrived(run, 1, PAUSE, '{"reason": "captcha"}', received_at=told)])
    run.refresh_from_db()
    assert run.is_ahead
    assert snapshot(run, PAUSE, steps_completed=7).is_ahead is False


def test_a_pause_that_was_left_and_entered_again_unseen_is_a_new_one(make_run, moves):
    run = make_run(PAUSE, awaiting_human_since=timezone.now() - timedelta(hours=1), awaiting_human_reason="one")
    Run.objects.filter(pk=run.pk).update(status_at=timezone.now() - timedelta(hours=1))
    snapshot(run, PAUSE, awaiting_human_since=timezone.now().isoformat(), awaiting_human_reason="two")
    assert run.awaiting_human_reason == "two"
    assert moves == [(PAUSE, "running", None), ("running", PAUSE, None)]


def test_a_known_snapshot_writes_nothing(make_run, django_assert_num_queries):
    run = make_run(status_at=timezone.now() - timedelta(minutes=1))
    with django_assert_num_queries(1):
        ingest.take_snapshot(run.connection, {"id": run.upstream_id, "status": "running"}, asked_at=timezone.now())


def test_a_snapshot_with_next_to_nothing_in_it_is_enough(connection):
    run = ingest.take_snapshot(connection, {"id": "x", "object": "agent.run", "status": "queued"})
    assert (run.upstream_id, run.status) == ("x", "queued")
    with pytest.raises(ValueError, match="usable id"):
        ingest.take_snapshot(connection, {"status": "queued"})


def test_odd_values_in_a_snapshot_break_nothing(connection):
    odd = {
        "id": "odd", "status": 7, "task": None, "max_steps": "many", "metadata": [], "created_at": "yesterday",
        "cost_cents": -1, "steps_completed": True, "result": "fine", "error": 3, "awaiting_human_reason": {"a": 1},
    }  # fmt: skip
    run = ingest.take_snapshot(connection, odd)
    assert (run.status, run.max_steps, run.cost_cents, run.result) == ("queued", None, 0, None)


def test_whoever_lost_the_lease_writes_nothing(make_run, arrived):
    mine, lost = make_run(), make_run()
    Lease.objects.create(run=mine, worker="a", token=1)
    Lease.objects.create(run=lost, worker="b", token=2)
    taken = ingest.take_events([arrived(mine, 1, "text", token=1), arrived(lost, 1, "text", token=1)])
    assert taken.fenced == {lost.pk}
    assert (mine.events.count(), lost.events.count()) == (1, 0)


def test_a_receiver_that_fails_does_not_stop_the_log(make_run, take, caplog):
    def fail(**_):
        raise RuntimeError("no")

    status_changed.connect(fail)
    try:
        run = take(make_run(), (PAUSE, {"reason": "captcha"}))
    finally:
        status_changed.disconnect(fail)
    assert run.status == PAUSE
    assert "A receiver failed" in caplog.text


def test_done_carries_the_result(make_run, take):
    result = {"passed": True, "status": "succeeded", "summary": "Seen."}
    run = take(make_run(), ("status", {"status": "succeeded"}), ("done", {"status": "succeeded", "result": result}))
    assert (run.status, run.result) == ("succeeded", result)
    assert run.finished_at is not None


def test_what_no_database_takes_is_replaced_and_breaks_nothing(make_run, arrived, connection):
    run = make_run()
    evil = r'"a\u0000b\ud800c"'
    ingest.take_events(
        [
            arrived(run, 1, "status", f'{{"status": {evil}}}'),
            arrived(run, 2, PAUSE, f'{{"reason": {evil}}}'),
            arrived(run, 3, "text", "\x00raw"),
            arrived(run, 4, "done", f'{{"status": "failed", "error": {{"code": {evil}, "message": [{evil}]}}}}'),
        ]
    )
    run.refresh_from_db()
    assert run.error == {"code": "a\ufffdb\ufffdc", "message": ["a\ufffdb\ufffdc"]}
    assert run.events.get(seq=2).data == f'{{"reason": {evil}}}', "an escape in JSON is only text, and stays"
    payload = json.loads(f'{{"id": "evil", "status": "queued", "task": {evil}, "metadata": {{{evil}: {evil}}}}}')
    assert ingest.take_snapshot(connection, payload).task == "a\ufffdb\ufffdc"


ODD = {
    "infinity": ("1e999", "inf"),
    "nan": ("NaN", "nan"),
    "long number": ("9" * 5000, "inf"),
    "deep": ("[" * 300 + "]" * 300, None),
    "too deep to be read": ("[" * 50_000 + "]" * 50_000, None),
    "half a character": ('"\\ud800"', "\ufffd"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_value_that_no_database_takes_stops_neither_its_own_run_nor_others(make_run, arrived, moves, name):
    text, kept = ODD[name]
    odd, good = make_run(), make_run()
    done = '{"status": "succeeded", "result": {"passed": true, "score": %s}, "error": null}' % text  # noqa: UP031
    ingest.take_events([arrived(odd, 1, "done", done), arrived(good, 1, "awaiting_human", '{"reason": "May I?"}')])
    assert [(run.status, run.cursor) for run in Run.objects.order_by("pk")] == [("succeeded", 1), ("awaiting_human", 1)]
    result = Run.objects.get(pk=odd.pk).result
    assert result["passed"] is True
    assert kept is None or result["score"] == kept
    assert odd.events.get().data == done


@pytest.mark.parametrize("name", ODD)
def test_a_listing_with_such_a_value_hides_no_run(upstream, connection, name):
    odd, good = upstream.add(task="odd"), upstream.add(task="good")
    odd.fields["metadata"] = {"a": "@odd@", "b": 1}
    answer = json.dumps({"data": [odd.view(), good.view()]}).replace('"@odd@"', ODD[name][0])
    upstream.fail("GET", "/runs", status=200, body=answer.encode())
    listed = upstreams.client(connection).list_runs()["data"]
    runs = ingest.take_snapshots(connection, listed, asked_at=timezone.now())
    assert {run.upstream_id for run in runs} == {odd.id, good.id}
    assert Run.objects.get(upstream_id=odd.id).metadata["b"] == 1
    assert json.loads(json.dumps(listed)) == listed or name == "nan"
