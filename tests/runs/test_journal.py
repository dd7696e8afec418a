"""Group commit: one bad report spoils nothing else, a busy database is waited for, notes keep to the lease."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from django.db import connection as database
from django.utils import timezone

from coasty_api import errors
from runs.models import Lease, Run
from runs.relay.gate import Gate, backoff_seconds
from runs.relay.journal import Journal, _apart
from runs.states import Stream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def journal(connection):
    taken = []
    made = Journal(lambda events, result: taken.append((events, result)))
    made.taken = taken
    made.start()
    yield made
    made.stop(10)


def test_a_report_that_can_not_be_stored_spoils_nothing_else(journal, connection, make_run, arrived, until):
    run = make_run()
    journal.snapshots(connection, [{"id": 5, "status": "running"}, {"id": "good", "status": "running"}], timezone.now())
    journal.events([arrived(run, 1, "text", "{}")])
    until(lambda: run.events.count() == 1 and Run.objects.filter(upstream_id="good").exists())


def test_what_comes_in_during_a_commit_goes_into_the_next_one(journal, make_run, arrived, until):
    run = make_run()
    blocker = sqlite3.connect(database.settings_dict["NAME"], isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    for seq in range(1, 301):
        journal.events([arrived(run, seq, "text", "{}")])
    assert run.events.count() == 0
    blocker.execute("COMMIT")
    blocker.close()
    until(lambda: run.events.count() == 300)
    assert len(journal.taken) <= 3, "one waited for the lock, the next took the rest"
    assert journal.committed_events == 300


def test_stopping_commits_what_is_waiting(connection, make_run, arrived):
    run = make_run()
    journal = Journal(lambda *_: None)
    for seq in range(1, 3001):
        journal.events([arrived(run, seq, "text", "{}")])
    journal.start()
    journal.stop(30)
    assert run.events.count() == 3000


@pytest.fixture
def refusing(request):
    """A trigger before each new event, which says what the database makes of it; called, it is gone."""
    with database.cursor() as cursor:
        cursor.execute(f"CREATE TRIGGER refusing BEFORE INSERT ON runs_event {request.param}; END")

    def stop():
        with database.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS refusing")

    yield stop
    stop()


FAILING = "BEGIN SELECT * FROM nowhere"  # an OperationalError, as of a database that is not there
ODD = "WHEN NEW.type = 'odd' BEGIN SELECT RAISE(ABORT, 'not this one')"


@pytest.mark.parametrize("refusing", [FAILING], indirect=True)
def test_who_stops_while_the_database_fails_waits_for_it_and_leaves_no_hole(refusing, make_run, arrived, until, caplog):
    run, journal = make_run(), Journal(lambda *_: None)
    journal.events([arrived(run, seq, "text", "{}") for seq in range(1, 3001)])
    journal.start()
    until(lambda: "trying again" in caplog.text)
    stopping = threading.Thread(target=journal.stop, args=[30])
    stopping.start()
    tried = caplog.text.count("trying again")
    until(lambda: caplog.text.count("trying again") > tried)
    refusing()
    stopping.join(30)
    assert list(run.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, 3001))


@pytest.mark.parametrize("refusing", [FAILING], indirect=True)
def test_nothing_is_written_after_what_could_not_be(refusing, make_run, arrived, caplog, monkeypatch):
    monkeypatch.setattr("runs.relay.journal._PATIENCE_SECONDS", 0)
    run, journal = make_run(), Journal(lambda *_: None)
    journal.events([arrived(run, seq, "text", "{}") for seq in range(1, 3001)])
    journal.start()
    journal.stop(30)
    refusing()
    assert caplog.text.count("events uncommitted") == 1
    assert run.events.count() == 0


@pytest.mark.parametrize("refusing", [ODD], indirect=True)
def test_events_behind_one_that_could_not_be_stored_are_fenced_off(refusing, journal, make_run, arrived, until):
    run, other = make_run(), make_run()
    for one in (run, other):
        Lease.objects.create(run=one, worker="a", token=3)
    journal.events([arrived(run, 1, "odd", "{}", token=3), arrived(other, 1, "text", "{}", token=3)])
    until(lambda: len(journal.taken) == 1)
    journal.events([arrived(run, 2, "text", "{}", token=3)])
    until(lambda: len(journal.taken) == 2)
    assert [taken.fenced for _events, taken in journal.taken] == [{run.pk}, {run.pk}]
    assert (run.events.count(), other.events.count()) == (0, 1)
    refusing()
    journal.events([arrived(run, seq, "text", "{}", token=4) for seq in (1, 2)])
    until(lambda: run.events.count() == 2)


def test_nothing_is_stored_behind_a_hole_that_upstream_has_not_left(journal, make_run, arrived, until):
    run, left = make_run(), make_run()
    for one in (run, left):
        Lease.objects.create(run=one, worker="a", token=3)
    journal.events([arrived(one, 1, "text", "{}", token=3) for one in (run, left)])
    until(lambda: len(journal.taken) == 1)
    journal.events([arrived(run, 3, "text", "{}", token=3), arrived(left, 3, "text", "{}", token=3, after_gap=True)])
    until(lambda: len(journal.taken) == 2)
    assert journal.taken[1][1].fenced == {run.pk}
    assert Lease.objects.get(run=run).token == 4
    # What is read anew counts, what was read before does not, though both come together.
    stale = [arrived(run, seq, "text", "{}", token=3) for seq in (8, 9)]
    journal.events([*stale, *(arrived(run, seq, "text", "{}", token=4) for seq in (2, 3))])
    until(lambda: run.events.count() == 3)
    assert [*run.events.order_by("seq").values_list("seq", flat=True)] == [1, 2, 3]
    assert [*left.events.order_by("seq").values_list("seq", flat=True)] == [1, 3]
    assert journal.taken[2][1].fenced == set()


def test_a_note_counts_only_under_the_lease(journal, make_run, until):
    mine, lost = make_run(), make_run()
    Lease.objects.create(run=mine, worker="a", token=3)
    Lease.objects.create(run=lost, worker="b", token=4)
    journal.note(lost.pk, 3, Stream.LIVE, "")
    journal.note(mine.pk, 3, Stream.RECONNECTING, "the connection was cut")
    until(lambda: Run.objects.get(pk=mine.pk).stream == Stream.RECONNECTING)
    assert Run.objects.get(pk=lost.pk).stream == Stream.IDLE


def test_whoever_reads_streams_waits_while_the_database_can_not_keep_up(connection, make_run, arrived):
    run = make_run()
    journal = Journal(lambda *_: None)
    journal.events([arrived(run, seq, "text") for seq in range(1, 50_002)])
    passed = threading.Event()
    reader = threading.Thread(target=lambda: (journal.wait_for_room(), passed.set()))
    reader.start()
    assert not passed.wait(0.2)
    journal.start()
    assert passed.wait(20)
    journal.stop(60)
    reader.join()
    assert run.events.count() == 50_001


def test_pauses_between_tries_grow_with_jitter_and_have_an_end():
    for failures in range(12):
        pauses = [backoff_seconds(failures, 15) for _ in range(50)]
        ceiling = min(15, 0.5 * 2**failures)
        assert ceiling / 2 <= min(pauses) <= max(pauses) <= ceiling
        assert len(set(pauses)) > 1


def test_the_gate_closes_once_for_all_and_says_since_when():
    closings = []
    gate = Gate(closings.append)
    for _ in range(100):
        gate.close(errors.KeyRefused("No such key."))
    assert len(closings) == 1, "one alert, not a hundred"
    assert gate.in_words().startswith("Key refused since")
    since = gate.since
    gate.close(errors.Unavailable("Nobody there."))
    assert gate.since == since
    assert gate.open()
    assert not gate.open()
    assert gate.in_words() == ""


def test_what_sqlite_has_logged_is_moved_to_its_place_beside_the_journal(journal, make_run, arrived, until):
    """The file of the database is written by nothing else, as so few pages are no commit's business."""
    if database.vendor != "sqlite":
        pytest.skip("it is SQLite's log")
    run, file = make_run(), Path(database.settings_dict["NAME"])
    before = file.stat().st_mtime_ns
    journal.events([arrived(run, 1, "text", "{}")])
    until(lambda: run.events.count() == 1 and file.stat().st_mtime_ns > before)


@pytest.mark.parametrize(("rate", "seconds"), [(0, 0.01), (3_000, 0.01), (6_500, 0.03), (10_000, 0.05), (90_000, 0.05)])
def test_the_more_comes_in_the_more_goes_into_one_transaction(rate, seconds):
    assert _apart(rate) == pytest.approx(seconds)
