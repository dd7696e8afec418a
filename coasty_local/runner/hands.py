"""The agent's hands: a display that stops answering to a run that has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coasty_local.agent.ports import Dialog, Image
from coasty_local.machines.display import BrowserDisplay


class Hands:
    """Implements `Display` for one run: before each act, under the display's lock, `check` may raise Stopped."""

    def __init__(self, display: BrowserDisplay, check: Callable[[], None]) -> None:
        self._display = display
        self._check = check
        self.width = display.width
        self.height = display.height

    def grab(self) -> Image:
        self._check()
        return self._display.grab()

    def goto(self, url: str) -> None:
        self._check()
        self._display.goto(url, self._check)

    def back(self) -> None:
        self._check()
        self._display.back(self._check)

    def reload(self) -> None:
        self._check()
        self._display.reload(self._check)

    def move(self, x: int, y: int) -> None:
        with self._display.lock:
            self._check()
            self._display.move(x, y)

    def click(self, x: int, y: int, button: str = "left", clicks: int = 1, modifiers: Sequence[str] = ()) -> None:
        with self._display.lock:
            self._check()
            self._display.click(x, y, button, clicks, modifiers)

    def drag(self, x1: int, y1: int, x2: int, y2: int) -> None:
        with self._display.lock:
            self._check()
            self._display.drag(x1, y1, x2, y2)

    def scroll(self, x: int, y: int, dx: int, dy: int) -> None:
        with self._display.lock:
            self._check()
            self._display.scroll(x, y, dx, dy)

    def type_text(self, text: str) -> None:
        self._check()
        self._display.type_text(text, self._check)

    def press(self, keys: Sequence[str]) -> None:
        with self._display.lock:
            self._check()
            self._display.press(keys)

    def dialog(self) -> Dialog | None:
        self._check()
        return self._display.dialog()

    def answer_dialog(self, accept: bool, text: str | None = None) -> None:
        with self._display.lock:
            self._check()
            self._display.answer_dialog(accept, text)
