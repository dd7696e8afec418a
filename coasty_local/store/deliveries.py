"""The outbox of webhooks: written with the state that they tell of, emptied by the deliverer."""

from __future__ import annotations

import sqlite3
from typing import Any

from coasty_local import wire
from coasty_local.store.database import Database, Transaction


def add(tx: Transaction, run: sqlite3.Row, at: int) -> None:
    """Announce the state that this run has just reached, if somebody asked for it."""
    if run["webhook_url"]:
        tx.run(
            "INSERT INTO deliveries (run_id, url, secret, body, next_at) VALUES (?, ?, ?, ?, ?)",
            (run["id"], run["webhook_url"], run["webhook_secret"], wire.dumps(body(run, at)), at),
        )


def body(row: sqlite3.Row, at: int) -> dict[str, Any]:
    """The union of the body forms that receivers read."""
    run = wire.run(row)
    return {
        "event": f"run.{run['status']}",
        "run_id": run["id"],
        "status": run["status"],
        "reason": run["awaiting_human_reason"],
        "awaiting_human_reason": run["awaiting_human_reason"],
        "result": run["result"],
        "error": run["error"],
        "run": run,
        "created_at": wire.stamp(at),
    }


def due(db: Database, at: int) -> list[sqlite3.Row]:
    return db.all("SELECT * FROM deliveries WHERE next_at <= ? ORDER BY id LIMIT 100", (at,))


def next_time(db: Database) -> int | None:
    row = db.one("SELECT MIN(next_at) AS at FROM deliveries WHERE next_at IS NOT NULL")
    return row["at"] if row else None


def tried(db: Database, delivery_id: int, outcome: str, next_at: int | None) -> None:
    """Note one try and when the next is due (None: no further one)."""
    with db.write() as tx:
        tx.run(
            "UPDATE deliveries SET tries = tries + 1, outcome = ?, next_at = ? WHERE id = ?",
            (outcome, next_at, delivery_id),
        )
