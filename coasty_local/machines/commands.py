"""The commands that people send to a machine: their parameters read, then done on its display."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import cv2

from coasty_local.agent.ports import DisplayError
from coasty_local.machines import keyboard
from coasty_local.machines.display import BrowserDisplay, allowed_address

LONGEST_WAIT_MS = 60_000
NOTCH = 100  # pixels that one notch of the wheel scrolls
_WAYS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}

Parameters = dict[str, Any]
Deed = Callable[[BrowserDisplay], Any]


class BadParameter(Exception):
    """A parameter is missing or has the wrong form; nothing was done."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


def carry_out(display: BrowserDisplay, command: str, given: Parameters) -> tuple[dict[str, Any] | None, str | None]:
    """Do it; answers its result and a picture (both may be None). Raises BadParameter or DisplayError."""
    result = NAMES[command](given)(display)
    if command == "screenshot":
        return {"width": display.width, "height": display.height, "mime_type": "image/png"}, result
    return result, None


def check(command: str, given: Parameters) -> None:
    """Raise BadParameter if the command can't be carried out with these parameters."""
    NAMES[command](given)


def _click(given: Parameters, *, button: str = "left", clicks: int = 1) -> Deed:
    x, y = _point(given)
    pressed = _one_of(given, "button", ("left", "right", "middle"), button)
    count = _whole(given, "clicks", clicks, 1, 3)
    held = _words(given, "modifiers") if "modifiers" in given else []

    def deed(display: BrowserDisplay) -> None:
        display.bar.leave()
        display.click(x, y, pressed, count, held)

    return deed


def _double(given: Parameters) -> Deed:
    return _click(given, clicks=2)


def _right(given: Parameters) -> Deed:
    return _click(given, button="right")


def _move(given: Parameters) -> Deed:
    x, y = _point(given)
    return lambda display: display.move(x, y)


def _type(given: Parameters) -> Deed:
    text = given.get("text")
    if not isinstance(text, str) or len(text) > 10_000:
        raise BadParameter("text", "a text of at most 10000 characters is needed")

    def deed(display: BrowserDisplay) -> None:
        if not display.bar.typed(text):
            display.type_text(text)

    return deed


def _press(given: Parameters) -> Deed:
    keys = _words(given, "keys") if "keys" in given else _words({"key": [given.get("key")]}, "key")
    try:
        keyboard.pressed(keys)
    except ValueError as error:
        raise BadParameter("keys", str(error)) from error
    return lambda display: _press_on(display, keys)


def _press_on(display: BrowserDisplay, keys: list[str]) -> None:
    if display.bar.pressed(keys):
        return
    enters = [keyboard.name(key) for key in keys] == ["Enter"]
    address = display.bar.taken() if enters else None
    if address is None:
        display.press(keys)
    else:
        display.goto(address)


def _scroll(given: Parameters) -> Deed:
    x = _whole(given, "x", BrowserDisplay.width // 2, 0, BrowserDisplay.width)
    y = _whole(given, "y", BrowserDisplay.height // 2, 0, BrowserDisplay.height)
    if "clicks" in given:  # signed notches, up positive
        notches = _whole(given, "clicks", 0, -100, 100)
        across = given.get("direction") == "horizontal"
        dx, dy = (-notches, 0) if across else (0, -notches)
    else:
        way = _WAYS[_one_of(given, "direction", tuple(_WAYS), "down")]
        amount = _whole(given, "amount", 3, 0, 100)
        dx, dy = way[0] * amount, way[1] * amount
    return lambda display: display.scroll(x, y, dx * NOTCH, dy * NOTCH)


def _drag(given: Parameters) -> Deed:
    names = ("from_x", "from_y", "to_x", "to_y") if "from_x" in given else ("x1", "y1", "x2", "y2")
    sizes = (BrowserDisplay.width, BrowserDisplay.height) * 2
    x1, y1, x2, y2 = (_whole(given, name, None, 0, size) for name, size in zip(names, sizes, strict=True))
    return lambda display: display.drag(x1, y1, x2, y2)


def _wait(given: Parameters) -> Deed:
    ms = _whole(given, "ms", None, 0, LONGEST_WAIT_MS) if "ms" in given else _seconds(given)
    return lambda _: time.sleep(ms / 1000)


def _navigate(given: Parameters) -> Deed:
    url = given.get("url")
    if not isinstance(url, str) or not url.strip():
        raise BadParameter("url", "an address is needed")
    try:
        address = allowed_address(url)
    except DisplayError as error:
        raise BadParameter("url", str(error)) from error
    return lambda display: display.goto(address)


def _screenshot(_: Parameters) -> Deed:
    return _picture


def _picture(display: BrowserDisplay) -> str:
    done, data = cv2.imencode(".png", display.grab())
    if not done:
        raise DisplayError("the picture can't be encoded")
    return base64.b64encode(data.tobytes()).decode()


NAMES: dict[str, Callable[[Parameters], Deed]] = {
    "click": _click, "double_click": _double, "right_click": _right, "click_with_modifiers": _click, "move": _move,
    "type": _type, "type_text": _type, "key_press": _press, "key_combo": _press, "scroll": _scroll, "drag": _drag,
    "wait": _wait, "browser_navigate": _navigate, "screenshot": _screenshot,
}  # fmt: skip


def _point(given: Parameters) -> tuple[int, int]:
    return _whole(given, "x", None, 0, BrowserDisplay.width), _whole(given, "y", None, 0, BrowserDisplay.height)


def _whole(given: Parameters, name: str, default: int | None, low: int, high: int) -> int:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadParameter(name, "a number is needed")
    if not low <= value <= high:
        raise BadParameter(name, f"must be from {low} to {high}")
    return round(value)


def _seconds(given: Parameters) -> int:
    value = given.get("seconds")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value * 1000 <= LONGEST_WAIT_MS:
        raise BadParameter("ms", f"a number from 0 to {LONGEST_WAIT_MS} is needed")
    return round(value * 1000)


def _words(given: Parameters, name: str) -> list[str]:
    value = given.get(name)
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word for word in value):
        raise BadParameter(name, "a list of key names is needed")
    return value


def _one_of(given: Parameters, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(name, default)
    if value not in allowed:
        raise BadParameter(name, f"must be one of {', '.join(allowed)}")
    return str(value)
