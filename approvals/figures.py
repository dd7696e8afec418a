"""What came of it, in numbers: waits, outcomes, costs, a person's own share. Reads; each number names its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from approvals import digests
from approvals.kinds import Kind
from approvals.models import Decision, Policy
from approvals.states import Outcome, Verdict
from approvals.tallies import MOST_STEPS, Tally, midnight
from runs import paging

DAYS = (7, 14, 30, 90)
DAYS_SHOWN = 14
SOON = 3  # steps after a resume within which waiting again counts as soon
SOON_WORDS, LATER_WORDS = "soon", "later"
_DAY = timedelta(days=1)
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


def tallies(user: Any, span: Span) -> list[Tally]:
    """What was decided in the span and took effect or still may, by days."""
    return digests.tallies(span.since, span.until) if user.has_perm("approvals.view_approval") else []


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


def waits(found: Iterable[Tally]) -> list[Waits]:
    """Of all kinds together first, then of each that there was, slowest first. Policies wait for nobody."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for tally in found:
        for kind, (_quarters, waited) in tally.waits.items():
            by_kind[kind] += waited
    whole = [waited for each in by_kind.values() for waited in each]
    kinds = [_waits(kind, each) for kind, each in by_kind.items()]
    return [_waits("", whole), *sorted(kinds, key=lambda w: (-(w.p95 or 0), w.kind))]


def _waits(kind: str, values: list[int]) -> Waits:
    return Waits(kind, len(values), share(values, 0.5), share(values, 0.95))


def waits_over_time(found: Iterable[Tally], span: Span) -> list[Waits]:
    """The same for each bucket of the span."""
    buckets = [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in span.buckets]
    waited: list[list[int]] = [[] for _bucket in buckets]
    for tally in found:
        begins = midnight(tally.day)
        for each, (start, end) in zip(waited, buckets, strict=True):
            if start < begins + _DAY and begins < end:
                each.extend(tally.waited(start, end))
    return [_waits("", each) for each in waited]


@dataclass
class Came:
    """What came of the resumes of one kind: a count for each of CAME."""

    kind: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAME, 0))

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def _name_of(outcome: str, steps: int, soon: int) -> str:
    """One of CAME."""
    if outcome != Outcome.PARKED:
        return outcome
    return SOON_WORDS if steps <= soon else LATER_WORDS


def came(found: Iterable[Tally], soon: int = SOON) -> list[Came]:
    """What came of the resumes, by kind, most first."""
    by_kind: dict[str, Came] = {}
    for tally in found:
        for kind, outcome, steps, count in tally.came:
            by_kind.setdefault(kind, Came(kind)).counts[_name_of(outcome, steps, soon)] += count
    return sorted(by_kind.values(), key=lambda each: (-each.total, each.kind))


@dataclass
class Price:
    """The runs on which was decided, and what their successes have cost: each run counts once."""

    key: str  # a kind, or a policy's pk
    name: str
    runs: int = 0
    succeeded: int = 0
    cents: int = 0

    @property
    def per_success(self) -> int | None:
        """Cents of all these runs over their successes, rounded up; None without a success."""
        return -(-self.cents // self.succeeded) if self.succeeded else None

    def add(self, runs: int, succeeded: int, cents: int) -> None:
        self.runs += runs
        self.succeeded += succeeded
        self.cents += cents


def prices(found: Iterable[Tally], by: str) -> list[Price]:
    """By `kind` or by `policy`, dearest first. Runs that still go on count with what they have cost so far."""
    names: dict[Any, Any] = dict(Policy.objects.values_list("pk", "name")) if by == "policy" else dict(Kind.choices)
    made: dict[Any, Price] = {}
    shared: dict[tuple[Any, int], tuple[int, int, int]] = {}
    for tally in found:
        for key, *sums in tally.policies if by == "policy" else tally.kinds:
            _price(made, key, names).add(*sums)
        for run, succeeded, cents, kinds, policies in tally.shared:
            shared |= {(key, run): (1, succeeded, cents) for key in (policies if by == "policy" else kinds)}
    for (key, _run), each in shared.items():
        _price(made, key, names).add(*each)
    return sorted(made.values(), key=lambda price: (-price.cents, price.key))


def _price(made: dict[Any, Price], key: Any, names: dict[Any, str]) -> Price:
    return made.setdefault(key, Price(str(key), str(names.get(key, ""))))


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


def own(found: Iterable[Tally], user: Any) -> Own:
    mine = [sums for tally in found for person, *sums in tally.own if person == user.pk]
    return Own(*(sum(each[n] for each in mine) for n in range(3)))


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
    people: bool = False  # what people decided, no policy
    mine: bool = False
    frame: str = ""  # of one's own: unseen, untold
    policy: int = 0
    once: bool = False  # each run by the last decision on it alone

    @classmethod
    def read(cls, given: Any) -> Narrowed:
        """From a query string's dictionary; odd values count as none."""
        kind, what, frame = given.get("kind", ""), given.get("came", "any"), given.get("frame", "")
        return cls(
            days=_chosen(given.get("days"), DAYS, DAYS_SHOWN),
            kind=kind if kind in Kind.values else "",
            came=what if what in CAME else "any",
            soon=_chosen(given.get("soon"), range(1, MOST_STEPS + 1), SOON),
            people=given.get("people") == "1",
            mine=given.get("mine") == "1",
            frame=frame if frame in {"unseen", "untold"} else "",
            policy=paging.whole(given.get("policy", "")),
            once=given.get("once") == "1",
        )


def _chosen(said: Any, known: Sequence[int], default: int) -> int:
    return int(said) if str(said).isdecimal() and len(str(said)) < 4 and int(said) in known else default


def behind(user: Any, narrowed: Narrowed, now: datetime | None = None) -> QuerySet[Decision]:
    """The decisions behind a number, newest first."""
    found = _narrow(_decisions(user, Span.last(narrowed.days, now)).exclude(digests.NO_EFFECT), narrowed, user)
    if narrowed.once:
        later = Q(decided_at__gt=OuterRef("decided_at")) | Q(decided_at=OuterRef("decided_at"), pk__gt=OuterRef("pk"))
        found = found.filter(~Exists(found.filter(later, approval__run=OuterRef("approval__run"))))
    return found.order_by("-decided_at", "-pk")


def _narrow(found: QuerySet[Decision], narrowed: Narrowed, user: Any) -> QuerySet[Decision]:
    if narrowed.kind:
        found = found.filter(approval__kind=narrowed.kind)
    if narrowed.came != "any":
        found = found.filter(_came(narrowed), verdict=Verdict.RESUME)
    if narrowed.people:
        found = found.filter(decided_by__isnull=False)
    if narrowed.mine:
        found = found.filter(decided_by=user, verdict=Verdict.RESUME)
    if narrowed.frame:
        found = found.filter(seen_frame_open=False if narrowed.frame == "unseen" else None)
    return found.filter(policy=narrowed.policy) if narrowed.policy else found


def in_full() -> QuerySet[Decision]:
    """Decisions with all that a row of them tells."""
    return Decision.objects.select_related("approval__run", "decided_by", "policy")


def _came(narrowed: Narrowed) -> Q:
    soon = Q(outcome=Outcome.PARKED, outcome_steps__lte=narrowed.soon)
    if narrowed.came == SOON_WORDS:
        return soon
    return Q(outcome=Outcome.PARKED) & ~soon if narrowed.came == LATER_WORDS else Q(outcome=narrowed.came)
