"""Group commit: what came in over all runs while the last commit ran goes into the next transaction. The one writer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, transaction
from django.db import connection as database
from django.utils import timezone

from live import publish, topics
from runs import bulk, ingest, restores
from runs.ingest import Arrived, Taken
from runs.models import Connection, Lease, Run
from runs.relay.checkpoints import LONGEST, Checkpoints
from runs.turns import Turn

log = logging.getLogger(__name__)

_BATCH = 2_000  # events in one transaction at most
_LISTED = 25  # snapshots of a listing in one transaction: a long listing must not hold up the events
_APART_SECONDS = (0.01, 0.05)  # between the beginnings of two transactions at least: at leisure, and under load
_LEISURE, _LOAD = 3_000, 10_000  # events a second
_ROOM = 50_000  # events waiting at most, then the streams stop reading
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Note:
    """How the following of a run stands."""

    run_pk: int
    token: int
    stream: str
    detail: str
    at: datetime


@dataclass(slots=True)
class Waiting:
    """What has come in and is not committed."""

    events: list[Arrived] = field(default_factory=list)
    snapshots: list[tuple[Connection, datetime, list[dict[str, Any]]]] = field(default_factory=list)
    notes: dict[int, Note] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.events or self.snapshots or self.notes)


class Journal:
    """The sink of the streams. Everything may be called from any thread; one thread writes."""

    def __init__(self, on_taken: Callable[[list[Arrived], Taken], None]) -> None:
        self._on_taken = on_taken
        self.turn = Turn()
        self._waiting = Waiting()
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="relay-journal", daemon=True)
        self._checkpoints = Checkpoints()
        self.committed_events = 0

    def start(self) -> int | None:
        """The number of its thread in the system."""
        self._thread.start()
        self._checkpoints.start()
        return self._thread.native_id

    def stop(self, seconds: float) -> None:
        """Commit what is waiting, then end."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join(seconds)
        self._checkpoints.stop(seconds / 4)

    def events(self, arrived: list[Arrived]) -> None:
        with self._changed:
            self._waiting.events += arrived
            self._changed.notify_all()

    def snapshots(self, connection: Connection, payloads: list[dict[str, Any]], asked_at: datetime) -> None:
        with self._changed:
            for at in range(0, len(payloads), _LISTED):
                self._waiting.snapshots.append((connection, asked_at, payloads[at : at + _LISTED]))
            self._changed.notify_all()

    def note(self, run_pk: int, token: int, stream: str, detail: str) -> None:
        with self._changed:
            self._waiting.notes[run_pk] = Note(run_pk, token, stream, detail[:500], timezone.now())
            self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Back-pressure: whoever reads streams waits here while the database can't keep up."""
        with self._changed:
            while len(self._waiting.events) > _ROOM and not self._is_stopping:
                self._changed.wait(1)

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
            self._commit(batch)
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
        """Try until it is in the database. Data that the database refuses is set aside, run by run."""
        while True:
            try:
                taken = self._write(batch)
                break
            except (OperationalError, InterfaceError) as problem:
                if self._is_stopping:
                    log.warning("Stopped with %d events uncommitted; they come again: %s", len(batch.events), problem)
                    return
                log.warning("The database does not take events, trying again: %s", problem)
                close_old_connections()
                time.sleep(_RETRY_SECONDS)
            except Exception:
                log.exception("A batch could not be written; its runs are tried one by one")
                taken = self._write_apart(batch)
                break
        self.committed_events += len(batch.events)
        self._checkpoints.want()
        self._on_taken(batch.events, taken)

    def _write(self, batch: Waiting) -> Taken:
        with transaction.atomic(), self.turn:  # which ends before the commit begins
            taken = ingest.take_events(batch.events) if batch.events else Taken()
            for connection, asked_at, payloads in batch.snapshots:
                told = ingest.take_snapshots(connection, payloads, asked_at=asked_at)
                taken.behind |= {run.pk for run in told if run.is_ahead}
                taken.fenced |= _doubted(told, payloads, asked_at)
            _write_notes(list(batch.notes.values()))
        return taken

    def _write_apart(self, batch: Waiting) -> Taken:
        taken = Taken()
        for pk in dict.fromkeys(event.run_pk for event in batch.events):
            self._guarded(taken, Waiting(events=[event for event in batch.events if event.run_pk == pk]))
        for connection, asked_at, payloads in batch.snapshots:
            for payload in payloads:
                self._guarded(taken, Waiting(snapshots=[(connection, asked_at, [payload])]))
        self._guarded(taken, Waiting(notes=batch.notes))
        return taken

    def _guarded(self, taken: Taken, part: Waiting) -> None:
        try:
            written = self._write(part)
        except (DatabaseError, ValueError, TypeError) as problem:
            log.error("Upstream sent what can't be stored: %s", problem)  # noqa: TRY400 (told already, with its trace)
            taken.fenced |= {event.run_pk for event in part.events}  # read again from the stored cursor
        else:
            taken.progress |= written.progress
            taken.fenced |= written.fenced
            taken.behind |= written.behind


def _apart(rate: float) -> float:
    """Seconds to the next transaction, by the events a second that came in: in a larger one each costs much less."""
    share = (rate - _LEISURE) / (_LOAD - _LEISURE)
    shortest, longest = _APART_SECONDS
    return shortest + min(1.0, max(0.0, share)) * (longest - shortest)


def _doubted(told: list[Run], payloads: list[dict[str, Any]], asked_at: datetime) -> set[int]:
    """The runs whose log seems to have gone back: they are followed anew."""
    by_id = {str(payload.get("id")): payload for payload in payloads}
    return {run.pk for run in told if restores.doubt(run, by_id.get(run.upstream_id, {}), asked_at)}


def _some(snapshots: list[tuple[Connection, datetime, list[dict[str, Any]]]]) -> int:
    """How many of the waiting answers make a transaction."""
    count = 0
    for at, (_connection, _asked_at, payloads) in enumerate(snapshots, 1):
        count += len(payloads)
        if count >= _LISTED:
            return at
    return len(snapshots)


def _write_notes(notes: list[Note]) -> None:
    """How the streams stand, of those runs that this worker still follows."""
    if not notes:
        return
    held = dict(Lease.objects.filter(run_id__in=[note.run_pk for note in notes]).values_list("run_id", "token"))
    valid = [note for note in notes if held.get(note.run_pk) == note.token]
    bulk.save_runs(
        ("stream", "stream_detail", "stream_since_at"),
        [(note.run_pk, note.stream, note.detail, note.at) for note in {note.run_pk: note for note in valid}.values()],
    )
    publish.nudge(*(topics.run(note.run_pk) for note in valid))
