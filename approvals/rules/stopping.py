"""The kill switch: one act of a person stops all policies that decide, until an administrator lets them again."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import recalls
from approvals.errors import NotAllowed, TooLate
from approvals.models import Decision, Policy, Stop
from approvals.rules import asking, editing
from approvals.states import Delivery
from live import publish, topics
from runs import audit

STOPS = "approvals.stop_policies"
_ROW = 1


def current() -> Stop | None:
    """The stop that is on; None while policies may decide."""
    return Stop.objects.select_related("stopped_by").filter(pk=_ROW, stopped_at__isnull=False).first()


def is_on_for_update() -> bool:
    """Whether the switch is on; nobody turns it before the caller's transaction is over."""
    Stop.objects.get_or_create(pk=_ROW)
    return Stop.objects.select_for_update().get(pk=_ROW).stopped_at is not None


def stop(user: User, because: str = "", *, now: datetime | None = None) -> int:
    """Stop them all, and recall what they decided and nobody has begun to send; how many were recalled."""
    if not user.has_perm(STOPS):
        raise NotAllowed(_("Stopping the policies needs the role reviewer or admin."))
    now = now or timezone.now()
    with transaction.atomic():
        if is_on_for_update():
            return 0
        Stop.objects.filter(pk=_ROW).update(stopped_at=now, stopped_by=user, because=because[:200])
        count = Policy.objects.at_work(now).filter(decides=True, mode=Policy.Mode.ON).count()
        audit.record(user, "policies.stopped", because=because[:200], policies=count)
        publish.nudge(topics.QUEUE)
    return _recall_held(user, now)


def allow_again(user: User, *, now: datetime | None = None) -> bool:
    """Let policies decide again; False when they may already. What opened meanwhile stays with people."""
    if not user.has_perm(editing.EDITS):
        raise NotAllowed(_("Letting policies decide again needs the role admin."))
    with transaction.atomic():
        asking.ask_all(now)  # approvals, then the switch, then the log: as who applies a policy takes them
        if not is_on_for_update():
            return False
        Stop.objects.filter(pk=_ROW).update(stopped_at=None, stopped_by=None, because="")
        audit.record(user, "policies.allowed_again")
        publish.nudge(topics.QUEUE)
    return True


def _recall_held(user: User, now: datetime) -> int:
    """Take back each decision of a policy that is still held."""
    held = Decision.objects.filter(
        policy__isnull=False, delivery=Delivery.PENDING, attempts=0, next_try_at__gt=now
    ).select_related("approval__run")
    count = 0
    for decision in held:
        try:
            recalls.recall(user, decision, now=now)
        except (TooLate, NotAllowed):
            continue  # it has gone out in this very moment
        count += 1
    return count
