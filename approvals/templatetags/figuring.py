"""Filters of the pages of figures: durations, and numbers for drawings."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

from approvals import drawing

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    return drawing.duration(seconds)


@register.filter
def unlocal(value: float) -> str:
    """A number as a drawing reads it, whatever the reader's language."""
    return f"{value:g}"


@register.filter
def day_before(moment: datetime) -> datetime:
    """The day that a span up to this midnight ends with."""
    return moment - timedelta(hours=1)
