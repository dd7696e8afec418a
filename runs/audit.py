"""The audit log: the only writer of AuditEntry, in the caller's transaction, each entry chained to the one before."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from live import publish, topics
from runs.models import AuditEntry, Run

GENESIS = "0" * 64
_PG_LOCK = 4_801_337_201  # one advisory lock for the whole chain


def record(
    actor: User | None, act: str, *, run: Run | None = None, subject: str = "", actor_name: str = "", **detail: Any
) -> AuditEntry:
    """Append one entry. `detail` holds JSON values only, never secrets. RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("An audit entry belongs into the transaction of the act that it records.")
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
    expected, previous = 1, GENESIS
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=500):
        if entry.seq != expected:
            return False, expected
        if entry.previous_hash != previous or entry.hash != digest(entry):
            return False, entry.seq
        expected, previous = entry.seq + 1, entry.hash
    return True, None


def _lock_chain() -> None:
    # SQLite transactions are IMMEDIATE: whoever is in one is the only writer already.
    if transaction.get_connection().vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PG_LOCK])
