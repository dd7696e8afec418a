"""Idempotency keys: who claimed which operation with which body, and the answer that was given."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

from coasty_local import wire
from coasty_local.store.database import Database, Transaction

KEPT_MS = 24 * 3600 * 1000


def body_hash(body: Any) -> str:
    """The same for two bodies that differ only in the order of their fields."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def claim(db: Database, key_hash: str, operation: str, name: str, digest: str, request_id: str) -> sqlite3.Row | None:
    """Take the key for this request: None when it is ours now, else the row of whoever had it first."""
    at = wire.now()
    with db.write() as tx:
        tx.run("DELETE FROM idempotency WHERE created_at < ?", (at - KEPT_MS,))
        values = (key_hash, operation, name, digest, request_id, at)
        if tx.run("INSERT OR IGNORE INTO idempotency VALUES (?, ?, ?, ?, ?, NULL, NULL, ?)", values) == 1:
            return None
        return tx.one(
            "SELECT * FROM idempotency WHERE key_hash = ? AND operation = ? AND name = ?", (key_hash, operation, name)
        )


def complete(tx: Transaction, key_hash: str, operation: str, name: str, status: int, response: bytes) -> None:
    """Keep the answer, in the transaction that made it true."""
    tx.run(
        "UPDATE idempotency SET status = ?, response = ? WHERE key_hash = ? AND operation = ? AND name = ?",
        (status, response, key_hash, operation, name),
    )


def release(db: Database, key_hash: str, operation: str, name: str) -> None:
    """Give a key back that led to no answer worth keeping."""
    with db.write() as tx:
        tx.run(
            "DELETE FROM idempotency WHERE key_hash = ? AND operation = ? AND name = ? AND response IS NULL",
            (key_hash, operation, name),
        )


def find(db: Database, key_hash: str, name: str) -> sqlite3.Row | None:
    sql = (
        "SELECT * FROM idempotency WHERE key_hash = ? AND name = ? AND created_at >= ? ORDER BY created_at DESC LIMIT 1"
    )
    return db.one(sql, (key_hash, name, wire.now() - KEPT_MS))


def drop_unfinished(db: Database) -> None:
    """After a restart nobody works on these any more."""
    with db.write() as tx:
        tx.run("DELETE FROM idempotency WHERE response IS NULL")
