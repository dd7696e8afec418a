"""The database file: its schema, a connection for each thread, and write transactions one at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coasty_local.store import states

_LIVE = ", ".join(f"'{status}'" for status in states.LIVE)
_ALL = ", ".join(f"'{status}'" for status in states.ALL)

VERSION = 1  # of the tables below: raise it with every change of them
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS keys (
  hash TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('live', 'test', 'legacy')),
  scopes TEXT NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS wallet (id INTEGER PRIMARY KEY CHECK (id = 1), cents INTEGER NOT NULL CHECK (cents >= 0));
CREATE TABLE IF NOT EXISTS usage (
  period TEXT, mode TEXT, endpoint TEXT, requests INTEGER NOT NULL DEFAULT 0, cents INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (period, mode, endpoint)
);
CREATE TABLE IF NOT EXISTS machines (
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, mode TEXT NOT NULL, status TEXT NOT NULL,
  display_name TEXT NOT NULL, os_type TEXT NOT NULL, desktop_enabled INTEGER NOT NULL, cpu_cores INTEGER NOT NULL,
  memory_gb INTEGER NOT NULL, storage_gb INTEGER NOT NULL, ttl_minutes INTEGER, auto_destroy_at INTEGER,
  metadata TEXT NOT NULL, built_in INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER
);
CREATE TABLE IF NOT EXISTS runs (
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, mode TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ({_ALL})), machine_id TEXT NOT NULL, task TEXT NOT NULL,
  cua_version TEXT NOT NULL, instructions TEXT, system_prompt TEXT, model TEXT, max_steps INTEGER NOT NULL,
  deadline_seconds INTEGER, deadline_at INTEGER, on_awaiting_human TEXT NOT NULL,
  awaiting_human_timeout_seconds INTEGER, metadata TEXT, llm TEXT, action_policy TEXT,
  webhook_url TEXT, webhook_secret TEXT,
  steps_completed INTEGER NOT NULL DEFAULT 0 CHECK (steps_completed <= max_steps),
  cost_cents INTEGER NOT NULL DEFAULT 0, result TEXT, error TEXT, awaiting_human_reason TEXT,
  pauses INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, started_at INTEGER,
  awaiting_human_since INTEGER, finished_at INTEGER, request_id TEXT NOT NULL, last_seq INTEGER NOT NULL DEFAULT 0,
  CHECK ((finished_at IS NULL) = (status IN ({_LIVE})))
);
CREATE INDEX IF NOT EXISTS runs_by_status ON runs (mode, status, created_at);
CREATE TRIGGER IF NOT EXISTS final_is_final BEFORE UPDATE OF status ON runs
  WHEN OLD.status NOT IN ({_LIVE}) BEGIN SELECT RAISE(ABORT, 'a finished run never changes'); END;
CREATE TABLE IF NOT EXISTS events (
  run_id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frames (
  run_id TEXT NOT NULL, idx INTEGER NOT NULL, step INTEGER NOT NULL, taken_at INTEGER NOT NULL, width INTEGER NOT NULL,
  height INTEGER NOT NULL, mime_type TEXT NOT NULL, size_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
  degraded INTEGER NOT NULL, PRIMARY KEY (run_id, idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency (
  key_hash TEXT NOT NULL, operation TEXT NOT NULL, name TEXT NOT NULL, body_hash TEXT NOT NULL,
  request_id TEXT NOT NULL, response BLOB, status INTEGER, created_at INTEGER NOT NULL,
  PRIMARY KEY (key_hash, operation, name)
);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL,
  body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, next_at INTEGER, outcome TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
"""


class OtherVersion(Exception):
    """The file was written by a program with another form of the tables."""


class Transaction:
    """One write transaction; `after` runs what it is given once committed, and not at all on a roll-back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._after: list[Callable[[], object]] = []

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Execute one statement; answers how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def one(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def after(self, call: Callable[[], object]) -> None:
        self._after.append(call)

    def committed(self) -> None:
        for call in self._after:
            call()


class Database:
    """Reads on the caller's own connection, writes one at a time. Safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises OtherVersion, OSError."""
        self._path = path
        self._own = threading.local()
        self._writing = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        version = self._connect().execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise OtherVersion(f"form {version}, this program writes form {VERSION}")
        self._connect().executescript(f"{SCHEMA} PRAGMA user_version = {VERSION};")

    def one(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connect().execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        return self._connect().execute(sql, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: committed at the end of the block, rolled back if it raises; then its `after` calls run."""
        with self._writing:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            transaction = Transaction(connection)
            try:
                yield transaction
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        transaction.committed()

    def close(self) -> None:
        """Close the calling thread's connection."""
        if connection := getattr(self._own, "connection", None):
            connection.close()
            self._own.connection = None

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=15, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            # NORMAL is enough: it survives the death of the process, and a power cut takes the browsers along anyway
            connection.execute("PRAGMA synchronous=NORMAL")
            self._own.connection = connection
        return connection
