"""The verbs of a run's life: each moves the state and tells of it in one transaction, then wakes who listens."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from coasty_local import wire
from coasty_local.store import deliveries, keys, runs, states
from coasty_local.store.database import Database, Transaction

Seal = Callable[[Transaction, sqlite3.Row], None]


class Lives:
    """Every change of a run. `told(run_id)` is called after each commit, `due()` when a webhook may be waiting."""

    def __init__(self, db: Database, told: Callable[[str], object], due: Callable[[], object]) -> None:
        self._db = db
        self._told = told
        self._due = due

    def create(self, values: dict[str, Any], seal: Seal | None = None) -> sqlite3.Row:
        """A new queued run. `seal` runs in the same transaction. When it raises, nothing is kept."""
        with self._db.write() as tx:
            runs.insert(tx, values)
            runs.append(tx, values["id"], "status", {"status": states.QUEUED}, values["created_at"])
            keys.count(tx, values["mode"], "runs", 1, 0, values["created_at"])
            row = runs.get(tx, values["id"])
            if seal is not None:
                seal(tx, row)
            self._after(tx, values["id"])
        return row

    def start(self, run_id: str) -> sqlite3.Row | None:
        """queued -> running; None when the run is no longer queued."""
        at = wire.now()
        with self._db.write() as tx:
            if not runs.move(tx, run_id, "start", at, started_at=at):
                return None
            self._status(tx, run_id, states.RUNNING, at)
            return runs.get(tx, run_id)

    def emit(self, run_id: str, kind: str, data: dict[str, Any]) -> bool:
        """Log what the agent does; False (and nothing logged) when the run does not run any more."""
        with self._db.write() as tx:
            row = tx.one("SELECT status FROM runs WHERE id = ?", (run_id,))
            if row is None or row["status"] != states.RUNNING:
                return False
            runs.append(tx, run_id, kind, data, wire.now())
            self._after(tx, run_id)
        return True

    def step(self, run_id: str) -> sqlite3.Row | None:
        """Count and bill one finished step; None when the run has ended, has no step left or can't pay."""
        at = wire.now()
        with self._db.write() as tx:
            row = runs.get(tx, run_id)
            bills = row["mode"] == "live"
            cents = wire.STEP_CENTS[row["cua_version"]] if bills else 0
            if row["status"] != states.RUNNING or row["steps_completed"] >= row["max_steps"]:
                return None
            if bills and not keys.charge(tx, cents):
                return None
            after = runs.add_step(tx, run_id, cents)
            if after is None:
                return None
            keys.count(tx, row["mode"], "run_steps", 1, cents, at)
            cost = after["cost_cents"]
            runs.append(tx, run_id, "step", {"steps_completed": after["steps_completed"]}, at)
            runs.append(tx, run_id, "billing", {"credits_charged": cost, "cost_cents": cost}, at)
            self._after(tx, run_id)
            return after

    def park(self, run_id: str, reason: str) -> sqlite3.Row | None:
        """running -> awaiting_human; None when the run does not run any more."""
        at = wire.now()
        with self._db.write() as tx:
            fields = {"awaiting_human_reason": reason, "awaiting_human_since": at}
            if not runs.move(tx, run_id, "park", at, **fields):
                return None
            tx.run("UPDATE runs SET pauses = pauses + 1 WHERE id = ?", (run_id,))
            self._status(tx, run_id, states.AWAITING_HUMAN, at)
            runs.append(tx, run_id, "awaiting_human", {"reason": reason}, at)
            return self._announce(tx, run_id, at)

    def resume(self, run_id: str, pause: int, note: str | None) -> sqlite3.Row | None:
        """awaiting_human -> running, out of that pause only; None when somebody else was quicker. `note`: as shown."""
        at = wire.now()
        with self._db.write() as tx:
            same = runs.get(tx, run_id)["pauses"] == pause
            if not same or not runs.move(tx, run_id, "resume", at, awaiting_human_reason=None):
                return None
            runs.append(tx, run_id, "resumed", {"note": note}, at)
            self._status(tx, run_id, states.RUNNING, at)
            return runs.get(tx, run_id)

    def end(
        self, run_id: str, move: str, *, result: dict[str, Any] | None = None, error: dict[str, Any] | None = None,
        pause: int | None = None,
    ) -> sqlite3.Row | None:  # fmt: skip
        """Make a final move (out of that pause only, if one is named); None when the run may not make it any more."""
        at, target = wire.now(), states.MOVES[move][1]
        with self._db.write() as tx:
            if pause is not None and runs.get(tx, run_id)["pauses"] != pause:
                return None
            fields = {"result": wire.dumps(result) if result else None, "error": wire.dumps(error) if error else None}
            if not runs.move(tx, run_id, move, at, **fields):
                return None
            if error is not None and target == states.FAILED:
                runs.append(tx, run_id, "error", error, at)
            self._status(tx, run_id, target, at)
            runs.append(tx, run_id, "done", {"status": target, "result": result, "error": error}, at)
            return self._announce(tx, run_id, at)

    def _status(self, tx: Transaction, run_id: str, status: str, at: int) -> None:
        runs.append(tx, run_id, "status", {"status": status}, at)
        self._after(tx, run_id)

    def _announce(self, tx: Transaction, run_id: str, at: int) -> sqlite3.Row:
        row = runs.get(tx, run_id)
        deliveries.add(tx, row, at)
        tx.after(self._due)
        return row

    def _after(self, tx: Transaction, run_id: str) -> None:
        tx.after(lambda: self._told(run_id))
