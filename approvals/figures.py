"""What came of it, in numbers: waits, outcomes, costs, a person's own share. Reads; each number names its rows."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from approvals import digests
from approvals.digests import Row
from approvals.kinds import Kind
from approvals.models import Decision
from approvals.states import Outcome, Verdict
from runs.states import Status

DAYS = (7, 14, 30, 90)
DAYS_SHOWN = 14
SOON = 3  # steps after a resume within which waiting again counts as soon
READ_AT_MOST = 20_000  # decisions that one page of numbers is made of; the newest
SOON_WORDS, LATER_WORDS = "soon", "later"
CAME = (Outcome.FINISHED, SOON_WORDS, LATER_WORDS, Outcome.FAILED, Outcome.STOPPED, "")  # "": it goes on


@dataclass(frozen=True)
class Span:
    """Whole days in the reader's zone, the last one being today; told in buckets of a day or a week."""

    days: int
    since: datetime
    until: datetime

    @classmethod
    def last(cls, days: int, now: datetime | None = None) -> Span:
        today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(days, _midnight(today, 1 - days), _midnight(today, 1))

    @property
    def buckets(self) -> list[tuple[datetime, datetime]]:
        """Start and end of each: days, or weeks where there were too many days to draw."""
        width = 1 if self.days <= 31 else 7
        starts = list(range(0, self.days, width))
        return [(_midnight(self.since, n), min(_midnight(self.since, n + width), self.until)) for n in starts]


def _midnight(start: datetime, days: int) -> datetime:
    """So many days on, at midnight there: a day in which clocks change has 23 or 25 hours."""
    naive = start.replace(tzinfo=None) + timedelta(days=days)
    return naive.replace(tzinfo=timezone.get_current_timezone())


def rows(user: Any, span: Span) -> list[Row]:
    """The decisions of the span that took effect or still may, newest first."""
    return digests.rows(span.since, span.until, READ_AT_MOST) if user.has_perm("approvals.view_approval") else []


def _decisions(user: Any, span: Span) -> QuerySet[Decision]:
    seen = Decision.objects.filter(decided_at__gte=span.since, decided_at__lt=span.until)
    return seen if user.has_perm("approvals.view_approval") else seen.none()


def share(values: Sequence[float], part: float) -> float | None:
    """The value that this part of all values does not exceed (nearest rank); None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * part // 1) - 1))] if ordered else None


@dataclass(frozen=True)
class Waits:
    """How long it took to decide, in seconds."""

    kind: str
    count: int
    p50: float | None
    p95: float | None


def waits(found: Iterable[Row]) -> list[Waits]:
    """Of all kinds together first, then of each that there was, slowest first. Policies wait for nobody."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    for row in found:
        if row.decided_by is not None:
            by_kind[row.kind].append(row.waited)
    whole = [waited for each in by_kind.values() for waited in each]
    kinds = [_waits(kind, each) for kind, each in by_kind.items()]
    return [_waits("", whole), *sorted(kinds, key=lambda w: -(w.p95 or 0))]


def _waits(kind: str, values: list[float]) -> Waits:
    return Waits(kind, len(values), share(values, 0.5), share(values, 0.95))


def waits_over_time(found: Iterable[Row], span: Span) -> list[Waits]:
    """The same for each bucket of the span."""
    people = sorted((row.decided_at, row.waited) for row in found if row.decided_by is not None)
    ends = [(bisect_left(people, (start,)), bisect_left(people, (end,))) for start, end in span.buckets]
    return [_waits("", [waited for _at, waited in people[first:last]]) for first, last in ends]


@dataclass
class Came:
    """What came of the resumes of one kind: a count for each of CAME."""

    kind: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAME, 0))

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def _name_of(row: Row, soon: int) -> str:
    """One of CAME."""
    if row.outcome != Outcome.PARKED:
        return row.outcome
    return SOON_WORDS if row.steps is not None and row.steps <= soon else LATER_WORDS


def came(found: Iterable[Row], soon: int = SOON) -> list[Came]:
    """What came of the resumes, by kind, most first."""
    by_kind: dict[str, Came] = {}
    for row in found:
        if row.verdict == Verdict.RESUME:
            by_kind.setdefault(row.kind, Came(row.kind)).counts[_name_of(row, soon)] += 1
    return sorted(by_kind.values(), key=lambda each: -each.total)


@dataclass
class Price:
    """The runs on which was decided, and what their successes have cost: each run counts once."""

    name: str
    runs: int = 0
    succeeded: int = 0
    cents: int = 0

    @property
    def per_success(self) -> int | None:
        """Cents of all these runs over their successes, rounded up; None without a success."""
        return -(-self.cents // self.succeeded) if self.succeeded else None


def prices(found: Iterable[Row], by: str) -> list[Price]:
    """By `kind` or by `policy`, dearest first. Runs that still go on count with what they have cost so far."""
    made: dict[str, Price] = {}
    counted: set[tuple[str, int]] = set()
    for row in found:
        name = getattr(row, by)
        if not name or (name, row.run) in counted:
            continue
        counted.add((name, row.run))
        price = made.setdefault(name, Price(name))
        price.runs += 1
        price.cents += row.cost_cents
        price.succeeded += row.status == Status.SUCCEEDED
    return sorted(made.values(), key=lambda price: -price.cents)


@dataclass(frozen=True)
class Own:
    """A person's own resumes, for that person alone."""

    resumed: int
    unseen: int  # given while the frame was not on screen
    untold: int  # where nothing says whether it was: by the API, or before this was noted

    @property
    def share(self) -> int | None:
        """Percent of those of which it is known."""
        known = self.resumed - self.untold
        return round(100 * self.unseen / known) if known else None


def own(found: Iterable[Row], user: Any) -> Own:
    mine = [row for row in found if row.decided_by == user.pk and row.verdict == Verdict.RESUME]
    return Own(len(mine), sum(row.frame_open is False for row in mine), sum(row.frame_open is None for row in mine))


@dataclass(frozen=True)
class Spent:
    """What the runs that started in a bucket have cost: the sum of what upstream billed each of them."""

    start: datetime
    end: datetime
    runs: int
    cents: int


def spent(user: Any, span: Span) -> list[Spent]:
    """For each bucket."""
    buckets = span.buckets
    sums = digests.starts(buckets) if user.has_perm("runs.view_run") else [(0, 0)] * len(buckets)
    return [Spent(start, end, *each) for (start, end), each in zip(buckets, sums, strict=True)]


@dataclass(frozen=True)
class Narrowed:
    """The rows behind one number."""

    days: int = DAYS_SHOWN
    kind: str = ""
    came: str = "any"  # or one of CAME
    soon: int = SOON
    mine: bool = False
    unseen: bool = False
    policy: str = ""

    @classmethod
    def read(cls, given: Any) -> Narrowed:
        """From a query string's dictionary; odd values count as none."""
        kind, what = given.get("kind", ""), given.get("came", "any")
        return cls(
            days=_chosen(given.get("days"), DAYS, DAYS_SHOWN),
            kind=kind if kind in Kind.values else "",
            came=what if what in CAME else "any",
            soon=_chosen(given.get("soon"), range(1, 51), SOON),
            mine=given.get("mine") == "1",
            unseen=given.get("unseen") == "1",
            policy=given.get("policy", "").replace("\x00", "")[:200],
        )


def _chosen(said: Any, known: Sequence[int], default: int) -> int:
    return int(said) if str(said).isdecimal() and len(str(said)) < 4 and int(said) in known else default


def behind(user: Any, narrowed: Narrowed, now: datetime | None = None) -> QuerySet[Decision]:
    """The decisions behind a number, newest first."""
    found = _decisions(user, Span.last(narrowed.days, now)).exclude(digests.NO_EFFECT)
    if narrowed.kind:
        found = found.filter(approval__kind=narrowed.kind)
    if narrowed.came != "any":
        found = found.filter(_came(narrowed), verdict=Verdict.RESUME)
    if narrowed.mine:
        found = found.filter(decided_by=user, verdict=Verdict.RESUME)
    if narrowed.unseen:
        found = found.filter(seen_frame_open=False)
    if narrowed.policy:
        found = found.filter(policy__name=narrowed.policy)
    return found.order_by("-decided_at", "-pk")


def in_full() -> QuerySet[Decision]:
    """Decisions with all that a row of them tells."""
    return Decision.objects.select_related("approval__run", "decided_by", "policy")


def _came(narrowed: Narrowed) -> Q:
    soon = Q(outcome=Outcome.PARKED, outcome_steps__lte=narrowed.soon)
    if narrowed.came == SOON_WORDS:
        return soon
    return Q(outcome=Outcome.PARKED) & ~soon if narrowed.came == LATER_WORDS else Q(outcome=narrowed.came)
