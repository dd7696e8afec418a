"""One alarm clock for all that is due at a wall-clock time: deadlines, ends of pauses, ends of machines."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from coasty_local import wire

log = logging.getLogger(__name__)

LONGEST_WAIT = 5.0  # seconds: a clock that was set or a machine that slept is noticed within this


class Clock:
    """Calls each function once its time has come, on its own thread; a call whose cause is gone does nothing."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._tick, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def at(self, when: int, call: Callable[[], object]) -> None:
        """Call it at that time (milliseconds since 1970), at once when that has passed."""
        with self._changed:
            heapq.heappush(self._due, (when, next(self._order), call))
            self._changed.notify()

    def _tick(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except Exception:
                log.exception("an alarm failed")

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._stopped:
                left = (self._due[0][0] - wire.now()) / 1000 if self._due else LONGEST_WAIT
                if left <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(min(left, LONGEST_WAIT))
        return None
