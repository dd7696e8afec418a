"""What the machines of parked runs bill by the hour: read from upstream once a minute at most, kept in a table.

A page reads the table and never asks. A key may lack the scope, a service may know no such call: then it is not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from coasty_api import errors
from coasty_api.client import Client
from live import publish, topics
from runs import upstream
from runs.models import Connection, MachineRate, RateRound, Run

ROUND = timedelta(minutes=1)
_MACHINES_A_ROUND = 200
_ASKED_SINGLY = 20  # machines a round that are asked for one by one, where the list of billing says nothing
_MOST = Decimal(1_000_000)  # cents; more is no price
_STILL = {"stopped", "stopping", "suspended", "suspended_for_billing"}
_FREE = {"creating", "provisioning", "error", "deleting", "terminated"}
_WHY_NOT = {
    "no-machine": _("The run names no machine."),
    "not-asked": _("Upstream was not asked yet."),
    "scope": _("The key lacks the scope %(scope)s."),
    "hidden": _("Upstream does not show this machine to our key."),
    "no-price": _("Upstream tells no price for this machine."),
}


@dataclass(frozen=True)
class Rate:
    """What a parked run's machine bills: cents an hour and cents since it parked; None where it was not told."""

    cents_per_hour: Decimal | None = None
    since: datetime | None = None
    code: str = ""  # why it was not told: a word of ours, for a scope with its name

    @property
    def is_told(self) -> bool:
        return self.cents_per_hour is not None

    @property
    def why_not(self) -> str:
        """Why it was not told, for people; empty where it was."""
        kind, _sep, scope = self.code.partition(" ")
        if self.is_told or kind not in _WHY_NOT:
            return ""
        return str(_WHY_NOT[kind]) % {"scope": scope}

    @property
    def per_hour(self) -> str:
        """In words: $0.40/h, with a tenth of a cent where there is one; empty where it was not told."""
        if self.cents_per_hour is None:
            return ""
        digits = 2 if self.cents_per_hour == self.cents_per_hour.to_integral_value() else 4
        return f"${self.cents_per_hour / 100:,.{digits}f}/h"

    def cents(self, now: datetime | None = None) -> int | None:
        """Cents since the run parked: by the minute, rounded down, as upstream meters."""
        if self.cents_per_hour is None or self.since is None:
            return None
        minutes = max(0, math.floor(((now or timezone.now()) - self.since).total_seconds() / 60))
        return int(self.cents_per_hour * minutes / 60)


def of(run: Run) -> Rate:
    """The rate of this run's machine, as it was last told."""
    return of_many([run])[run.pk]


def of_many(runs: Iterable[Run]) -> dict[int, Rate]:
    """The rates of these runs' machines by the runs' keys; one query for all."""
    wanted = list(runs)
    named = {run.machine_id for run in wanted if run.machine_id}
    rows = MachineRate.objects.filter(machine_id__in=named) if named else ()
    known = {(row.connection_id, row.machine_id): row for row in rows}
    return {run.pk: _rate(run, known.get((run.connection_id, run.machine_id))) for run in wanted}


def _rate(run: Run, row: MachineRate | None) -> Rate:
    if not run.machine_id:
        return Rate(code="no-machine")
    if row is None:
        return Rate(code="not-asked")
    return Rate(row.cents_per_hour, run.awaiting_human_since, row.detail)


def read_due(now: datetime | None = None) -> int:
    """Ask each connection that has parked runs and was not asked for a minute; how many rates changed."""
    now = now or timezone.now()
    parked = Run.objects.parked().exclude(machine_id="").order_by().values_list("connection_id", "machine_id")
    machines: dict[int, set[str]] = {}
    for connection_pk, machine_id in parked.distinct():
        machines.setdefault(connection_pk, set()).add(machine_id)
    due = [one for one in upstream.enabled() if one.pk in machines and _take_round(one, now)]
    return sum(_read(connection, machines[connection.pk], now) for connection in due)


def _take_round(connection: Connection, now: datetime) -> bool:
    """Whether this process asks in this minute: one of all does."""
    made = RateRound.objects.get_or_create(connection=connection, defaults={"due_at": now + ROUND})[1]
    due = RateRound.objects.filter(connection=connection, due_at__lte=now)
    return made or bool(due.update(due_at=now + ROUND))


def _read(connection: Connection, machines: set[str], now: datetime) -> int:
    client = upstream.client(connection)
    known = dict(MachineRate.objects.filter(connection=connection).values_list("machine_id", "asked_at"))
    oldest = sorted(machines, key=lambda name: (name in known, known.get(name), name))[:_MACHINES_A_ROUND]
    try:
        told = _told(client, oldest)
    except errors.CoastyError:
        return 0  # what was told before stands
    changed = sum(_store(connection, name, cents, code, now) for name, (cents, code) in told.items())
    if changed:
        publish.nudge(topics.QUEUE)
    return changed


Told = dict[str, tuple[Decimal | None, str]]


def _told(client: Client, machines: list[str]) -> Told:
    """What upstream says of these: by one call for all, then one by one for those that it leaves out."""
    found: Told = {}
    try:
        for item in client.billing_active().get("active") or []:
            if isinstance(item, dict) and item.get("machine_id") in machines:
                found[item["machine_id"]] = (_cents(item, str(item.get("status"))), "")
    except errors.NotAllowed as problem:
        return {name: (None, _scope(problem)) for name in machines}
    except errors.NotFound:
        pass  # a service without that call may still tell it of a machine
    for name in [name for name in machines if name not in found or found[name][0] is None][:_ASKED_SINGLY]:
        found[name] = _told_of(client, name)
    return found


def _told_of(client: Client, machine_id: str) -> tuple[Decimal | None, str]:
    try:
        record = client.machine(machine_id)
    except errors.NotAllowed as problem:
        return None, _scope(problem)
    except errors.NotFound:
        return None, "hidden"
    billing, status = record.get("billing"), str(record.get("status"))
    cents = _cents(billing, status) if isinstance(billing, dict) else None
    if cents is None and record.get("is_test") is True:
        return Decimal(0), ""
    return cents, "" if cents is not None else "no-price"


def _scope(problem: errors.NotAllowed) -> str:
    return f"scope {problem.required_scope[:64] or 'machines:read'}"


def _cents(billing: dict[str, Any], status: str) -> Decimal | None:
    """Cents an hour in the machine's present state, from either shape; None where it makes no sense."""
    if status in _FREE:
        return Decimal(0)
    names = ["stopped_credits_per_hour"] if status in _STILL else ["running_credits_per_hour", "rate_cents_per_hour"]
    return next((cents for name in names if (cents := _number(billing.get(name))) is not None), None)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value)[:32])
    except InvalidOperation:
        return None
    return round(number, 2) if number.is_finite() and 0 <= number <= _MOST else None


def _store(connection: Connection, machine_id: str, cents: Decimal | None, code: str, now: datetime) -> bool:
    """Write one down; whether it differs from what was known."""
    mine = MachineRate.objects.filter(connection=connection, machine_id=machine_id)
    before = mine.values_list("cents_per_hour", "detail").first()
    values = {"cents_per_hour": cents, "detail": code[:200], "asked_at": now}
    MachineRate.objects.update_or_create(connection=connection, machine_id=machine_id, defaults=values)
    return before != (cents, code[:200])
