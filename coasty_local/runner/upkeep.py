"""Keeping machines: started, stopped, restarted and destroyed, with what that means for their runs."""

from __future__ import annotations

import sqlite3

from coasty_local.machines.fleet import Fleet
from coasty_local.runner.clock import Clock
from coasty_local.runner.pool import Runner
from coasty_local.store import machines
from coasty_local.store.database import Database

# change: the states it may start from
ALLOWED_FROM = {
    "start": (machines.STOPPED,),
    "stop": (machines.RUNNING,),
    "restart": (machines.RUNNING,),
    "terminate": (machines.RUNNING, machines.STOPPED),
    "set_end": (machines.RUNNING, machines.STOPPED),
    "act": (machines.RUNNING,),
}


class Upkeep:
    """The verbs of a machine; each answers False when its state forbids it."""

    def __init__(self, db: Database, fleet: Fleet, runner: Runner, clock: Clock) -> None:
        self._db = db
        self._fleet = fleet
        self._runner = runner
        self._clock = clock

    def resume_ends(self) -> None:
        """Watch the ends of all machines again after a restart of the platform."""
        for row in machines.with_end(self._db):
            self.watch_end(row)

    def watch_end(self, row: sqlite3.Row) -> None:
        """Destroy the machine when its time has come, unless its end has been moved meanwhile."""
        at, machine_id = row["auto_destroy_at"], row["id"]
        if at is not None:
            self._clock.at(at, lambda: self._end_if_due(machine_id, at))

    def start(self, machine_id: str) -> bool:
        if not machines.move(self._db, machine_id, ALLOWED_FROM["start"], machines.RUNNING):
            return False
        self._runner.pump()
        return True

    def stop(self, machine_id: str) -> bool:
        if not machines.move(self._db, machine_id, ALLOWED_FROM["stop"], machines.STOPPED):
            return False
        self._take_away(machine_id, "stopped")
        return True

    def restart(self, machine_id: str) -> bool:
        if not machines.move(self._db, machine_id, ALLOWED_FROM["restart"], machines.RESTARTING):
            return False
        self._take_away(machine_id, "restarted")
        machines.move(self._db, machine_id, (machines.RESTARTING,), machines.RUNNING)
        self._runner.pump()
        return True

    def terminate(self, machine_id: str) -> bool:
        if not machines.move(self._db, machine_id, ALLOWED_FROM["terminate"], machines.TERMINATED):
            return False
        self._take_away(machine_id, "terminated")
        return True

    def _end_if_due(self, machine_id: str, at: int) -> None:
        if machines.get(self._db, machine_id)["auto_destroy_at"] == at:
            self.terminate(machine_id)

    def _take_away(self, machine_id: str, how: str) -> None:
        name = machines.get(self._db, machine_id)["display_name"]
        message = f"The machine {name} ({machine_id}) was {how} while this run needed it."
        self._runner.machine_gone(machine_id, f"MACHINE_{how.upper()}", message, queued=how == "terminated")
        self._fleet.close(machine_id)
