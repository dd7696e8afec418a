"""Filters and tags of the console's templates: money, times that tick, untrusted text, icons."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils import timezone, translation
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from live.drawings import Drawings
from runs import comparing, moves, secrets, states, steps
from runs import plain as texts
from runs import told as stored

register = template.Library()
_PAIRS = Drawings(3000)
_SHORT = 4000  # characters of a text that is kept with what it is masked to


@register.filter
def cents(value: int | None) -> str:
    return steps.money(value) if value is not None else "—"


@register.filter
def plain(value: object, limit: int = texts.LIMIT) -> SafeString:
    return texts.plain(value, limit)


@register.filter
def masked(value: str) -> str:
    """Without the passwords that a task or a note gives away."""
    return _masked(value) if type(value) is str and len(value) <= _SHORT else secrets.mask(value)


_masked = lru_cache(maxsize=1000)(secrets.mask)  # tasks come again and again, with every list


@register.filter
def told(value: str) -> str:
    """A sentence that was stored in English, in the reader's language."""
    return stored.told(value or "")


@register.filter
def line(value: object, limit: int = 80) -> str:
    return texts.line(value, limit)


@register.filter
def status_word(value: str) -> str:
    """A status for people; one that the contract does not name is shown as it came."""
    return str(states.Status(value).label) if value in states.Status.values else value.replace("_", " ")


@register.filter
def status_tone(value: str) -> str:
    return value if value in states.Status.values else "unknown"


def _time(moment: datetime | None, kind: str, shown: str) -> SafeString:
    if moment is None:
        return SafeString("—")
    local = timezone.localtime(moment)
    said, whole = escape(local.strftime(shown)), escape(local.strftime("%Y-%m-%d %H:%M:%S %Z"))
    return SafeString(f'<time datetime="{moment.isoformat()}" data-{kind} title="{whole}">{said}</time>')


@register.simple_tag
def age(moment: datetime | None) -> SafeString:
    """How long ago, ticking; the clock time where scripts are off."""
    return _time(moment, "age", "%H:%M:%S")


@register.simple_tag
def left(moment: datetime | None) -> SafeString:
    """How long until, ticking."""
    return _time(moment, "left", _("until %H:%M:%S"))


@register.simple_tag
def countdown(moment: datetime | None) -> SafeString:
    """Whole seconds until, ticking, in a place that keeps its width; not read out each second."""
    return format_html('<span class="countdown" aria-hidden="true">{}</span>', _time(moment, "countdown", "%H:%M:%S"))


@register.simple_tag
def running(moment: datetime | None) -> SafeString:
    """How long since, as a duration that ticks."""
    return _time(moment, "since", _("since %H:%M:%S"))


@register.simple_tag
def clock(moment: datetime | None) -> SafeString:
    """The time of day; the page's own zone."""
    return _time(moment, "clock", "%H:%M:%S")


@register.simple_tag
def moment(at: datetime | None) -> SafeString:
    """The time of day, and its date when that is another day than today: a failure may be old."""
    is_today = at is not None and timezone.localtime(at).date() == timezone.localdate()
    return _time(at, "moment", "%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")


@register.simple_tag
def stamp(moment: datetime | None) -> SafeString:
    """Date and time of day."""
    return _time(moment, "stamp", "%Y-%m-%d %H:%M:%S")


@register.filter
def lasted(start: datetime | None, end: datetime | None) -> str:
    """A duration in words: 1 h 02 min, 3 min 05 s, 12 s."""
    if not start or not end:
        return "—"
    seconds = max(0, int((end - start).total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds % 60:02d} s" if minutes else f"{seconds} s"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon beside words that say the same; hidden from readers of the page by ear."""
    return _icon(name)


@cache
def _icon(name: str) -> SafeString:
    return SafeString(render_to_string("_icon.svg", {"name": name}))


@register.simple_tag
def keys() -> SafeString:
    """The list of keys, which every page holds."""
    return _keys(translation.get_language(), get_script_prefix())


@cache
def _keys(_language: str | None, _root: str) -> SafeString:
    return SafeString(render_to_string("parts/keys.html"))


@register.simple_tag(takes_context=True)
def pair(context: template.Context, row: comparing.Row, at: int) -> SafeString:
    """A step of each of two runs side by side. A long run is not drawn anew for each look at it."""
    other, run, is_first = context["other"].upstream_id, context["run"].upstream_id, at == context["found"]["first"]
    values = other, run, is_first, row.acts_differ, row.screens_differ, _move(row.left), _move(row.right)
    told = {"row": row, "other": other, "run": run, "is_first": is_first}
    return _PAIRS.of(values, lambda: SafeString(render_to_string("parts/pair.html", told)))


def _move(made: moves.Move | None) -> tuple[int, int | None, tuple[moves.Act, ...]] | None:
    return (made.step, made.screen.index if made.screen else None, tuple(made.acts)) if made else None


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


@register.filter
def pretty(value: Any) -> SafeString:
    """JSON to read, its text made plain; empty for nothing."""
    return (
        texts.plain(json.dumps(value, indent=2, ensure_ascii=False, default=str))
        if value is not None
        else SafeString("")
    )


@register.filter
def as_json(value: Any) -> str:
    """For a form's field: what is read back as it was; the template escapes it."""
    return json.dumps(value)
