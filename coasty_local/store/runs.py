"""The rows of runs and of their events: written only inside a transaction that the caller opened."""

from __future__ import annotations

import sqlite3
from typing import Any

from coasty_local import wire
from coasty_local.store import states
from coasty_local.store.database import Database, Transaction

COLUMNS = (
    "id", "mode", "status", "machine_id", "task", "cua_version", "instructions", "system_prompt", "model", "max_steps",
    "deadline_seconds", "deadline_at", "on_awaiting_human", "awaiting_human_timeout_seconds", "metadata", "llm",
    "action_policy", "webhook_url", "webhook_secret", "created_at", "request_id",
)  # fmt: skip
_INSERT = f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 own names


def insert(tx: Transaction, values: dict[str, Any]) -> None:
    tx.run(_INSERT, tuple(values[column] for column in COLUMNS))


def get(db: Database | Transaction, run_id: str) -> sqlite3.Row:
    """The row of a run that is known to exist. Raises KeyError otherwise."""
    row = db.one("SELECT * FROM runs WHERE id = ?", (run_id,))
    if row is None:
        raise KeyError(run_id)
    return row


def find(db: Database, run_id: str, mode: str) -> sqlite3.Row | None:
    """The run as seen by keys of one mode."""
    return db.one("SELECT * FROM runs WHERE id = ? AND mode = ?", (run_id, mode))


def newest(db: Database, mode: str, status: str | None, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """Up to `limit` runs, newest first, and whether there are more."""
    where, values = ("AND status = ?", (mode, status, limit + 1)) if status else ("", (mode, limit + 1))
    rows = db.all(
        f"SELECT * FROM runs WHERE mode = ? {where} ORDER BY created_at DESC, id LIMIT ?",  # noqa: S608 two fixed texts
        values,
    )
    return rows[:limit], len(rows) > limit


def in_status(db: Database, *wanted: str) -> list[sqlite3.Row]:
    """All runs in these states, oldest first."""
    marks = ", ".join("?" * len(wanted))
    return db.all(f"SELECT * FROM runs WHERE status IN ({marks}) ORDER BY ordinal", wanted)  # noqa: S608 marks only


def move(tx: Transaction, run_id: str, name: str, at: int, **fields: Any) -> bool:
    """Make one move of the table; False when the run is not (or no longer) where the move may start."""
    sources, target = states.MOVES[name]
    changes: dict[str, Any] = {"status": target, **fields}
    if states.is_final(target):
        changes["finished_at"] = at
    sets = ", ".join(f"{column} = ?" for column in changes)
    marks = ", ".join("?" * len(sources))
    sql = f"UPDATE runs SET {sets} WHERE id = ? AND status IN ({marks})"  # noqa: S608 columns are ours
    return tx.run(sql, (*changes.values(), run_id, *sources)) == 1


def append(tx: Transaction, run_id: str, kind: str, data: dict[str, Any], at: int) -> int:
    """Add an event to the log; answers its seq."""
    row = tx.one("UPDATE runs SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq", (run_id,))
    if row is None:
        raise KeyError(run_id)
    seq = int(row["last_seq"])
    tx.run("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (run_id, seq, kind, wire.dumps(data), at))
    return seq


def events_after(db: Database, run_id: str, seq: int, limit: int = 200) -> list[sqlite3.Row]:
    sql = "SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?"
    return db.all(sql, (run_id, seq, limit))


def add_step(tx: Transaction, run_id: str, cents: int) -> sqlite3.Row | None:
    """Count a finished step of a running run with its price; None when the run does not run or has no step left."""
    return tx.one(
        "UPDATE runs SET steps_completed = steps_completed + 1, cost_cents = cost_cents + ?"
        " WHERE id = ? AND status = 'running' AND steps_completed < max_steps RETURNING *",
        (cents, run_id),
    )
