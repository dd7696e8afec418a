"""The agent's looks: one still picture and what was seen in it, kept until something may have changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from coasty_local.agent import blanks, reading
from coasty_local.agent.ports import Clock, Desk, Dialog, Display, Image
from coasty_local.agent.scene import Box, Scene


class Eyes(Protocol):
    """Who sees: perception.Eyes, or a remote model."""

    def see(self, image: Image) -> Scene: ...

    def read(self, image: Image, box: Box) -> str: ...

    def masked(self, image: Image, box: Box) -> bool | None: ...

    def changed(self, before: Image, after: Image) -> list[Box]: ...

    def still(self, grab: Callable[[], Image], check: Callable[[], None], timeout_s: float = 3.0) -> Image: ...


def seen(eyes: Eyes, image: Image) -> Scene:
    """Everything in one picture, with what only its whole tells: fields without frames, menus, gaps in a text."""
    return blanks.with_blanks(image, reading.with_menu(reading.with_fields(blanks.with_titles(eyes.see(image)))))


@dataclass(frozen=True)
class Look:
    """One look: the picture and what was found in it."""

    image: Image
    scene: Scene


class Sight:
    """Looks when asked, and only again when something was done since (or the caller wants a new look)."""

    def __init__(
        self, display: Display, eyes: Eyes, desk: Desk, on_dialog: Callable[[Dialog], None], clock: Clock
    ) -> None:
        self._display, self.eyes, self._desk, self._on_dialog = display, eyes, desk, on_dialog
        self._clock = clock
        self._look: Look | None = None

    def stale(self) -> None:
        """Something was done: the next look is a new one."""
        self._look = None

    def look(self) -> Look:
        if self._look is None:
            self._desk.check()
            self._dialogs()
            image = self.eyes.still(self._display.grab, self._desk.check)
            if self._display.dialog() is not None:
                self._dialogs()
                image = self.eyes.still(self._display.grab, self._desk.check)
            self._look = Look(image, seen(self.eyes, image))
        return self._look

    def anew(self) -> Look:
        self.stale()
        return self.look()

    def grab(self) -> Image:
        return self._display.grab()

    def until(self, holds: Callable[[Look], bool], seconds: float) -> bool:
        """Look until it holds or the time is up; the last look stays."""
        end = self._clock.now() + seconds
        while not holds(self.look()):
            if self._clock.now() >= end:
                return False
            self._wait_for_change(end)
            self.stale()
        return True

    def glance(self, holds: Callable[[Image], bool], seconds: float) -> bool:
        """Whether some picture of the next moment holds; the last look stays. What blinks hides what it covers."""
        end = self._clock.now() + seconds
        while not holds(self._display.grab()):
            if self._clock.now() >= end:
                return False
            self._desk.check()
            self._clock.sleep(0.1)
        return True

    def _wait_for_change(self, end: float) -> None:
        """Until the picture differs from the last look, or the time is up: looking again costs more than grabbing."""
        last = self._look
        while last is not None and self._clock.now() < end:
            self._desk.check()
            if self._display.dialog() is not None or self.eyes.changed(last.image, self._display.grab()):
                return
            self._clock.sleep(0.1)

    def changed(self, before: Look, after: Look) -> Sequence[Box]:
        if before.image is after.image:
            return ()
        return self.eyes.changed(before.image, after.image)

    def _dialogs(self) -> None:
        for _ in range(5):
            dialog = self._display.dialog()
            if dialog is None:
                return
            self._on_dialog(dialog)
