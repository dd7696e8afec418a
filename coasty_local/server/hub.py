"""Who listens to which run: a commit wakes all streams of that run, and no others."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Hub:
    """Wake-up calls from any thread to the streams on the server's loop. They carry no data: streams read the log."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.closing = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def notify(self, run_id: str) -> None:
        """The run has a new event; call it after the commit, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, run_id)

    def close(self) -> None:
        """End every stream; on the loop."""
        self.closing = True
        for run_id in list(self._listeners):
            self._wake(run_id)

    def listen(self, run_id: str) -> asyncio.Event:
        """An event that is set at each commit of the run; give it back with `leave`."""
        event = asyncio.Event()
        self._listeners[run_id].add(event)
        return event

    def leave(self, run_id: str, event: asyncio.Event) -> None:
        listeners = self._listeners[run_id]
        listeners.discard(event)
        if not listeners:
            del self._listeners[run_id]

    def _wake(self, run_id: str) -> None:
        for event in self._listeners.get(run_id, ()):
            event.set()
