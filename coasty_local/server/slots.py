"""How many calls may look at pictures at the same time; who comes when all slots are taken waits, but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from coasty_local.server.errors import ApiError

AT_ONCE = 4
PATIENCE_SECONDS = 20.0


class Slots:
    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE_SECONDS) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._patience = patience
        self.closing = threading.Event()  # set when the platform stops: what is at work ends early

    @contextmanager
    def one(self) -> Iterator[None]:
        """One to work in. Raises 429 when none gets free in time."""
        if not self._free.acquire(timeout=self._patience):
            raise ApiError("RATE_LIMITED", "Too many pictures are being looked at right now.")
        try:
            yield
        finally:
            self._free.release()
