"""Actions as they are handed out, and whether one that was handed back is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coasty_local.agent.ports import Action, Image

_NEAR = 12  # pixels by which a place may come back differently: clients round and scale

# keys by the names that automation libraries have for them
_NAMES = {
    "control": "ctrl", "meta": "win", "escape": "esc", "arrowup": "up", "arrowdown": "down", "arrowleft": "left",
    "arrowright": "right", " ": "space",
}  # fmt: skip


@dataclass
class Moment:
    """One picture and what is done on it. `taken`: what was done already, for an earlier picture; empty if nobody
    knows."""

    image: Image
    earlier: bool = False
    taken: tuple[Action, ...] = ()
    made: list[Action] = field(default_factory=list)


def key(name: str) -> str:
    """The key's name outside of browsers."""
    return _NAMES.get(name.lower(), name.lower())


def pressed(keys: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Type and params of the action that presses these keys together."""
    names = [key(name) for name in keys]
    if len(names) > 1:
        return "key_combo", {"keys": names}
    return "key_press", {"keys": names, "key": names[0]}


def alike(one: Action, other: Action) -> bool:
    """Whether two actions do the same, in whichever of the two shapes their params are."""
    if one.action_type != other.action_type:
        return False
    return _essence(one) == _essence(other) and all(
        abs(a - b) <= _NEAR for a, b in zip(_places(one.params), _places(other.params), strict=False)
    )


def _essence(action: Action) -> Any:
    """What makes the act, without places and amounts."""
    params = action.params
    if action.action_type == "type_text":
        return params.get("text")
    if action.action_type == "click":
        return params.get("button") or "left", params.get("clicks") or 1
    if action.action_type in ("key_press", "key_combo"):
        keys = params.get("keys") or params.get("key") or ()
        return [key(str(name)) for name in ([keys] if isinstance(keys, str) else keys)]
    return _way(params) if action.action_type == "scroll" else None


def _way(params: Mapping[str, Any]) -> str:
    """The side to which a scroll goes."""
    direction, clicks = params.get("direction"), params.get("clicks")
    if not isinstance(clicks, int | float):
        return str(direction or "down")
    if direction == "horizontal":
        return "left" if clicks > 0 else "right"
    return "up" if clicks > 0 else "down"


def _places(params: Mapping[str, Any]) -> list[float]:
    names = (("x", "x"), ("y", "y"), ("x1", "from_x"), ("y1", "from_y"), ("x2", "to_x"), ("y2", "to_y"))
    found = [params.get(name, params.get(other)) for name, other in names]
    return [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
