"""The audit log: the only writer of AuditEntry, in the caller's transaction, each entry chained to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from live import publish, topics
from runs.models import AuditCheckpoint, AuditEntry, Run

GENESIS = "0" * 64
AT_ONCE = 500  # entries that a page verifies at most
_PG_LOCK = 4_801_337_201  # one advisory lock for the whole chain
_gesture: ContextVar[str] = ContextVar("gesture", default="")


@dataclass(frozen=True)
class Standing:
    """The chain is verified up to `seq`, whose hash is `hash`; `broken_at` is the first bad entry, if one was found."""

    seq: int
    hash: str
    broken_at: int | None = None
    whole_at: datetime | None = None  # when it was last walked from its first entry


@contextmanager
def gesture(name: str) -> Iterator[None]:
    """Each entry that is recorded inside names it: many acts that were one gesture of a person."""
    mark = _gesture.set(name)
    try:
        yield
    finally:
        _gesture.reset(mark)


def record(
    actor: User | None, act: str, *, run: Run | None = None, subject: str = "", actor_name: str = "", **detail: Any
) -> AuditEntry:
    """Append one entry. `detail` holds JSON values only, never secrets. RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("An audit entry belongs into the transaction of the act that it records.")
    if _gesture.get():
        detail["gesture"] = _gesture.get()
    _lock_chain()
    tail = AuditEntry.objects.order_by("-seq").only("seq", "hash").first()
    entry = AuditEntry(
        seq=tail.seq + 1 if tail else 1,
        at=timezone.now(),
        actor=actor,
        actor_name=(actor_name or (actor.get_username() if actor else "system"))[:150],
        act=act,
        run=run,
        subject=subject[:200],
        detail=json.loads(json.dumps(detail, default=str)),
        previous_hash=tail.hash if tail else GENESIS,
    )
    entry.hash = digest(entry)
    AuditEntry.objects.bulk_create([entry])
    publish.nudge(topics.AUDIT)
    return entry


def digest(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of all that the entry says, with the hash of the entry before it."""
    said = {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor_name": entry.actor_name,  # not the account's id: that goes when the account goes
        "act": entry.act,
        "run": entry.run_id,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous_hash": entry.previous_hash,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify() -> tuple[bool, int | None]:
    """Walk the whole chain: (True, None), or (False, seq of the first entry that is missing or not as written)."""
    walked = _walk(0, GENESIS)
    return walked.broken_at is None, walked.broken_at


def verify_whole() -> Standing:
    """Walk the whole chain and write down how it stands: what a page then needs not walk again."""
    before = AuditCheckpoint.objects.filter(pk=1).first()
    found = _walk(0, GENESIS)
    if found.broken_at is None and before is not None and found.seq < before.seq:
        found = replace(found, broken_at=found.seq + 1)  # the end of the chain was cut off
    return _note(found, timezone.now())


def verify_new(limit: int = AT_ONCE) -> Standing:
    """Verify some entries more than the checkpoint has, and move it. A break that was found stays."""
    point = AuditCheckpoint.objects.filter(pk=1).first()
    found = standing(limit)
    if point is not None and (point.broken_at is not None or (found.seq == point.seq and found.broken_at is None)):
        return found
    return _note(found, point.whole_at if point else None)


def standing(limit: int = AT_ONCE) -> Standing:
    """How the chain stands: what the checkpoint says, and at most `limit` newer entries verified now. Reads only."""
    point = AuditCheckpoint.objects.filter(pk=1).first()
    if point is None:
        return _walk(0, GENESIS, limit)
    if point.broken_at is not None:
        return Standing(point.seq, point.hash, point.broken_at, point.whole_at)
    last = AuditEntry.objects.filter(seq=point.seq).first()
    if point.seq and (last is None or last.hash != point.hash or digest(last) != point.hash):
        return Standing(point.seq, point.hash, point.seq, point.whole_at)
    return replace(_walk(point.seq, point.hash, limit), whole_at=point.whole_at)


def _walk(seq: int, previous: str, limit: int | None = None) -> Standing:
    """From the entry after `seq`, whose hash is `previous`."""
    entries = AuditEntry.objects.filter(seq__gt=seq).order_by("seq")
    for entry in (entries[:limit] if limit else entries).iterator(chunk_size=500):
        if entry.seq != seq + 1:
            return Standing(seq, previous, seq + 1)
        if entry.previous_hash != previous or entry.hash != digest(entry):
            return Standing(seq, previous, entry.seq)
        seq, previous = entry.seq, entry.hash
    return Standing(seq, previous)


def _note(found: Standing, whole_at: datetime | None) -> Standing:
    told = {"seq": found.seq, "hash": found.hash, "broken_at": found.broken_at, "whole_at": whole_at}
    AuditCheckpoint.objects.update_or_create(pk=1, defaults=told)
    return replace(found, whole_at=whole_at)


def _lock_chain() -> None:
    # SQLite transactions are IMMEDIATE: whoever is in one is the only writer already.
    if transaction.get_connection().vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PG_LOCK])
