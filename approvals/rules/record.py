"""What policies have done lately: how often, at what cost, and where people or the runs disagreed. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.models import Applied, Decision, Policy
from approvals.states import Delivery, Outcome

LATELY = timedelta(days=30)
ROWS = 50
_TAKEN_BACK, _FAILED, _PARKED = (
    Q(delivery=Delivery.RECALLED), Q(outcome=Outcome.FAILED), Q(outcome=Outcome.PARKED)
)  # fmt: skip
_KINDS = {  # of its decisions
    "taken_back": _TAKEN_BACK,
    "refused": Q(delivery=Delivery.REFUSED),
    "failed": _FAILED,
    "parked": _PARKED,
    "finished": Q(outcome=Outcome.FINISHED),
    "disagreed": _TAKEN_BACK | _FAILED | _PARKED,
}
DEEDS = {  # what each number counts, as its address names it
    "decided": _("Decided"),
    "taken_back": _("Taken back"),
    "failed": _("Failed after"),
    "parked": _("Waited again"),
    "finished": _("Succeeded"),
    "disagreed": _("Disagreements"),
    "did": _("Applied"),
    "would": _("Dry run"),
    "stood_back": _("Stood back"),
}


@dataclass
class Record:
    """Counts of approvals in the last thirty days; a disagreement is a decision that was taken back, or did no good."""

    did: int = 0
    would: int = 0
    stood_back: int = 0
    decided: int = 0
    taken_back: int = 0
    refused: int = 0  # by upstream
    failed: int = 0
    parked: int = 0
    finished: int = 0
    disagreed: int = 0
    cost_cents: int = 0  # of the runs, since its first decision in each


def lately(policies: Iterable[Policy], now: datetime) -> dict[int, Record]:
    """The record of each policy by its id: three queries, however many they are."""
    since, ids = now - LATELY, [policy.pk for policy in policies]
    found = {pk: Record() for pk in ids}
    applied = Applied.objects.filter(policy__in=ids, at__gte=since).values("policy").order_by()
    # Two versions of it may have met the same approval, which is one all the same.
    counts: Any = applied.annotate(
        **{name: Count("approval", Q(outcome=name), distinct=True) for name in Applied.Outcome.values}
    )
    for row in counts:
        for name in Applied.Outcome.values:
            setattr(found[row["policy"]], name, row[name])
    decided = Decision.objects.filter(policy__in=ids, decided_at__gte=since).order_by()
    kinds: Any = decided.values("policy").annotate(
        decided=Count("id"), **{name: Count("id", rows) for name, rows in _KINDS.items()}
    )
    for row in kinds:
        for name in ("decided", *_KINDS):
            setattr(found[row["policy"]], name, row[name])
    runs = decided.values("policy", "approval__run__cost_cents", "approval__run").annotate(first=Min("seen_cost_cents"))
    for row in runs:
        found[row["policy"]].cost_cents += max(0, row["approval__run__cost_cents"] - (row["first"] or 0))
    return found


def behind(policy: int, deed: str, now: datetime) -> QuerySet[Any]:
    """The ids of exactly those approvals that one of these numbers counts; `deed` is one of DEEDS."""
    since = now - LATELY
    if deed in Applied.Outcome.values:
        return Applied.objects.filter(policy=policy, outcome=deed, at__gte=since).values("approval")
    return Decision.objects.filter(_KINDS.get(deed, Q()), policy=policy, decided_at__gte=since).values("approval")


def applications(policy: Policy) -> list[Applied]:
    """The newest things that it did, would have done, or stood back from."""
    rows = Applied.objects.filter(policy=policy).select_related("approval__run", "approval__decision")
    return list(rows.order_by("-at", "-id")[:ROWS])
