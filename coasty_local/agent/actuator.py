"""The agent's hands: each act is told to the desk, done on the display, and closed with how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from coasty_local.agent.ports import Action, Clock, Desk, Display, DisplayError
from coasty_local.agent.scene import Control
from coasty_local.agent.secrets import MASK

_HELD = frozenset({"Control", "Shift", "Alt", "Meta"})
PAGE_SHARE = 0.7  # of the height of the screen that one scroll moves


class Hands:
    """Acts on one display for one run. Every method raises DisplayError when the display refuses, after
    telling the desk."""

    def __init__(self, display: Display, desk: Desk, after: Callable[[], None], clock: Clock) -> None:
        """`after` is called when an act has happened: what was seen before is no longer sure."""
        self._display, self._desk, self._after, self._clock = display, desk, after, clock

    @contextmanager
    def _act(self, kind: str, params: dict[str, Any], words: str) -> Iterator[None]:
        self._desk.begin(Action(kind, params, words))
        try:
            yield
        except DisplayError as error:
            self._desk.finish(False, str(error))
            raise
        else:
            self._desk.finish(True)
        finally:
            self._after()

    def goto(self, url: str) -> None:
        with self._act("browser_navigate", {"url": url}, f"Open {url}"):
            self._display.goto(url)

    def back(self) -> None:
        with self._act("key_combo", {"keys": ["Alt", "ArrowLeft"]}, "Go back"):
            self._display.back()

    def reload(self) -> None:
        with self._act("key_press", {"keys": ["F5"], "key": "F5"}, "Reload the page"):
            self._display.reload()

    def click(self, control: Control, words: str, button: str = "left", clicks: int = 1) -> None:
        x, y = aim(control)
        with self._act("click", {"x": x, "y": y, "button": button, "clicks": clicks}, f"Click {words}"):
            self._display.click(x, y, button, clicks)

    def hover(self, control: Control, words: str) -> None:
        x, y = control.box.center
        with self._act("move", {"x": x, "y": y}, f"Point at {words}"):
            self._display.move(x, y)

    def drag(self, start: tuple[int, int], end: tuple[int, int], words: str) -> None:
        params = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
        with self._act("drag", params, words):
            self._display.drag(*start, *end)

    def type_text(self, text: str, words: str, secret: bool = False) -> None:
        with self._act("type_text", {"text": MASK if secret else text}, words):
            self._display.type_text(text)

    def type_secret(self, text: str, words: str, shows_dots: Callable[[], bool]) -> bool:
        """Type one character, look, and go on only if it shows as a dot; else it is erased. Whether all was typed."""
        with self._act("type_text", {"text": MASK}, words):
            self._display.type_text(text[:1])
            if shows_dots():
                self._display.type_text(text[1:])
                return True
            self._display.press(["Control", "a"])
            self._display.press(["Delete"])
            return False

    def clear(self) -> None:
        """Empty the field that has the focus."""
        with self._act("key_combo", {"keys": ["Control", "a"]}, "Select what the field holds"):
            self._display.press(["Control", "a"])
        with self._act("key_press", {"keys": ["Delete"], "key": "Delete"}, "Empty the field"):
            self._display.press(["Delete"])

    def press(self, keys: Sequence[str]) -> None:
        names = list(keys)
        kind = "key_combo" if len(names) > 1 and names[0] in _HELD else "key_press"
        params: dict[str, Any] = {"keys": names} if kind == "key_combo" else {"keys": names, "key": names[-1]}
        with self._act(kind, params, f"Press {'+'.join(names)}"):
            self._display.press(names)

    def scroll(self, direction: str, at: tuple[int, int], share: float = PAGE_SHARE) -> None:
        """One screen-share in the direction, with the pointer at a place."""
        sign = -1 if direction in ("up", "left") else 1
        across = direction in ("left", "right")
        pixels = int((self._display.width if across else self._display.height) * share) * sign
        params = {"x": at[0], "y": at[1], "clicks": -pixels // 100, "direction": "horizontal" if across else "vertical"}
        with self._act("scroll", params, f"Scroll {direction}"):
            self._display.scroll(*at, pixels if across else 0, 0 if across else pixels)

    def wait(self, seconds: float) -> None:
        with self._act("wait", {"seconds": seconds}, f"Wait {seconds:g} s"):
            end = self._clock.now() + seconds
            while (left := end - self._clock.now()) > 0:
                self._desk.check()
                self._clock.sleep(min(0.1, left))

    def answer_dialog(self, accept: bool, words: str) -> None:
        key = "Enter" if accept else "Escape"
        with self._act("key_press", {"keys": [key], "key": key}, words):
            self._display.answer_dialog(accept)


def aim(control: Control) -> tuple[int, int]:
    """Where to press: the middle, but near the start of wide lines of text, whose end may be blank."""
    x, y = control.box.center
    if control.kind in ("text", "link") and control.box.w > control.box.h * 12:
        x = control.box.x + control.box.h * 2
    return x, y
