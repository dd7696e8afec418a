"""The ledger: books what upstream has billed for each run, to the day. The only writer of Account and Charge.

Billing is a running total a run. Whatever a run cost beyond what is booked already goes to the day on which it was
told, so that the charges of a run add up to its cost at any time, even where that goes down at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from runs import states
from runs.models import Account, Charge, Connection, Run

_AT_ONCE = 500  # runs in one pass
_IN_ONE = 100  # in one transaction: the journal writes between two
_SETTLED = timedelta(minutes=10)  # so long after its end a run's cost is looked at each time


def book(now: datetime) -> int:
    """Book what runs under way, new ones and those that have just ended have cost since; how many were booked."""
    new = list(Run.objects.filter(account=None).order_by("-id").values_list("pk", flat=True)[:_AT_ONCE])
    open_ones = Account.objects.filter(is_closed=False)
    settled = Q(run__finished_at__lt=now - _SETTLED)
    due = open_ones.filter(settled | ~Q(cents=F("run__cost_cents"))).values_list("pk", flat=True)[:_AT_ONCE]
    return _book([*new, *due], now)


def compare(now: datetime) -> int:
    """Look at closed accounts too, and book what differs; how many did."""
    differing = Account.objects.exclude(cents=F("run__cost_cents")).values_list("pk", flat=True)
    return _book(list(differing[:_AT_ONCE]), now)


def _book(runs: Iterable[int], now: datetime) -> int:
    pks = list(runs)
    for at in range(0, len(pks), _IN_ONE):
        _book_some(pks[at : at + _IN_ONE], now)
    return len(pks)


@transaction.atomic
def _book_some(pks: list[int], now: datetime) -> None:
    """In a few statements, whatever their number. The accounts are locked first: what a run cost is read under it."""
    known = set(Account.objects.filter(pk__in=pks).values_list("pk", flat=True))
    Account.objects.bulk_create([Account(run_id=pk) for pk in pks if pk not in known], ignore_conflicts=True)
    accounts = {row.pk: row for row in Account.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
    runs = Run.objects.only("status", "cost_cents", "finished_at", "last_event_at", "connection").in_bulk(pks)
    changed, costs = [], {}
    for pk, account in accounts.items():
        run = runs[pk]
        if more := run.cost_cents - account.cents:
            costs[run.pk, _day(run, now)] = more
        is_closed = run.finished_at is not None and run.is_terminal and run.finished_at < now - _SETTLED
        if more or is_closed != account.is_closed:
            account.cents, account.is_closed = run.cost_cents, is_closed
            changed.append(account)
    Account.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["run"], update_fields=["cents", "is_closed"]
    )
    _charge(runs, costs)


def _charge(runs: dict[int, Run], costs: dict[tuple[int, date], int]) -> None:
    """Add to what each run cost on its day."""
    rows = Charge.objects.filter(run__in={pk for pk, _day in costs}, day__in={day for _pk, day in costs})
    booked = {(row.run_id, row.day): row.cents for row in rows}
    Charge.objects.bulk_create(
        [
            Charge(run_id=pk, connection_id=runs[pk].connection_id, day=day, cents=booked.get((pk, day), 0) + more)
            for (pk, day), more in costs.items()
        ],
        update_conflicts=True,
        unique_fields=["run", "day"],
        update_fields=["cents"],
    )


def _day(run: Run, now: datetime) -> date:
    """The day on which upstream told of it, which for a run that is found late lies in the past."""
    at = (run.finished_at if run.is_terminal else None) or run.last_event_at or now
    return day_of(min(at, now))


def day_of(at: datetime) -> date:
    """The console's day, whoever asks: a budget is the same for people of all zones."""
    return timezone.localdate(at, timezone.get_default_timezone())


def spent(since: date, until: date, connection: Connection | None = None) -> int:
    """Cents that were booked on these days, the last one included."""
    rows = Charge.objects.filter(day__gte=since, day__lte=until)
    rows = rows.filter(connection=connection) if connection else rows
    return rows.aggregate(cents=Sum("cents"))["cents"] or 0


def unbooked(connection: Connection | None = None) -> int:
    """Cents of runs that have ended since the last booking: nearly always none."""
    rows = Account.objects.filter(is_closed=False, run__status__in=states.TERMINAL)
    rows = rows.filter(run__connection=connection) if connection else rows
    return rows.aggregate(cents=Sum(F("run__cost_cents") - F("cents")))["cents"] or 0


def spent_by(since: date, until: date) -> dict[int, int]:
    """The same for each connection that has any, by its key; one query."""
    rows = Charge.objects.filter(day__gte=since, day__lte=until).order_by().values_list("connection")
    return dict(rows.annotate(sum=Sum("cents")))


def unbooked_by() -> dict[int, int]:
    """What `unbooked` says, for each connection that has any, by its key."""
    rows = Account.objects.filter(is_closed=False, run__status__in=states.TERMINAL).order_by()
    return dict(rows.values_list("run__connection").annotate(sum=Sum(F("run__cost_cents") - F("cents"))))


@dataclass(frozen=True)
class Totals:
    """What upstream has billed for all runs, and what is booked of it."""

    billed: int
    booked: int


def totals() -> Totals:
    """Each part by an index of its own: the rows of runs are many and wide."""
    going, ended = (
        Run.objects.filter(finished_at=None, events_until=None),
        Run.objects.filter(finished_at__isnull=False),
    )
    parts = [(going, "cost_cents"), (ended, "ended_cents"), (Charge.objects.all(), "cents")]
    under_way, over, booked = (rows.aggregate(sum=Sum(column))["sum"] or 0 for rows, column in parts)
    return Totals(under_way + over, booked)
