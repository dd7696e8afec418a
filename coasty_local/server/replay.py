"""Idempotency keys on requests: the first answer is kept with what it did, and given again byte for byte."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response

from coasty_local import wire
from coasty_local.server.access import request_id
from coasty_local.server.errors import ApiError, invalid_at
from coasty_local.store import idempotency
from coasty_local.store.database import Database, Transaction
from coasty_local.store.keys import Key

_NAME = re.compile(r"[A-Za-z0-9_:-]{1,128}")

COMPLETED, PROCESSING = {"Idempotency-Status": "completed"}, {"Idempotency-Status": "processing"}
REPLAY = {"X-Coasty-Idempotent-Replay": "true", "X-Credits-Charged": "0"}

# keeps the answer (or what replays are to say instead), inside the transaction that makes it true
Seal = Callable[..., None]
Act = Callable[[Seal], Any]


class Replays:
    """Runs an operation once for each key of a caller."""

    def __init__(self, db: Database, wait_seconds: float) -> None:
        self._db = db
        self._wait = wait_seconds
        self._done = threading.Condition()

    def once(self, request: Request, key: Key, operation: str, body: Any, act: Act) -> Response:
        """`act(seal)` answers the JSON to send; with a key it must call `seal(tx, answer)` where the deed commits.

        Raises 422 for a malformed key or one that came with another body, 409 while the first request is at work.
        """
        name = request.headers.get("idempotency-key")
        if name is None:
            return _json(wire.dumps(act(lambda tx, answer, again=None: None)).encode())
        if not _NAME.fullmatch(name):
            loc = ["header", "Idempotency-Key"]
            raise invalid_at(loc, "1 to 128 letters, digits, _, - or :", "string_pattern_mismatch")
        digest = idempotency.body_hash(body)
        first = self._claim(request, key, operation, name, digest)
        if first is not None:
            return _json(first["response"], COMPLETED | REPLAY)
        return self._act(key, operation, name, act)

    def _act(self, key: Key, operation: str, name: str, act: Act) -> Response:
        kept = b""

        def seal(tx: Transaction, answer: Any, again: Any = None) -> None:
            nonlocal kept
            kept = wire.dumps(answer).encode()
            replay = kept if again is None else wire.dumps(again).encode()
            idempotency.complete(tx, key.hash, operation, name, 200, replay)

        try:
            act(seal)
        finally:
            if not kept:
                idempotency.release(self._db, key.hash, operation, name)
            with self._done:
                self._done.notify_all()
        return _json(kept, COMPLETED)

    def _claim(self, request: Request, key: Key, operation: str, name: str, digest: str) -> sqlite3.Row | None:
        """None when the key is ours; the row of the first answer otherwise."""
        deadline = time.monotonic() + self._wait
        while True:
            row = idempotency.claim(self._db, key.hash, operation, name, digest, request_id(request))
            if row is None:
                return None
            if row["body_hash"] != digest:
                raise ApiError("IDEMPOTENCY_KEY_REUSED", "This key came with another request before.")
            if row["response"] is not None:
                return row
            left = deadline - time.monotonic()
            if left <= 0:
                said = "The first request with this key is still at work."
                raise ApiError("IDEMPOTENCY_IN_FLIGHT", said, headers=PROCESSING, keyed=True)
            with self._done:
                self._done.wait(min(left, 0.5))


def _json(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(content, 200, headers, media_type="application/json")
