"""Group commit: what came in over all runs while the last commit ran goes into the next transaction. The one writer."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, transaction
from django.db import connection as database

from live import publish, topics
from runs import bulk, ingest, restores, states, upstream
from runs.ingest import Arrived, Taken
from runs.models import Connection, Lease, Run
from runs.relay.checkpoints import LONGEST, Checkpoints
from runs.relay.inbox import LISTED, Inbox, Note, Snapshots, Waiting

log = logging.getLogger(__name__)

_BATCH = 2_000  # events in one transaction at most
_APART_SECONDS = (0.01, 0.05)  # between the beginnings of two transactions at least: at leisure, and under load
_LEISURE, _LOAD = 3_000, 10_000  # events a second
_RETRY_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0  # at the end, with a database that fails: then others follow the runs
_NO_DATABASE = (OperationalError, InterfaceError)


class Committed(NamedTuple):
    """What became of a batch: runs of which nothing was written, as their lease was lost; that lag; that have ended.
    How many parts of answers were in it.
    """

    fenced: set[int]
    behind: set[int]
    ended: set[int]
    answers: int = 0


class Journal(Inbox):
    """Everything may be called from any thread; one thread writes."""

    def __init__(self, on_taken: Callable[[list[Arrived], Committed], None]) -> None:
        super().__init__()
        self._on_taken = on_taken
        self._thread = threading.Thread(target=self._run, name="relay-journal", daemon=True)
        self._checkpoints = Checkpoints()
        self._ends_at = math.inf
        self.committed_events = 0

    def start(self) -> None:
        self._thread.start()
        self._checkpoints.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    @property
    def pid(self) -> int:
        """The process in which it writes."""
        return os.getpid()

    def stop(self, seconds: float) -> None:
        """Commit what is waiting, then end. What can't be committed in that time comes again."""
        with self._changed:
            self._is_stopping, self._ends_at = True, time.monotonic() + min(seconds, _PATIENCE_SECONDS)
            self._changed.notify_all()
        self._thread.join(seconds)
        self._checkpoints.stop(seconds / 4)

    def _run(self) -> None:
        with suppress(DatabaseError, InterfaceError):  # it is only slower without
            bulk.prepare(LONGEST)
        began = 0.0
        apart = _APART_SECONDS[0]
        while True:
            with self._changed:
                while not self._waiting and not self._is_stopping:
                    self._changed.wait()
                if not self._waiting:
                    break
            if (early := began + apart - time.monotonic()) > 0 and not self._is_stopping:
                time.sleep(early)  # under load: many small transactions would cost more than their events
            since, began = began, time.monotonic()
            with self._changed:
                batch = self._next_batch()
            apart = _apart(len(batch.events) / max(began - since, 0.001))
            try:
                self._commit(batch)
            except _NO_DATABASE as problem:
                # And nothing after it: events behind others that are not stored would never be missed.
                log.warning("Stopped with %d events uncommitted; they come again: %s", len(batch.events), problem)
                break
        database.close()

    def _next_batch(self) -> Waiting:
        """The oldest of what waits. Snapshots and notes go only with the last of the events that came before them."""
        everything = self._waiting
        if len(everything.events) <= _BATCH:
            batch, some = everything, _some(everything.snapshots)
            self._waiting = Waiting(snapshots=batch.snapshots[some:])
            batch.snapshots = batch.snapshots[:some]
        else:
            batch = Waiting(events=everything.events[:_BATCH])
            everything.events = everything.events[_BATCH:]
        self._changed.notify_all()
        return batch

    def _commit(self, batch: Waiting) -> None:
        """Try until it is in the database. Data that the database refuses is set aside, run by run.

        Raises what the database failed with where the time to stop has come.
        """
        taken = Taken()
        for part in _parts(batch):
            try:
                taken.add(self._tried(partial(self._write, part)))
            except _NO_DATABASE:
                raise
            except Exception:
                log.exception("A batch could not be written; its runs are tried one by one")
                self._write_apart(part, taken)
        self.committed_events += len(batch.events)
        self._checkpoints.want()
        ended = {pk for pk, progress in taken.progress.items() if states.is_terminal(progress.status)}
        self._on_taken(batch.events, Committed(taken.fenced, taken.behind, ended, len(batch.snapshots)))

    def _tried(self, write: Callable[[], Taken]) -> Taken:
        """Until the database is there to take it or refuse it."""
        while True:
            try:
                return write()
            except _NO_DATABASE as problem:
                if time.monotonic() > self._ends_at:
                    raise
                log.warning("The database does not take events, trying again: %s", problem)
                close_old_connections()
                time.sleep(_RETRY_SECONDS)

    def _write(self, part: Waiting) -> Taken:
        with transaction.atomic():
            taken = ingest.take_events(part.events) if part.events else Taken()
            for snapshots in part.snapshots:
                _take(snapshots, taken)
            _write_notes(part.notes)
        return taken

    def _write_apart(self, batch: Waiting, taken: Taken) -> None:
        for pk in dict.fromkeys(event.run_pk for event in batch.events):
            self._guarded(taken, Waiting(events=[event for event in batch.events if event.run_pk == pk]))
        for snapshots in batch.snapshots:
            parts = [[payload] for payload in snapshots.payloads] or [[]]
            for part in parts:
                self._guarded(taken, Waiting(snapshots=[replace(snapshots, payloads=part)]))
        self._guarded(taken, Waiting(notes=batch.notes))

    def _guarded(self, taken: Taken, part: Waiting) -> None:
        try:
            taken.add(self._tried(partial(self._write, part)))
        except _NO_DATABASE:
            raise
        except (DatabaseError, ValueError, TypeError) as problem:
            log.error("Upstream sent what can't be stored: %s", problem)  # noqa: TRY400 (told already, with its trace)
            runs = {event.run_pk for event in part.events}
            taken.add(self._tried(partial(_fenced, runs)))


def _parts(batch: Waiting) -> list[Waiting]:
    """In this order, each a transaction of its own: it locks its runs by rising pk, as those of other journals do."""
    parts = [Waiting(events=batch.events), *(Waiting(snapshots=[one]) for one in batch.snapshots)]
    return [part for part in (*parts, Waiting(notes=batch.notes)) if part]


def _apart(rate: float) -> float:
    """Seconds to the next transaction, by the events a second that came in: in a larger one each costs much less."""
    share = (rate - _LEISURE) / (_LOAD - _LEISURE)
    shortest, longest = _APART_SECONDS
    return shortest + min(1.0, max(0.0, share)) * (longest - shortest)


def _fenced(runs: set[int]) -> Taken:
    """What still waits of these runs must not be stored behind what could not be."""
    Lease.objects.filter(run_id__in=runs).fence()
    return Taken(fenced=runs)


def _take(snapshots: Snapshots, taken: Taken) -> None:
    connection = Connection.objects.filter(pk=snapshots.connection_pk).first()
    if connection is None:  # it was deleted meanwhile, and its runs with it
        return
    if not snapshots.payloads:
        upstream.note_listed(connection, snapshots.asked_at)
        return
    told = ingest.take_snapshots(connection, snapshots.payloads, asked_at=snapshots.asked_at)
    taken.behind |= {run.pk for run in told if run.is_ahead}
    taken.fenced |= _doubted(told, snapshots.payloads, snapshots.asked_at)


def _doubted(told: list[Run], payloads: list[dict[str, Any]], asked_at: datetime) -> set[int]:
    """The runs whose log seems to have gone back: they are followed anew."""
    by_id = {str(payload.get("id")): payload for payload in payloads}
    return {run.pk for run in told if restores.doubt(run, by_id.get(run.upstream_id, {}), asked_at)}


def _some(snapshots: list[Snapshots]) -> int:
    """How many of the waiting answers make a transaction."""
    count = 0
    for at, one in enumerate(snapshots, 1):
        count += len(one.payloads)
        if count >= LISTED:
            return at
    return len(snapshots)


def _write_notes(notes: dict[int, Note]) -> None:
    """How the streams stand, of those runs that this worker still follows."""
    if not notes:
        return
    bulk.standing(notes)
    held = bulk.tokens(notes)
    valid = [note for note in notes.values() if held.get(note.run_pk) == note.token]
    bulk.save_runs(
        ("stream", "stream_detail", "stream_since_at"),
        [(note.run_pk, note.stream, note.detail, note.at) for note in valid],
    )
    publish.nudge(*(topics.run(note.run_pk) for note in valid))
