"""Digests: the decisions and starts of days that are over and can't change any more. The only writer of Digest.

A day is kept once all that was decided on it has its outcome, and all that began on it has ended. Every other moment
is read fresh, so are runs that came to be known later: what is told is always what the rows say.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast

from approvals.models import Decision, Digest
from approvals.states import Delivery, Outcome
from approvals.tallies import QUARTER, Row, Tally, midnight
from runs import states
from runs.models import Run

DAYS_KEPT = 92  # the longest span, and its ends in any zone
AT_ONCE = 5  # days made in one pass
_SETTLED = timedelta(hours=1)  # so long after all has ended a late report is no longer waited for
_CHECKED_EACH = timedelta(days=1)
_MANY = 500  # runs above a digest before it is looked whether one of them belongs to it
NO_EFFECT = Q(outcome=Outcome.VOID) | Q(delivery__in=[d for d in Delivery.values if d in ("refused", "recalled")])
# Times as text: what Django makes of them by itself takes longer than reading all the rest.
_TIMES = {"opened": Cast("approval__opened_at", CharField()), "decided": Cast("decided_at", CharField())}
_FIELDS = (
    "approval__kind", "verdict", "outcome", "outcome_steps", "opened", "decided", "decided_by_id", "policy_id",
    "seen_frame_open", "approval__run_id", "approval__run__status", "approval__run__cost_cents",
)  # fmt: skip

Range = tuple[datetime, datetime]


def tallies(since: datetime, until: datetime) -> list[Tally]:
    """The decisions of the span that took effect or still may, a tally for each day (UTC) that has some."""
    held = _held(since, until).values_list("day", "decisions")
    kept = [(day, text) for day, text in held if since <= midnight(day) and _end(day) <= until and text[0] == "{"]
    gaps = _gaps([day for day, _text in kept], since, until)
    fresh: dict[date, list[Row]] = defaultdict(list)
    for row in _rows(gaps) if gaps else ():
        fresh[_day(row.decided_at)].append(row)
    return [Tally.read(*each) for each in kept] + [Tally.of(*each) for each in fresh.items()]


def _rows(ranges: Iterable[Range]) -> Iterator[Row]:
    during = Q()
    for start, end in ranges:
        during |= Q(decided_at__gte=start, decided_at__lt=end)
    found = Decision.objects.filter(during).exclude(NO_EFFECT).annotate(**_TIMES).order_by()
    for kind, verdict, outcome, steps, opened, decided, *rest in found.values_list(*_FIELDS):
        yield Row(kind, verdict, outcome, steps, _moment(opened), _moment(decided), *rest)


def _moment(told: str) -> datetime:
    found = datetime.fromisoformat(told)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def starts(buckets: list[Range]) -> list[tuple[int, int]]:
    """For each bucket, which follow one another: how many runs began in it, and the cents they have cost."""
    since, until = buckets[0][0], buckets[-1][1]
    held = list(_held(since, until).values_list("day", "starts", "runs_until"))
    sums = _fresh(buckets, _gaps([day for day, *_rest in held], since, until))
    began = [(at, runs, cents) for day, text, _until in held for at, runs, cents in _opened(day, text)]
    began += _late({day: newest for day, _text, newest in held})
    began.sort()
    at = 0
    for n, (start, end) in enumerate(buckets):
        while at < len(began) and began[at][0] < end:
            moment, runs, cents = began[at]
            at += 1
            if moment >= start:
                sums[n] = (sums[n][0] + runs, sums[n][1] + cents)
    return sums


def _opened(day: date, text: str) -> Iterator[tuple[datetime, int, int]]:
    start = midnight(day)
    for quarter, runs, cents in json.loads(text):
        yield start + quarter * QUARTER, runs, cents


def _late(newest: dict[date, int]) -> list[tuple[datetime, int, int]]:
    """Runs of kept days of which was heard only after those were made."""
    if not newest:
        return []
    # By key alone: asked for their days too, SQLite may walk all that began on them.
    runs = Run.objects.filter(pk__gt=min(newest.values())).order_by().values_list("pk", "created_at", "cost_cents")
    return [(at, 1, cents) for pk, at, cents in runs if pk > newest.get(_day(at), pk)]


def _fresh(buckets: list[Range], gaps: list[Range]) -> list[tuple[int, int]]:
    """The sums of what no digest holds, by an index each, all in one question: the whole is never walked."""
    found = [(0, 0)] * len(buckets)
    parts = [
        _sums(n, max(start, since), min(end, until))
        for n, (start, end) in enumerate(buckets)
        for since, until in gaps
        if start < until and since < end
    ]
    for n, runs, cents in parts[0].union(*parts[1:], all=True) if parts else ():
        found[n] = (found[n][0] + runs, found[n][1] + (cents or 0))
    return found


def _sums(bucket: int, since: datetime, until: datetime) -> QuerySet[Run, Any]:
    runs = Run.objects.filter(created_at__gte=since, created_at__lt=until).order_by().values(n=Value(bucket))
    return runs.annotate(runs=Count("id"), cents=Sum("cost_cents")).values_list("n", "runs", "cents")


def _held(since: datetime, until: datetime) -> QuerySet[Digest]:
    last = until - timedelta(microseconds=1)
    return Digest.objects.filter(day__gte=_day(since), day__lte=_day(last)).order_by("-day")


def _gaps(held: Iterable[date], since: datetime, until: datetime) -> list[Range]:
    """What of the span lies on no day that is held."""
    gaps, at = [], since
    for day in sorted(held):
        if at < midnight(day):
            gaps.append((at, midnight(day)))
        at = max(at, _end(day))
    return [*gaps, (at, until)] if at < until else gaps


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _end(day: date) -> datetime:
    return midnight(day + timedelta(days=1))


def keep(now: datetime) -> int:
    """Make some of the days that are missing, drop those that gained a run, check the one that waits longest for it;
    how many days were made, dropped or found to differ.
    """
    newest = _newest_run(now)
    last = _day(now - _SETTLED) - timedelta(days=1)
    Digest.objects.filter(day__lte=last - timedelta(days=DAYS_KEPT)).delete()
    dropped = _drop(newest)
    held = set(Digest.objects.values_list("day", flat=True))
    made = 0
    for day in (last - timedelta(days=n) for n in range(DAYS_KEPT)):
        if made < AT_ONCE and day not in held and _is_final(day, newest, now):
            made += len(Digest.objects.bulk_create([_made(day, newest, now)], ignore_conflicts=True))
    return dropped + made + check(now)


def check(now: datetime) -> int:
    """Compare the digest that was not for longest with its rows, and mend it; how many differed."""
    old = Digest.objects.filter(checked_at__lt=now - _CHECKED_EACH).order_by("checked_at").first()
    if old is None:
        return 0
    new, mine = _made(old.day, old.runs_until, now), Digest.objects.filter(pk=old.pk, checked_at=old.checked_at)
    if not _is_final(old.day, old.runs_until, now):
        return mine.delete()[0]
    if (new.decisions, new.starts) == (old.decisions, old.starts):
        mine.update(checked_at=now)
        return 0
    return mine.update(decisions=new.decisions, starts=new.starts, checked_at=now)


def forget(run: Run) -> None:
    """A run that had ended moves after all: the days that hold it are read fresh until they are made anew."""
    at = Decision.objects.filter(approval__run=run).values_list("decided_at", flat=True)
    Digest.objects.filter(day__in={_day(moment) for moment in (run.created_at, *at)}).delete()


def _newest_run(now: datetime) -> int:
    """The key up to which no run can appear any more: one that is being written has a later one."""
    known = Run.objects.filter(seen_at__lt=now - _SETTLED).order_by("-pk").values_list("pk", flat=True)
    return known.first() or 0


def _drop(newest: int) -> int:
    """Days with a run above their mark go, to be made anew; of the others the mark moves up."""
    behind = dict(Digest.objects.filter(runs_until__lt=newest - _MANY).values_list("day", "runs_until"))
    if not behind:
        return 0
    above = Run.objects.filter(pk__gt=min(behind.values()), pk__lte=newest).order_by()
    gained = {_day(at) for pk, at in above.values_list("pk", "created_at") if pk > behind.get(_day(at), pk)}
    gone, _each = Digest.objects.filter(day__in=gained).delete()
    Digest.objects.filter(day__in=set(behind) - gained, runs_until__lt=newest).update(runs_until=newest)
    return gone


def _is_final(day: date, newest: int, now: datetime) -> bool:
    """Whether nothing that a digest holds can change any more, and it would hold all."""
    began = Run.objects.filter(created_at__gte=midnight(day), created_at__lt=_end(day))
    moving = ~Q(status__in=states.TERMINAL) | Q(finished_at__gte=now - _SETTLED)
    if began.filter(moving | Q(pk__gt=newest)).exists():
        return False
    decided = Decision.objects.filter(decided_at__gte=midnight(day), decided_at__lt=_end(day))
    runs = ~Q(approval__run__status__in=states.TERMINAL) | Q(approval__run__finished_at__gte=now - _SETTLED)
    return not decided.filter(Q(outcome="") | runs).exists()


def _made(day: date, newest: int, now: datetime) -> Digest:
    """The digest of a day as the rows stand."""
    quarters: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    began = Run.objects.filter(pk__lte=newest, created_at__gte=midnight(day), created_at__lt=_end(day))
    for at, cents in began.values_list("created_at", "cost_cents"):
        quarter = quarters[(at - midnight(day)) // QUARTER]
        quarter[0] += 1
        quarter[1] += cents
    decided = Tally.of(day, _rows([(midnight(day), _end(day))]), _alone(day))
    return Digest(
        day=day, decisions=decided.told(), runs_until=newest, checked_at=now,
        starts=json.dumps([[n, *sums] for n, sums in sorted(quarters.items())], separators=(",", ":")),
    )  # fmt: skip


def _alone(day: date) -> set[int]:
    """The runs that were decided on this day and on no other."""
    here = Decision.objects.filter(decided_at__gte=midnight(day), decided_at__lt=_end(day))
    # Their days are compared here: asked for others than this, SQLite may walk all decisions.
    theirs = Decision.objects.filter(approval__run__in=here.values("approval__run")).order_by()
    days: dict[int, set[date]] = defaultdict(set)
    for run, at in theirs.values_list("approval__run_id", "decided_at"):
        days[run].add(_day(at))
    return {run for run, found in days.items() if found == {day}}
