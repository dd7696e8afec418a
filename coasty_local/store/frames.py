"""Kept frames: a JPEG file for each picture, its row beside it."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from coasty_local import wire
from coasty_local.store.database import Database


class Frames:
    """The pictures of all runs, under one folder."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def add(self, run_id: str, jpeg: bytes, *, step: int, width: int, height: int) -> int:
        """Store one picture; answers its index (1 first, rising over the whole run)."""
        path = self._path(run_id)
        path.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(jpeg).hexdigest()
        with self._db.write() as tx:
            row = tx.one("SELECT COALESCE(MAX(idx), 0) + 1 AS idx FROM frames WHERE run_id = ?", (run_id,))
            index = int(row["idx"]) if row else 1
            (path / f"{index}.jpg").write_bytes(jpeg)
            tx.run(
                "INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, 'image/jpeg', ?, ?, 0)",
                (run_id, index, step, wire.now(), width, height, len(jpeg), digest),
            )
        return index

    def page(self, run_id: str, after: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
        """Up to `limit` frames after that index, oldest first, and whether there are more."""
        sql = "SELECT * FROM frames WHERE run_id = ? AND idx > ? ORDER BY idx LIMIT ?"
        rows = self._db.all(sql, (run_id, after, limit + 1))
        return rows[:limit], len(rows) > limit

    def image(self, run_id: str, index: int) -> bytes | None:
        """The picture itself; None when its file is gone."""
        try:
            return (self._path(run_id) / f"{index}.jpg").read_bytes()
        except OSError:
            return None

    def _path(self, run_id: str) -> Path:
        return self._folder / run_id
