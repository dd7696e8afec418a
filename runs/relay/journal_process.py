"""The journal in a process of its own: what reads streams and serves pages shares no interpreter with what writes.

The relay's end of it (`JournalProcess`, a sink as the journal is) and what the process does (`write_down`).
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from django.conf import settings

from live import publish
from runs.ingest import Arrived
from runs.relay import letters, stalls
from runs.relay.inbox import Inbox, Snapshots, Waiting
from runs.relay.journal import Committed, Journal

log = logging.getLogger(__name__)

_MANY = 20  # events in one letter: more come at once, and they are gathered
_GATHER_SECONDS = 0.005
_LAST_SECONDS = 30.0  # for what is left when the relay is gone


class JournalProcess(Inbox):
    """Starts the process, sends it what comes in, tells what it has committed. For any thread.

    When it ends by itself, the events that it had not committed are lost here: `is_running` says so, and until the next
    `start` none is kept. Whoever starts it again has fenced off the runs before, so that they are read from their
    cursor. What upstream answered to a question is sent to the next process: it might not be told again.
    """

    def __init__(self, on_taken: Callable[[list[Arrived], Committed], None]) -> None:
        super().__init__()
        self._on_taken = on_taken
        self._sent: deque[Arrived] = deque()  # in the order of the commits to come
        self._answers: deque[Snapshots] = deque()  # likewise
        self._process: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self.is_running = False
        self.committed_events = 0

    def start(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "journal", str(theirs.fileno())]
        with theirs:
            # A session of its own: Ctrl-C is for the relay, which ends this one when all is read.
            process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        with self._changed:
            again = [*self._answers, *self._waiting.snapshots]
            self._waiting, self._sent, self._answers = Waiting(snapshots=again), deque(), deque()
            self._process = process
            self.is_running = True
            self._changed.notify_all()
        self._threads = [
            threading.Thread(target=work, args=args, name=f"relay-journal-{way}", daemon=True)
            for way, work, args in (
                ("out", self._send, (letters.Out(ours), process)),
                ("in", self._receive, (ours, process)),
            )
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def stop(self, seconds: float) -> None:
        """Let it commit what has come in, then end."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("Stopped with %d events uncommitted; they come again", self._unwritten())
            self._process.kill()
        for thread in self._threads:
            thread.join(seconds / 4)

    def events(self, arrived: list[Arrived]) -> None:
        if self.is_running:
            super().events(arrived)

    def _unwritten(self) -> int:
        return len(self._waiting.events) + len(self._sent)

    def _send(self, out: letters.Out, process: subprocess.Popen[bytes]) -> None:
        try:
            while (waiting := self._next(process)) is not None:
                self._write(waiting, out)
                if len(waiting.events) >= _MANY:
                    time.sleep(_GATHER_SECONDS)  # each letter takes both processes from what they do
            out.finish()
        except Exception:
            log.exception("What came in could not be sent to the journal; it begins anew")
            process.kill()

    def _next(self, process: subprocess.Popen[bytes]) -> Waiting | None:
        """What has come in since, as soon as there is any; None at the end. What comes later is for a later process."""
        with self._changed:
            while not self._waiting and not self._is_stopping and self._writes(process):
                self._changed.wait()
            if not self._waiting or not self._writes(process):
                return None
            waiting, self._waiting = self._waiting, Waiting()
            self._sent.extend(waiting.events)
            self._answers.extend(waiting.snapshots)
        return waiting

    def _writes(self, process: subprocess.Popen[bytes]) -> bool:
        return self.is_running and process is self._process

    def _write(self, waiting: Waiting, out: letters.Out) -> None:
        for columns in letters.columns(waiting.events):
            out.send(letters.EVENTS, *columns)
        for snapshots in waiting.snapshots:
            out.send(letters.SNAPSHOTS, *letters.told(snapshots))
        if waiting.notes:
            out.send(letters.NOTES, *letters.noted(waiting.notes.values()))

    def _receive(self, end: socket.socket, process: subprocess.Popen[bytes]) -> None:
        try:
            with end:
                for kind, *told in letters.read(end):
                    if kind == letters.NUDGE:
                        publish.send(frozenset(told))
                    elif kind == letters.COMMITTED:
                        self._committed(*told)
        except Exception:
            log.exception("What the journal wrote could not be read; it begins anew")
        process.kill()  # it is gone already, or of no more use: there are never two that write
        process.wait()
        with self._changed:
            self.is_running = False
            self._changed.notify_all()
        if not self._is_stopping:
            log.error("The journal's process ended (%d); what it had not written is read again", process.returncode)

    def _committed(self, count: int, answers: int, fenced: list[int], behind: list[int], ended: list[int]) -> None:
        with self._changed:
            events = [self._sent.popleft() for _ in range(count)]
            for _ in range(answers):
                self._answers.popleft()
            self._changed.notify_all()
        self.committed_events += count
        try:
            self._on_taken(events, Committed(set(fenced), set(behind), set(ended)))
        except Exception:
            log.exception("What was committed could not be told; the next look at the leases finds it")


def write_down(end: socket.socket) -> None:
    """The journal's side: write what the relay sends, until it has finished or is gone."""
    threading.excepthook = _end_all
    out = letters.Out(end)
    publish.hand_on(lambda topics: out.send(letters.NUDGE, *topics))
    journal = Journal(lambda events, told: out.send(letters.COMMITTED, *_told(events, told)))
    stalls.keep_short()
    journal.start()
    for kind, *told in letters.read(end):
        if kind == letters.EVENTS:
            journal.events(letters.events(told))
        elif kind == letters.SNAPSHOTS:
            journal.told(letters.snapshots(*told))
        else:
            for note in told:
                journal.note(*note)
    journal.stop(_LAST_SECONDS)


def _told(events: list[Arrived], committed: Committed) -> list[Any]:
    *runs, answers = committed
    return [len(events), answers, *map(list, runs)]


def _end_all(failed: threading.ExceptHookArgs) -> None:
    """A journal without one of its threads would be silent for ever; the relay begins one that ended anew."""
    told = failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback
    log.critical("A thread of the journal failed; it ends", exc_info=told)
    os._exit(1)
