"""Sessions: settings that hold for several predictions, and the agent's place between them. They live in memory only:
a place can't outlive the agent that has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coasty_local.agent.ports import Image, Job
from coasty_local.stills.prediction import CONTINUE, MOST_SECONDS, Closed, Prediction

if TYPE_CHECKING:
    from coasty_local.stills.course import Course

IDLE_MS = 7200 * 1000
MOST = 20  # sessions of one mode at a time: each holds a thread


class Full(Exception):
    """There are as many sessions as may be."""


class Busy(Exception):
    """The session is at work on another picture."""


@dataclass
class PredictSession:
    """One session. `steps` and `cents` count what was answered and paid."""

    id: str
    mode: str
    made: dict[str, Any]  # what it was created with: engine, width, height, instructions, system_prompt
    tools: Collection[str]
    most: int
    created_at: int
    expires_at: int
    steps: int = 0
    cents: int = 0
    _gone: bool = False
    _course: Course | None = None
    _instruction: str = ""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def predict(
        self, instruction: str, image: Image, slot: Callable[[], AbstractContextManager[None]]
    ) -> tuple[Prediction, int]:
        """What is to be done on this picture, worked out at a place of `slot`, and the how-manieth answer that is;
        another instruction begins anew.

        Raises Busy, Late, Closed, SightError.
        """
        if not self._turn.acquire(timeout=MOST_SECONDS / 2):
            raise Busy
        try:
            with slot():
                prediction = self._shown(instruction, image)
            self.steps += 1
            return prediction, self.steps
        finally:
            self._turn.release()

    def _shown(self, instruction: str, image: Image) -> Prediction:
        course = self._course
        if course is None or instruction != self._instruction:
            from coasty_local.stills.course import Course  # loaded only where it is used: the whole agent comes with it

            self.forget()
            job = Job(instruction, self.made["instructions"] or "")
            course = self._course = Course(job, self.tools, self.most)
            self._instruction = instruction
        try:
            if self._gone:  # while this call waited for its turn
                raise Closed
            prediction = course.show(image)
        except BaseException:
            self.forget()
            raise
        if prediction.status != CONTINUE:
            self.forget()
        return prediction

    def end(self) -> None:
        """The session is no more: whoever still waits for an answer gets none."""
        self._gone = True
        self.forget()

    def forget(self) -> None:
        """End what is under way: the next prediction begins anew."""
        course, self._course = self._course, None
        if course is not None:
            course.close()


class PredictSessions:
    """All sessions. `now` tells the time in milliseconds."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._all: dict[str, PredictSession] = {}

    def add(self, session: PredictSession) -> None:
        """Raises Full."""
        with self._lock:
            self._sweep()
            if sum(other.mode == session.mode for other in self._all.values()) >= MOST:
                raise Full
            self._all[session.id] = session

    def find(self, session_id: str, mode: str) -> PredictSession | None:
        with self._lock:
            self._sweep()
            session = self._all.get(session_id)
        return session if session is not None and session.mode == mode else None

    def of(self, mode: str) -> list[PredictSession]:
        """Those of a mode, the newest first."""
        with self._lock:
            self._sweep()
            return [session for session in reversed(self._all.values()) if session.mode == mode]

    def renew(self, session: PredictSession) -> None:
        session.expires_at = self._now() + IDLE_MS

    def remove(self, session: PredictSession) -> None:
        with self._lock:
            self._all.pop(session.id, None)
        session.end()

    def close(self) -> None:
        """End them all."""
        with self._lock:
            left, self._all = list(self._all.values()), {}
        for session in left:
            session.end()

    def _sweep(self) -> None:
        at = self._now()
        for session in [each for each in self._all.values() if each.expires_at <= at]:
            del self._all[session.id]
            session.end()
