"""The keys of a US keyboard as the browser wants them told: key, code, virtual key code, text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

ALIASES = {
    "ctrl": "Control", "control": "Control", "cmd": "Meta", "command": "Meta", "win": "Meta", "super": "Meta",
    "meta": "Meta", "option": "Alt", "alt": "Alt", "shift": "Shift", "return": "Enter", "enter": "Enter",
    "esc": "Escape", "escape": "Escape", "space": " ", "spacebar": " ", "tab": "Tab", "del": "Delete",
    "delete": "Delete", "ins": "Insert", "insert": "Insert", "backspace": "Backspace", "up": "ArrowUp",
    "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight", "arrowup": "ArrowUp", "arrowdown": "ArrowDown",
    "arrowleft": "ArrowLeft", "arrowright": "ArrowRight", "pageup": "PageUp", "pgup": "PageUp", "page_up": "PageUp",
    "pagedown": "PageDown", "pgdn": "PageDown", "page_down": "PageDown", "home": "Home", "end": "End", "plus": "+",
    "minus": "-", **{f"f{n}": f"F{n}" for n in range(1, 13)},
}  # fmt: skip

_NAMED = {
    "Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Insert": 45, "Delete": 46,
    **{f"F{n}": 111 + n for n in range(1, 13)},
}  # fmt: skip
_HELD = {"Shift": ("ShiftLeft", 16), "Control": ("ControlLeft", 17), "Alt": ("AltLeft", 18), "Meta": ("MetaLeft", 91)}
# the two signs on a key, its code, its virtual key code
_SIGNS = (
    (";:", "Semicolon", 186), ("=+", "Equal", 187), (",<", "Comma", 188), ("-_", "Minus", 189), (".>", "Period", 190),
    ("/?", "Slash", 191), ("`~", "Backquote", 192), ("[{", "BracketLeft", 219), ("\\|", "Backslash", 220),
    ("]}", "BracketRight", 221), ("'\"", "Quote", 222), *((pair, f"Digit{pair[0]}", 48 + int(pair[0])) for pair in (
        "1!", "2@", "3#", "4$", "5%", "6^", "7&", "8*", "9(", "0)",
    )),
)  # fmt: skip
# editing commands that a combination means on any system
_COMMANDS = {"a": "selectAll", "c": "copy", "x": "cut", "v": "paste", "z": "undo"}


@dataclass(frozen=True)
class Key:
    """One key. `shifted` tells that the sign needs Shift."""

    key: str
    code: str
    number: int
    text: str = ""
    shifted: bool = False


def name(word: str) -> str:
    """The KeyboardEvent.key of what people write: "ctrl", "ESC", "a"."""
    return word if len(word) == 1 else ALIASES.get(word.lower(), word)


def find(key: str) -> Key | None:
    """The key that makes this sign or has this name; None when a US keyboard has none."""
    return _KEYS.get(key)


def typed(sign: str) -> list[dict[str, Any]]:
    """The events of typing one sign: down and up. Empty when no key makes it (insert it as text then)."""
    key = find({"\n": "Enter", "\r": "Enter", "\t": "Tab"}.get(sign, sign))
    if key is None:
        return []
    held = MODIFIERS["Shift"] if key.shifted else 0
    return [_event("keyDown", key, held, key.text), _event("keyUp", key, held)]


def pressed(keys: Sequence[str]) -> list[dict[str, Any]]:
    """The events of pressing keys together. Raises ValueError naming a key that no keyboard has."""
    found = []
    for word in keys:
        key = find(name(word))
        if key is None:
            raise ValueError(f"there is no key named {word!r}")
        found.append(key)
    events, held = [], 0
    for key in found:
        held |= MODIFIERS.get(key.key, 0)
        events.append(_down(key, held))
    for key in reversed(found):
        held &= ~MODIFIERS.get(key.key, 0)
        events.append(_event("keyUp", key, held))
    return events


def mask(modifiers: Sequence[str]) -> int:
    """The bit mask of modifier names."""
    return sum({MODIFIERS.get(name(word), 0) for word in modifiers})


def _down(key: Key, held: int) -> dict[str, Any]:
    shortcut = held & (MODIFIERS["Control"] | MODIFIERS["Meta"] | MODIFIERS["Alt"])
    text = "" if shortcut or key.key in MODIFIERS else key.text
    if held & MODIFIERS["Shift"] and len(text) == 1 and text.isalpha():
        text = text.upper()
    event = _event("keyDown" if text else "rawKeyDown", key, held, text)
    if shortcut in (MODIFIERS["Control"], MODIFIERS["Meta"]) and (command := _COMMANDS.get(key.key.lower())):
        event["commands"] = [command]
    return event


def _event(kind: str, key: Key, held: int, text: str = "") -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": kind, "key": key.key, "code": key.code, "modifiers": held, "windowsVirtualKeyCode": key.number,
        "nativeVirtualKeyCode": key.number,
    }  # fmt: skip
    if text:
        event |= {"text": text, "unmodifiedText": text}
    return event


def _table() -> dict[str, Key]:
    keys = {word: Key(word, code, number) for word, (code, number) in _HELD.items()}
    for word, number in _NAMED.items():
        text = {"Enter": "\r", " ": " "}.get(word, "")
        keys[word] = Key(word, "Space" if word == " " else word, number, text)
    for small in "abcdefghijklmnopqrstuvwxyz":
        big = small.upper()
        keys[small] = Key(small, f"Key{big}", ord(big), small)
        keys[big] = Key(big, f"Key{big}", ord(big), big, shifted=True)
    for signs, code, number in _SIGNS:
        keys[signs[0]] = Key(signs[0], code, number, signs[0])
        keys[signs[1]] = Key(signs[1], code, number, signs[1], shifted=True)
    return keys


_KEYS = _table()
