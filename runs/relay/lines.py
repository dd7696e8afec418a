"""One connection as the relay follows it: its client, its gate, the threads that open its streams, its listings."""

from __future__ import annotations

import logging
import random
import threading
from datetime import datetime
from typing import Any

from coasty_api import errors
from coasty_api.client import Client
from runs import limits, upstream
from runs.models import Connection
from runs.relay.gate import Gate
from runs.relay.inbox import Inbox
from runs.relay.listings import Listings
from runs.relay.openers import Openers
from runs.relay.streams import Streams

log = logging.getLogger(__name__)

_SHARE_OF_LISTS = 0.25  # of a connection's own limit, at most


class Line:
    """Follows one connection as its row was when this was made; another row makes another line."""

    def __init__(self, connection: Connection, journal: Inbox, streams: Streams) -> None:
        self.connection = connection
        self.gate = Gate(self._gate_closed)
        self.openers = Openers(self.client, self, self.gate, streams)
        self.is_lister = True
        self._journal = journal
        self._streams = streams
        self._client_lock = threading.Lock()
        self._client: Client | None = None
        self._trouble: errors.CoastyError | None = None  # not written down yet
        self._listings = Listings(connection, journal)
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

    def let_list(self, is_lister: bool) -> None:
        """Whether it is this worker's turn. Whoever takes it over begins at once: nobody has looked for a while."""
        is_new, self.is_lister = is_lister and not self.is_lister, is_lister
        if is_new:
            self.gate.hurry()

    def list(self) -> float:
        """Ask once, as far as it is this worker's turn; seconds to rest. Sleeps while the gate is closed."""
        try:
            if self.is_lister or not self.gate.is_open:
                self._ask()
            if not self.is_lister:
                self._listings.leave()
        except errors.CoastyError as problem:
            trouble = _of_all(problem)
            if problem.code != limits.OURS and not self.is_stopping and not self.gate.close(trouble):
                upstream.note_health(self.connection, trouble)  # news of it are written by the supervisor, once
        self.gate.wait_to_probe(self._pause() * random.uniform(0.8, 1.2))  # noqa: S311 (jitter, no secret)
        return 0

    def _ask(self) -> None:
        is_answered = True
        if self.is_lister:
            is_answered = self._listings.look(self.client(), whole=not self.gate.is_open)
        else:
            self.client().list_runs(limit=1)
        if self.is_stopping or not is_answered:  # stopping: the row is another one now
            return
        upstream.note_health(self.connection, None, self.client().key_kind)
        if self.gate.open():
            log.info("Upstream %s answers again", self.connection.name)
            self._streams.resume(self)

    def _pause(self) -> float:
        limit, rest = self.connection.max_requests_a_second, self._listings.rest_seconds
        return max(rest, self._listings.asked / (limit * _SHARE_OF_LISTS)) if limit else rest


_MATTERS = ("base_url", "sealed_key", "key_env", "is_from_settings", "max_requests_a_second")


def _of_all(problem: errors.CoastyError) -> errors.CoastyError:
    """What an error of a listing means for the connection: a key that may not list is as good as refused."""
    if isinstance(problem, errors.NotAllowed):
        return errors.KeyRefused(problem.message, status=problem.status, code=problem.code)
    if isinstance(problem, (errors.KeyRefused, errors.Busy, errors.Unavailable, errors.Blocked)):
        return problem
    return errors.Unavailable(problem.message, status=problem.status, code=problem.code)
