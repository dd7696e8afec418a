"""What came of each decision: the only writer of `Decision.outcome`, once the run has moved far enough to tell."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from approvals.models import Approval, Decision
from approvals.states import Delivery, Outcome
from runs import states as run_states
from runs.models import Event, Run
from runs.states import Status

BATCH = 200
_AS_ENDED: dict[str, Outcome] = {
    Status.SUCCEEDED: Outcome.FINISHED,
    Status.FAILED: Outcome.FAILED,
    Status.CANCELLED: Outcome.STOPPED,
    Status.TIMED_OUT: Outcome.STOPPED,
}


def unsettled() -> QuerySet[Decision]:
    """Decisions of which it can be told now what came of them."""
    later = Approval.objects.filter(run=OuterRef("approval__run"), id__gt=OuterRef("approval_id"))
    void = Q(delivery__in=[Delivery.REFUSED, *_recalled()])
    moved = Q(delivery=Delivery.DELIVERED) & (Q(approval__run__status__in=run_states.TERMINAL) | Exists(later))
    return Decision.objects.filter(void | moved, outcome="")


def _recalled() -> list[str]:
    return [value for value in Delivery.values if value == "recalled"]


def settle(*, now: datetime | None = None) -> int:
    """Write down what came of the decisions of which it is known now; how many."""
    now = now or timezone.now()
    rows = unsettled().select_related("approval__run").order_by("id")[:BATCH]
    return sum(_settle(decision, now) for decision in rows)


def _settle(decision: Decision, now: datetime) -> int:
    found = came_of(decision)
    if found is None:
        return 0
    outcome, steps = found
    return Decision.objects.filter(pk=decision.pk, outcome="").update(
        outcome=outcome, outcome_steps=steps, outcome_at=now
    )


def came_of(decision: Decision) -> tuple[Outcome, int | None] | None:
    """The outcome, and after how many further steps of the run it came (None where the log does not tell).

    None while the run is still in the same pause, or goes on.
    """
    approval = decision.approval
    if decision.delivery != Delivery.DELIVERED:
        return Outcome.VOID, None
    later = _next_pause(approval)
    if later is not None:
        return Outcome.PARKED, _steps(approval.run, approval.pause_seq, later.pause_seq)
    ended = _AS_ENDED.get(approval.run.status)
    return (ended, _steps(approval.run, approval.pause_seq, None)) if ended else None


def _next_pause(approval: Approval) -> Approval | None:
    """The run's next pause; the same pause asked again is none."""
    later = approval.run.approvals.filter(id__gt=approval.pk)
    if approval.pause_seq is not None:
        later = later.filter(Q(pause_seq=None) | Q(pause_seq__gt=approval.pause_seq))
    return later.order_by("id").first()


def _steps(run: Run, after: int | None, until: int | None) -> int | None:
    if after is None:
        return None
    steps = Event.objects.filter(run=run, type="step", seq__gt=after)
    return (steps.filter(seq__lt=until) if until else steps).count()
