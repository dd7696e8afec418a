"""The newest runs of a list that no index tells the order of: read once, for its counts and for its pages.

Words and metadata can fit most of all runs. Then the newest are told, a thousand or so, and that there are more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from runs import searching, states
from runs.models import Run
from runs.searching import Filters

MOST = 1000
_SPARE = 200  # of a search by words: so many of its newest may turn out to be older than others
_FURTHER = 5  # times as many are looked at where they are narrowed by something else, too
_LEAST = 200  # a window with fewer is read again, from all


@dataclass(frozen=True)
class Window:
    """The newest runs that fit, each with its status; `is_all` where there are no more."""

    rows: list[tuple[int, str]]
    is_all: bool

    @property
    def ids(self) -> list[int]:
        return [pk for pk, _status in self.rows]

    def counts(self) -> dict[str, int]:
        """Runs by status: exact where all are here, else at least so many."""
        return Counter(status for _pk, status in self.rows)

    def of(self, status: str) -> Window:
        """Those of one state alone."""
        fits = {status} if status != "live" else {told for _pk, told in self.rows} - states.TERMINAL
        return replace(self, rows=[row for row in self.rows if row[1] in fits])


def fits(filters: Filters) -> bool:
    """Whether a list is one that is read so."""
    return bool(filters.q or filters.meta)


def read(runs: QuerySet[Run], filters: Filters) -> Window:
    """The newest of the runs that fit."""
    if not filters.q:
        return _newest(searching.matching(runs, filters), MOST)
    is_narrowed = bool(filters.narrowed or filters.status or filters.connection)
    most = MOST * (_FURTHER if is_narrowed else 1)
    found = searching.indexed(filters.q, most + _SPARE)
    others = searching.matching(runs, replace(filters, q=""))
    known = {*found, *searching.fresh(filters.q)}
    if len(found) < most + _SPARE:
        return _newest(others.filter(pk__in=known), len(known))
    return _latest(others, known, min(found), most) or _newest(searching.matching(runs, filters), MOST)


def chosen(runs: QuerySet[Run], filters: Filters, window: Window) -> Window:
    """Those of the window that have the state that the filters name; where it is not all, that state's own newest."""
    if not filters.status:
        return window
    of_state = window.of(filters.status)
    return of_state if window.is_all or len(of_state.rows) >= _LEAST else read(runs, filters)


def _newest(runs: QuerySet[Run], most: int) -> Window:
    rows = list(runs.order_by("-created_at", "-id").values_list("pk", "status")[: most + 1])
    return Window(rows[:most], len(rows) <= most)


def _latest(others: QuerySet[Run], known: Iterable[int], first: int, most: int) -> Window | None:
    """The newest among those that were known last, from `first` on. None where they are few: older ones stand between
    them, or something else narrows them.
    """
    before = (
        Run.objects.filter(pk__lt=first).order_by("-created_at", "-id").values_list("created_at", flat=True).first()
    )
    newer = others.filter(pk__in=known)
    window = _newest(newer if before is None else newer.filter(created_at__gt=before), most)
    return Window(window.rows, is_all=False) if len(window.rows) >= _LEAST else None
