"""The journal in a process of its own: letters lose nothing, and what its death takes along is read again."""

from __future__ import annotations

import os
import signal
import socket
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from channels.layers import get_channel_layer
from django.db import connection as database

from live import topics
from runs.ingest import Arrived
from runs.models import Lease, Run
from runs.relay import letters
from runs.relay.inbox import Snapshots
from runs.relay.journal_process import JournalProcess
from runs.relay.supervisor import Relay
from runs.states import Stream

NOW = datetime(2026, 11, 27, 9, 30, 0, 123457, tzinfo=UTC)
EAST = timezone(timedelta(hours=14))


def through_a_socket(*sent):
    """What comes out at the other end."""
    ours, theirs = socket.socketpair()
    out = letters.Out(ours)

    def send():
        for letter in sent:
            out.send(*letter)
        out.finish()

    sender = threading.Thread(target=send)
    sender.start()
    with ours, theirs:
        found = list(letters.read(theirs))
        sender.join()
    return found


def test_events_come_out_of_a_letter_as_they_went_in():
    moments = [None, NOW, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), NOW.astimezone(EAST)]
    events = [
        Arrived(n, 2**63 - n, kind, data, created, NOW + timedelta(microseconds=n // 2), token, n == 3)
        for n, (created, (kind, data), token) in enumerate(
            zip(
                moments,
                [("text", "{}"), ("ü", "x" * 3_000_000), ("", "\ud83d"), ("a", "\x00"), ("b", "😀")],
                [None, 1, 2, 3, 4],
                strict=True,
            ),
            1,
        )
    ]
    found = through_a_socket(*((letters.EVENTS, *columns) for columns in letters.columns(events)))
    assert [event for _kind, *columns in found for event in letters.events(columns)] == events
    assert list(letters.columns([])) == []


def test_payloads_that_are_too_long_for_one_letter_go_in_several():
    events = [Arrived(1, seq, "text", "x" * 4_000_000, None, NOW, 1) for seq in range(1, 12)]
    parts = list(letters.columns(events))
    assert len(parts) == 4
    assert [event for columns in parts for event in letters.events(columns)] == events


def test_snapshots_keep_numbers_of_any_size_and_halves_of_characters():
    told = Snapshots(7, NOW, [{"id": "a", "cost_cents": 10**30, "task": "\ud83d", "x": 1.5}, {"id": 5}])
    [(_kind, *found)] = through_a_socket((letters.SNAPSHOTS, *letters.told(told)))
    assert letters.snapshots(*found) == told


@pytest.fixture
def apart(connection, transactional_db, monkeypatch):
    """A relay whose journal really is a process, at the database of the test."""
    if database.vendor == "sqlite":
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database.settings_dict['NAME']}")
    started = Relay(JournalProcess)
    started.start()
    yield started
    started.stop()


@pytest.mark.django_db(transaction=True)
def test_what_the_journal_had_not_written_when_it_was_killed_is_read_again(
    upstream, apart, until, mirrored, stored, sent
):
    runs = [upstream.add(task=str(n)) for n in range(3)]
    heard = threading.Event()
    layer = get_channel_layer()
    layer_nudge = layer.nudge
    layer.nudge = lambda names, kind: (layer_nudge(names, kind), heard.set() if topics.RUNS in names else None)
    try:
        for run in runs:
            run.go()
            run.step("before")
        until(lambda: all(mirrored(run) and mirrored(run).stream == Stream.LIVE for run in runs), 20)
        assert heard.wait(10), "pages of this process are nudged by what the other one commits"
        tokens = dict(Lease.objects.values_list("run", "token"))
        killed = apart.journal.pid
        os.kill(killed, signal.SIGSTOP)  # it writes nothing any more, and has not ended
        for run in runs:
            run.step("lost with it")
        until(lambda: all(len(sent(run)) > len(stored(run)) for run in runs))
        os.kill(killed, signal.SIGKILL)
        for run in runs:
            run.step("after")
            run.pause("Which one?")
            run.resume("the first")
            run.finish()
        until(lambda: all(mirrored(run).stream == Stream.ENDED for run in runs), 20)
    finally:
        del layer.nudge
    for run in runs:
        assert stored(run) == sent(run)
    assert apart.journal.pid != killed
    fenced = dict(Lease.objects.values_list("run", "token"))
    assert all(fenced[pk] > token for pk, token in tokens.items()), "what was under way counts no more"


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_journal_had_not_written_of_a_listing_is_sent_to_the_next(connection, apart, until):
    killed, began = apart.journal.pid, datetime(2026, 11, 1, tzinfo=UTC)
    os.kill(killed, signal.SIGSTOP)
    apart.journal.snapshots(connection, [{"id": f"seen-once-{n}", "status": "succeeded"} for n in range(30)], NOW)
    apart.journal.listed(connection, began)
    until(lambda: apart.journal._answers, 5)
    os.kill(killed, signal.SIGKILL)
    until(lambda: Run.objects.filter(upstream_id__startswith="seen-once").count() == 30, 20)
    until(lambda: not apart.journal._answers, 5)


@pytest.mark.django_db(transaction=True)
def test_a_relay_that_stops_has_its_journal_write_all_that_came(upstream, apart, until, mirrored, stored, sent):
    run = upstream.add()
    run.go()
    until(lambda: mirrored(run) and mirrored(run).stream == Stream.LIVE, 20)
    pid = apart.journal.pid
    before = len(sent(run))
    for n in range(200):
        run.emit("text", {"text": str(n)})
    until(lambda: apart.streams._followed[mirrored(run).pk].cursor > before)
    read = apart.streams._followed[mirrored(run).pk].cursor
    apart.stop()
    assert len(stored(run)) >= read
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
