"""What hurts most comes first: when an approval starts to hurt, as one moment to sort by, and why, in words. Pure.

First stands what upstream is about to give up (the run is lost then), by the time that is left. All else is sorted by
`rank_at`: the first of its due time, its end and a day's wait, brought forward by what it costs to let it wait:

    a payment, or what can't be undone       15 min
    each step of priority                    60 min  (20 steps at most; below 0 it comes later)
    each cent an hour of its machine          1 min  (2 h at most)
    each 10 cents that the run has cost       1 min  (1 h at most): lost when nobody answers

It does not depend on the present time, so that it is stored and the database sorts by an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from approvals import kinds

SOON = timedelta(minutes=15)  # so near to upstream's end nothing else counts
_NEAR_DUE = timedelta(minutes=30)
_PATIENCE = timedelta(days=1)
_CAREFUL = timedelta(minutes=15)
_STEP = timedelta(hours=1)
_STEPS = 20
_MACHINE, _SPENT = 120, 60  # minutes at most
_TOLD_CENTS = 100  # less moves a row by minutes only


@dataclass(frozen=True)
class Facts:
    """What the rank depends on."""

    kind: str
    opened_at: datetime
    expires_at: datetime | None = None
    due_at: datetime | None = None
    priority: int = 0
    spent_cents: int = 0
    cents_per_hour: Decimal | None = None  # None: not told


@dataclass(frozen=True)
class Reason:
    """Why a row stands where it does: `name` chooses the words, `at` or `amount` goes into them."""

    name: str  # left, overdue, priority, later, careful, due, machine, spent, age
    at: datetime | None = None
    amount: Decimal | int | None = None


def rank_at(facts: Facts) -> datetime:
    """When it starts to hurt; the earliest comes first."""
    ends = [facts.opened_at + _PATIENCE, facts.due_at, facts.expires_at]
    return min(end for end in ends if end is not None) - _sooner(facts)


def _sooner(facts: Facts) -> timedelta:
    minutes = min(_MACHINE, int(facts.cents_per_hour or 0)) + min(_SPENT, facts.spent_cents // 10)
    careful = _CAREFUL if kinds.is_careful(facts.kind) else timedelta(0)
    return careful + _STEP * max(-_STEPS, min(_STEPS, facts.priority)) + timedelta(minutes=minutes)


def reasons(facts: Facts, now: datetime) -> list[Reason]:
    """Why it stands where it does, the weightiest first; never empty."""
    found = []
    is_soon = facts.expires_at is not None and facts.expires_at <= now + SOON
    if is_soon:
        found.append(Reason("left", facts.expires_at))
    if facts.due_at is not None and facts.due_at <= now:
        found.append(Reason("overdue", facts.due_at))
    if facts.priority:
        found.append(Reason("priority" if facts.priority > 0 else "later", amount=facts.priority))
    if kinds.is_careful(facts.kind):
        found.append(Reason("careful"))
    if facts.due_at is not None and now < facts.due_at <= now + _NEAR_DUE:
        found.append(Reason("due", facts.due_at))
    if facts.cents_per_hour:
        found.append(Reason("machine", amount=facts.cents_per_hour))
    if facts.spent_cents >= _TOLD_CENTS:
        found.append(Reason("spent", amount=facts.spent_cents))
    if facts.expires_at is not None and not is_soon:
        found.append(Reason("left", facts.expires_at))
    return found or [Reason("age", facts.opened_at)]
