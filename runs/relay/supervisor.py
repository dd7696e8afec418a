"""The relay as a whole: how many runs it follows, its sign of life, finding runs started elsewhere, draining."""

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
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connections
from django.utils import timezone

from coasty_api import errors, wire
from coasty_api.client import Client
from runs import states, upstream
from runs.ingest import Arrived, Taken
from runs.models import Connection, Run, Worker
from runs.relay import leases
from runs.relay.gate import Gate
from runs.relay.journal import Journal
from runs.relay.pictures import Pictures
from runs.relay.streams import Streams

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
_BEAT_SECONDS = 2.0
_LIST_SECONDS = 3.0
_LIST_LIMIT = 200
_RECENT_LIMIT = 50
_RECENT = timedelta(minutes=15)
_CLAIM_AT_ONCE = 2_000
_WITH_PICTURE = frozenset({"step", "awaiting_human", "done", "screenshot"})
_MOMENTS = frozenset({"awaiting_human", "done"})


class Relay:
    """One worker: a loop of streams, a journal, threads for pictures, and two that look after them."""

    def __init__(self, connection: Connection | None = None) -> None:
        self.host = socket.gethostname()
        self.name = f"{self.host}:{os.getpid()}:{secrets.token_hex(3)}"[:64]
        self._connection = connection or upstream.connection()
        self._client_lock = threading.Lock()
        self._client: Client | None = None
        self.gate = Gate(self._gate_closed)
        self.journal = Journal(self._connection, self._taken)
        self.streams = Streams(self.client, self.journal, self.gate)
        self.pictures = Pictures()
        self._stopping = threading.Event()
        self._unlisted = False
        self._trouble: errors.CoastyError | None = None  # not written down yet
        self._threads = [
            threading.Thread(target=self._looked_after(self._follow), name="relay-supervisor", daemon=True),
            threading.Thread(target=self._looked_after(self._adopt), name="relay-adopt", daemon=True),
        ]

    def start(self) -> None:
        _allow_many_sockets()
        self._bury()
        leases.beat(self.name, self._detail())
        self.journal.start()
        self.streams.start()
        self.pictures.start()
        for thread in self._threads:
            thread.start()
        log.info("Relay %s follows %s", self.name, self._connection.base_url)

    def stop(self, seconds: float = 5.0) -> None:
        """Drain: read no more, commit what was read, give up the runs. Whatever is cut off comes again."""
        self._stopping.set()
        self.gate.wake()
        self.streams.stop(seconds / 4)
        self.pictures.stop(seconds / 4)
        self.journal.stop(seconds / 2)
        for thread in self._threads:
            thread.join(seconds / 4)
        try:
            leases.leave(self.name)
        except DatabaseFailure as problem:
            log.warning("The relay's leases were not given up; they run out by themselves: %s", problem)
        connections.close_all()

    def client(self) -> Client:
        """The client with the key as it is now."""
        with self._client_lock:
            if self._client is None or self._client.has_other_key(upstream.key()):
                self._client = upstream.client(self._connection)
            return self._client

    def _detail(self) -> dict[str, object]:
        return {
            "host": self.host,
            "pid": os.getpid(),
            "runs": self.streams.count,
            "events": self.journal.committed_events,
            "unlisted": self._unlisted,
        }

    def _bury(self) -> None:
        """Strike out workers of this host whose process is gone, so that their runs are free at once."""
        for worker in Worker.objects.filter(kind=leases.KIND):
            if worker.detail.get("host") == self.host and not _is_running(worker.detail.get("pid")):
                leases.leave(worker.name)

    def _looked_after(self, work: Callable[[], float]) -> Callable[[], None]:
        """A thread that does `work` again and again; each time it says how long to rest. No failure ends it."""

        def run() -> None:
            while not self._stopping.is_set():
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

    # Following: leases and streams kept equal.

    _beat_due = 0.0

    def _follow(self) -> float:
        if time.monotonic() >= self._beat_due:
            self._beat_due = time.monotonic() + _BEAT_SECONDS
            leases.beat(self.name, self._detail())
            self._compare()
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            upstream.note_health(self._connection, trouble)
        if not self.gate.is_open and self._client is not None and self._client.has_other_key(upstream.key()):
            self.gate.probe_now()  # the key is another one now: do not wait for the next try
        followed = self.streams.count
        room = leases.share(self.name) - followed if followed else _CLAIM_AT_ONCE
        claimed = leases.claim(self.name, min(room, _CLAIM_AT_ONCE))
        self._take_up(claimed)
        return TICK_SECONDS

    def _compare(self) -> None:
        """Drop what was lost, take up what is held but not followed, give up what is too much."""
        held, followed = leases.held(self.name), self.streams.runs()
        for pk, token in followed.items():
            if held.get(pk) != token:
                self.streams.drop(pk)
        unfinished = set(leases.to_follow().filter(pk__in=list(held)).values_list("pk", flat=True))
        self._take_up({pk: token for pk, token in held.items() if pk in unfinished and followed.get(pk) != token})
        finished = set(held) - unfinished
        extra = leases.surplus(len(unfinished), leases.share(self.name))
        given_up = random.sample(sorted(unfinished), extra) if extra else []
        for pk in given_up:
            self.streams.drop(pk)
        if finished or given_up:
            leases.release(self.name, [*finished, *given_up])

    def _take_up(self, claimed: dict[int, int]) -> None:
        rows = Run.objects.filter(pk__in=list(claimed)).values_list("pk", "upstream_id", "cursor", "status")
        for pk, upstream_id, cursor, status in rows:
            self.streams.follow(pk, upstream_id, claimed[pk], cursor, status)

    def _taken(self, events: list[Arrived], taken: Taken) -> None:
        """The journal has committed: stop what was fenced off, fetch what is missing, and pictures of what moved."""
        for pk in taken.fenced:
            self.streams.drop(pk)
        for pk, progress in taken.progress.items():
            self.streams.moved(pk, progress.status)
        for pk in taken.behind:
            self.streams.hurry(pk)
        moments = {event.run_pk for event in events if event.type in _MOMENTS}
        for pk in {event.run_pk for event in events if event.type in _WITH_PICTURE}:
            self.pictures.want(pk, is_moment=pk in moments)

    # Adopting: what runs upstream without our doing. The same listing tells how upstream is.

    def _adopt(self) -> float:
        try:
            if self.gate.is_open and not self._is_lister():
                self.gate.wait_to_probe(_LIST_SECONDS)
                return 0
            self._list()
        except errors.CoastyError as problem:
            self.gate.close(problem)
            upstream.note_health(self._connection, problem)
        else:
            upstream.note_health(self._connection, None, self.client().key_kind)
            if self.gate.open():
                self.streams.resume()
        self.gate.wait_to_probe(_LIST_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 (jitter, no secret)
        return 0

    def _is_lister(self) -> bool:
        """One worker lists for all: the first by name."""
        first = leases.alive().order_by("name").values_list("name", flat=True).first()
        return first in {None, self.name}

    def _list(self) -> None:
        unlisted = False
        for status in sorted(states.LIVE):
            unlisted = self._list_some(status) or unlisted
        self._list_some(None)
        if unlisted and not self._unlisted:
            log.warning("Upstream has more live runs than it lists; some that were started elsewhere can't be seen")
        self._unlisted = unlisted

    def _list_some(self, status: str | None) -> bool:
        """Mirror what is listed; whether there is more. Without a status: runs that came and ended between listings."""
        asked_at = timezone.now()
        answer = self.client().list_runs(status, _LIST_LIMIT if status else _RECENT_LIMIT)
        told = answer.get("data")
        payloads = [item for item in told if isinstance(item, dict) and item.get("id")] if told else []
        if status is None:
            payloads = [item for item in payloads if _is_recent(item, asked_at)]
        if payloads:
            self.journal.snapshots(payloads, asked_at)
        return bool(answer.get("has_more"))

    def _gate_closed(self, error: errors.CoastyError) -> None:
        log.warning("Upstream: %s", error.message)
        self._trouble = error
        self.streams.halt(error)


def _is_recent(payload: dict[str, Any], now: datetime) -> bool:
    """Old runs that ended long ago are history that nobody asked for."""
    told = wire.time(payload.get("finished_at")) or wire.time(payload.get("created_at"))
    return told is not None and now - told < _RECENT


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
