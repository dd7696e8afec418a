"""Every fault of an upstream, each on a run of its own: all is stored once, said in words, and asked with patience."""

from __future__ import annotations

import dataclasses
import itertools
import re

import pytest

from runs import restores
from runs.models import Connection, Run
from runs.states import Stream
from tests.scripted_runs import Manner
from tests.upstream_rates import MANNERS

pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("faults"),
]  # fmt: skip
CLOUDFLARE = b"<!doctype html><title>Access denied</title><h1>Error 1010</h1>"
MORE = {
    "trickle-mixed": Manner(eol="mixed", is_trickle=True),
    "wrapped-crlf-drops": Manner(is_wrapped=True, eol="\r\n", drop_after=5, cut_inside="crlf"),
    "cr-drops-character": Manner(eol="\r", drop_after=6, cut_inside="character"),
    "one-event-a-connection": Manner(drop_after=1, cut_inside="id"),
    "flood": Manner(comments=5_000),
    "withholds": Manner(withhold=frozenset({4, 5, 9})),
    "unchunked-no-done": Manner(is_chunked=False, has_done=False),
    "repeats-all-and-drops": Manner(ignores_cursor=True, drop_after=60, cut_inside="character"),
}
# What is refused for a while: the stream's manner, its state meanwhile, words of the page.
REFUSALS = {
    "402": (Manner(status=402), Stream.RECONNECTING, "refused"),
    "403 of ours": (Manner(status=403), Stream.REFUSED, "refused"),
    "403 of a proxy": (Manner(status=403, body=CLOUDFLARE), Stream.REFUSED, "Blocked before the API"),
    "404": (Manner(status=404), Stream.REFUSED, "refused"),
    "409": (Manner(status=409), Stream.RECONNECTING, "refused"),
    "500": (Manner(status=500), Stream.RECONNECTING, "refused"),
    "502": (Manner(status=502, body=b"<h1>Bad gateway</h1>"), Stream.RECONNECTING, "down"),
    "503": (Manner(status=503), Stream.RECONNECTING, "refused"),
    "a redirect": (Manner(status=302, location="http://127.0.0.1:9/elsewhere"), Stream.RECONNECTING, "refused"),
    "a page": (Manner(html=True), Stream.RECONNECTING, "instead of an event stream"),
}


def play(run):
    run.go()
    run.step("Grüße aus 北京 😀")
    if not run.manner.is_wrapped:  # of that the payload could not be told
        run.emit("text", '{"text": broken json')
    run.emit("from_the_future", '{"shape":  [1, 2.50]}')
    run.emit("status", {"status": "meditating"})
    run.emit("status", {"status": "running"})
    run.skip(3)
    run.pause("Which? ➀ or ➁")
    run.resume("the first")
    run.step("Schön")
    run.finish("failed", error={"code": "TASK_FAILED", "message": "No such button."})


def test_every_event_is_stored_once_and_every_run_ends_as_upstream_says(upstream, relay, until, stored, sent, mirrored):
    manners = {**MANNERS, **MORE}
    runs = {name: upstream.add(dataclasses.replace(manner), task=name) for name, manner in manners.items()}
    for run in runs.values():
        play(run)
    huge = upstream.add(task="two megabytes")
    huge.emit("text", {"text": "ü" * 1_000_000})
    huge.finish()
    until(lambda: Run.objects.filter(stream=Stream.ENDED).count() == len(runs) + 1, 40)
    assert stored(huge) == sent(huge)
    for name, run in runs.items():
        assert stored(run) == sent(run), name
        mirror = mirrored(run)
        assert (mirror.status, mirror.cost_cents, mirror.error["code"]) == ("failed", 10, "TASK_FAILED"), name
    gap = mirrored(runs["plain"])
    assert runs["plain"].connections == 2, "what is missing is asked for once"
    assert gap.log_epoch == 0


def test_what_is_refused_is_said_in_words_and_asked_with_growing_pauses(upstream, relay, until, stored, sent, mirrored):
    runs = {name: upstream.add(dataclasses.replace(how[0]), task=name) for name, how in REFUSALS.items()}
    for run in runs.values():
        play(run)
    until(lambda: all(run.connections >= 4 for name, run in runs.items() if REFUSALS[name][1] != Stream.REFUSED), 30)
    for name, (_manner, state, words) in REFUSALS.items():
        mirror = mirrored(runs[name])
        assert mirror.stream == state, name
        assert words in mirror.stream_detail, (name, mirror.stream_detail)
        pauses = opened(upstream, runs[name])
        least = [0.5, 1.0, 2.0, 4.0, 7.5, 7.5]  # half of 1, 2, 4.. seconds: what the jitter may leave
        assert all(pause >= 0.95 * low for pause, low in zip(pauses, least, strict=False)), (name, pauses)
    for run in runs.values():
        run.manner.status, run.manner.html = 200, False
    for run in runs.values():
        relay.streams.hurry(mirrored(run).pk)
    until(lambda: Run.objects.filter(stream=Stream.ENDED).count() == len(runs), 30)
    for name, run in runs.items():
        assert stored(run) == sent(run), name


def opened(upstream, run):
    """The pauses between the requests for a run's stream, in seconds."""
    made = zip(list(upstream.asked_at), list(upstream.requests), strict=False)
    times = [at for at, (_method, target, _headers) in made if re.search(f"/runs/{run.id}/events", target)]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_a_missing_event_is_told_asked_for_once_more_and_accepted(upstream, relay, until, stored, sent, mirrored):
    run = upstream.add()
    run.go()
    until(lambda: stored(run) == sent(run))
    run.skip(2)
    run.emit("text", {"text": "after a gap"})
    until(lambda: stored(run) == sent(run))
    until(lambda: mirrored(run).stream == Stream.LIVE)
    until(lambda: mirrored(run).stream_detail == "Upstream left out events 3 to 4")
    assert run.connections == 2
    late = upstream.add(Manner(withhold=frozenset({2})))
    late.go()
    late.step()
    until(lambda: stored(late) == sent(late))
    assert [seq for seq, _kind, _raw in stored(late)] == list(range(1, 8)), "and what comes then is in its place"


@pytest.mark.parametrize("ignores_cursor", [False, True], ids=["that honours cursors", "that tells all again"])
def test_new_events_of_a_log_that_went_back_follow_the_older_ones(
    ignores_cursor, upstream, relay, until, stored, sent, mirrored
):
    run = upstream.add(Manner(ignores_cursor=ignores_cursor))
    run.go()
    for _step in range(3):
        run.step("before")
    until(lambda: stored(run) == sent(run))
    before = stored(run)
    upstream.close()
    run.restore(7, steps_completed=1)
    until(lambda: "Upstream down since" in mirrored(run).stream_detail)
    upstream.listen()
    run.emit("text", {"text": "not as before"})
    for _step in range(3):
        run.step("after")
    run.pause("A new question")
    until(lambda: len(stored(run)) == len(before) + len(run.log) - 7, 25)
    found = stored(run)
    assert found[: len(before)] == before, "what was stored stays"
    assert [seq for seq, _kind, _raw in found] == list(range(1, len(found) + 1))
    assert [entry[1:] for entry in found[len(before) :]] == [entry[1:] for entry in sent(run)[7:]]
    until(lambda: mirrored(run).status == "awaiting_human")
    until(lambda: mirrored(run).stream_detail == restores.WORDS)
    asked = run.connections
    run.resume("go on")
    run.finish()
    until(lambda: mirrored(run).stream == Stream.ENDED, 15)
    assert len(stored(run)) == len(before) + len(run.log) - 7
    assert run.connections <= asked + 2, "nothing goes round in circles"


def test_a_refused_key_stops_every_stream_at_once_with_one_alert(upstream, relay, until, mirrored, caplog):
    runs = [upstream.add(task=str(number)) for number in range(40)]
    until(lambda: upstream.open_streams == 40, 20)
    asked = len(upstream.requests)
    upstream.key = "another"
    upstream.cut()
    until(lambda: Run.objects.filter(stream=Stream.REFUSED).count() == 40)
    assert all(mirrored(run).stream_detail.startswith("Key refused since") for run in runs[:3])
    assert Connection.objects.get().health == "refused"
    assert len(upstream.requests) - asked <= 8 + 8 + 2, "only those that were under way already"
    assert len([1 for record in caplog.records if "Key refused" in record.getMessage()]) == 1


def test_a_stream_that_falls_silent_is_opened_anew(upstream, relay, until, stored, sent, mirrored, monkeypatch):
    from runs.relay import streams

    monkeypatch.setattr(streams, "SILENCE_SECONDS", 3.0)
    silent = upstream.add(Manner(stall_after=4))
    quiet = upstream.add(Manner(keepalive_seconds=0.5))
    silent.go()
    silent.step()
    until(lambda: stored(silent) == sent(silent), 30)
    assert quiet.connections == 1, "keepalives are a sign of life"
