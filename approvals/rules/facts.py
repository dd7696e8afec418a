"""Reads the facts that policies may look at, for many approvals at once: one query however many they are."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from approvals.models import Approval
from approvals.rules.matching import Case


def gathered(rows: QuerySet[Approval]) -> QuerySet[Approval]:
    """The rows with all that `case` needs."""
    before = Approval.objects.filter(run=OuterRef("run"), id__lt=OuterRef("id"), ask=1).order_by()
    counted = before.values("run").annotate(count=Count("id")).values("count")
    return rows.select_related("run__connection").annotate(
        asks_before=Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    )


def case(approval: Approval, *, cost_cents: int | None = None) -> Case:
    """The facts of one row of `gathered`; `cost_cents` where what was known then differs from now."""
    run = approval.run
    return Case(
        approval_id=approval.pk,
        run_id=run.pk,
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        kind=approval.kind,
        reason=approval.reason,
        task=run.task,
        machine=run.machine_id,
        connection=run.connection.slug,
        metadata=run.metadata if isinstance(run.metadata, dict) else {},
        cost_cents=run.cost_cents if cost_cents is None else cost_cents,
        asked_cost_cents=approval.asked_cost_cents,
        starter=run.started_by_id,
        asks_before=_asks_before(approval),
        ask=approval.ask,
        people_needed=approval.people_needed,
        not_starter=approval.not_starter,
    )


def cases(rows: Iterable[Approval]) -> list[Case]:
    return [case(row) for row in rows]


def _asks_before(approval: Approval) -> int:
    """Earlier pauses of the run; one that is asked again is the same pause."""
    counted: int = approval.asks_before  # type: ignore[attr-defined]  # by `gathered`
    return counted if approval.ask == 1 else max(0, counted - 1)
