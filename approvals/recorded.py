"""Owns what was recorded of the way to a pause: the frames around the last act, the acts as they came, the host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from runs import steps, timeline
from runs.models import Event, Frame, Run

_ACTS = 5
_LOOKED_BACK = 60  # acts in which the last opened address is looked for


@dataclass(frozen=True)
class Host:
    """The last address that the agent opened, as it said so itself; the page may have led elsewhere since."""

    name: str  # in letters that nobody mixes up
    url: str
    event: Event


@dataclass(frozen=True)
class Around:
    """The frame that the last act was computed for, the act drawn on it, and the next frame; None without one."""

    before: steps.Picture
    after: Frame | None


def acts(run: Run) -> list[steps.Line]:
    """The newest acts, oldest first, each with its arguments to the letter."""
    found = timeline.last_acts(run, _ACTS)
    for line in found:
        line.raw = _pretty(line.event)
    return found


def around(run: Run, last: steps.Line | None) -> Around | None:
    """What the screen showed before and after the last act; None where that is not stored."""
    if last is None or not last.step:
        return None
    pictures = steps.pictures(timeline.step(run, last.step))
    before = next((p for p in reversed(pictures) if p.marks), pictures[-1] if pictures else None)
    if before is None:
        return None
    return Around(before, timeline.frames(run).filter(index__gt=before.frame.index).first())


def host(run: Run) -> Host | None:
    """Where the agent went last, by its own acts."""
    for event in run.events.filter(type__in=steps.ACTS).order_by("-seq")[:_LOOKED_BACK]:
        url = _address(event.payload)
        name = _ascii(url) if url else ""
        if name:
            return Host(name, url, event)
    return None


def _address(payload: Any) -> str:
    said = payload if isinstance(payload, dict) else {}
    params = said.get("params", said.get("parameters"))
    url = params.get("url") if isinstance(params, dict) else None
    return url[:2000] if isinstance(url, str) and url.lower().startswith(("http://", "https://")) else ""


def _ascii(url: str) -> str:
    try:
        parts = urlsplit(url)
        name = (parts.hostname or "").encode("idna").decode()
        return f"{name}:{parts.port}" if parts.port else name
    except (UnicodeError, ValueError):
        return ""


def _pretty(event: Event) -> str:
    payload = event.payload
    return payload if isinstance(payload, str) else json.dumps(payload, indent=2, ensure_ascii=False)
