"""The agent's way through one instruction: over pictures that are all there, or over pictures that come one by one."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Sequence

from coasty_local.agent import worker
from coasty_local.agent.perception import Eyes
from coasty_local.agent.planner import GrammarPlanner
from coasty_local.agent.planner.steps import Plan
from coasty_local.agent.ports import Image, Job, Outcome
from coasty_local.agent.session import Session
from coasty_local.stills.actions import Moment
from coasty_local.stills.desk import Asked, NoteDesk
from coasty_local.stills.display import Barred, Stills, Strayed
from coasty_local.stills.prediction import CONTINUE, DONE, FAIL, MOST_SECONDS, Closed, Enough, Late, Prediction

_UNHEARD = "Nobody can answer here: say it in the instruction."
_PLACE = re.compile(r"Step (\d+) of (\d+): ")


class StillEyes(Eyes):
    """Eyes that need not wait for a picture to come to rest."""

    def still(self, grab: Callable[[], Image], check: Callable[[], None], timeout_s: float = 3.0) -> Image:
        check()
        return grab()


def predict(
    job: Job, moments: Sequence[Moment], tools: Collection[str], most: int, said: Sequence[str] = (),
    ended: Callable[[], bool] = bool,
) -> Prediction:  # fmt: skip
    """What the job has to be done on the last of these pictures; on the earlier ones all is done already.

    `said`: the reasoning that was given with each earlier picture; it says where in the job that was, for when the
    earliest pictures are left out. `ended`: whether the answer is no longer waited for.

    Raises Late, Closed, SightError.
    """
    end, astray = time.monotonic() + MOST_SECONDS, ""
    for first in range(max(1, len(said))):
        given = [Moment(moment.image, moment.earlier, moment.taken) for moment in moments[first:]]
        try:
            return _attend(job, _Given(given, ended, end), tools, most, said[first] if said else "")
        except Strayed as strayed:  # in the middle of a step the way to it is not known: the next picture may be clear
            astray = astray or str(strayed)
            if not (first + 1 < len(said) and _PLACE.match(said[first + 1])):
                break
    words = f"The trajectory does not fit: {astray}. Send it from the beginning, with its reasoning, or use a session."
    return Prediction(FAIL, (), words, words)


class Course:
    """One instruction at work on a thread of its own, which rests between the pictures."""

    def __init__(self, job: Job, tools: Collection[str], most: int) -> None:
        self._feed = _Handed()
        threading.Thread(target=self._work, args=(job, tools, most), name="course", daemon=True).start()

    def show(self, image: Image) -> Prediction:
        """What is to be done on this picture. Raises Late, Closed, and whatever ended the work."""
        return self._feed.show(image, MOST_SECONDS)

    def close(self) -> None:
        """End the work, also in the middle of an answer."""
        self._feed.close()

    def _work(self, job: Job, tools: Collection[str], most: int) -> None:
        try:
            self._feed.end(_attend(job, self._feed, tools, most))
        except Exception as error:  # whatever it was is raised where the answer is waited for
            self._feed.end(error)


class _Given:
    """A feed of pictures that are all there."""

    def __init__(self, moments: Sequence[Moment], ended: Callable[[], bool], end: float) -> None:
        self._left, self._ended, self._end = list(moments), ended, end

    def after(self, moment: Moment | None) -> Moment:
        if not self._left:
            raise Enough
        return self._left.pop(0)

    def check(self) -> None:
        if self._ended():
            raise Closed
        if time.monotonic() > self._end:
            raise Late(f"no answer within {MOST_SECONDS:.0f} s")


class _Handed:
    """A feed into which a call hands one picture at a time and waits for what is noted on it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shown: Moment | None = None
        self._answer: Prediction | Exception | None = None
        self._closed = False
        self._end = 0.0
        self.said: Callable[[], str] = str

    def show(self, image: Image, seconds: float) -> Prediction:
        with self._changed:
            self._answer, self._shown, self._end = None, Moment(image), time.monotonic() + seconds
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._answer is not None or self._closed, seconds + 1)
            answer = self._answer or (Closed() if self._closed else Late(f"no answer within {seconds:.0f} s"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def after(self, moment: Moment | None) -> Moment:
        with self._changed:
            if moment is not None:
                self._answer = Prediction(CONTINUE, tuple(moment.made), self.said())
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._shown is not None or self._closed)
            if self._shown is None or self._closed:
                raise Closed
            shown, self._shown = self._shown, None
            return shown

    def check(self) -> None:
        if self._closed:
            raise Closed
        if time.monotonic() > self._end:
            raise Late("no answer in time")

    def end(self, answer: Prediction | Exception) -> None:
        with self._changed:
            self._answer = answer
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _attend(job: Job, feed: _Given | _Handed, tools: Collection[str], most: int, before: str = "") -> Prediction:
    """The agent at work until it ends or has no picture left. Raises Strayed, Late, Closed, SightError."""
    stills = Stills(feed, tools, most)
    desk = NoteDesk(feed, stills)
    if isinstance(feed, _Handed):
        feed.said = desk.said
    planner = _From(before)
    work = worker.Work(Session.start(job, stills, desk, StillEyes(), None, stills), planner)
    desk.place = lambda: planner.whole(work.place())
    try:
        outcome = worker.concluded(work)
    except Enough:
        return _answer(CONTINUE, stills, desk)
    except Asked as question:
        return _answer(FAIL, stills, desk, f"A person is needed: {question} {_UNHEARD}")
    except Barred as bar:
        return _answer(FAIL, stills, desk, f"I can't go on: {bar}.")
    return _ended(outcome, stills, desk)


def _ended(outcome: Outcome, stills: Stills, desk: NoteDesk) -> Prediction:
    return _answer(DONE if outcome.passed else FAIL, stills, desk, outcome.summary)


def _answer(status: str, stills: Stills, desk: NoteDesk, reason: str = "") -> Prediction:
    """On an earlier picture nothing is left to do: an end that was reached there is told without acts."""
    made = () if stills.moment.earlier else tuple(stills.moment.made)
    said = "\n".join(part for part in (desk.said(), reason) if part)
    return Prediction(status, made, said, reason)


class _From:
    """A planner whose plan begins where the first picture was taken, as its reasoning says."""

    def __init__(self, before: str) -> None:
        self._place = _PLACE.match(before)
        self._left_out = 0

    def plan(self, task: str, instructions: str = "") -> Plan:
        plan = GrammarPlanner().plan(task, instructions)
        if self._place is None or int(self._place[2]) != worker.acting(plan.steps):
            return plan
        self._left_out = min(int(self._place[1]), worker.acting(plan.steps)) - 1
        kept, left = [], self._left_out
        for step in plan.steps:
            if left and worker.acting([step]):
                left -= 1
            else:
                kept.append(step)
        return Plan(tuple(kept), plan.remarks)

    def whole(self, place: tuple[int, int]) -> tuple[int, int]:
        """The place in the whole plan."""
        return place[0] + self._left_out, place[1] + self._left_out
