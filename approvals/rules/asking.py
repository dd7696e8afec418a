"""The hint to the jobs that policies should look at an approval. Rows are the truth: a lost hint costs one sweep."""

from __future__ import annotations

from datetime import datetime

from celery import current_app
from django.db import transaction
from django.utils import timezone

from approvals.models import Approval
from approvals.states import State

TASK = "approvals.tasks.apply_policies"


def ask(approval_id: int) -> None:
    """Hint, after the transaction, that one approval is due."""
    transaction.on_commit(lambda: _send([approval_id]), robust=True)


def ask_all(now: datetime | None = None) -> None:
    """All open approvals are due: the policies have changed. In the caller's transaction."""
    Approval.objects.filter(state=State.OPEN).update_in_order(rules_due_at=now or timezone.now())
    transaction.on_commit(lambda: _send([]), robust=True)


def _send(args: list[int]) -> None:
    current_app.send_task(TASK, args=args, retry=False, ignore_result=True)
