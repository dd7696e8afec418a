"""The relay against an upstream that misbehaves: each event once, in order, to the letter, and the right end."""

from __future__ import annotations

import dataclasses
import time

import pytest
from django.utils import timezone

from runs.models import Connection, Lease, Run
from runs.relay import leases
from runs.states import Stream
from tests.scripted_runs import Manner

pytestmark = pytest.mark.django_db(transaction=True)

MANNERS = {
    "plainly": Manner(),
    "with CRLF": Manner(eol="\r\n"),
    "with CR": Manner(eol="\r"),
    "with every line end in turn": Manner(eol="mixed"),
    "wrapped": Manner(is_wrapped=True),
    "wrapped without id and event lines": Manner(is_wrapped=True, has_id=False, has_event=False),
    "with times": Manner(has_created_at=True),
    "in single bytes": Manner(is_trickle=True),
    "without chunks": Manner(is_chunked=False),
    "without chunks and dropping": Manner(is_chunked=False, drop_after=3),
    "dropping every few events": Manner(drop_after=3),
    "dropping inside an id line": Manner(drop_after=4, cut_at=0.03),
    "dropping near the end of a frame": Manner(drop_after=5, cut_at=0.97),
    "rotating": Manner(rotate_after=4),
    "repeating what was sent": Manner(repeat=5, drop_after=6),
    "under a flood of comments": Manner(comments=300),
    "closing at each pause": Manner(closes_at_pause=True),
    "without done": Manner(has_done=False),
    "dropping without done": Manner(has_done=False, drop_after=4),
}


def play(run):
    """A life with everything in it; the awkward text is cut inside its characters by the faults above."""
    run.go()
    run.step("Grüße aus 北京 😀")
    run.emit("reasoning", '{"text":  "kept to the letter", "n": 1.00}')
    run.skip(2)
    run.pause("Which of the two? ➀ or ➁")
    run.resume("the first")
    run.emit("from_the_future", {"shape": [1, {"of": "things"}]})
    run.step("Schön")
    run.finish("succeeded")


def is_ended(run):
    return run is not None and run.stream == Stream.ENDED


@pytest.mark.parametrize("name", MANNERS)
def test_every_event_arrives_once_when_upstream_speaks(name, upstream, relay, until, stored, sent, mirrored):
    run = upstream.add(dataclasses.replace(MANNERS[name]), task=name)
    play(run)
    until(lambda: is_ended(mirrored(run)), 20)
    assert stored(run) == sent(run)
    mirror = mirrored(run)
    assert (mirror.status, mirror.cost_cents, mirror.steps_completed) == ("succeeded", 10, 2)
    assert mirror.result["passed"] is True
    assert Lease.objects.filter(run=mirror, worker=relay.name).count() <= 1


def test_a_run_is_followed_live_from_its_first_event_to_its_last(upstream, relay, until, stored, sent, mirrored):
    run = upstream.add(task="live")
    until(lambda: mirrored(run) and mirrored(run).stream == Stream.LIVE)
    for act in (run.go, run.step, run.pause):
        act()
        until(lambda: stored(run) == sent(run))
    assert mirrored(run).status == "awaiting_human"
    run.resume()
    until(lambda: mirrored(run).status == "running")
    run.finish("failed", error={"code": "TASK_FAILED", "message": "No such button."})
    until(lambda: is_ended(mirrored(run)))
    assert mirrored(run).error["code"] == "TASK_FAILED"
    assert run.connections == 1


def test_many_runs_are_followed_side_by_side(upstream, relay, until, stored, sent, mirrored):
    runs = [upstream.add(Manner(drop_after=5), task=str(n)) for n in range(30)]
    for run in runs:
        play(run)
    until(lambda: Run.objects.filter(stream=Stream.ENDED).count() == 30, 30)
    for run in runs:
        assert stored(run) == sent(run)


def test_upstream_going_away_and_coming_back_loses_nothing_and_is_told_in_words(
    upstream, relay, until, stored, sent, mirrored
):
    run = upstream.add(task="outage")
    run.go()
    until(lambda: mirrored(run) and mirrored(run).stream == Stream.LIVE)
    upstream.close()
    until(lambda: mirrored(run).stream == Stream.RECONNECTING)
    until(lambda: "Upstream down since" in mirrored(run).stream_detail)
    until(lambda: Connection.objects.get().health == "down")
    run.step()
    upstream.listen()
    until(lambda: mirrored(run).stream == Stream.LIVE, 15)
    until(lambda: stored(run) == sent(run))
    assert mirrored(run).stream_detail == ""
    until(lambda: Connection.objects.get().health == "up")


def test_a_refused_key_stops_all_streams_at_once_and_a_good_one_brings_them_back(
    upstream, relay, until, stored, sent, settings, mirrored
):
    runs = [upstream.add(task=str(n)) for n in range(10)]
    until(lambda: upstream.open_streams == 10)
    good, upstream.key = upstream.key, "another"
    upstream.cut()
    until(lambda: Run.objects.filter(stream=Stream.REFUSED).count() == 10)
    until(lambda: Connection.objects.get().health == "refused")
    assert mirrored(runs[0]).stream_detail.startswith("Key refused since")
    asked = upstream.count("GET", "/events")
    assert asked <= 10 + 10 + 8, "each at most once more, as they were cut"
    runs[0].go()
    settings.COASTY_API_KEY = upstream.key = "a third"
    assert good != upstream.key
    until(lambda: upstream.open_streams == 10, 15)
    until(lambda: stored(runs[0]) == sent(runs[0]))
    until(lambda: Connection.objects.get().health == "up")


@pytest.mark.parametrize(
    ("status", "state"), [(404, "refused"), (403, "refused"), (500, "reconnecting"), (502, "reconnecting")]
)
def test_one_stream_that_is_refused_backs_off_alone(status, state, upstream, relay, until, mirrored, stored, sent):
    bad, good = upstream.add(Manner(status=status)), upstream.add()
    good.go()
    until(lambda: mirrored(bad) and mirrored(bad).stream == state)
    assert "refused" in mirrored(bad).stream_detail
    until(lambda: stored(good) == sent(good))
    began = time.monotonic()
    until(lambda: bad.connections >= 2)
    assert time.monotonic() - began > 0.2, "not faster than the backoff allows"
    bad.manner.status = 200
    until(lambda: stored(bad) == sent(bad), 15)


def test_a_request_to_slow_down_is_followed(upstream, relay, until, mirrored, stored, sent):
    run = upstream.add(Manner(status=429, retry_after=2))
    until(lambda: run.connections == 1)
    began = time.monotonic()
    run.manner.status = 200
    until(lambda: stored(run) == sent(run), 15)
    assert time.monotonic() - began > 1.8


def test_a_page_where_the_stream_should_be_is_told_in_words(upstream, relay, until, mirrored, stored, sent):
    run = upstream.add(Manner(html=True))
    until(lambda: mirrored(run) and "instead of an event stream" in mirrored(run).stream_detail)
    run.manner.html = False
    until(lambda: stored(run) == sent(run), 15)


def test_an_event_of_two_megabytes_passes(upstream, relay, until, mirrored, stored, sent):
    run = upstream.add()
    run.emit("text", {"text": "x" * 2_000_000})
    run.finish()
    until(lambda: is_ended(mirrored(run)))
    assert stored(run) == sent(run)


def test_a_run_that_ended_while_nobody_looked_is_followed_to_its_end(
    upstream, connection, until, stored, sent, mirrored
):
    from runs import ingest
    from runs.relay.journal import Journal
    from runs.relay.supervisor import Relay

    run = upstream.add(task="over")
    ingest.take_snapshot(connection, run.view(), asked_at=timezone.now())
    play(run)
    relay = Relay(Journal)
    relay.start()
    try:
        until(lambda: is_ended(mirrored(run)))
    finally:
        relay.stop()
    assert stored(run) == sent(run)


def test_whoever_is_fenced_off_stops_following(upstream, relay, until, mirrored, stored, sent):
    run = upstream.add()
    until(lambda: mirrored(run) and mirrored(run).stream == Stream.LIVE)
    leases.beat("thief")
    Lease.objects.filter(run=mirrored(run)).update(worker="thief", token=99)
    run.go()
    until(lambda: not relay.streams.runs())
    assert [seq for seq, _kind, _raw in stored(run)] == [1]
    leases.leave("thief")
    until(lambda: stored(run) == sent(run))
    assert Lease.objects.get().token == 100


def test_two_workers_share_the_runs_and_one_takes_over_from_the_other(upstream, relay, connection, until, stored, sent):
    from runs.relay.journal import Journal
    from runs.relay.supervisor import Relay

    runs = [upstream.add(task=str(n)) for n in range(12)]
    until(lambda: len(relay.streams.runs()) == 12)
    other = Relay(Journal)
    other.start()
    try:
        until(lambda: len(other.streams.runs()) >= 5 and len(relay.streams.runs()) <= 7, 15)
    finally:
        other.stop()
    for run in runs:
        run.finish()
    until(lambda: Run.objects.filter(stream=Stream.ENDED).count() == 12, 15)
    for run in runs:
        assert stored(run) == sent(run)


def test_stopping_gives_everything_up(upstream, relay, until, mirrored):
    run = upstream.add()
    until(lambda: mirrored(run) and mirrored(run).stream == Stream.LIVE)
    relay.stop()
    assert not leases.alive().exists()
    assert Lease.objects.get().worker == ""
    until(lambda: upstream.open_streams == 0, 10)


def test_a_stream_that_waits_for_its_next_try_is_opened_when_a_listing_tells_more(
    upstream, relay, until, mirrored, stored, sent
):
    run = upstream.add(Manner(closes_at_pause=True))
    run.go()
    run.pause("Which one?")
    until(lambda: mirrored(run) and mirrored(run).status == "awaiting_human")
    until(lambda: run.connections >= 3)
    relay.streams._followed[mirrored(run).pk].failures = 10  # as after a long pause of the run
    until(lambda before=run.connections: run.connections > before)
    run.resume("go on")
    began = time.monotonic()
    until(lambda: stored(run) == sent(run))
    assert time.monotonic() - began < 6, "the listing comes every three seconds"
