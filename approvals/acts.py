"""Which acts a person who took over may send to the machine, how large they may be, how they are told after. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from approvals.errors import Invalid

MAX_COORDINATE = 16_384
MAX_TEXT = 10_000
MAX_URL = 2048
MAX_KEYS = 6
MAX_AMOUNT = 100
BUTTONS = ("left", "middle", "right")
DIRECTIONS = ("up", "down", "left", "right")
MODIFIERS = ("Alt", "Control", "Meta", "Shift")


def _coordinate(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_COORDINATE:
        raise ValueError(_("a number from 0 to %(most)s") % {"most": MAX_COORDINATE})
    return round(value)


def _amount(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_AMOUNT:
        raise ValueError(_("a whole number from 1 to %(most)s") % {"most": MAX_AMOUNT})
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT or "\x00" in value:
        raise ValueError(_("text of 1 to %(most)s characters") % {"most": MAX_TEXT})
    return value


def _key(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 32 or not value.isprintable():
        raise ValueError(_("the name of a key"))
    return value


def _keys(value: Any) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_KEYS:
        raise ValueError(_("a list of 1 to %(most)s keys") % {"most": MAX_KEYS})
    return [_key(item) for item in value]


def _held(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not set(map(str, value)) <= set(MODIFIERS):
        raise ValueError(_("a list of %(offered)s") % {"offered": ", ".join(MODIFIERS)})
    return [str(item) for item in value]


def _url(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_URL or not value.isprintable():
        raise ValueError(_("an address of at most %(most)s characters") % {"most": MAX_URL})
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(_("an address that begins with http:// or https://"))
    return value


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(_("one of %(offered)s") % {"offered": ", ".join(allowed)})
        return str(value)

    return check


Checks = dict[str, Callable[[Any], Any]]
_POINT: Checks = {"x": _coordinate, "y": _coordinate}
_LINE: Checks = dict.fromkeys(("from_x", "from_y", "to_x", "to_y"), _coordinate)
_BUTTON: Checks = {"button": _one_of(*BUTTONS)}

# command: (what it must have, what it may have)
ALLOWED: dict[str, tuple[Checks, Checks]] = {
    "click": (_POINT, _BUTTON),
    "double_click": (_POINT, _BUTTON),
    "click_with_modifiers": ({**_POINT, "modifiers": _held}, _BUTTON),
    "type": ({"text": _text}, {}),
    "key_press": ({"key": _key}, {}),
    "key_combo": ({"keys": _keys}, {}),
    "scroll": ({**_POINT, "direction": _one_of(*DIRECTIONS), "amount": _amount}, {}),
    "drag": (_LINE, _BUTTON),
    "browser_navigate": ({"url": _url}, {}),
}

# command: what it is counted as
KINDS = {
    "click": "clicks", "double_click": "clicks", "click_with_modifiers": "clicks", "type": "texts",
    "key_press": "presses", "key_combo": "presses", "scroll": "scrolls", "drag": "drags", "browser_navigate": "visits",
}  # fmt: skip

# In English whatever the reader's language: it goes to the agent.
_TOLD = {
    "visits": ("opened an address", "opened {} addresses"),
    "clicks": ("clicked once", "clicked {} times"),
    "texts": ("typed into a field", "typed into fields {} times"),
    "presses": ("pressed a key", "pressed {} keys"),
    "drags": ("dragged once", "dragged {} times"),
    "scrolls": ("scrolled", "scrolled"),
}


def story(counts: Mapping[str, int], *, on_its_screen: bool = False) -> str:
    """A first draft of the note to the agent, from kinds and counts alone; empty when nothing was done.

    `on_its_screen`: they worked on the vendor's own page of the machine, too, where nothing is counted.
    """
    said = ["worked on its screen"] if on_its_screen else []
    for kind, (one, many) in _TOLD.items():
        if counts.get(kind):
            said.append(many.format(counts[kind]) if counts[kind] > 1 else one)
    if not said:
        return ""
    return f"By hand: I {' and '.join(filter(None, [', '.join(said[:-1]), said[-1]]))}. Look again."


def checked(command: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they may be sent. Raises Invalid, which never repeats a value: it may be a secret."""
    if command not in ALLOWED:
        raise Invalid(
            _("This act is not offered. Choose one of: %(offered)s.") % {"offered": ", ".join(ALLOWED)}, field="command"
        )
    needed, optional = ALLOWED[command]
    if unknown := sorted(set(parameters) - set(needed) - set(optional)):
        names = {"command": command, "names": ", ".join(map(repr, unknown))}
        raise Invalid(_("%(command)s takes no %(names)s.") % names, field="parameters")
    if missing := sorted(set(needed) - set(parameters)):
        names = {"command": command, "names": ", ".join(missing)}
        raise Invalid(_("%(command)s needs %(names)s.") % names, field="parameters")
    return {name: _one(command, name, check, parameters[name]) for name, check in {**needed, **optional}.items()
            if name in parameters}  # fmt: skip


def _one(command: str, name: str, check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as wrong:
        said = {"name": name, "command": command, "what": wrong}
        raise Invalid(_("%(name)s of %(command)s must be %(what)s.") % said, field=name) from None
