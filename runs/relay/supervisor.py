"""The relay as a whole: its lines to the connections, how many runs it follows, its sign of life, draining."""

from __future__ import annotations

import logging
import os
import random
import resource
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connections
from django.db.models import QuerySet

from coasty_api import errors
from runs import limits, upstream
from runs.ingest import Arrived
from runs.models import Connection, Run, Worker
from runs.relay import leases, stalls
from runs.relay.gate import backoff_seconds
from runs.relay.journal import Committed, Journal
from runs.relay.journal_process import JournalProcess
from runs.relay.lines import Line
from runs.relay.pictures import Pictures
from runs.relay.streams import Streams

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
_BEAT_SECONDS = 1.0
_COMPARE_SECONDS = 2.0
_STUCK_SECONDS = 30.0  # a supervisor that did nothing for so long is no sign of life
_LASTING_SECONDS = 30.0  # a journal that ran for so long did not fail at its start
_ROWS_SECONDS = 1.0  # so old may be what is known of the connections
_CLAIM_AT_ONCE = 2_000
_WITH_PICTURE = frozenset({"step", "awaiting_human", "done", "screenshot"})
_MOMENTS = frozenset({"awaiting_human", "done"})


class Relay:
    """One worker for all connections: a line each, one loop of streams, one journal, threads for pictures.

    The journal is a process of its own; tests have it on a thread.
    """

    def __init__(self, journal: type[Journal | JournalProcess] = JournalProcess) -> None:
        self.host = _machine()
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}"
        self.journal = journal(self._taken)
        self.streams = Streams(self.journal)
        self.pictures = Pictures()
        self.lines: dict[int, Line] = {}  # by the connection's pk; touched by the supervisor's thread only
        self._listers: dict[int, threading.Thread] = {}
        self._stopping = threading.Event()
        self._moved_at = time.monotonic()
        self._beater = threading.Thread(
            target=self._looked_after(self._beat, self._stopping.is_set), name="relay-beat", daemon=True
        )
        self._thread = threading.Thread(
            target=self._looked_after(self._follow, self._stopping.is_set), name="relay-supervisor", daemon=True
        )

    def start(self) -> None:
        _allow_many_sockets()
        stalls.keep_short()
        upstream.connection()
        self._bury()
        leases.beat(self.name, self._detail())
        self.journal.start()
        self.streams.start()
        self.pictures.start()
        self._thread.start()
        self._beater.start()
        log.info("Relay %s is running", self.name)

    def stop(self, seconds: float = 5.0) -> None:
        """Drain: read no more, commit what was read, give up the runs. Whatever is cut off comes again."""
        self._stopping.set()
        self._thread.join(seconds / 4)
        self._beater.join(seconds / 8)  # a sign of life after the farewell would keep the leases
        for line in self.lines.values():
            line.stop()
        self.streams.stop(seconds / 4)
        self.pictures.stop(seconds / 4)
        self.journal.stop(seconds / 2)
        for thread in self._listers.values():
            thread.join(seconds / 8)
        try:
            leases.leave(self.name)
        except DatabaseFailure as problem:
            log.warning("The relay's leases were not given up; they run out by themselves: %s", problem)
        connections.close_all()

    def _detail(self) -> dict[str, object]:
        return {
            "host": self.host,
            "pid": os.getpid(),
            "runs": self.streams.count,
            "events": self.journal.committed_events,
            "journal": self.journal.pid,
            "connections": len(self.lines),
        }

    def _beat(self) -> float:
        """The sign of life, on a thread that does nothing else: long work doesn't delay it, a stuck supervisor does."""
        if time.monotonic() - self._moved_at < _STUCK_SECONDS and self.journal.is_running:
            leases.beat(self.name, self._detail())
        return _BEAT_SECONDS

    def _bury(self) -> None:
        """Strike out workers of this host whose process is gone, so that their runs are free at once."""
        for worker in Worker.objects.filter(kind=leases.KIND):
            if worker.detail.get("host") == self.host and not _is_running(worker.detail.get("pid")):
                leases.leave(worker.name)

    def _looked_after(self, work: Callable[[], float], is_over: Callable[[], bool]) -> Callable[[], None]:
        """A thread that does `work` again and again; each time it says how long to rest. No failure ends it."""

        def run() -> None:
            while not is_over():
                try:
                    rest = work()
                except DatabaseFailure as problem:
                    log.warning("The database does not answer: %s", problem)
                    connections.close_all()
                    rest = 1.0
                except Exception:
                    log.exception("The relay met what it does not know; it goes on")
                    rest = 1.0
                self._stopping.wait(rest)
            connections.close_all()

        return run

    # Lines kept equal to the rows of the connections.

    _compare_due = 0.0
    _rows_due = 0.0

    def _keep_lines(self) -> None:
        """A new connection, one that has changed, one that was disabled: it takes effect here. So does a death."""
        self._bury()
        rows = {row.pk: row for row in upstream.enabled()}
        for pk, line in list(self.lines.items()):
            if pk not in rows or not line.is_of(rows[pk]):
                self._end(self.lines.pop(pk), is_disabled=pk not in rows)
        for pk, row in rows.items():
            if pk not in self.lines:
                self._begin(row)
        names = list(leases.alive().order_by("name").values_list("name", flat=True))
        for turn, pk in enumerate(sorted(self.lines)):
            self.lines[pk].let_list(not names or names[turn % len(names)] == self.name)

    def _begin(self, row: Connection) -> None:
        line = self.lines[row.pk] = Line(row, self.journal, self.streams)
        line.start()
        work = self._looked_after(line.list, lambda: line.is_stopping)
        self._listers[row.pk] = threading.Thread(target=work, name=f"relay-list-{row.pk}", daemon=True)
        self._listers[row.pk].start()
        self._compare_due = 0.0  # take up what is held of it at once
        log.info("Following %s at %s", row.name, row.base_url)

    def _end(self, line: Line, *, is_disabled: bool) -> None:
        line.stop()
        self.streams.leave(line)
        self._listers.pop(line.connection.pk, None)
        log.info("%s is followed no more as it was", line.connection.name)
        if is_disabled:
            leases.strike(self.name, line.connection, upstream.DISABLED)

    def _look_after_lines(self) -> None:
        now, held = time.time(), limits.holds(self.lines)
        for pk, line in self.lines.items():
            trouble = line.look_after(held.get(pk), now)
            if trouble is not None:
                self._write_down(line, trouble)

    def _write_down(self, line: Line, trouble: errors.CoastyError) -> None:
        """What concerns a whole connection is told once: health, one log line, one statement for its runs."""
        if upstream.note_health(line.connection, trouble):
            log.warning("%s: %s", line.connection.name, line.gate.in_words() or trouble.message)
        if isinstance(trouble, errors.KeyRefused):
            leases.refuse(self.name, line.connection, line.gate.in_words() or trouble.message)

    # Following: leases and streams kept equal.

    def _follow(self) -> float:
        now = self._moved_at = time.monotonic()
        if not self.journal.is_running and not self._has_begun_anew(now):
            return TICK_SECONDS
        if now >= self._rows_due:
            self._rows_due = now + _ROWS_SECONDS
            self._keep_lines()
        self._look_after_lines()
        if now >= self._compare_due:
            self._compare_due = now + _COMPARE_SECONDS
            self._compare()
        followed = self.streams.count
        room = leases.share(self.name) - followed if followed else _CLAIM_AT_ONCE
        claimed = leases.claim(self.name, min(room, _CLAIM_AT_ONCE))
        self._take_up(claimed)
        return TICK_SECONDS

    _journal_began = 0.0
    _journal_failures = 0

    def _has_begun_anew(self, now: float) -> bool:
        """The journal has ended by itself: what it had not committed is fenced off, and every run read from its cursor.

        Again and again it is tried seldom; meanwhile this worker gives no sign of life, so that others follow its runs.
        """
        if self._stopping.is_set() or now < self._journal_began + backoff_seconds(self._journal_failures, 15):
            return False
        leases.surrender(self.name)
        for pk in self.streams.runs():
            self.streams.drop(pk)
        has_lasted = now - self._journal_began > _LASTING_SECONDS
        self._journal_failures = 0 if has_lasted else self._journal_failures + 1
        self._journal_began = now
        self.journal.start()
        return True

    def _compare(self) -> None:
        """Drop what was lost, take up what is held but not followed, give up what is too much."""
        held, followed = leases.held(self.name), self.streams.runs()
        for pk, token in followed.items():
            if held.get(pk) != token:
                self.streams.drop(pk)
        unfinished = set(leases.to_follow().filter(lease__worker=self.name).values_list("pk", flat=True))
        self._take_up({pk: token for pk, token in held.items() if pk in unfinished and followed.get(pk) != token})
        finished = set(held) - unfinished
        extra = leases.surplus(len(unfinished), leases.share(self.name))
        given_up = random.sample(sorted(unfinished), extra) if extra else []
        for pk in given_up:
            self.streams.drop(pk)
        if finished or given_up:
            leases.release(self.name, [*finished, *given_up])

    def _take_up(self, claimed: dict[int, int]) -> None:
        fields = ("connection_id", "pk", "upstream_id", "cursor", "status", "log_offset", "log_from", "log_epoch")
        for connection_pk, pk, upstream_id, cursor, status, *place in _rows(claimed, *fields):
            line = self.lines.get(connection_pk)
            if (
                line is not None
            ):  # else it is new: the next look at the rows makes it, and the next compare takes this up
                self.streams.follow(line, pk, upstream_id, claimed[pk], cursor, status, *place)

    def _taken(self, events: list[Arrived], taken: Committed) -> None:
        """The journal has committed: stop what was fenced off, fetch what is missing, and pictures of what moved."""
        for pk in taken.fenced:
            self.streams.drop(pk)
        for pk in taken.ended:
            self.streams.ended(pk)
        for pk in taken.behind:
            self.streams.hurry(pk)
        moments = {event.run_pk for event in events if event.type in _MOMENTS}
        for pk in {event.run_pk for event in events if event.type in _WITH_PICTURE}:
            self.pictures.want(pk, is_moment=pk in moments)


def _rows(claimed: dict[int, int], *fields: str) -> QuerySet[Run, Any]:
    return Run.objects.filter(pk__in=list(claimed)).values_list(*fields)


def _machine() -> str:
    """Where a process id means something: this start of this machine, and its namespace of processes."""
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    try:
        return f"{socket.gethostname()} {boot.read_text().strip()} {space.readlink()}"
    except OSError:
        return socket.gethostname()


def _is_running(pid: object) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _allow_many_sockets() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
