"""What happens as a due time comes: reminders, then the approval moves up and everyone is told. Never a verdict."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from approvals import queue
from approvals.models import Approval
from approvals.notices import occasions, timers
from approvals.notices.states import Occasion
from approvals.states import State
from runs import audit

BATCH = 200


def remind(now: datetime) -> int:
    """Remind whom an open approval is put to, then everyone, as its due time nears; how many reminders went out."""
    lead = timedelta(minutes=timers.working_time().remind_minutes)
    near = Approval.objects.open().filter(due_at__gt=now, due_at__lte=now + lead, reminders__lt=2)
    found = near.select_related("routed_to", "claim__user").order_by("due_at")[:BATCH]
    return sum(_remind(approval, lead, now) for approval in found)


def _remind(approval: Approval, lead: timedelta, now: datetime) -> bool:
    assert approval.due_at is not None
    lead = min(lead, (approval.due_at - approval.opened_at) / 2)  # a short one is not reminded of as it opens
    left = approval.due_at - now
    stage = 2 if left <= lead / 2 else 1 if left <= lead else 0
    claim = getattr(approval, "claim", None)
    holder = claim.user if claim and claim.expires_at > now else None
    person = holder or approval.routed_to
    if stage == 1 and person is None:
        stage = 2
    if stage <= approval.reminders:
        return False
    with transaction.atomic():
        same = Approval.objects.filter(pk=approval.pk, state=State.OPEN, due_at=approval.due_at)
        if not same.filter(reminders=approval.reminders).update(reminders=stage):
            return False
        occasions.note(Occasion.DUE_SOON, approval, person if stage == 1 or holder else None)
    return True


def escalate(now: datetime) -> int:
    """An open approval whose due time is over comes earlier in the queue, and everyone is told; how many did."""
    if not timers.working_time().escalates:
        return 0
    late = Approval.objects.open().filter(due_at__lte=now, overdue_at=None)
    return sum(_escalate(approval, now) for approval in late.select_related("run").order_by("due_at")[:BATCH])


def _escalate(approval: Approval, now: datetime) -> bool:
    with transaction.atomic():
        late = Approval.objects.filter(pk=approval.pk, state=State.OPEN, overdue_at=None, due_at=approval.due_at)
        if not late.update(overdue_at=now, priority=F("priority") + 1):
            return False
        due = approval.due_at.isoformat() if approval.due_at else None
        audit.record(None, "approval.overdue", run=approval.run, subject=f"approval {approval.pk}", due_at=due)
        occasions.note(Occasion.ESCALATED, approval)
        queue.weigh(approval)
    return True
