"""The action policy of a run: which acts are forbidden to it; pure."""

from __future__ import annotations

from typing import Any

from coasty_local.agent.ports import Action
from coasty_local.machines import keyboard

_POINTS = (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("from_x", "from_y"), ("to_x", "to_y"))
_CLOSING = ({"Control", "w"}, {"Meta", "w"}, {"Alt", "F4"}, {"Meta", "q"}, {"Control", "q"}, {"Control", "Shift", "w"})
_NAMES = {"type": "type_text", "browser_navigate": "navigate", "goto": "navigate"}


def violation(policy: dict[str, Any], action: Action, done: int) -> str | None:
    """Why this act may not happen, as a sentence; None when it may. `done`: acts that the run has made before."""
    name = _name(action.action_type)
    if (allowed := policy.get("allowed_actions")) and name not in map(_name, allowed):
        return f"the action {action.action_type} is not among the allowed ones"
    if name in map(_name, policy.get("blocked_actions") or ()):
        return f"the action {action.action_type} is blocked"
    if (most := policy.get("max_actions")) and done >= most:
        return f"the run may make {most} actions and has made them"
    return _keys(policy, action) or _places(policy, action)


def _keys(policy: dict[str, Any], action: Action) -> str | None:
    keys = action.params.get("keys") or ([action.params["key"]] if action.params.get("key") else [])
    names = {_plain(key) for key in keys}
    blocked = {_plain(key) for key in policy.get("blocked_keys") or ()}
    if hit := names & blocked:
        return f"the key {sorted(hit)[0]} is blocked"
    closing = [{_plain(key) for key in combination} for combination in _CLOSING]
    if policy.get("block_window_close") and names in closing:
        return "closing the window is blocked"
    return None


def _places(policy: dict[str, Any], action: Action) -> str | None:
    bounds = policy.get("coordinate_bounds")
    if not bounds:
        return None
    for across, down in _POINTS:
        x, y = action.params.get(across), action.params.get(down)
        if x is None or y is None:
            continue
        if not (bounds["min_x"] <= x <= bounds["max_x"] and bounds["min_y"] <= y <= bounds["max_y"]):
            return f"the point ({x}, {y}) lies outside the allowed area"
    return None


def _name(action: str) -> str:
    return _NAMES.get(action.lower(), action.lower())


def _plain(key: str) -> str:
    return keyboard.name(str(key)).lower()
