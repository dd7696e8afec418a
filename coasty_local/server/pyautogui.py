"""Reads pyautogui text into actions without running it (lines it does not know are left out), and writes it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Action = dict[str, Any]
Given = tuple[list[Any], dict[str, Any]]


def actions(code: str) -> list[Action]:
    """The actions of a text, in order: `{action_type, params, description, raw_code}` each."""
    found: list[Action] = []
    for line in _statements(code):
        action = _action(line)
        if action is None:
            continue
        if action["action_type"] == "drag" and found and found[-1]["action_type"] == "move":
            action = _from(found.pop(), action)
        found.append(action)
    return found


def line(kind: str, params: Mapping[str, Any]) -> str:
    """The line that `actions` reads as this action, of shape B; empty for one that has no line."""
    writer = _WRITERS.get(kind)
    return writer(params) if writer else ""


def _from(move: Action, drag: Action) -> Action:
    """The drag with its start: the place to which the mouse was moved right before."""
    start = {"x1": move["params"]["x"], "y1": move["params"]["y"]}
    words = f"{move['raw_code']}; {drag['raw_code']}"
    return {**drag, "params": start | drag["params"], "description": words, "raw_code": words}


def _statements(code: str) -> Iterator[str]:
    """Each statement by itself, so that a broken line loses only itself."""
    for line in code.splitlines():
        for part in _split(line):
            if part.strip():
                yield part.strip()


def _split(line: str) -> list[str]:
    try:
        body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [ast.get_source_segment(line.strip(), node) or "" for node in body]


def _action(statement: str) -> Action | None:
    node = ast.parse(statement).body[0]
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    reader = _READERS.get(call.func.attr)
    if reader is None:
        return None
    try:
        arguments = [ast.literal_eval(value) for value in call.args]
        named = {value.arg: ast.literal_eval(value.value) for value in call.keywords if value.arg}
        kind, params = reader((arguments, named))
    except (ValueError, TypeError, IndexError, KeyError):
        return None
    return {"action_type": kind, "params": params, "description": statement, "raw_code": statement}


def _take(given: Given, place: int, name: str, *default: Any) -> Any:
    arguments, named = given
    if len(arguments) > place:
        return arguments[place]
    return named.get(name, default[0]) if default else named[name]


def _click(button: str = "left", clicks: int = 1) -> Callable[[Given], tuple[str, Action]]:
    def read(given: Given) -> tuple[str, Action]:
        count = _take(given, 2, "clicks", clicks)
        params = {"x": int(_take(given, 0, "x")), "y": int(_take(given, 1, "y"))}
        return "click", params | {"button": str(_take(given, 4, "button", button)), "clicks": int(count)}

    return read


def _text(given: Given) -> tuple[str, Action]:
    return "type_text", {"text": str(_take(given, 0, "message"))}


def _press(given: Given) -> tuple[str, Action]:
    keys = _take(given, 0, "keys")
    keys = [keys] if isinstance(keys, str) else [str(key) for key in keys]
    return "key_press", {"keys": keys, "key": keys[0]}


def _hotkey(given: Given) -> tuple[str, Action]:
    return "key_combo", {"keys": [str(key) for key in given[0]]}


def _scroll(direction: str) -> Callable[[Given], tuple[str, Action]]:
    def read(given: Given) -> tuple[str, Action]:
        params: Action = {"clicks": int(_take(given, 0, "clicks")), "direction": direction}
        x, y = _take(given, 1, "x", None), _take(given, 2, "y", None)
        return "scroll", params if x is None or y is None else {"x": int(x), "y": int(y), **params}

    return read


def _move(given: Given) -> tuple[str, Action]:
    return "move", {"x": int(_take(given, 0, "x")), "y": int(_take(given, 1, "y"))}


def _sleep(given: Given) -> tuple[str, Action]:
    return "wait", {"seconds": float(_take(given, 0, "seconds"))}


def _drag(given: Given) -> tuple[str, Action]:
    return "drag", {"x2": int(_take(given, 0, "x")), "y2": int(_take(given, 1, "y"))}


_READERS: dict[str, Callable[[Given], tuple[str, Action]]] = {
    "click": _click(), "leftClick": _click(), "doubleClick": _click(clicks=2), "tripleClick": _click(clicks=3),
    "rightClick": _click("right"), "middleClick": _click("middle"), "write": _text, "typewrite": _text,
    "press": _press, "hotkey": _hotkey, "scroll": _scroll("vertical"), "vscroll": _scroll("vertical"),
    "hscroll": _scroll("horizontal"), "moveTo": _move, "dragTo": _drag, "sleep": _sleep,
}  # fmt: skip


def _written_click(params: Mapping[str, Any]) -> str:
    more = "".join(
        f", {name}={params[name]!r}" for name, plain in (("clicks", 1), ("button", "left")) if params[name] != plain
    )
    return f"pyautogui.click({params['x']}, {params['y']}{more})"


def _written_scroll(params: Mapping[str, Any]) -> str:
    name = "hscroll" if params["direction"] == "horizontal" else "scroll"
    return f"pyautogui.{name}({params['clicks']}, x={params['x']}, y={params['y']})"


_WRITERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "click": _written_click,
    "type_text": lambda params: f"pyautogui.write({params['text']!r})",
    "key_press": lambda params: f"pyautogui.press({params['keys']!r})",
    "key_combo": lambda params: f"pyautogui.hotkey({', '.join(map(repr, params['keys']))})",
    "scroll": _written_scroll,
    "drag": lambda params: (
        f"pyautogui.moveTo({params['x1']}, {params['y1']}); "
        f"pyautogui.dragTo({params['x2']}, {params['y2']}, button='left')"
    ),
    "move": lambda params: f"pyautogui.moveTo({params['x']}, {params['y']})",
    "wait": lambda params: f"time.sleep({params['seconds']})",
}
