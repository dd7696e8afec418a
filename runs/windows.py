"""The newest runs of a list that no index tells the order of: read once, for its counts and for its pages.

Words, metadata and several filters together can fit most of all runs. Then the newest are told, a thousand or so, and
that there are more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from django.db import connection as database
from django.db.models import F, FloatField, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from runs import searching, states
from runs.models import Run
from runs.searching import Filters

Parts = tuple["QuerySet[Run]", "QuerySet[Run]"]
MOST = 1000
_ENDED_COST = {"sqlite": "cost_cents", "postgresql": "ended_cents"}  # as the index `run_walked` holds it
# When a run was created, as it sorts: drivers take longer to make a time of it than databases to find it.
_MOMENT: dict[str, Combinable] = {
    "sqlite": Cast("created_at", TextField()),
    "postgresql": Func("created_at", template="EXTRACT(EPOCH FROM %(expressions)s)::float8", output_field=FloatField()),
}
_SPARE = 200  # of a search by words: so many of its newest may turn out to be older than others
_FURTHER = 5  # times as many are looked at where they are narrowed by something else, too
_LEAST = 200  # a window with fewer is read again, from all
_WALKED = 2000  # so many of the newest are read for words before the index is asked


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
    days = bool(filters.since or filters.until)
    others = [name for name in filters.narrowed if name not in {"since", "until"}]
    of_state = bool(filters.status and (days or filters.trouble))
    several = len(others) + days + bool(filters.connection) + of_state > 1
    is_by_person = filters.by not in {"", searching.ELSEWHERE}
    return bool(filters.q or filters.meta or filters.cost or is_by_person or several)


def read(runs: QuerySet[Run], filters: Filters) -> Window:
    """The newest of the runs that fit."""
    others = _parts(runs, filters)
    if not filters.q:
        return _newest(others, MOST)
    is_narrowed = bool(filters.narrowed or filters.status or filters.connection)
    if not is_narrowed and database.vendor == "postgresql":  # which goes by the order or the words, as their counts say
        return _sought(runs, others, filters, MOST)
    lately = [] if is_narrowed else searching.lately(filters.q, MOST + _SPARE)
    if lately and (window := _latest(others, {*lately, *searching.fresh(filters.q)}, min(lately), MOST)):
        return window
    return _walked(others, filters.q) or _sought(runs, others, filters, MOST * (_FURTHER if is_narrowed else 1))


def _parts(runs: QuerySet[Run], filters: Filters) -> Parts:
    """What fits but for the words: of what goes on and of what has ended, each through an index of its own."""
    rest = replace(filters, q="", status="")
    going = searching.matching(runs.filter(finished_at=None, events_until=None), rest)
    ended = searching.matching(runs.filter(finished_at__isnull=False), rest, _ENDED_COST[database.vendor])
    return _of_state(going, filters.status), _of_state(ended, filters.status)


def _of_state(runs: QuerySet[Run], status: str) -> QuerySet[Run]:
    if status not in states.TERMINAL or database.vendor != "sqlite":
        return searching.matching(runs, Filters(status=status))
    # SQLite is kept from the index of states: of one there may be very many, and their rows are wide.
    return runs.alias(state=Concat(F("status"), Value(""))).filter(state=status)


def _walked(others: Parts, text: str) -> Window | None:
    """The words looked for in the newest of the others: all where these are few. None where that finds too little."""
    newest = _newest(others, _WALKED)
    fresh = set(searching.fresh(text))
    rows: list[tuple[int, str]] = []
    for start in range(0, len(newest.rows), MOST + 1):  # where all say it, the first are enough
        if len(rows) > MOST:
            break
        some = newest.rows[start : start + MOST + 1]
        said = fresh.union(searching.saying(text, [pk for pk, _status in some]))
        rows += [row for row in some if row[0] in said]
    window = Window(rows[:MOST], newest.is_all and len(rows) <= MOST)
    return window if newest.is_all or len(rows) >= _LEAST else None


def _sought(runs: QuerySet[Run], others: Parts, filters: Filters, most: int) -> Window:
    """The words looked for by their index."""
    found = searching.indexed(filters.q, most + _SPARE)
    known = {*found, *searching.fresh(filters.q)}
    if len(found) < most + _SPARE:
        return _newest(_among(others, pk__in=known), len(known))
    return _latest(others, known, min(found), most) or _newest(_among(others, searching.said(filters.q)), MOST)


def chosen(runs: QuerySet[Run], filters: Filters, window: Window) -> Window:
    """Those of the window that have the state that the filters name; where it is not all, that state's own newest."""
    if not filters.status:
        return window
    of_state = window.of(filters.status)
    return of_state if window.is_all or len(of_state.rows) >= _LEAST else read(runs, filters)


def kept(runs: QuerySet[Run], filters: Filters, among: list[int]) -> set[int]:
    """Which of these runs fit, whether or not a window reaches back to them."""
    if filters.q:
        among = [*{*among} & {*searching.saying(filters.q, among), *searching.fresh(filters.q)}]
    others = searching.matching(runs.filter(pk__in=among), replace(filters, q=""))
    return set(others.values_list("pk", flat=True))


def _among(parts: Parts, *fits: Q, **more: Any) -> Parts:
    going, ended = (part.filter(*fits, **more) for part in parts)
    return going, ended


def _newest(parts: Parts, most: int) -> Window:
    moment = _MOMENT[database.vendor]
    told = [part.order_by("-created_at", "-id").values_list(moment, "pk", "status")[: most + 1] for part in parts]
    rows = [(pk, status) for _at, pk, status in sorted(chain(*told), reverse=True)[: most + 1]]
    return Window(rows[:most], len(rows) <= most)


def _latest(others: Parts, known: Iterable[int], first: int, most: int) -> Window | None:
    """The newest among those that were known last, from `first` on. None where they are few: older ones stand between
    them, or something else narrows them.
    """
    before = (
        Run.objects.filter(pk__lt=first).order_by("-created_at", "-id").values_list("created_at", flat=True).first()
    )
    newer = _among(others, pk__in=known)
    window = _newest(newer if before is None else _among(newer, created_at__gt=before), most)
    return Window(window.rows, is_all=False) if len(window.rows) >= _LEAST else None
