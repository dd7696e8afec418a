"""Writes down that something happened that people may want to know, in the transaction in which it did."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection

from approvals.models import Approval, Notice, Occasion
from approvals.notices import states
from approvals.notices.states import State

_TOLD = (State.PENDING, State.SENDING, State.SENT, State.UNSURE)


def note(event: states.Occasion, approval: Approval, person: User | None = None) -> Occasion:
    """For `person` alone, else for everyone who may decide. RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("An occasion belongs into the transaction in which it came about.")
    return Occasion.objects.create(event=event, approval=approval, person=person)


def note_settled(approval: Approval) -> None:
    """Somebody is on it, or it is over: devices that were told of it are told that as well. No device, no occasion."""
    told = Notice.objects.filter(occasion__approval=approval, device__isnull=False, state__in=_TOLD)
    if told.exists():
        note(states.Occasion.SETTLED, approval)


def note_freed(approval: Approval) -> None:
    """Whoever was on it has let go and it still waits: the devices that were told "settled" hear of it again."""
    if Occasion.objects.filter(approval=approval, event=states.Occasion.SETTLED).exists():
        note(states.Occasion.OPENED, approval)
