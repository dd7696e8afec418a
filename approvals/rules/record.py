"""What policies have done lately: how often, at what cost, and where people or the runs disagreed. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from approvals.models import Applied, Decision, Policy
from approvals.states import Delivery, Outcome

LATELY = timedelta(days=30)
ROWS = 50


@dataclass
class Record:
    """Counts of the last thirty days; a disagreement is a decision that was taken back, or that did no good."""

    did: int = 0
    would: int = 0
    stood_back: int = 0
    decided: int = 0
    taken_back: int = 0
    refused: int = 0  # by upstream
    failed: int = 0
    parked: int = 0
    finished: int = 0
    cost_cents: int = 0  # of the runs, since its first decision in each

    @property
    def disagreements(self) -> int:
        return self.taken_back + self.failed + self.parked


def lately(policies: Iterable[Policy], now: datetime) -> dict[int, Record]:
    """The record of each policy by its id: three queries, however many they are."""
    since, ids = now - LATELY, [policy.pk for policy in policies]
    found = {pk: Record() for pk in ids}
    applied = Applied.objects.filter(policy__in=ids, at__gte=since).values("policy").order_by()
    counts: Any = applied.annotate(**{name: Count("id", Q(outcome=name)) for name in Applied.Outcome.values})
    for row in counts:
        for name in Applied.Outcome.values:
            setattr(found[row["policy"]], name, row[name])
    decided = Decision.objects.filter(policy__in=ids, decided_at__gte=since).order_by()
    kinds: Any = decided.values("policy").annotate(decided=Count("id"), **_KINDS)
    for row in kinds:
        for name in ("decided", *_KINDS):
            setattr(found[row["policy"]], name, row[name])
    runs = decided.values("policy", "approval__run__cost_cents", "approval__run").annotate(first=Min("seen_cost_cents"))
    for row in runs:
        found[row["policy"]].cost_cents += max(0, row["approval__run__cost_cents"] - (row["first"] or 0))
    return found


def applications(policy: Policy) -> list[Applied]:
    """The newest things that it did, would have done, or stood back from."""
    rows = Applied.objects.filter(policy=policy).select_related("approval__run", "approval__decision")
    return list(rows.order_by("-at", "-id")[:ROWS])


_KINDS = {
    "taken_back": Count("id", Q(delivery=Delivery.RECALLED)),
    "refused": Count("id", Q(delivery=Delivery.REFUSED)),
    "failed": Count("id", Q(outcome=Outcome.FAILED)),
    "parked": Count("id", Q(outcome=Outcome.PARKED)),
    "finished": Count("id", Q(outcome=Outcome.FINISHED)),
}
