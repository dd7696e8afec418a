"""A display of still pictures: acts are noted instead of done, and the next picture shows what came of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from coasty_local.agent.ports import Action, Dialog, DisplayError, Image, Stopped
from coasty_local.stills import actions
from coasty_local.stills.actions import Moment

NOTCH = 100  # pixels that one notch of the wheel scrolls
SHORTEST_WAIT, LOAD_SECONDS = 1.5, 2.0  # a client needs that long to take its next picture anyway; to load a page


class Barred(Stopped):
    """Going on needs an act that the caller's tools leave out, or that nobody can carry out; says which."""


class Strayed(Stopped):
    """What was done on an earlier picture is not what the instruction has this agent do there; says where."""


class Feed(Protocol):
    """Where pictures come from."""

    def after(self, moment: Moment | None) -> Moment:
        """The picture that follows this one (None: the first). Raises Stopped when there is none (yet)."""

    def check(self) -> None:
        """Raises Stopped when the work is to end."""


class Stills:
    """Implements `Display` and `Clock`. Time passes only by waiting, and waiting is an act like the others."""

    def __init__(self, feed: Feed, tools: Collection[str], most: int) -> None:
        """`tools`: the acts that may be used; `most`: how many of them on the newest picture."""
        self._feed, self._tools, self._most = feed, tools, most
        self._view(feed.after(None))
        self._now, self._waited = 0.0, 0.0
        self._turns = 0  # earlier pictures gone by, for the words of `Strayed`
        self.words = ""  # what the act under way is for

    @property
    def moment(self) -> Moment:
        """The picture in view and what has been noted on it."""
        return self._moment

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._feed.check()
        self._now += seconds
        self._waited += seconds

    def grab(self) -> Image:
        self._feed.check()
        waited = self._waited > 0
        self._end_wait()
        if self._moment.made or waited:
            self._turn()
        return self._moment.image

    def goto(self, url: str) -> None:
        """By the keyboard, as a person would in any browser."""
        if url != "about:blank" and urlsplit(url).scheme.lower() not in ("http", "https"):
            raise DisplayError(f"only http and https addresses can be opened, not {url[:200]!r}")
        self.press(["Control", "l"])
        self.type_text(url)
        self.press(["Enter"])
        self._pause(LOAD_SECONDS)

    def back(self) -> None:
        self.press(["Alt", "ArrowLeft"])
        self._pause(SHORTEST_WAIT)

    def reload(self) -> None:
        self.press(["F5"])
        self._pause(LOAD_SECONDS)

    def move(self, x: int, y: int) -> None:
        self._note("move", {"x": int(x), "y": int(y)})

    def click(self, x: int, y: int, button: str = "left", clicks: int = 1, modifiers: Sequence[str] = ()) -> None:
        if modifiers:
            raise Barred(f"a click with {'+'.join(modifiers)} held is needed, which no action can say")
        self._note("click", {"x": int(x), "y": int(y), "button": button, "clicks": clicks})

    def drag(self, x1: int, y1: int, x2: int, y2: int) -> None:
        self._note("drag", {"x1": int(x1), "y1": int(y1), "x2": int(x2), "y2": int(y2)})

    def scroll(self, x: int, y: int, dx: int, dy: int) -> None:
        for pixels, direction in ((dy, "vertical"), (dx, "horizontal")):
            if pixels:
                notches = -round(pixels / NOTCH) or (-1 if pixels > 0 else 1)
                self._note("scroll", {"x": int(x), "y": int(y), "clicks": notches, "direction": direction})

    def type_text(self, text: str) -> None:
        if text:
            self._note("type_text", {"text": text})

    def press(self, keys: Sequence[str]) -> None:
        self._note(*actions.pressed(keys))

    def dialog(self) -> Dialog | None:
        """A picture has no dialogs beside it: one that it shows is read like the rest."""
        return None

    def answer_dialog(self, accept: bool, text: str | None = None) -> None:
        raise DisplayError("the page shows no dialog")

    def _pause(self, seconds: float) -> None:
        self._waited += seconds
        self._now += seconds

    def _end_wait(self) -> None:
        """Waiting becomes an act once something else happens; a caller without that tool waits unasked."""
        if self._waited <= 0:
            return
        seconds = max(SHORTEST_WAIT, round(self._waited, 1))
        self._now += seconds - self._waited
        self._waited = 0.0
        if "wait" in self._tools:
            self._note("wait", {"seconds": seconds}, f"Wait {seconds:g} s")

    def _note(self, kind: str, params: dict[str, Any], words: str = "") -> None:
        self._feed.check()
        self._end_wait()
        if kind not in self._tools:
            raise Barred(f"{kind} is needed next ({words or self.words}), and the tools leave it out")
        while len(self._moment.made) >= self._room():
            self._turn()
        action, place = Action(kind, params, words or self.words), len(self._moment.made)
        if self._moment.taken and not actions.alike(action, self._moment.taken[place]):
            where = f"act {place + 1} on its picture {self._turns + 1} is a {self._moment.taken[place].action_type}"
            raise Strayed(f"{where}, where I would have done another: {kind} ({action.description})")
        self._moment.made.append(action)

    def _room(self) -> int:
        """How many acts fit on the picture in view: as many as were taken there, where that is known."""
        return len(self._moment.taken) or self._most

    def _turn(self) -> None:
        self._view(self._feed.after(self._moment))
        self._turns += 1

    def _view(self, moment: Moment) -> None:
        self._moment = moment
        self.height, self.width = moment.image.shape[:2]
