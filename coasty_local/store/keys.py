"""API keys (only their hashes), the simulated wallet of live keys, and what was used in a month."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass

from coasty_local import wire
from coasty_local.store.database import Database, Transaction

DEFAULT_SCOPES = (
    "predict", "session", "ground", "parse", "machines:read", "machines:write", "actions:exec", "files:read",
    "files:write", "terminal:exec", "snapshots:write", "runs:read", "runs:write", "workflows:read", "workflows:write",
    "llm_keys",
)  # fmt: skip
ALL_SCOPES = (*DEFAULT_SCOPES, "connection:read", "browser:execute", "keys", "usage", "schedules:read",
              "schedules:write", "triggers:write")  # fmt: skip


@dataclass(frozen=True)
class Key:
    """Who calls. `mode` is the half of the world that the key sees: live or test."""

    hash: str
    kind: str
    scopes: tuple[str, ...]

    @property
    def mode(self) -> str:
        return "test" if self.kind == "test" else "live"


def new(kind: str) -> str:
    return f"sk-coasty-{kind}-{secrets.token_hex(24)}"


def kind_of(key: str) -> str:
    if key.startswith("sk-coasty-live-"):
        return "live"
    return "legacy" if key.startswith("cua_sk_") else "test"


def issue(db: Database, key: str, extra: tuple[str, ...] = ()) -> Key:
    """Make that key valid (again), with the default scopes and these; further scopes of an old key are kept."""
    scopes = set(DEFAULT_SCOPES) | set(extra)
    known = find(db, key)
    if known:
        scopes |= set(known.scopes)
    values = (_hash(key), kind_of(key), json.dumps(sorted(scopes)), wire.now())
    with db.write() as tx:
        tx.run("INSERT INTO keys VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET scopes = excluded.scopes", values)
    return Key(values[0], values[1], tuple(sorted(scopes)))


def find(db: Database, key: str) -> Key | None:
    row = db.one("SELECT * FROM keys WHERE hash = ?", (_hash(key),))
    return Key(row["hash"], row["kind"], tuple(json.loads(row["scopes"]))) if row else None


def open_wallet(db: Database, cents: int) -> None:
    """Fill the wallet once, at the first start."""
    with db.write() as tx:
        tx.run("INSERT OR IGNORE INTO wallet VALUES (1, ?)", (cents,))


def balance(db: Database | Transaction) -> int:
    row = db.one("SELECT cents FROM wallet WHERE id = 1")
    return int(row["cents"]) if row else 0


def charge(tx: Transaction, cents: int) -> bool:
    """Take cents from the wallet; False when it holds less."""
    return tx.run("UPDATE wallet SET cents = cents - ? WHERE id = 1 AND cents >= ?", (cents, cents)) == 1


def count(tx: Transaction, mode: str, endpoint: str, requests: int, cents: int, at: int) -> None:
    """Note a use in the month of that time."""
    period = (wire.stamp(at) or "")[:7]
    tx.run(
        "INSERT INTO usage VALUES (?, ?, ?, ?, ?) ON CONFLICT (period, mode, endpoint)"
        " DO UPDATE SET requests = requests + excluded.requests, cents = cents + excluded.cents",
        (period, mode, endpoint, requests, cents),
    )


def used(db: Database, mode: str, period: str) -> list[sqlite3.Row]:
    return db.all("SELECT * FROM usage WHERE mode = ? AND period = ? ORDER BY endpoint", (mode, period))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
