"""The desk of the agent on stills: it keeps what is said of the newest picture, and nobody answers its questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coasty_local.agent.ports import Action, Image, Stopped
from coasty_local.agent.scene import Box
from coasty_local.stills.display import Feed, Stills


class Asked(Stopped):
    """The agent needs a person; the words are its question."""


class NoteDesk:
    """Implements `Desk`. `place` tells which step of how many is at work."""

    def __init__(self, feed: Feed, display: Stills) -> None:
        self._feed, self._display = feed, display
        self.place: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._said: list[str] = []
        self._of: object = None  # the picture that was in view then

    def said(self) -> str:
        """What was said since the picture in view came; where nothing was, what the acts on it are for."""
        if self._of is not self._display.moment:
            return self._placed("; ".join(dict.fromkeys(action.description for action in self._display.moment.made)))
        return "\n".join(dict.fromkeys(self._said))

    def check(self) -> None:
        self._feed.check()

    def say(self, text: str) -> None:
        if self._of is not self._display.moment:
            self._said, self._of = [], self._display.moment
        self._said.append(self._placed(text))

    def _placed(self, text: str) -> str:
        step, steps = self.place()
        return f"Step {step} of {steps}: {text}" if steps and text else text

    def reason(self, text: str) -> None:
        self.say(text)

    def begin(self, action: Action) -> None:
        self.check()
        self._display.words = action.description

    def finish(self, success: bool, error: str | None = None) -> None: ...

    def keep(self, image: Image, blur: Sequence[Box] = ()) -> None: ...

    def step(self) -> None:
        self.check()

    def ask(self, kind: str, reason: str, image: Image | None = None, blur: Sequence[Box] = ()) -> str:
        raise Asked(reason)
