"""What a relay and the process of its journal write to each other, over a pair of sockets: arrays of MessagePack.

From the relay: events (a column a member), snapshots (their JSON), notes. From the journal: topics to nudge, and what
has become of so many events. Nothing of it leaves the machine or outlives the two.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack

from runs.ingest import Arrived
from runs.relay.inbox import Note, Snapshots

EVENTS, SNAPSHOTS, NOTES, NUDGE, COMMITTED = range(5)
_ZERO, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_READ_BYTES = 1 << 20
_LONGEST_CHARACTERS = 16 << 20  # of the payloads in one letter
_UNICODE = "surrogatepass"  # JSON may spell half a character


class Out:
    """Writes letters to one end; for any thread. Whoever is gone at the other end is noticed by reading."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._packer = msgpack.Packer(unicode_errors=_UNICODE)

    def send(self, *letter: Any) -> None:
        with self._lock, suppress(OSError):
            self._end.sendall(self._packer.pack(letter))

    def finish(self) -> None:
        """There will be no more."""
        with self._lock, suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)


def read(end: socket.socket) -> Iterator[list[Any]]:
    """Letter by letter, until the other end is gone or has finished."""
    unpacker = msgpack.Unpacker(max_buffer_size=0, unicode_errors=_UNICODE)
    while True:
        try:
            data = end.recv(_READ_BYTES)
        except OSError:
            return
        if not data:
            return
        unpacker.feed(data)
        yield from unpacker


def columns(events: Sequence[Arrived]) -> Iterator[list[Sequence[Any]]]:
    """The events as columns, in parts that a letter can hold."""
    for part in _parts(events):
        runs, seqs, types, datas, created, received, *rest = zip(*part, strict=True)
        yield [runs, seqs, types, datas, [*map(_micros, created)], _told(received), *rest]


def events(columns: Iterable[Sequence[Any]]) -> list[Arrived]:
    """The events that `columns` has written."""
    runs, seqs, types, datas, created, received, *rest = columns
    known: dict[int, datetime] = {}
    for micros in received:
        if micros not in known:
            known[micros] = _ZERO + timedelta(microseconds=micros)
    moments = [known[micros] for micros in received]
    return [*map(Arrived, runs, seqs, types, datas, map(_moment, created), moments, *rest)]


def told(snapshots: Snapshots) -> list[Any]:
    """As JSON: its numbers may be of any size."""
    return [snapshots.connection_pk, _micros(snapshots.asked_at), [json.dumps(one) for one in snapshots.payloads]]


def snapshots(connection_pk: int, asked_at: int, payloads: Iterable[str]) -> Snapshots:
    return Snapshots(connection_pk, _ZERO + timedelta(microseconds=asked_at), [json.loads(one) for one in payloads])


def noted(notes: Iterable[Note]) -> list[tuple[int, int, str, str]]:
    return [(note.run_pk, note.token, str(note.stream), note.detail) for note in notes]


def _parts(events: Sequence[Arrived]) -> Iterator[Sequence[Arrived]]:
    """Nearly always all at once."""
    if len(events) > 1 and sum(len(event.data) for event in events) > _LONGEST_CHARACTERS:
        middle = len(events) // 2
        yield from _parts(events[:middle])
        yield from _parts(events[middle:])
    elif events:
        yield events


def _told(moments: Iterable[datetime]) -> list[int]:
    """What was read together has one and the same time, which is then counted once."""
    known: dict[int, int] = {}
    counted = []
    for moment in moments:
        micros = known.get(id(moment))
        if micros is None:
            micros = known[id(moment)] = (moment - _ZERO) // _MICROSECOND
        counted.append(micros)
    return counted


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _ZERO) // _MICROSECOND


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else _ZERO + timedelta(microseconds=micros)
