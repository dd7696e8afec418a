"""One run of the agent: its looks, hands, memory and desk in one place, and what every step needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from coasty_local.agent import asking, captcha, grounder, paying, perception, reading
from coasty_local.agent.actuator import Hands
from coasty_local.agent.asking import Stuck
from coasty_local.agent.memory import Memory
from coasty_local.agent.ports import Clock, Desk, Dialog, Display, Image, Job, WallClock
from coasty_local.agent.scene import BUTTON, ICON, LINK, Box, Candidate, Control, Scene, Target
from coasty_local.agent.secrets import Discreet, Vault
from coasty_local.agent.sight import Eyes, Look, Sight

T = TypeVar("T")
SETTLE_SECONDS = 1.5  # how long a target may take to appear before the agent goes looking for it
SCROLLS = 4


@dataclass
class Session:
    """What the steps of one run share. Made by `start`."""

    job: Job
    display: Display
    desk: Discreet
    vault: Vault
    memory: Memory = field(default_factory=Memory)
    home: str | None = None
    turns: int = 0
    acts: int = 0
    trails: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(
        cls, job: Job, display: Display, desk: Desk, eyes: Eyes, home: str | None, clock: Clock | None = None
    ) -> Session:
        vault, clock = Vault(), clock or WallClock()
        session = cls(job, display, Discreet(desk, vault), vault, home=home)
        session.sight = Sight(display, eyes, session.desk, session.on_dialog, clock)
        session.hands = Hands(display, session.desk, session._acted, clock)
        return session

    sight: Sight = field(init=False)
    hands: Hands = field(init=False)

    def _acted(self) -> None:
        self.acts += 1
        self.sight.stale()

    @property
    def eyes(self) -> Eyes:
        return self.sight.eyes

    def look(self) -> Look:
        return self.sight.look()

    @property
    def scene(self) -> Scene:
        return self.look().scene

    @contextmanager
    def turn(self, words: str) -> Iterator[Look]:
        """One agent step: the frame is kept, then the act, then a look at what came of it."""
        look = self.look()
        self.desk.say(words)
        self.desk.keep(look.image, self.veil(look))
        try:
            yield look
            self.look()
        except Stuck:
            self.desk.step()
            raise
        self.turns += 1
        self.desk.step()

    def veil(self, look: Look) -> list[Box]:
        """What must be unreadable on a frame of this look."""
        return asking.blurred([*self.vault.boxes(look.scene), *self.memory.secrets_at])

    def picture(self, stuck: Stuck) -> tuple[Image, list[Box]]:
        """The frame that goes with a question: the candidates numbered when there are several."""
        look = self.look()
        image = look.image
        if stuck.candidates:
            image = perception.number(image, [candidate.control.box for candidate in stuck.candidates])
        return image, self.veil(look)

    def on_dialog(self, dialog: Dialog) -> None:
        """A JavaScript dialog stands before the page: read it, and answer by the same policy as buttons on the page."""
        words = asking.short(dialog.message, 160)
        token = f"dialog:{dialog.kind}:{dialog.message}"
        if dialog.kind == "confirm" and not (self.memory.deliberate or self.memory.may(asking.IRREVERSIBLE, token)):
            raise Stuck(asking.IRREVERSIBLE, f"The page asks: “{words}” Resume to say yes, or answer no.", allow=token)
        if dialog.kind == "prompt":
            value = self.memory.facts.get("reason", "")
            if not value:
                raise Stuck(
                    asking.MISSING,
                    f"Value needed: the page asks “{words}” and the task gives no answer.",
                    wants="reason",
                )
            self.display.answer_dialog(True, value)
            return
        self.memory.heard.append(dialog.message)
        self.desk.say(f"The page says “{words}”.")
        self.hands.answer_dialog(True, "Accept the page's dialog")

    def trail(self, name: str, make: Callable[[], T]) -> T:
        """What a step that may park has kept of its way."""
        kept: T = self.trails.setdefault(name, make())
        return kept

    # finding

    def target(self, target: Target) -> Target:
        """The target with the other names that notes gave it."""
        more = self.memory.aliases.get(target.words, ())
        return replace(target, aliases=(*more, *target.aliases)) if more else target

    def candidates(self, target: Target) -> list[Candidate]:
        return list(grounder.find(self.scene, self.target(target)))

    def seen(self, target: Target) -> Control | None:
        """The place that the target means on this screen, if there is exactly one."""
        choice = grounder.settle(self.candidates(target))
        return choice.candidates[0].control if choice.kind == "one" else None

    def find(self, target: Target, what: str = "") -> Control:
        """The place that the target means. Waits a moment, then scrolls; raises Stuck when there is none or
        more than one."""
        found = self._settled(target)
        if found is None:
            self.sight.until(lambda _: self._settled(target) is not None, SETTLE_SECONDS)
            found = self._settled(target)
        if found is None:
            self.obstacles()
            found = self._by_scrolling(target)
        if found is None:
            raise Stuck(asking.NOT_FOUND, self.not_found(what or describe(target)), target=target.words)
        return found

    def not_found(self, what: str) -> str:
        shown = [reading.name(c) for c in self.scene.controls if c.kind in (BUTTON, LINK) and c.text.strip()]
        listed = ", ".join(f"“{asking.short(name, 24)}”" for name in dict.fromkeys(shown[:6]))
        on = f" on “{asking.short(reading.title(self.scene), 60)}”" if self.scene.lines else ": the page is empty"
        return f"I can't find {what}{on}." + (f" I see {listed}." if listed else "")

    def _settled(self, target: Target) -> Control | None:
        choice = grounder.settle(self.candidates(target))
        if choice.kind == "none":
            return None
        if choice.kind == "one":
            return choice.candidates[0].control
        picked = self.memory.picks.get(target.words)
        if picked is not None:
            return min((c.control for c in choice.candidates), key=lambda control: _distance(control.box, picked))
        names = ", ".join(
            f"{i} “{asking.short(reading.name(c.control), 30)}”" for i, c in enumerate(choice.candidates[:6], 1)
        )
        reason = f"Which one? {describe(target).capitalize()} could be: {names}. Answer with the number."
        raise Stuck(asking.AMBIGUOUS, reason, target=target.words, candidates=choice.candidates[:6])

    def _by_scrolling(self, target: Target) -> Control | None:
        """Down, up to four screens, while the picture changes; back to the top when it was for nothing."""
        if (target.ordinal or 0) > 1 or target.record:
            return None  # a count that begins anew on each screen would tell another one
        moved = 0
        for _ in range(SCROLLS):
            if not self.scroll("down"):
                break
            moved += 1
            if found := self._settled(target):
                return found
        for _ in range(moved):
            self.scroll("up")
        return None

    def scroll(self, direction: str) -> bool:
        """Scroll one screen; whether anything moved."""
        before = self.look()
        with self.turn(f"I scroll {direction}."):
            self.hands.scroll(direction, (self.scene.width // 2, self.scene.height // 2))
            return bool(self.sight.changed(before, self.look()))

    # what may stand in the way

    def obstacles(self) -> None:
        """Raise what keeps a person's hand needed here: a captcha, a one-time code, a sign-in that lacks
        credentials."""
        scene = self.scene
        if line := captcha.unsolved(scene, self.memory.captcha):
            self.memory.captcha = captcha.fields(scene)
            words = asking.short(line.text, 120)
            raise Stuck(asking.CAPTCHA, f"Captcha: the page says “{words}”. Please take over, solve it and hand back.")

    def clear_banner(self) -> bool:
        """Dismiss a cookie banner or a newsletter that lies over the page; whether there was one."""
        control = banner_button(self.scene)
        if control is None:
            return False
        with self.turn(f"I dismiss a banner with “{reading.name(control)}”."):
            self.hands.click(control, f"“{reading.name(control)}” to dismiss the banner")
        return True

    def guard(self, control: Control, about: str = "", spelled_out: bool = True, pays: bool = False) -> None:
        """Ask before a control that pays, or that destroys something the task did not name."""
        scene = self.scene
        if pays or paying.pays(control) or paying.pays_here(scene, control):
            self._guard_payment(scene, control, about)
        elif asking.destroys(control) and not spelled_out:
            token = f"act:{reading.plain(control.text)}"
            if not self.memory.may(asking.IRREVERSIBLE, token):
                on = asking.short(reading.title(scene), 80)
                raise Stuck(
                    asking.IRREVERSIBLE,
                    f"About to press “{reading.name(control)}” on “{on}”, which can't be undone. Resume "
                    f"to do it, or say no.",
                    allow=token,
                )

    def _guard_payment(self, scene: Scene, control: Control, about: str) -> None:
        if asking.PAYMENT in self.memory.granted:
            return
        sums = {reading.digits(found) for found in paying.amounts(scene)}
        much = reading.digits(paying.amount(scene, control, about))
        token = f"pay:{about or much}"
        if token in self.memory.allowed and (not sums or not self.memory.amounts or sums & self.memory.amounts):
            return
        self.memory.allowed.discard(token)
        raise Stuck(asking.PAYMENT, paying.pay_question(scene, control, about), allow=token, wants=much)


def describe(target: Target) -> str:
    """The target in words for people."""
    ordinal = {1: "first ", 2: "second ", 3: "third ", -1: "last "}.get(
        target.ordinal or 0, f"{target.ordinal}th " if target.ordinal else ""
    )
    role = target.kinds[0] if target.kinds else ""
    row = f" in the row of “{target.row}”" if target.row else ""
    if target.words and not ordinal:
        return f"“{target.words}”{row}"
    return f"the {ordinal}{f'“{target.words}” ' if target.words else ''}{role or 'thing'}{row}"


def _distance(a: Box, b: Box) -> int:
    return abs(a.center[0] - b.center[0]) + abs(a.center[1] - b.center[1])


_DISMISS = (
    "reject all", "decline", "only necessary", "necessary only", "reject", "no thanks", "no, thanks", "not now",
    "maybe later", "got it", "accept all", "accept", "accept cookies", "i agree", "agree", "ok", "close", "dismiss",
    "understood", "allow all",
)  # fmt: skip


def banner_button(
    scene: Scene, words: Sequence[str] = ("cookie", "cookies", "newsletter", "notifications")
) -> Control | None:
    """The control that dismisses a banner: its words stand near words that a banner has."""
    lines = [line for line in scene.lines if reading.any_word(words, line.text)]
    for label in _DISMISS:
        for control in scene.controls:
            if control.kind not in (BUTTON, LINK, ICON) or not reading.same(label, control.text):
                continue
            if any(abs(line.box.center[1] - control.box.center[1]) < scene.text_height * 9 for line in lines):
                return control
    return None
