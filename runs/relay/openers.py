"""Threads that wait for upstream in the loop's place: they open streams and look at runs, and tell the loop."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from django.utils import timezone

from coasty_api import errors
from coasty_api.body import Body
from coasty_api.client import Client
from runs import limits, states
from runs.relay.following import Followed, Reader
from runs.relay.gate import Gate

log = logging.getLogger(__name__)

SILENCE_SECONDS = 75.0  # keepalives come more often than this
_THREADS = 8


class Loop(Protocol):
    """What an opener tells; each may be called from any thread."""

    def is_wanted(self, stream: Followed) -> bool: ...

    def connected(self, stream: Followed, body: Body) -> None: ...

    def failed(self, stream: Followed, error: errors.CoastyError) -> None: ...

    def finished(self, stream: Followed) -> None: ...

    def not_finished(self, stream: Followed) -> None: ...

    def ended(self, run_pk: int) -> None: ...


class Openers:
    """A queue of streams to open, and the threads that work on it."""

    def __init__(self, client: Callable[[], Client], reader: Reader, gate: Gate, loop: Loop) -> None:
        self._client = client
        self._reader = reader
        self._gate = gate
        self._loop = loop
        self._waiting: queue.SimpleQueue[tuple[Followed, bool] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"relay-open-{n}", daemon=True) for n in range(_THREADS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take up nothing more. Whoever waits for an answer is left behind."""
        for _thread in self._threads:
            self._waiting.put(None)

    def open(self, stream: Followed, is_last: bool) -> None:
        """Open the stream at its cursor; `is_last`: only look at the run, as its log has ended."""
        self._waiting.put((stream, is_last))

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            stream, is_last = job
            if not self._loop.is_wanted(stream):
                continue
            if (closed := self._gate.error) is not None:  # since it was queued: the probe alone asks now
                self._loop.failed(stream, closed)
                continue
            try:
                self._work(stream, is_last)
            except errors.CoastyError as error:
                self._report(error)
                self._loop.failed(stream, error)
            except Exception as problem:
                log.exception("Opening the stream of run %s", stream.upstream_id)
                self._loop.failed(stream, errors.CoastyError(f"{type(problem).__name__}: {problem}"))

    def _work(self, stream: Followed, is_last: bool) -> None:
        if is_last or stream.failures:
            self._look(stream, is_last)
        if not is_last:
            after = max(0, stream.cursor - stream.offset - stream.is_verifying)
            response = self._client().open_events(stream.upstream_id, after, SILENCE_SECONDS)
            self._loop.connected(stream, Body(response))

    def _look(self, stream: Followed, is_last: bool) -> None:
        """GET the run: whatever the stream says or hides, this is where it stands."""
        asked_at = timezone.now()
        payload = self._client().get_run(stream.upstream_id)
        self._reader.snapshot(payload, asked_at)
        is_terminal = states.is_terminal(str(payload.get("status")))
        if is_terminal:
            self._loop.ended(stream.run_pk)
        if is_last:
            (self._loop.finished if is_terminal else self._loop.not_finished)(stream)

    def _report(self, error: errors.CoastyError) -> None:
        """What concerns every stream closes the gate; what concerns one stays with it."""
        is_ours = error.code == limits.OURS
        if error.code == errors.UNREACHABLE or (isinstance(error, (errors.KeyRefused, errors.Busy)) and not is_ours):
            self._gate.close(error)
