"""What a list of runs is narrowed to: read from an address, told as one again, and found in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat, StrIndex
from django.utils import timezone

from runs import indexing, states, troubles, words
from runs.models import IS_LIVE, Connection, Label, Run, SearchState, SearchText
from runs.requests import findable

ELSEWHERE = "-"  # as `by`: runs that this console has not started
_MOST_WORDS = 8
_LATE = timedelta(seconds=60)
_NEW = 500  # this many runs before the newest that is indexed may be unknown to the index still
_MANY = 4_000  # runs with one label
_GAP = 500  # so many runs between those that say the very words are read for words that only begin so
_LAST = "SELECT rowid FROM runs_search WHERE runs_search MATCH %s ORDER BY rowid DESC LIMIT %s"
_FULL = {
    "sqlite": "SELECT rowid FROM runs_search WHERE runs_search MATCH %s",
    "postgresql": "SELECT run_id FROM runs_searchtext WHERE vector @@ %s::tsquery",
}
# What the index may not have yet is few: it is compared by itself, so that a run is found as soon as it is known.
_FRESH = (
    "SELECT r.id FROM runs_run r LEFT JOIN runs_searchtext s ON s.run_id = r.id WHERE {within} AND {likes}",
    "r.id IN (SELECT run_id FROM runs_searchtext WHERE NOT is_whole)",
    "s.run_id IS NULL AND r.id > %s",
)
_LIKE = "LOWER(r.task || ' ' || r.upstream_id || ' ' || r.machine_id || ' ' || r.awaiting_human_reason) LIKE %s"


@dataclass(frozen=True)
class Filters:
    """What a list of runs is narrowed to; `page` counts from 1. Empty means: not narrowed by this."""

    status: str = ""
    q: str = ""
    page: int = 1
    connection: str = ""  # a slug
    machine: str = ""
    by: str = ""  # who started it: a name, or ELSEWHERE
    trouble: str = ""
    cost: str = ""  # dollars at least, as typed
    since: str = ""  # days, inclusive
    until: str = ""
    meta: str = ""  # key=value
    batch: str = ""  # the gesture that started it

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filters:
        """From a query string's dictionary; odd values count as none."""
        told = {one.name: findable(str(given.get(one.name, ""))).strip()[:200] for one in fields(cls)}
        page = told.pop("page")
        if told["status"] not in {*states.Status.values, "live"}:
            told["status"] = ""
        if troubles.named(told["trouble"]) is None:
            told["trouble"] = ""
        told["cost"] = told["cost"] if _cents(told["cost"]) is not None else ""
        told["since"], told["until"] = (told[name] if _day(told[name]) else "" for name in ("since", "until"))
        told["meta"] = told["meta"] if "=" in told["meta"].strip("=") else ""
        return cls(page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 7 else 1, **told)

    def query(self, **changes: Any) -> str:
        """As a query string, without the page unless it is told."""
        changed = replace(self, **{"page": 1, **changes})
        told = {one.name: getattr(changed, one.name) for one in fields(self)}
        return urlencode({name: value for name, value in told.items() if value not in ("", 1)})

    @property
    def narrowed(self) -> list[str]:
        """The names of what is told beside the state and the search."""
        plain = {"status", "q", "page", "connection"}
        return [one.name for one in fields(self) if one.name not in plain and getattr(self, one.name)]


def matching(runs: QuerySet[Run], filters: Filters, cost: str = "cost_cents") -> QuerySet[Run]:
    """The runs that fit, in no order; `cost` is the column to ask, another one for runs that have ended."""
    if filters.q:
        runs = runs.filter(said(filters.q))
    if filters.connection:
        runs = runs.filter(connection__in=Connection.objects.filter(slug=filters.connection).values("pk"))
    if filters.machine:
        runs = runs.filter(machine_id=filters.machine)
    if filters.by:
        runs = runs.filter(Q(is_ours=False) if filters.by == ELSEWHERE else Q(started_by__in=_named(filters.by)))
    if (trouble := troubles.named(filters.trouble)) is not None:
        runs = runs.filter(trouble.rows)
    if (cents := _cents(filters.cost)) is not None:
        runs = runs.filter(**{f"{cost}__gte": cents})
    if filters.batch:
        runs = runs.filter(origin__gesture=filters.batch)
    runs = _between(runs, _day(filters.since), _day(filters.until))
    if filters.meta:
        runs = runs.filter(_labelled(filters.meta))
    if filters.status == "live":
        return runs.filter(IS_LIVE)
    return runs.filter(status=filters.status) if filters.status else runs


def _named(name: str) -> QuerySet[User, Any]:
    """Not joined: who has started few runs is then found through the index of people."""
    return User.objects.filter(username__iexact=name).values("pk")


def _labelled(meta: str) -> Q:
    """Runs with this pair in their metadata. Where they are many, each run is asked for it, else all are sought."""
    key, value = (part.strip() for part in meta.split("=", 1))
    labels = Label.objects.filter(key=key, value=value)
    are_many = labels[:_MANY].count() == _MANY
    known = Exists(labels.filter(run=OuterRef("pk"))) if are_many else Q(pk__in=labels.values("run"))
    told = Cast(KeyTextTransform(key, "metadata"), CharField())
    new = Run.objects.alias(told_value=told).filter(~Exists(labels.filter(run=OuterRef("pk"))), told_value=value)
    unread = [pk for part in _unread() for pk in new.filter(part).values_list("pk", flat=True)]
    return Q(known) | Q(pk__in=unread) if unread else Q(known)


def _unread() -> tuple[Q, Q]:
    """Runs that the index may not have whole, and such that it may not have yet; each found by an index of its own."""
    open_ones = SearchText.objects.filter(is_whole=False).values("run")
    return Q(pk__in=open_ones), Q(search_text=None, pk__gt=_long_known())


def _long_known() -> int:
    """Up to this run by pk the index is taken to know each. Asked by itself: in another question PostgreSQL can't tell
    how few come after it, and reads all.
    """
    return (SearchText.objects.order_by("-run").values_list("run_id", flat=True).first() or 0) - _NEW


def said(text: str) -> Q:
    """Runs in whose task, ids, reasons, outcome or events each of these words, or one that begins so, stands."""
    looked_for = _looked_for(text)
    if not looked_for:
        return Q(pk__in=[])
    fresh, parameters = _fresh(looked_for)
    statement = f"{_FULL[database.vendor]} UNION {fresh}"
    return Q(pk__in=RawSQL(statement, [_full(looked_for), *parameters]))  # noqa: S611 (words are parameters)


def indexed(text: str, most: int) -> list[int]:
    """The runs that `said` means, as far as the index knows them: those that the console came to know last.

    All from the earliest of them on; fewer than `most` are all that there are.
    """
    looked_for = _looked_for(text)
    return _ids(f"{_FULL[database.vendor]} ORDER BY 1 DESC LIMIT %s", [_full(looked_for), most]) if looked_for else []


def lately(text: str, most: int) -> list[int]:
    """So many as `indexed` tells or some more, where the very words stand in so many that it is known at once.

    SQLite only: its index tells words in the order of runs, but not what begins so.
    """
    looked_for = _looked_for(text)
    if not looked_for:
        return []
    whole = _ids(_LAST, [" AND ".join(f'"{word}"' for word in looked_for), most])
    rest = _between_them(whole) if len(whole) == most else None
    return [] if rest is None else [*whole, *saying(text, rest)]


def saying(text: str, among: list[int]) -> list[int]:
    """The runs among these in which the words stand, or such that begin so: each is read for them."""
    looked_for = _looked_for(text)
    said = Concat(Value(" "), "words")
    places = {f"place_{n}": StrIndex(said, Value(f" {word}")) for n, word in enumerate(looked_for)}
    texts = SearchText.objects.filter(run__in=among).alias(**places)
    found = texts.filter(**{f"{place}__gt": 0 for place in places})
    return list(found.values_list("run_id", flat=True)) if looked_for else []


def _between_them(found: list[int]) -> list[int] | None:
    """The runs known since the earliest of these that are not among them; None where they are many."""
    if max(found) - min(found) > 2 * len(found) + _GAP:
        return None
    since = SearchText.objects.filter(run__gte=min(found)).values_list("run_id", flat=True)[: len(found) + _GAP + 1]
    rest = set(since) - set(found)
    return list(rest) if len(rest) <= _GAP else None


def fresh(text: str) -> list[int]:
    """The runs that `said` means among those that the index may not know yet: they are few."""
    looked_for = _looked_for(text)
    return _ids(*_fresh(looked_for)) if looked_for else []


def _ids(statement: str, parameters: list[Any]) -> list[int]:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [pk for (pk,) in cursor.fetchall()]


def _looked_for(text: str) -> list[str]:
    return list(dict.fromkeys(words.of(text)))[:_MOST_WORDS]


def _fresh(looked_for: list[str]) -> tuple[str, list[Any]]:
    likes = [f"%{word}%" for word in looked_for]
    select, still_open, unknown = _FRESH
    conditions = " AND ".join([_LIKE] * len(likes))
    parts = [select.format(within=where, likes=conditions) for where in (still_open, unknown)]
    return " UNION ".join(parts), [*likes, _long_known(), *likes]


def _full(looked_for: list[str]) -> str:
    return " AND ".join(f'"{word}"*' for word in looked_for) if database.vendor == "sqlite" else _tsquery(looked_for)


def _tsquery(looked_for: list[str]) -> str:
    return " & ".join(f"'{word}':*" for word in looked_for)


@dataclass(frozen=True)
class Standing:
    """How far the words of events are searchable: `runs` are behind; what was stored before `at` is there."""

    runs: int
    at: datetime | None
    is_late: bool


def standing(now: datetime) -> Standing:
    state = SearchState.objects.filter(pk=1).first()
    at = state.indexed_at if state else None
    return Standing(indexing.behind(), at, at is None or at < now - _LATE)


def _between(runs: QuerySet[Run], since: date | None, until: date | None) -> QuerySet[Run]:
    if since:
        runs = runs.filter(created_at__gte=_midnight(since))
    return runs.filter(created_at__lt=_midnight(until + timedelta(days=1))) if until else runs


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9999 else None


def _cents(dollars: str) -> int | None:
    try:
        found = Decimal(dollars.strip().lstrip("$").replace(",", "."))
    except (InvalidOperation, ValueError):
        return None
    return int((found * 100).to_integral_value()) if found.is_finite() and 0 <= found < 10**7 else None
