"""Writes down that something happened that people may want to know, in the transaction in which it did."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from approvals.models import Approval, Notice, Occasion
from approvals.notices import states
from approvals.notices.states import State
from runs.models import Run

_AGAIN = timedelta(seconds=60)
_TOLD = (State.PENDING, State.SENDING, State.SENT, State.UNSURE)


def note(
    event: states.Occasion, approval: Approval, person: User | None = None, *, after: timedelta = timedelta(0)
) -> Occasion:
    """For `person` alone, else for everyone who may decide; told only if it still holds `after` so long.

    RuntimeError outside a transaction.
    """
    _demand_transaction()
    return Occasion.objects.create(event=event, approval=approval, person=person, at=timezone.now() + after)


def _demand_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("An occasion belongs into the transaction in which it came about.")


def note_burning(run: Run) -> None:
    """It has begun to burn money: for everyone who may end it. One that waits for a person burns nothing meanwhile."""
    _demand_transaction()
    if run.is_burning:
        Occasion.objects.create(event=states.Occasion.BURNING, run=run, at=timezone.now())


def note_opened(approval: Approval) -> None:
    """One that is asked again has somebody who is on it: the others hear of it when it still waits a minute later."""
    note(states.Occasion.OPENED, approval, after=_AGAIN if approval.ask > 1 else timedelta(0))


def note_routed(approval: Approval) -> None:
    """It is put to one person; where that comes with its opening, the opening tells them."""
    told = Occasion.objects.filter(approval=approval, event=states.Occasion.OPENED, spread_at__isnull=False)
    if approval.routed_to is not None and told.exists():
        note(states.Occasion.ROUTED, approval, approval.routed_to)


def note_settled(approval: Approval) -> None:
    """Somebody is on it, or it is over: devices that were told of it are told that as well. No device, no occasion."""
    told = Notice.objects.filter(occasion__approval=approval, device__isnull=False, state__in=_TOLD)
    if told.exists():
        note(states.Occasion.SETTLED, approval)


def note_freed(approval: Approval) -> None:
    """Whoever was on it has let go and it still waits: the devices that were told "settled" hear of it again."""
    if Occasion.objects.filter(approval=approval, event=states.Occasion.SETTLED).exists():
        note(states.Occasion.OPENED, approval)
