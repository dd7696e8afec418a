"""Owns reading events without their longest payloads: an act may carry megabytes, of which no page shows more than
a part.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Length, Substr

from coasty_api import wire
from runs.models import Event

LONGEST = 20_000  # characters of a payload that are read; what is longer is known by its beginning and its length
_NAMES = ("action_type", "tool", "command", "message", "text", "reason", "code")
_STEP = re.compile(r'"(step|steps_completed)"\s*:\s*(\d{1,9})\b')


def rows(events: QuerySet[Event]) -> Any:
    """Rows (seq, type, head, size, created_at, received_at)."""
    heads = events.annotate(head=Substr("data", 1, LONGEST), size=Length("data"))
    return heads.values_list("seq", "type", "head", "size", "created_at", "received_at")


def heads(events: QuerySet[Event]) -> Any:
    """Rows (seq, type, head, size): for whoever needs no times, which take longer to read than all the rest."""
    return rows(events).values_list("seq", "type", "head", "size")


def payload(head: str, size: int) -> Any:
    """The payload of a row; None where it is too long to be read."""
    return wire.parse(head) if size <= LONGEST else None


def events(found: QuerySet[Event]) -> list[Event]:
    """The events, not to be saved: one that is too long has what its beginning tells for its payload."""
    return [
        Event(
            seq=seq, type=kind, data=head if size <= LONGEST else stand_in(head, size), created_at=at, received_at=came
        )
        for seq, kind, head, size, at, came in rows(found)
    ]


def stand_in(head: str, size: int) -> str:
    """A payload in place of one that is too long: the step and the names in its beginning, and how long it is."""
    said: dict[str, Any] = {name: int(number) for name, number in _STEP.findall(head)}
    for name in _NAMES:
        found = re.search(rf'"{name}"\s*:\s*"((?:[^"\\]|\\.){{0,2000}})', head)
        if found:
            said[name] = _unescaped(found.group(1))
    if "text" in said:
        said["params"] = {"text": said["text"]}
    said["description"] = f"… {size:,} characters"
    return json.dumps(said, ensure_ascii=False)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
