"""What the charts of the figures show: numbers with their places in a drawing, their words, their rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from approvals import charts, figures
from approvals.states import Outcome
from runs.steps import money

CAME_WORDS: dict[str, Any] = {
    Outcome.FINISHED.value: gettext_lazy("finished"),
    figures.SOON_WORDS: gettext_lazy("waited again soon"),
    figures.LATER_WORDS: gettext_lazy("waited again later"),
    Outcome.FAILED.value: gettext_lazy("failed"),
    Outcome.STOPPED.value: gettext_lazy("ended early"),
    "": gettext_lazy("goes on"),
}
_LABELS_AT_MOST = 8


@dataclass(frozen=True)
class Column:
    """A bar with what it says, and the day that it begins."""

    bar: charts.Bar
    start: datetime
    end: datetime
    words: str
    label: str  # below it; empty where there is no room


def spent(buckets: Sequence[figures.Spent]) -> dict[str, Any]:
    """Bars of what the runs of each bucket have cost."""
    values = [each.cents for each in buckets]
    made = [
        Column(bar, each.start, each.end, _spent_words(each), label)
        for each, bar, label in zip(buckets, charts.bars(values), _labels(buckets), strict=True)
    ]
    return {"columns": made, "ticks": [(tick.y, money(round(tick.value))) for tick in charts.scale(values)]}


def _spent_words(each: figures.Spent) -> str:
    return _("%(day)s: %(cost)s in %(runs)d runs") % {
        "day": _day(each.start), "cost": money(each.cents), "runs": each.runs,
    }  # fmt: skip


def _labels(buckets: Sequence[Any]) -> list[str]:
    every = -(-len(buckets) // _LABELS_AT_MOST)
    starts = [each.start if hasattr(each, "start") else each[0] for each in buckets]
    return [_day(start) if n % every == 0 else "" for n, start in enumerate(starts)]


def waits(buckets: Sequence[figures.Waits], span: figures.Span) -> dict[str, Any]:
    """Two lines over time, in seconds: what half of the decisions, and all but one in twenty, took at most."""
    p50, p95 = [each.p50 for each in buckets], [each.p95 for each in buckets]
    known = [value for value in p95 if value is not None]
    end = charts.top(known)
    lines = [("p50", charts.line(p50, end)), ("p95", charts.line(p95, end))]
    slots = charts.bars([0] * len(buckets))
    return {
        "lines": [(name, points, charts.path(points)) for name, points in lines],
        "ticks": [(tick.y, duration(tick.value)) for tick in charts.scale(known)],
        "slots": list(zip(slots, _labels(span.buckets), [_wait_words(*pair) for pair in _pairs(buckets, span)],
                          strict=True)),
        "is_empty": not known,
    }  # fmt: skip


def _pairs(buckets: Sequence[figures.Waits], span: figures.Span) -> list[tuple[figures.Waits, datetime]]:
    return list(zip(buckets, (start for start, _end in span.buckets), strict=True))


def _wait_words(each: figures.Waits, start: datetime) -> str:
    if each.p50 is None or each.p95 is None:
        return ""
    return _("%(day)s: half within %(p50)s, 95%% within %(p95)s, of %(count)d") % {
        "day": _day(start), "p50": duration(each.p50), "p95": duration(each.p95),
        "count": each.count,
    }  # fmt: skip


def _day(moment: date) -> str:
    return formats.date_format(moment, pgettext("a date's format", "j M"))


def duration(seconds: float | None) -> str:
    """A duration in its two largest units: 8 s, 3 min 05 s, 1 h 02 min, 2 d 3 h."""
    if seconds is None:
        return "—"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return (
        f"{whole // 3600} h {whole // 60 % 60:02d} min"
        if whole < 86400
        else f"{whole // 86400} d {whole // 3600 % 24} h"
    )


def shares(each: figures.Came) -> list[dict[str, Any]]:
    """The parts of one bar, 100 wide, that has at least one row behind each."""
    counts = [each.counts[name] for name in figures.CAME]
    parts = zip(figures.CAME, counts, charts.shares(counts), strict=True)
    return [
        {"came": name, "tone": name or "open", "count": count, "x": x, "width": width, "words": CAME_WORDS[name]}
        for name, count, (x, width) in parts
        if count
    ]
