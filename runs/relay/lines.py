"""One connection as the relay follows it: its client, its gate, the threads that open its streams, its listings."""

from __future__ import annotations

import itertools
import logging
import random
import threading
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from coasty_api import errors, wire
from coasty_api.client import Client
from runs import limits, states, upstream
from runs.models import Connection
from runs.relay.gate import Gate
from runs.relay.journal import Journal
from runs.relay.openers import Openers
from runs.relay.streams import Streams

log = logging.getLogger(__name__)

_LIST_SECONDS = 3.0
_LIST_LIMIT = 200
_RECENT_LIMIT = 50
_RECENT = timedelta(minutes=15)
_SHARE_OF_LISTS = 0.25  # of a connection's own limit, at most
_ASKED_A_TIME = len(states.LIVE) + 2


class Line:
    """Follows one connection as its row was when this was made; another row makes another line."""

    def __init__(self, connection: Connection, journal: Journal, streams: Streams) -> None:
        self.connection = connection
        self.gate = Gate(self._gate_closed)
        self.openers = Openers(self.client, self, self.gate, streams)
        self.is_lister = True
        self._journal = journal
        self._streams = streams
        self._client_lock = threading.Lock()
        self._client: Client | None = None
        self._trouble: errors.CoastyError | None = None  # not written down yet
        self._unlisted: bool | None = None  # what the last listing of all has shown; None: it was another worker's
        self._ended_in_turn = itertools.cycle(sorted(states.TERMINAL))
        self.is_stopping = False

    def start(self) -> None:
        self.openers.start()

    def stop(self) -> None:
        """Ask nothing more."""
        self.is_stopping = True
        self.gate.wake()
        self.openers.stop()

    def is_of(self, row: Connection) -> bool:
        """Whether nothing that matters here has changed since."""
        return all(getattr(row, name) == getattr(self.connection, name) for name in _MATTERS)

    def client(self) -> Client:
        """The client with the key as it is now."""
        with self._client_lock:
            if self._client is None or self._client.has_other_key(upstream.key(self.connection)):
                self._client = upstream.client(self.connection, in_relay=True)
            return self._client

    def snapshot(self, payload: dict[str, Any], asked_at: datetime) -> None:
        """What an opener has read of a run."""
        self._journal.snapshots(self.connection, [payload], asked_at)

    def look_after(self, held_until: float | None, now: float) -> errors.CoastyError | None:
        """Heed what other processes were told, and a key that is another one. Trouble that is still to be written."""
        if held_until is not None:
            if self._client is not None:
                self._client.hold(held_until)
            if self.gate.is_open:
                self.gate.close(errors.Busy(retry_after=max(0.0, held_until - now)))
        if isinstance(self.gate.error, errors.KeyRefused) and self._has_other_key():
            self.gate.probe_now()  # do not wait for the next try
        trouble, self._trouble = self._trouble, None
        return trouble

    def _has_other_key(self) -> bool:
        try:
            return self._client is not None and self._client.has_other_key(upstream.key(self.connection))
        except errors.KeyRefused:
            return False

    def _gate_closed(self, error: errors.CoastyError) -> None:
        self._trouble = error
        self._streams.halt(self, error)

    # Listing: what runs upstream without our doing. The same listing tells how upstream is.

    def list(self) -> float:
        """Ask once, as far as it is this worker's turn; seconds to rest. Sleeps while the gate is closed."""
        try:
            if self.is_lister or not self.gate.is_open:
                self._ask()
            if not self.is_lister:
                self._unlisted = None
        except errors.CoastyError as problem:
            trouble = _of_all(problem)
            if problem.code != limits.OURS and not self.is_stopping and not self.gate.close(trouble):
                upstream.note_health(self.connection, trouble)  # news of it are written by the supervisor, once
        self.gate.wait_to_probe(self._pause() * random.uniform(0.8, 1.2))  # noqa: S311 (jitter, no secret)
        return 0

    def _ask(self) -> None:
        if self.is_lister:
            self._list()
        else:
            self.client().list_runs(limit=1)
        if self.is_stopping:  # the row is another one now
            return
        upstream.note_health(self.connection, None, self.client().key_kind)
        if self.gate.open():
            log.info("Upstream %s answers again", self.connection.name)
            self._streams.resume(self)

    def _pause(self) -> float:
        limit = self.connection.max_requests_a_second
        return max(_LIST_SECONDS, _ASKED_A_TIME / (limit * _SHARE_OF_LISTS)) if limit else _LIST_SECONDS

    def _list(self) -> None:
        """Each status on its own, as one listing is cut at its limit and there is no way to go on.

        The live ones each time; those that ended, one of the four a time, and only where a listing of all is cut.
        """
        hidden = [self._list_some(status, _LIST_LIMIT) for status in sorted(states.LIVE)]
        if self._list_some(None, _RECENT_LIMIT):
            self._list_some(next(self._ended_in_turn), _LIST_LIMIT)
        if any(hidden) != self._unlisted:
            self._note_unlisted(any(hidden))

    def _list_some(self, status: str | None, limit: int) -> bool:
        """Mirror what is listed; whether there is more. Of what has ended, what came and ended between listings."""
        asked_at = timezone.now()
        answer = self.client().list_runs(status, limit)
        told = answer.get("data")
        payloads = [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        if status not in states.LIVE:
            payloads = [item for item in payloads if _is_recent(item, asked_at)]
        if payloads:
            self._journal.snapshots(self.connection, payloads, asked_at)
        return bool(answer.get("has_more"))

    def _note_unlisted(self, is_unlisted: bool) -> None:
        self._unlisted = is_unlisted
        if upstream.note_unlisted(self.connection, is_unlisted) and is_unlisted:
            log.warning(
                "%s has more live runs than it lists; some that were started elsewhere can't be seen",
                self.connection.name,
            )


_MATTERS = ("base_url", "sealed_key", "key_env", "is_from_settings", "max_requests_a_second")


def _of_all(problem: errors.CoastyError) -> errors.CoastyError:
    """What an error of a listing means for the connection: a key that may not list is as good as refused."""
    if isinstance(problem, errors.NotAllowed):
        return errors.KeyRefused(problem.message, status=problem.status, code=problem.code)
    if isinstance(problem, (errors.KeyRefused, errors.Busy, errors.Unavailable, errors.Blocked)):
        return problem
    return errors.Unavailable(problem.message, status=problem.status, code=problem.code)


def _is_recent(payload: dict[str, Any], now: datetime) -> bool:
    """Old runs that ended long ago are history that nobody asked for."""
    told = wire.time(payload.get("finished_at")) or wire.time(payload.get("created_at"))
    return told is not None and now - told < _RECENT
