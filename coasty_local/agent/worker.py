"""The agent's work on one run: plan, ask about what can't be read, take the steps one by one, and end honestly."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from coasty_local.agent import asking, entrance, fields, perception, reading, verifier
from coasty_local.agent.asking import Refused, Stuck
from coasty_local.agent.moves import HANDLERS
from coasty_local.agent.planner import GrammarPlanner, Planner, notes
from coasty_local.agent.planner.facts import likely_secrets
from coasty_local.agent.planner.steps import (
    Allow,
    Check,
    Choose,
    Click,
    Commit,
    Dismiss,
    Drag,
    Enter,
    Fact,
    Fill,
    Goal,
    Goto,
    Hover,
    Nothing,
    Open,
    Press,
    Read,
    Scroll,
    Search,
    SignIn,
    SignOut,
    Step,
    Travel,
    Type,
    Unknown,
    Verify,
    Wait,
)  # fmt: skip
from coasty_local.agent.ports import Desk, Display, DisplayError, Image, Job, Outcome
from coasty_local.agent.scene import CHECK, RADIO, Box, Target
from coasty_local.agent.session import Session
from coasty_local.agent.sight import Eyes

_SAME_QUESTION = 8  # times that one question is asked before the run ends
_ACTING = (
    Click, Type, Fill, Choose, Check, Goal, Open, SignIn, SignOut, Enter, Commit, Read, Goto, Travel,
    Search, Dismiss, Drag,
)  # fmt: skip
_QUIET = (Scroll, Wait, Hover)  # change nothing that was shown before


def work(
    job: Job,
    display: Display,
    desk: Desk,
    home: str | None = None,
    *,
    eyes: Eyes | None = None,
    planner: Planner | None = None,
) -> Outcome:
    """Carry out the job on the display and report to the desk; how it ended.

    `home` is the start page for tasks that name none. Raises Stopped when the run ends from outside.
    """
    session = Session.start(job, display, desk, eyes or perception.Eyes(), home)
    return concluded(Work(session, planner or GrammarPlanner()))


def concluded(work: Work) -> Outcome:
    """Do the work; how it ended, also where it could not go on. Raises Stopped."""
    try:
        return work.run()
    except Refused as no:
        return Outcome(False, f"Stopped on a person's word: {no}", "refused")
    except perception.SightError as error:
        return Outcome(False, f"The screen can't be read any more: {error}.", "sight_lost")
    except DisplayError as error:
        return Outcome(False, f"The screen can't be used any more: {error}.", "display_lost")


def acting(steps: Iterable[Step]) -> int:
    """How many of these steps do something."""
    return sum(not isinstance(step, Fact | Allow | Nothing) for step in steps)


class Work:
    """The steps of one run in their order, with what notes change in them."""

    def __init__(self, session: Session, planner: Planner) -> None:
        self.session, self.planner = session, planner
        self.queue: deque[Step] = deque()
        self.told: list[str] = []
        self.proved = False
        self.asked: dict[str, int] = {}
        self._planned = 0

    def place(self) -> tuple[int, int]:
        """Which of the plan's steps is at work, from 1, and how many there are; what is only to be known is none."""
        return max(1, self._planned - acting(self.queue) + 1), self._planned

    def run(self) -> Outcome:
        job, session = self.session.job, self.session
        session.vault.learn([*likely_secrets(job.task), *likely_secrets(job.instructions)])
        plan = self.planner.plan(job.task, job.instructions)
        self._learn(plan.steps)
        self.queue.extend(plan.steps)
        self._planned = acting(plan.steps)
        for remark in plan.remarks:
            session.desk.reason(f"I could not use this instruction: “{asking.short(remark, 120)}”.")
        self._ask_about_unread()
        self._start_somewhere()
        while self.queue:
            step = self.queue[0]
            if isinstance(step, Unknown):
                self._ask_about_unread()
                continue
            if not self._take(step):
                return self._failed(step)
        return self._end()

    def _learn(self, steps: Iterable[Step]) -> None:
        """Secrets first: nothing may be said before they are known."""
        for step in steps:
            if isinstance(step, SignIn):
                self.session.vault.learn([step.password])
            elif isinstance(step, Type) and step.secret:
                self.session.vault.learn([step.text])
            elif isinstance(step, Fact) and step.name in ("password", "code"):
                self.session.vault.learn([step.value])
            elif isinstance(step, Fill | Enter):
                self.session.vault.learn(
                    value for name, value in step.slots if name in ("password", "pin", "passphrase")
                )

    def _ask_about_unread(self) -> None:
        """Nothing is done before every clause is read: each unread one parks, and the note takes its place."""
        while unread := next((step for step in self.queue if isinstance(step, Unknown)), None):
            shown = asking.short(unread.source, 160)
            stuck = Stuck(
                asking.NOT_UNDERSTOOD,
                f"I could not read: '{shown}'. {asking.help_with(unread.source)}",
            )
            answer = self._answer(stuck)
            at = self.queue.index(unread)
            del self.queue[at]
            for step in reversed(answer.steps):
                self.queue.insert(at, step)
            if answer.meaning == notes.UNREAD:
                self.queue.insert(at, unread)

    def _start_somewhere(self) -> None:
        """A blank screen and no address: the start page, and say so."""
        first = next((step for step in self.queue if not isinstance(step, Fact | Allow | Nothing)), None)
        if first is None or isinstance(first, Goto) or self.session.scene.lines:
            return
        if self.session.home:
            self.session.desk.say(
                f"The screen is blank and the task names no address, so I start at {self.session.home}."
            )
        self.queue.appendleft(Goto(url="", source=first.source))

    # one step

    def _take(self, step: Step) -> bool:
        """Carry out the first step of the queue; False when what it states is not so. Parks as often as it must."""
        before = self.session.acts
        try:
            if isinstance(step, Verify) and step.mark and fields.marked(self.session.scene, step.words) is not None:
                step = self.queue[0] = Check(target=Target(step.words, (CHECK, RADIO)), source=step.source)
            if isinstance(step, Verify):
                return self._verify(step)
            told = self._carry_out(step)
        except Stuck as stuck:
            done = stuck.allow.startswith("dialog:") and self.session.acts > before
            self._park(stuck, step)
            if done and not isinstance(step, Goal | SignIn | Open):
                self._finished(step)  # the click was made; what it asked is answered with the next look
            return True
        self._finished(step)
        if told:
            self.told.append(told)
        return True

    def _carry_out(self, step: Step) -> str:
        memory = self.session.memory
        if isinstance(step, Fact):
            memory.facts[step.name] = step.value
        elif isinstance(step, Allow):
            (memory.granted.add if step.granted else memory.granted.discard)(step.kind)
        elif handler := HANDLERS.get(type(step)):
            self._ready_for(step)
            before = self.session.look() if isinstance(step, Press) else None
            self.proved = self.proved and isinstance(step, _QUIET)
            told = handler(self.session, step)
            if isinstance(step, _ACTING):
                self.proved = True
            elif before is not None:  # a key says nothing of itself: the screen must
                self.proved = bool(self.session.sight.changed(before, self.session.look()))
            return told
        return ""

    def _ready_for(self, step: Step) -> None:
        if not isinstance(step, Goto | Dismiss):
            self.session.clear_banner()

    def _finished(self, step: Step) -> None:
        if self.queue and self.queue[0] is step:
            self.queue.popleft()

    def _verify(self, step: Verify) -> bool:
        wanted = verifier.wanted(step)
        with self.session.turn(f"I check that the screen shows {wanted}."):
            shown = verifier.verify(self.session, step)
        if not shown and step.present and self._sees_past(step):
            return True
        if shown:
            self.proved = True
            self.told.append(f"The screen shows {wanted}.")
            self._finished(step)
        return shown

    def _sees_past(self, step: Verify) -> bool:
        """Whether a way past what hides the wanted page was gone, so that it is looked for anew. Raises Stuck where a
        person can help: something stands in the way, or more is to be done that the check was to guard."""
        if not step.state and entrance.wall(self.session):
            return True
        if stuck := verifier.hindrance(self.session, step):
            raise stuck
        if any(isinstance(later, _ACTING) for later in list(self.queue)[1:]):
            shown = asking.short(reading.title(self.session.scene), 60) or "nothing"
            raise Stuck(
                asking.VERIFY_FAILED,
                f"The screen does not show {verifier.wanted(step)}; it shows “{shown}”, and more is to be done. Resume "
                "to look again, or answer skip to go on without this check.",
            )
        return False

    # asking

    def _park(self, stuck: Stuck, step: Step) -> None:
        """Ask, and change plan and memory by the answer."""
        answer = self._answer(stuck)
        memory = self.session.memory
        if answer.meaning == notes.GO_ON and stuck.allow:
            memory.allowed.add(stuck.allow)
            if stuck.kind == asking.PAYMENT and stuck.wants:
                memory.amounts.add(stuck.wants)
        elif answer.meaning == notes.REFUSE:
            if self.session.display.dialog() is not None:
                self.session.hands.answer_dialog(False, "Say no to the page's dialog")
            raise Refused(f"“{asking.short(step.source or stuck.reason, 120)}” was not done.")
        elif answer.meaning == notes.SKIP:
            self.proved = self.proved and not isinstance(step, Verify)
            self._finished(step)
        elif answer.meaning == notes.PICK and 1 <= abs(answer.number) <= len(stuck.candidates):
            number = answer.number - 1 if answer.number > 0 else answer.number
            memory.picks[stuck.target] = stuck.candidates[number].control.box
        elif answer.meaning == notes.RENAME:
            memory.aliases[stuck.target] = (answer.name, *memory.aliases.get(stuck.target, ()))
        elif answer.meaning == notes.STEPS:
            self._insert(answer.steps, stuck, step)
        elif answer.meaning == notes.AGAIN:
            self.session.desk.say("I look again.")

    def _insert(self, steps: tuple[Step, ...], stuck: Stuck, step: Step) -> None:
        """Steps of a note: instead of a step of the same sort that could not be done, else before the open one."""
        instead = stuck.kind in (asking.NOT_FOUND, asking.AMBIGUOUS, asking.NO_PROGRESS, asking.VERIFY_FAILED)
        if instead and isinstance(steps[-1], type(step)):
            self._finished(step)
        self._learn(steps)
        self.queue.extendleft(reversed(steps))

    def _answer(self, stuck: Stuck) -> notes.Answer:
        """Park with this question until a note comes that can be read; facts and permissions of the note are kept."""
        session, reason = self.session, stuck.reason
        while True:
            self.asked[stuck.reason] = self.asked.get(stuck.reason, 0) + 1
            if self.asked[stuck.reason] > _SAME_QUESTION:
                raise Refused(f"the same question was asked {_SAME_QUESTION} times: {stuck.reason}")
            image, blur = self._picture(stuck)
            note = session.desk.ask(stuck.kind, asking.short(reason), image, blur)
            session.sight.stale()
            session.vault.learn(likely_secrets(note))
            answer = notes.understand(note, stuck.kind)
            self._keep(answer)
            if answer.meaning != notes.UNREAD:
                return answer
            quote = "" if stuck.kind == asking.CREDENTIAL else f": '{asking.short(note, 60)}'"
            reason = f"I could not read the note{quote}. {stuck.reason}"

    def _picture(self, stuck: Stuck) -> tuple[Image | None, list[Box]]:
        try:
            return self.session.picture(stuck)
        except Stuck:  # a dialog stands before the page: what is known of it is in the question
            return None, []

    def _keep(self, answer: notes.Answer) -> None:
        memory = self.session.memory
        self.session.vault.learn(value for name, value in answer.facts.items() if name in ("password", "code"))
        memory.facts.update(answer.facts)
        for allow in answer.allow:
            (memory.granted.add if allow.granted else memory.granted.discard)(allow.kind)

    # the end

    def _failed(self, step: Step) -> Outcome:
        wanted = verifier.wanted(step) if isinstance(step, Verify) else step.source
        shown = asking.short(reading.title(self.session.scene), 80) or "nothing"
        summary = f"The screen does not show {wanted}. It shows “{shown}”."
        return Outcome(False, self.session.vault.mask(summary), "not_shown")

    def _end(self) -> Outcome:
        """Passed only when the last thing done was seen to hold."""
        mask = self.session.vault.mask
        image = self.session.look()
        self.session.desk.keep(image.image, self.session.veil(image))
        summary = asking.short(" ".join(self.told[-4:]), 600) or "There was nothing to do."
        return Outcome(bool(self.told) and self.proved, mask(summary), "shown" if self.proved else "nothing_to_verify")
