"""Which runs are at work: a queue for each machine, a number of slots, a thread for each run under way."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import traceback
from collections.abc import Callable
from typing import Any

from coasty_local.agent.ports import Desk, Display, DisplayError, Job, Outcome, Stopped
from coasty_local.machines.fleet import Fleet
from coasty_local.runner import notes
from coasty_local.runner.clock import Clock
from coasty_local.runner.desk import RunDesk
from coasty_local.runner.hands import Hands
from coasty_local.runner.life import Life
from coasty_local.runner.lives import Lives, Seal
from coasty_local.store import machines, runs, states
from coasty_local.store.database import Database
from coasty_local.store.frames import Frames

log = logging.getLogger(__name__)

Work = Callable[[Job, Display, Desk], Outcome]

CUT_SHORT = {
    "code": "PLATFORM_RESTARTED",
    "message": "The local platform stopped while this run was under way, and its browser went with it. Start it again.",
}
# the agent's verdict: the run's error code; any other verdict means that the check of the last screen failed
FAILURES = {"": "TASK_FAILED", "refused": "TASK_FAILED", "display_lost": "MACHINE_UNAVAILABLE"}


class Runner:
    """Starts, parks, resumes, cancels and ends runs. Two runs of one machine go one after the other."""

    def __init__(
        self, db: Database, lives: Lives, clock: Clock, fleet: Fleet, frames: Frames, work: Work, slots: int
    ) -> None:
        self._db = db
        self._lives = lives
        self._clock = clock
        self._fleet = fleet
        self._frames = frames
        self._work = work
        self._free = slots
        self._returning = 0
        self._queue: list[Life] = []
        self._lives_by_run: dict[str, Life] = {}
        self._busy: dict[str, Life] = {}
        self._threads: set[threading.Thread] = set()
        self._changed = threading.Condition()
        self._stopping = False

    def start(self) -> None:
        """Take up what an earlier process left: queued runs start, runs that it had under way end, said plainly."""
        for row in runs.in_status(self._db, states.RUNNING, states.AWAITING_HUMAN):
            self._lives.end(row["id"], "fail", error=CUT_SHORT)
        for row in runs.in_status(self._db, states.QUEUED):
            self._enqueue(row)

    def stop(self, patience: float = 3.0) -> None:
        """End what is under way, said plainly; queued runs stay queued for the next start."""
        with self._changed:
            self._stopping = True
            under_way = list(self._busy.values())
        for life in under_way:
            self._end(life, "fail", error=CUT_SHORT)
        for thread in list(self._threads):
            thread.join(patience)

    def create(self, values: dict[str, Any], seal: Seal | None = None) -> sqlite3.Row:
        """Accept a run. Raises what `seal` raises."""
        row = self._lives.create(values, seal)
        self._enqueue(row)
        return row

    def resume(self, row: sqlite3.Row, note: str | None) -> sqlite3.Row | None:
        """Let the run go on from the pause that `row` shows; None when somebody was quicker."""
        after = self._lives.resume(row["id"], row["pauses"], notes.shown(note))
        life = self._lives_by_run.get(row["id"])
        if after is not None and life is not None:
            life.secrets |= frozenset(notes.secrets_in(note, codes=True))
            life.hand(notes.for_agent(note))
        return after

    def cancel(self, run_id: str) -> sqlite3.Row | None:
        """End the run now; None when it had ended already."""
        after = self._lives.end(run_id, "cancel")
        self._let_go(run_id)
        return after

    def machine_gone(self, machine_id: str, code: str, message: str, *, queued: bool) -> None:
        """The machine was taken away: fail its run under way, and those that wait for it if it never comes back."""
        error = {"code": code, "message": message}
        with self._changed:
            hit = [life for life in self._lives_by_run.values() if life.machine_id == machine_id]
            hit = [life for life in hit if queued or life is self._busy.get(machine_id)]
        for life in hit:
            self._end(life, "fail", error=error)

    def pump(self) -> None:
        """Start every run that can start now."""
        with self._changed:
            for life in list(self._queue):
                if self._stopping or self._free <= self._returning:
                    return
                if life.machine_id not in self._busy and self._may_use(life.machine_id):
                    self._queue.remove(life)
                    self._launch(life)

    def step_aside(self, life: Life) -> None:
        """A parked run gives its slot to others; its machine stays its own."""
        with self._changed:
            self._give_slot(life)
        self.pump()

    def come_back(self, life: Life) -> None:
        """A resumed run takes a slot again, before any queued run; returns at once when the run has ended."""
        with self._changed:
            self._returning += 1
            while self._free < 1 and not life.ended:
                self._changed.wait(0.2)
            self._returning -= 1
            if not life.ended:
                self._free -= 1
                life.holds_slot = True

    def watch_pause(self, row: sqlite3.Row) -> None:
        """End the run if this pause lasts longer than it may."""
        seconds, run_id, pause = row["awaiting_human_timeout_seconds"], row["id"], row["pauses"]
        if seconds is None:
            return
        message = f"Nobody answered within {seconds} s: {row['awaiting_human_reason']}"
        error = {"code": "AWAITING_HUMAN_TIMEOUT", "message": message}

        def give_up() -> None:
            if self._lives.end(run_id, "give_up", error=error, pause=pause):
                self._let_go(run_id)

        self._clock.at(row["awaiting_human_since"] + seconds * 1000, give_up)

    def _enqueue(self, row: sqlite3.Row) -> None:
        life = Life(row["id"], row["machine_id"])
        life.secrets = frozenset(notes.secrets_in(row["task"]) + notes.secrets_in(row["instructions"]))
        with self._changed:
            self._lives_by_run[life.run_id] = life
            self._queue.append(life)
        if row["deadline_at"] is not None:
            self._clock.at(row["deadline_at"], lambda: self._expire(row["id"], row["deadline_seconds"]))
        self.pump()

    def _expire(self, run_id: str, seconds: int) -> None:
        message = f"The run was not done within {seconds} s of its creation."
        if self._lives.end(run_id, "expire", error={"code": "DEADLINE_EXCEEDED", "message": message}):
            self._let_go(run_id)

    def _end(self, life: Life, move: str, **how: Any) -> None:
        self._lives.end(life.run_id, move, **how)
        self._let_go(life.run_id)

    def _let_go(self, run_id: str) -> None:
        with self._changed:
            life = self._lives_by_run.get(run_id)
            if life is not None and life in self._queue:
                self._queue.remove(life)
                del self._lives_by_run[run_id]
        if life is not None:
            life.end()

    def _may_use(self, machine_id: str) -> bool:
        return bool(machines.get(self._db, machine_id)["status"] == machines.RUNNING)

    def _launch(self, life: Life) -> None:
        self._busy[life.machine_id] = life
        self._free -= 1
        life.holds_slot = True
        thread = threading.Thread(target=self._live, args=(life,), name=f"run {life.run_id}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _live(self, life: Life) -> None:
        """The whole life of one run, on its own thread."""
        try:
            if (row := self._lives.start(life.run_id)) is not None:
                self._finish(row, self._at_work(row, life))
        except Stopped:
            pass
        except DisplayError as error:
            self._broken(life, "MACHINE_UNAVAILABLE", f"Machine {life.machine_id}: {error}.")
        except Exception as error:
            told = notes.masked(traceback.format_exc(), life.secrets)
            log.error("run %s broke:\n%s", life.run_id, told)  # noqa: TRY400 the traceback may hold secrets, this one not
            message = f"The agent met a fault of its own ({type(error).__name__}); the platform's log has the details."
            self._broken(life, "INTERNAL_ERROR", message)
        finally:
            self._leave(life)

    def _at_work(self, row: sqlite3.Row, life: Life) -> Outcome:
        display = self._fleet.fresh(life.machine_id)
        life.display = display
        life.check()
        hands = Hands(display, life.check)
        desk = RunDesk(row, life, self._db, self._lives, self._frames, self, hands)
        instructions = "\n".join(part for part in (row["system_prompt"], row["instructions"]) if part)
        metadata = json.loads(row["metadata"] or "{}")
        return self._work(Job(row["task"], instructions, row["max_steps"], metadata), hands, desk)

    def _finish(self, row: sqlite3.Row, outcome: Outcome) -> None:
        status = states.SUCCEEDED if outcome.passed else states.FAILED
        result = {"passed": outcome.passed, "status": status, "summary": outcome.summary}
        if outcome.verdict:
            result["verdict"] = outcome.verdict
        error = None
        if not outcome.passed:
            code = FAILURES.get(outcome.verdict, "VERIFICATION_FAILED")
            error = {"code": code, "message": outcome.summary or outcome.verdict or "The task was not done."}
            if code == "MACHINE_UNAVAILABLE":
                error["message"] = f"Machine {row['machine_id']}: {error['message']}"
        self._lives.end(row["id"], "succeed" if outcome.passed else "fail", result=result, error=error)

    def _broken(self, life: Life, code: str, message: str) -> None:
        error = {"code": code, "message": notes.masked(message, life.secrets)}
        self._lives.end(life.run_id, "fail", error=error)

    def _leave(self, life: Life) -> None:
        life.end()
        with self._changed:
            self._give_slot(life)
            self._busy.pop(life.machine_id, None)
            self._lives_by_run.pop(life.run_id, None)
            self._threads.discard(threading.current_thread())
        self.pump()
        self._db.close()

    def _give_slot(self, life: Life) -> None:
        if life.holds_slot:
            life.holds_slot = False
            self._free += 1
            self._changed.notify_all()
