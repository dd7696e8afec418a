"""Budgets: what may be spent a run, a day, a month or in all. They warn, keep runs from starting, or cancel them.

A start reserves its worst case: a budget that stops is never promised away. What is under way counts with what it
cost and with what it may still cost; runs that were started elsewhere count too, but nothing here can stop those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, ExpressionWrapper, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from coasty_api import errors
from live import publish, topics
from runs import audit, spending, states
from runs.models import Budget, BudgetNote, Connection, Run, Starting, step_cents
from runs.steps import money

REACHED = "BUDGET_REACHED"
DEFAULT_STEPS = 50  # upstream's own, sent always: else the worst case were not known
CHEAPEST_STEP = 5
_STOPS = (Budget.Act.STOP, Budget.Act.CANCEL)
_WHOLE = IntegerField()


class OverBudget(errors.Conflict):
    """A budget keeps this run from starting."""


class Refused(ValueError):
    """One sentence that says why, and the field that it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Standing:
    """How a budget stands: spent in its period, promised beyond that to what is under way, both in cents."""

    budget: Budget
    spent: int
    promised: int

    @property
    def left(self) -> int:
        return max(0, self.budget.limit_cents - self.spent - self.promised)

    @property
    def percent(self) -> int:
        return self.spent * 100 // self.budget.limit_cents

    @property
    def bar(self) -> int:
        """The share that is spent, as a bar shows it."""
        return min(100, self.percent)

    @property
    def bar_with_promised(self) -> int:
        return min(100, (self.spent + self.promised) * 100 // self.budget.limit_cents)

    @property
    def is_reached(self) -> bool:
        return self.spent + CHEAPEST_STEP > self.budget.limit_cents

    @property
    def is_near(self) -> bool:
        return self.spent >= self.budget.warn_cents

    @property
    def stops(self) -> bool:
        return self.budget.act in _STOPS

    @property
    def is_full(self) -> bool:
        """Whether nothing may start although less was spent: the rest is promised."""
        return self.stops and self.left < CHEAPEST_STEP


def worst_case(body: dict[str, Any]) -> int:
    """What a run of these fields of POST /v1/runs may cost at most."""
    return int(body.get("max_steps") or DEFAULT_STEPS) * step_cents(str(body.get("cua_version") or ""))


def still_to_come(run: str = "", paid: str = "cost_cents") -> Sum:
    """The sum of what runs may cost beyond `paid`; `run` is the way to them, as `run__`."""
    price = Case(When(**{f"{run}cua_version": "v1"}, then=Value(8)), default=Value(CHEAPEST_STEP), output_field=_WHOLE)
    count = Coalesce(F(f"{run}max_steps"), Value(DEFAULT_STEPS), output_field=_WHOLE)
    worst = Greatest(ExpressionWrapper(count * price, output_field=_WHOLE), F(f"{run}cost_cents"), output_field=_WHOLE)
    already = Coalesce(F(f"{run}{paid}"), Value(0), output_field=_WHOLE)
    return Sum(ExpressionWrapper(worst - already, output_field=_WHOLE))


def of(connection: Connection | None) -> QuerySet[Budget]:
    """The enabled budgets that runs of this connection count against; without one: those of all together."""
    rows = Budget.objects.filter(is_enabled=True).select_related("connection")
    return rows.filter(Q(connection=None) | Q(connection=connection))


def any_stops(connection: Connection) -> bool:
    return of(connection).filter(act__in=_STOPS).exists()


def check(connection: Connection, cents: int, key: str, now: datetime) -> None:
    """OverBudget when a run that may cost so much could exceed one. In the transaction that reserves its place.

    The budgets' rows are locked, so that of two starts the second sees what the first has reserved.
    """
    for budget in of(connection).filter(act__in=_STOPS).select_for_update(of=("self",)).order_by("pk"):
        if budget.period == Budget.Period.RUN:
            _check_run(budget, cents)
            continue
        stands = standing(budget, now, without=key)
        if cents > stands.left:
            raise OverBudget(_over(stands, cents), code=REACHED)


def _check_run(budget: Budget, cents: int) -> None:
    if cents > budget.limit_cents:
        said = _("Nothing was started: this run may cost %(cost)s, and the budget “%(name)s” allows %(limit)s a run. "
                 "Let it take fewer steps.")  # fmt: skip
        told = {"cost": money(cents), "name": budget.name, "limit": money(budget.limit_cents)}
        raise OverBudget(said % told, code=REACHED)


def _over(stands: Standing, cents: int) -> str:
    said = _("Nothing was started: of the budget “%(name)s” (%(limit)s, %(period)s) %(spent)s are spent and "
             "%(promised)s are promised to runs under way. %(left)s are left; this run may cost %(cost)s.")  # fmt: skip
    budget = stands.budget
    return said % {
        "name": budget.name, "limit": money(budget.limit_cents), "period": budget.get_period_display(),
        "spent": money(stands.spent), "promised": money(stands.promised), "left": money(stands.left),
        "cost": money(cents),
    }  # fmt: skip


def standing(budget: Budget, now: datetime, without: str = "") -> Standing:
    """How a budget of a period stands; a start of the key `without` is not counted as under way."""
    since, until = _days(budget, now)
    live, starting = Run.objects.live(), _starting(now).exclude(key=without)
    if budget.connection_id:
        live, starting = live.filter(connection=budget.connection_id), starting.filter(connection=budget.connection_id)
    to_come = live.aggregate(cents=still_to_come(paid="account__cents"))["cents"] or 0
    reserved = starting.aggregate(cents=Sum("cents"))["cents"] or 0
    unbooked = spending.unbooked(budget.connection)
    return Standing(budget, spending.spent(since, until, budget.connection) + unbooked, to_come + reserved)


def _days(budget: Budget, now: datetime) -> tuple[date, date]:
    today = spending.day_of(now)
    match budget.period:
        case Budget.Period.DAY:
            return today, today
        case Budget.Period.MONTH:
            return today.replace(day=1), today
    return spending.day_of(budget.made_at), today


def _period(budget: Budget, now: datetime) -> str:
    since, _until = _days(budget, now)
    return since.isoformat()[: 10 if budget.period == Budget.Period.DAY else 7] if budget.period != "total" else "total"


def standings(now: datetime, connection: Connection | None = None) -> list[Standing]:
    """How the budgets that concern a connection stand; without one, all of them. Those a run are left out."""
    rows = of(connection) if connection else Budget.objects.filter(is_enabled=True).select_related("connection")
    found = list(rows.exclude(period=Budget.Period.RUN))
    if len(found) < 2:
        return [standing(budget, now) for budget in found]
    promised = _sums(_to_come_by(), _reserved_by(now))
    unbooked, spent = spending.unbooked_by(), {}
    for days in {_days(budget, now) for budget in found}:
        spent[days] = _sums(spending.spent_by(*days), unbooked)
    return [Standing(each, spent[_days(each, now)](each), promised(each)) for each in found]


def _to_come_by() -> dict[int, int]:
    rows = Run.objects.live().order_by().values_list("connection")
    return dict(rows.annotate(cents_to_come=still_to_come(paid="account__cents")))


def _starting(now: datetime) -> QuerySet[Starting]:
    return Starting.objects.filter(at__gte=now - Starting.LOST_AFTER)


def _reserved_by(now: datetime) -> dict[int, int]:
    return dict(_starting(now).order_by().values_list("connection").annotate(sum=Sum("cents")))


def _sums(*parts: dict[int, int]) -> Callable[[Budget], int]:
    """Cents by connection, as a budget counts them: of its own, or of all together."""

    def of_budget(budget: Budget) -> int:
        if budget.connection_id:
            return sum(part.get(budget.connection_id) or 0 for part in parts)
        return sum(cents or 0 for part in parts for cents in part.values())

    return of_budget


def near(now: datetime, connection: Connection | None = None) -> list[Standing]:
    """Those that people should know of: nearly spent, spent, or promised away."""
    return [stands for stands in standings(now, connection) if stands.is_near or stands.is_full]


def near_of_run(run: Run) -> list[Standing]:
    """The budgets a run that this one has nearly used up, or has."""
    rows = of(run.connection).filter(period=Budget.Period.RUN)
    found = [Standing(budget, run.cost_cents, 0) for budget in rows]
    return [stands for stands in found if stands.is_near]


def near_of_runs(runs: Iterable[Run]) -> dict[int, list[Standing]]:
    """The same for many runs in one query, by the run's key."""
    wanted = "SELECT * FROM runs_budget WHERE is_enabled AND period = %s"  # written out: sockets ask all the time
    rows = list(Budget.objects.raw(wanted, [Budget.Period.RUN]))
    found = {}
    for run in runs:
        counting = [budget for budget in rows if budget.connection_id in (None, run.connection_id)]
        found[run.pk] = [stands for budget in counting if (stands := Standing(budget, run.cost_cents, 0)).is_near]
    return found


def sweep(now: datetime) -> list[tuple[Budget, list[Run]]]:
    """Note what was reached since; the runs that budgets want cancelled. Booked before, by `spending`."""
    wanted = []
    for budget in Budget.objects.filter(is_enabled=True).select_related("connection"):
        runs = _sweep_runs(budget) if budget.period == Budget.Period.RUN else _sweep_period(budget, now)
        if runs and budget.act == Budget.Act.CANCEL:
            wanted.append((budget, runs))
    return wanted


def _sweep_runs(budget: Budget) -> list[Run]:
    reached = []
    live = Run.objects.live().filter(cost_cents__gte=min(budget.warn_cents, budget.limit_cents - CHEAPEST_STEP))
    for run in _within(live, budget):
        is_over = run.cost_cents + step_cents(run.cua_version) > budget.limit_cents
        if run.cost_cents >= budget.warn_cents:
            _note(budget, str(run.pk), BudgetNote.Level.WARNED, run.cost_cents, run)
        if is_over:
            _note(budget, str(run.pk), BudgetNote.Level.REACHED, run.cost_cents, run)
            reached.append(run)
    return reached


def _sweep_period(budget: Budget, now: datetime) -> list[Run]:
    stands, period = standing(budget, now), _period(budget, now)
    if stands.is_near:
        _note(budget, period, BudgetNote.Level.WARNED, stands.spent)
    if not stands.is_reached:
        return []
    _note(budget, period, BudgetNote.Level.REACHED, stands.spent)
    # A parked run bills nothing: a person may still decide. Resumed, it is cancelled at the next look.
    billing = Run.objects.filter(status__in=states.LIVE - {states.Status.AWAITING_HUMAN})
    return list(_within(billing, budget))


def _within(runs: QuerySet[Run], budget: Budget) -> QuerySet[Run]:
    runs = runs.select_related("connection")
    return runs.filter(connection=budget.connection_id) if budget.connection_id else runs


_SAID: dict[str, str] = {BudgetNote.Level.WARNED: "budget.warned", BudgetNote.Level.REACHED: "budget.reached"}


def _note(budget: Budget, period: str, level: str, cents: int, run: Run | None = None) -> None:
    if BudgetNote.objects.filter(budget=budget, period=period, level=level).exists():
        return
    with transaction.atomic():
        _row, is_new = BudgetNote.objects.get_or_create(
            budget=budget, period=period, level=level, defaults={"cents": cents}
        )
        if is_new:
            facts = {"period": period, "cents": cents, "limit_cents": budget.limit_cents, "does": budget.act}
            audit.record(None, _SAID[level], run=run, subject=budget.name, actor_name="budget", **facts)
            publish.nudge(topics.HEALTH, topics.RUNS, *([topics.run(run.pk)] if run else []))


_SET = ("name", "period", "connection", "limit_cents", "act", "warn_percent", "is_enabled")


def add(by: User, **given: Any) -> Budget:
    """Make a budget. Refused where the name is taken."""
    with transaction.atomic():
        _check_name(given["name"])
        budget = Budget.objects.create(made_by=by, **{name: given[name] for name in _SET if name in given})
        audit.record(by, "budget.added", subject=budget.name, **_told(budget, _SET))
        publish.nudge(topics.HEALTH)
    return budget


def change(by: User, budget: Budget, **given: Any) -> list[str]:
    """Change it; the names of what was changed. What it has noted already counts for the new limit only if it fits."""
    with transaction.atomic():
        row = Budget.objects.select_for_update(of=("self",)).get(pk=budget.pk)
        _check_name(given.get("name", row.name), row.pk)
        changed = [name for name in _SET if name in given and getattr(row, name) != given[name]]
        before = _told(row, changed)
        for name in changed:
            setattr(row, name, given[name])
        if changed:
            row.save(update_fields=changed)
            row.notes.all().delete()  # what the new terms say is said anew
            audit.record(by, "budget.changed", subject=row.name, before=before, after=_told(row, changed))
            publish.nudge(topics.HEALTH)
    return changed


def remove(by: User, budget: Budget) -> None:
    with transaction.atomic():
        audit.record(by, "budget.removed", subject=budget.name, **_told(budget, _SET))
        Budget.objects.filter(pk=budget.pk).delete()
        publish.nudge(topics.HEALTH)


def _check_name(name: str, pk: int | None = None) -> None:
    others = Budget.objects.exclude(pk=pk) if pk else Budget.objects.all()
    if others.filter(name=name).exists():
        raise Refused(_("Another budget has this name."), "name")


def _told(budget: Budget, names: Iterable[str]) -> dict[str, Any]:
    told = {"does" if name == "act" else name: getattr(budget, name) for name in names}
    return {name: str(value) if isinstance(value, Connection) else value for name, value in told.items()}
