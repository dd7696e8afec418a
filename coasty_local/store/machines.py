"""The rows of machines: what exists, in which state, until when."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from coasty_local import wire
from coasty_local.store.database import Database, Transaction

CREATING, RUNNING, STOPPED, RESTARTING, TERMINATED = "creating", "running", "stopped", "restarting", "terminated"


def create(tx: Transaction, mode: str, *, built_in: bool = False, **fields: Any) -> sqlite3.Row:
    """Add a machine that runs at once; fields left out take the smallest size. Answers its row."""
    at, ttl = wire.now(), fields.get("ttl_minutes")
    machine_id = wire.machine_id(mode)
    values = (
        machine_id, mode, RUNNING, fields["display_name"], fields.get("os_type") or "linux",
        int(fields.get("desktop_enabled") or False), fields.get("cpu_cores") or 1, fields.get("memory_gb") or 2,
        fields.get("storage_gb") or 10, ttl, at + ttl * 60_000 if ttl else None,
        json.dumps(fields.get("metadata") or {}), int(built_in), at, at,
    )  # fmt: skip
    tx.run(
        "INSERT INTO machines (id, mode, status, display_name, os_type, desktop_enabled, cpu_cores, memory_gb,"
        " storage_gb, ttl_minutes, auto_destroy_at, metadata, built_in, created_at, started_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return get(tx, machine_id)


def ensure_first(db: Database, mode: str) -> sqlite3.Row:
    """The machine that a newcomer starts with; made when that mode has none left."""
    if row := first(db, mode):
        return row
    with db.write() as tx:
        return create(tx, mode, built_in=True, display_name="Local browser", desktop_enabled=True)


def first(db: Database, mode: str) -> sqlite3.Row | None:
    sql = "SELECT * FROM machines WHERE mode = ? AND status <> 'terminated' ORDER BY ordinal LIMIT 1"
    return db.one(sql, (mode,))


def get(db: Database | Transaction, machine_id: str) -> sqlite3.Row:
    """The row of a machine that is known to exist. Raises KeyError otherwise."""
    row = db.one("SELECT * FROM machines WHERE id = ?", (machine_id,))
    if row is None:
        raise KeyError(machine_id)
    return row


def find(db: Database, machine_id: str, mode: str) -> sqlite3.Row | None:
    return db.one("SELECT * FROM machines WHERE id = ? AND mode = ?", (machine_id, mode))


def present(db: Database, mode: str, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """Up to `limit` machines that are not terminated, oldest first, and whether there are more."""
    sql = "SELECT * FROM machines WHERE mode = ? AND status <> 'terminated' ORDER BY ordinal LIMIT ?"
    rows = db.all(sql, (mode, limit + 1))
    return rows[:limit], len(rows) > limit


def with_end(db: Database) -> list[sqlite3.Row]:
    """Machines that are to be destroyed at some time."""
    return db.all("SELECT * FROM machines WHERE auto_destroy_at IS NOT NULL AND status <> 'terminated'")


def move(db: Database, machine_id: str, sources: tuple[str, ...], target: str) -> bool:
    """Change the state; False when the machine is in none of the states it may change from."""
    marks = ", ".join("?" * len(sources))
    started = ", started_at = ?" if target == RUNNING else ""
    sql = f"UPDATE machines SET status = ?{started} WHERE id = ? AND status IN ({marks})"  # noqa: S608 marks only
    values = (target, *((wire.now(),) if started else ()), machine_id, *sources)
    with db.write() as tx:
        return tx.run(sql, values) == 1


def settle(db: Database) -> None:
    """After a crash in mid-restart: such a machine simply runs."""
    with db.write() as tx:
        tx.run("UPDATE machines SET status = 'running' WHERE status IN ('restarting', 'creating')")


def set_end(db: Database, machine_id: str, ttl_minutes: int | None) -> sqlite3.Row:
    """Destroy it that many minutes from now, or never."""
    at = wire.now() + ttl_minutes * 60_000 if ttl_minutes else None
    with db.write() as tx:
        tx.run("UPDATE machines SET ttl_minutes = ?, auto_destroy_at = ? WHERE id = ?", (ttl_minutes, at, machine_id))
    return get(db, machine_id)
