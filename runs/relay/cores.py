"""Under load the loop of streams and the journal share a core: they take turns, so on two they only wake each other.

On one core an event costs a tenth to a fifth less of the processor. At leisure they run where they like.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

_LOAD = 2_000  # events a second
_LEISURE_SECONDS = 30.0


class Sharing:
    """The threads (native ids) that share a core while much comes in, and for a while after."""

    def __init__(self, threads: Sequence[int | None], now: float) -> None:
        self._threads = [thread for thread in threads if thread is not None]
        self._turn: int | None = None
        self._events, self._looked_at = 0, now
        self._busy_until = now

    def look(self, events: int, turn: int, now: float) -> None:
        """`events` counts all there have been; a worker of another `turn` takes another core. To be called often."""
        if events - self._events > _LOAD * (now - self._looked_at):
            self._busy_until = now + _LEISURE_SECONDS
        self._events, self._looked_at = events, now
        wanted = turn if now < self._busy_until else None
        if wanted != self._turn:
            self._turn = wanted
            self._bind(wanted)

    def _bind(self, turn: int | None) -> None:
        if not hasattr(os, "sched_setaffinity"):  # this system knows no such wish
            return
        allowed = sorted(os.sched_getaffinity(os.getpid()))
        cores = allowed if turn is None else [allowed[-1 - turn % len(allowed)]]
        for thread in self._threads:
            with suppress(OSError):  # it has ended
                os.sched_setaffinity(thread, cores)
