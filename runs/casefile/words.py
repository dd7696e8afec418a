"""Owns how the page of a case file says its facts: a label for each field, its value for people, moments in two zones.

The page speaks its reader's language; the files beside it hold the same to the letter. What the desk adds is known from
above, as with `parts.decided_by`. What acts are called is known to `runs.acts`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs import plain, states, steps
from runs.models import Run

Say = Callable[[Any], str]
LONG = 4000  # characters of a text that the page shows; the files have all of it


@dataclass(frozen=True)
class Fact:
    """`name` is the field as the files call it."""

    name: str
    label: str
    value: SafeString


def facts(told: Mapping[str, Any], *left_out: str, says: Mapping[str, Say] | None = None) -> list[Fact]:
    """What is told of one thing, in the order of the labels; what is empty goes. `says` wins over the rules here."""
    shown = {name: value for name, value in told.items() if name not in left_out and value not in (None, "", {}, [])}
    rules, order = {**SAYS, **(says or {})}, {name: at for at, name in enumerate(LABELS)}
    names = sorted(shown, key=lambda name: order.get(name, len(order)))
    return [Fact(name, label(name), _said(rules.get(name), shown[name])) for name in names]


def label(name: str) -> str:
    return str(LABELS.get(name, name.replace("_", " ").capitalize()))


def moment(at: datetime | str | None) -> SafeString:
    """Date and time in the reader's zone, with its exact value in UTC beside it; that one alone where both are UTC."""
    if isinstance(at, str):
        said, at = at, read(at)
        if at is None:
            return plain.plain(said, 64)
    if at is None:
        return SafeString("—")
    local, exact = timezone.localtime(at), at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    if not local.utcoffset():
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), exact)
    said = local.strftime("%Y-%m-%d %H:%M:%S %Z")
    whole = '<time datetime="{}">{}</time> <span class="exact">{}</span>'
    return format_html(whole, at.isoformat(), said, exact)


def read(moment: Any) -> datetime | None:
    """A moment as it is told; None for what is none."""
    try:
        return datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return None


def know(labels: Mapping[str, Promise], says: Mapping[str, Say]) -> None:
    """The words of fields that come from above this layer."""
    LABELS.update(labels)
    SAYS.update(says)


def choice(words: Any) -> Say:
    """How a value of these choices is said; one that they do not have stays as it came."""
    return lambda value: str(words(value).label) if value in words.values else str(value)


def yes_or_no(value: Any) -> str:
    return _("yes") if value else _("no")


def seconds(value: Any) -> str:
    return _("%(seconds)s s") % {"seconds": value}


def as_text(value: Any) -> SafeString:
    return plain.plain(value, LONG)


def as_code(value: Any) -> SafeString:
    return format_html("<code>{}</code>", plain.plain(value, 300))


def event(value: Any) -> SafeString:
    """An event by its number, which is where it stands on the page."""
    return format_html('<a href="#event-{}">{}</a>', value, value)


def as_json(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<span class="raw">{}</span>', plain.plain(text))


def _said(rule: Say | None, value: Any) -> SafeString:
    """Safe HTML. What no rule is known for is shown as it came."""
    said = rule(value) if rule else moment(value) if isinstance(value, datetime) else value
    return said if isinstance(said, SafeString) else as_text(said)


def _connection(value: Mapping[str, Any]) -> SafeString:
    return format_html("{}, {}", plain.plain(value.get("name"), 64), plain.plain(value.get("address"), 300))


LABELS: dict[str, Promise] = {
    "task": gettext_lazy("Task"),
    "instructions": gettext_lazy("Instructions"),
    "upstream_id": gettext_lazy("Run"),
    "status": gettext_lazy("State"),
    "machine_id": gettext_lazy("Machine"),
    "cua_version": gettext_lazy("Engine"),
    "max_steps": gettext_lazy("Steps at most"),
    "on_awaiting_human": gettext_lazy("When it needs a person"),
    "deadline_seconds": gettext_lazy("Deadline after the start"),
    "awaiting_human_timeout_seconds": gettext_lazy("Waits for a person at most"),
    "steps_completed": gettext_lazy("Steps"),
    "cost_cents": gettext_lazy("Cost"),
    "created_at": gettext_lazy("Created"),
    "started_at": gettext_lazy("Started"),
    "finished_at": gettext_lazy("Ended"),
    "awaiting_human_since": gettext_lazy("Last paused"),
    "awaiting_human_reason": gettext_lazy("Why it waits"),
    "seen_at": gettext_lazy("Read from upstream"),
    "cursor": gettext_lazy("Last event in this file"),
    "events_until": gettext_lazy("Events removed until"),
    "waste_kind": gettext_lazy("Burned money"),
    "waste_since": gettext_lazy("Burned money since step"),
    "waste_steps": gettext_lazy("Steps that burned money"),
    "waste_cents": gettext_lazy("Money burned"),
    "metadata": gettext_lazy("Metadata"),
    "result": gettext_lazy("Result, as upstream sent it"),
    "error": gettext_lazy("Error, as upstream sent it"),
    "connection": gettext_lazy("Connection"),
    "started_by": gettext_lazy("Started by"),
}
SAYS: dict[str, Say] = {
    "status": choice(states.Status),
    "waste_kind": choice(Run.Waste),
    "cost_cents": steps.money,
    "waste_cents": steps.money,
    "deadline_seconds": seconds,
    "awaiting_human_timeout_seconds": seconds,
    "upstream_id": as_code,
    "machine_id": as_code,
    "connection": _connection,
    "metadata": as_json,
    "result": as_json,
    "error": as_json,
    "cursor": event,
}
