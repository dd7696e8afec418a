"""What has come off the streams and is not written down yet: filled from any thread, emptied by one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from runs.ingest import Arrived
from runs.models import Connection

LISTED = 25  # snapshots in one transaction: a long listing must not hold up the events
_ROOM = 50_000  # events waiting at most, then the streams stop reading


@dataclass(frozen=True, slots=True)
class Note:
    """How the following of a run stands."""

    run_pk: int
    token: int
    stream: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Run objects of one answer of upstream, of the connection with that pk. With none of them: that all of a listing
    which began then has come in before.
    """

    connection_pk: int
    asked_at: datetime
    payloads: list[dict[str, Any]]


@dataclass(slots=True)
class Waiting:
    """What has come in and is not committed."""

    events: list[Arrived] = field(default_factory=list)
    snapshots: list[Snapshots] = field(default_factory=list)
    notes: dict[int, Note] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.events or self.snapshots or self.notes)


class Inbox:
    """The sink of the streams."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        self._changed = threading.Condition()
        self._is_stopping = False

    def events(self, arrived: list[Arrived]) -> None:
        with self._changed:
            self._waiting.events += arrived
            self._changed.notify_all()

    def snapshots(self, connection: Connection, payloads: list[dict[str, Any]], asked_at: datetime) -> None:
        for at in range(0, len(payloads), LISTED):
            self.told(Snapshots(connection.pk, asked_at, payloads[at : at + LISTED]))

    def listed(self, connection: Connection, began: datetime) -> None:
        """All of a listing has come in: that is written down behind it, so that nothing of it can be lost unnoticed."""
        self.told(Snapshots(connection.pk, began, []))

    def told(self, snapshots: Snapshots) -> None:
        with self._changed:
            self._waiting.snapshots.append(snapshots)
            self._changed.notify_all()

    def note(self, run_pk: int, token: int, stream: str, detail: str) -> None:
        with self._changed:
            self._waiting.notes[run_pk] = Note(run_pk, token, stream, detail[:500], timezone.now())
            self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Back-pressure: whoever reads streams waits here while the database can't keep up."""
        with self._changed:
            while self._unwritten() > _ROOM and not self._is_stopping:
                self._changed.wait(1)

    def _unwritten(self) -> int:
        return len(self._waiting.events)
