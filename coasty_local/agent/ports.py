"""What the agent needs from outside: a display to look at and act on, and a desk to report to and ask.

The runner implements `Desk`, the machines implement `Display`; the agent imports neither.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from coasty_local.agent.scene import Box

Image = npt.NDArray[np.uint8]  # height x width x 3, BGR, as OpenCV has it


class Stopped(Exception):
    """The run has ended (cancelled, timed out, failed by budget or by policy): let go of the machine at once."""


class DisplayError(Exception):
    """The display can't be reached or refused the act; the message is fit for a person."""


@dataclass(frozen=True)
class Dialog:
    """A JavaScript dialog, told beside the picture. `kind`: alert, confirm, prompt, beforeunload."""

    kind: str
    message: str


@dataclass(frozen=True)
class Action:
    """One act: type and params of the contract's shape B, with secrets masked where a `tool_call` event shows it."""

    action_type: str
    params: dict[str, Any]
    description: str


@dataclass(frozen=True)
class Job:
    """What one run asks of the agent."""

    task: str
    instructions: str = ""
    max_steps: int = 50
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How the agent's work ended. `passed` only when the last screen showed what was asked for."""

    passed: bool
    summary: str
    verdict: str = ""


class Display(Protocol):
    """A screen with mouse and keyboard. Coordinates are pixels of the picture. Every method may raise DisplayError."""

    width: int
    height: int

    def grab(self) -> Image: ...

    def goto(self, url: str) -> None:
        """Navigate and wait until the load ended or failed; DisplayError names why a page could not be reached."""

    def back(self) -> None: ...

    def reload(self) -> None: ...

    def move(self, x: int, y: int) -> None: ...

    def click(self, x: int, y: int, button: str = "left", clicks: int = 1, modifiers: Sequence[str] = ()) -> None: ...

    def drag(self, x1: int, y1: int, x2: int, y2: int) -> None: ...

    def scroll(self, x: int, y: int, dx: int, dy: int) -> None:
        """Turn the wheel over (x, y) by pixels; positive dy shows what lies below."""

    def type_text(self, text: str) -> None: ...

    def press(self, keys: Sequence[str]) -> None:
        """Press keys together: ["Enter"], ["Control", "a"]. Names as in KeyboardEvent.key."""

    def dialog(self) -> Dialog | None:
        """The JavaScript dialog that blocks the page, if any."""

    def answer_dialog(self, accept: bool, text: str | None = None) -> None: ...


class Clock(Protocol):
    """Time as the agent has it: before a screen it passes by itself, over pictures only where the agent waits."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The time of the room, in seconds."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Desk(Protocol):
    """The run as the agent sees it. Every method raises Stopped once the run has ended."""

    def check(self) -> None:
        """Raise Stopped if the run has ended; call it in every loop that waits."""

    def say(self, text: str) -> None:
        """Narrate: a `text` event."""

    def reason(self, text: str) -> None:
        """Show why: a `reasoning` event."""

    def begin(self, action: Action) -> None:
        """An act is about to happen: a `tool_call` event, and a drawn mark on the kept frame."""

    def finish(self, success: bool, error: str | None = None) -> None:
        """How the act ended: a `tool_result` event with its duration."""

    def keep(self, image: Image, blur: Sequence[Box] = ()) -> None:
        """Keep this picture as a frame of the current step; boxes in `blur` are made unreadable first."""

    def step(self) -> None:
        """A whole step (look, think, act, check) is done: `step` and `billing`. Stopped when the budget is used up."""

    def ask(self, kind: str, reason: str, image: Image | None = None, blur: Sequence[Box] = ()) -> str:
        """Park the run until a person resumes it; answers their note ("" if none). Stopped if the run ends instead."""
