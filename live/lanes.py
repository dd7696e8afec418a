"""Owns when sockets are read: those of one sort that have news are read together, as many as came meanwhile.

The first news after a silence wait for nothing; under load a step of the database and a way to a thread and back serve
many sockets. Those that show the same share one reading, as long as it is not older than the news of each.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary

from live import reading

log = logging.getLogger(__name__)

_MOST_TOGETHER = 16  # different readings on one way to a thread: the first need not wait for all
_APART = 2  # readings of a sort at once that are not made together
_KEPT_SECONDS = 2.0
_AT_ONCE = 50  # sockets that are sent to before others have their turn


class Socket(Protocol):
    """Who is read for. `reads_together`: many are read in one thread, one after the other, after `read_ahead`.

    `in_hand` is set from when a socket is taken out of the lane until it has taken what was read.
    """

    reads_together: ClassVar[bool]
    in_hand: bool

    def shows(self) -> Hashable:
        """Equal for sockets that one reading serves; it changes with what the reading moves."""

    @classmethod
    def read_ahead(cls, sockets: Sequence[Any]) -> None:
        """In the thread: what the readings of all of them need, in few statements."""

    def read(self) -> Any:
        """In the thread."""

    async def take(self, result: Any) -> None:
        """On the loop: what was read, by this socket or by one that shows the same."""

    async def fail(self) -> None:
        """On the loop: the reading failed."""


@dataclass
class _Reading:
    began: float
    result: Any  # or the exception


class Lane:
    """Of one loop and one sort of socket."""

    def __init__(self, sort: type[Any]) -> None:
        self._sort = sort
        self._waiting: dict[Any, float] = {}
        self._known: dict[Hashable, _Reading] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._most = _MOST_TOGETHER if sort.reads_together else 1
        self._width = 1 if sort.reads_together else _APART

    def add(self, socket: Any, since: float) -> None:
        """Read for this socket soon; a reading that began at `since` (monotonic) or later will do."""
        self._waiting[socket] = max(since, self._waiting.get(socket, since))
        if len(self._workers) < min(self._width, len(self._waiting)):
            self._workers.add(asyncio.get_running_loop().create_task(self._work()))

    def drop(self, socket: Any) -> None:
        self._waiting.pop(socket, None)

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._serve()
        finally:
            # At once: what comes before this task counts as done must find that nobody works.
            self._workers.discard(asyncio.current_task())

    async def _serve(self) -> None:
        sockets, since = self._next()
        served = {key: known for key in sockets if (known := self._serving(key, since[key]))}
        missing = {key: group[0] for key, group in sockets.items() if key not in served}
        if missing:
            served |= await self._read(missing)
        for key, group in sockets.items():
            await self._hand_out(group, served[key].result)

    def _next(self) -> tuple[dict[Hashable, list[Any]], dict[Hashable, float]]:
        """The sockets that waited longest, by what they show, and since when there is news of it."""
        found: dict[Hashable, list[Any]] = defaultdict(list)
        since: dict[Hashable, float] = {}
        for socket in tuple(self._waiting) if self._sort.reads_together else (next(iter(self._waiting)),):
            key = socket.shows()
            if key in found or len(found) < self._most:
                found[key].append(socket)
                socket.in_hand = True
                since[key] = max(self._waiting.pop(socket), since.get(key, float("-inf")))
        return found, since

    def _serving(self, key: Hashable, since: float) -> _Reading | None:
        known = self._known.get(key)
        return known if known is not None and known.began >= since else None

    async def _read(self, wanted: dict[Hashable, Any]) -> dict[Hashable, _Reading]:
        began = time.monotonic()
        self._known = {key: known for key, known in self._known.items() if known.began > began - _KEPT_SECONDS}
        try:
            results = await reading.in_thread(
                lambda: _read_all(self._sort, tuple(wanted.values())), is_quick=self._sort.reads_together
            )
        except Exception as problem:  # the threads are gone
            log.warning("Sockets could not be read for: %s", problem)
            results = [problem] * len(wanted)
        found = {key: _Reading(began, result) for key, result in zip(wanted, results, strict=True)}
        self._known |= {key: one for key, one in found.items() if not isinstance(one.result, Exception)}
        return found

    async def _hand_out(self, group: Iterable[Any], result: Any) -> None:
        for count, socket in enumerate(group, 1):
            socket.in_hand = False
            try:
                await (socket.fail() if isinstance(result, Exception) else socket.take(result))
            except Exception:
                log.exception("A page's socket could not be sent to.")
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)


def _read_all(sort: type[Any], sockets: Sequence[Any]) -> list[Any]:
    """What each reads, or why it could not. One that fails takes no other with it."""
    try:
        sort.read_ahead(sockets)
    except Exception as problem:
        log.exception("Sockets could not be read for; their pages will connect again.")
        return [problem] * len(sockets)
    return [_read_one(socket) for socket in sockets]


def _read_one(socket: Any) -> Any:
    try:
        return socket.read()
    except Exception as problem:
        log.exception("A page's socket could not go on; the page will connect again.")
        return problem


_lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[type[Any], Lane]] = WeakKeyDictionary()


def of(sort: type[Any]) -> Lane:
    """The lane of the running loop for one sort of socket."""
    known = _lanes.setdefault(asyncio.get_running_loop(), {})
    if sort not in known:
        known[sort] = Lane(sort)
    return known[sort]
