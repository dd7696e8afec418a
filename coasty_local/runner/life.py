"""What is in memory of a run under way: whether it has ended, whom it waits for, the secrets it was told."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from coasty_local.agent.ports import Stopped
from coasty_local.machines.display import BrowserDisplay


class Life:
    """One run in memory. The database decides what is true; this only tells the run's thread about it quickly."""

    def __init__(self, run_id: str, machine_id: str) -> None:
        self.run_id = run_id
        self.machine_id = machine_id
        self.holds_slot = False
        self.display: BrowserDisplay | None = None
        self.secrets: frozenset[str] = frozenset()
        self._ended = threading.Event()
        self._answer: Future[str] | None = None
        self._lock = threading.Lock()

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def check(self) -> None:
        """Raise Stopped once the run has ended."""
        if self._ended.is_set():
            raise Stopped

    def expect(self) -> Future[str]:
        """The note that a person will give; made before the pause is public, so that no answer comes too early."""
        with self._lock:
            self._answer = Future()
            if self._ended.is_set():
                self._answer.set_exception(Stopped())
            return self._answer

    def hand(self, note: str) -> None:
        """A person resumed the run: their note goes to whoever waits."""
        with self._lock:
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(note)

    def end(self, patience: float = 1.0) -> None:
        """The run is over: no act starts from now on, and one that is under way is waited for (seconds)."""
        self._ended.set()
        with self._lock:
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(Stopped())
        display = self.display
        if display is not None and display.lock.acquire(timeout=patience):
            display.lock.release()
