"""One reviewer says "I am on it" for some minutes. A claim informs others; it blocks nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals import policies
from approvals.errors import ApprovalClosed, NotAllowed
from approvals.models import Approval, Claim
from approvals.states import State
from live import publish, topics
from runs import audit


def claim(user: User, approval: Approval, *, now: datetime | None = None) -> Claim:
    """Take or renew the claim; a live one of somebody else is answered as it is. Raises NotAllowed, ApprovalClosed."""
    now = now or timezone.now()
    if sentence := policies.why_not_decide(user, approval, ""):
        raise NotAllowed(sentence)
    with transaction.atomic():
        fresh = Approval.objects.select_for_update().get(pk=approval.pk)
        if fresh.state != State.OPEN:
            raise ApprovalClosed(fresh)
        held = Claim.objects.select_related("user").filter(approval=fresh).first()
        if held and held.user_id != user.pk and held.expires_at > now:
            return held
        return _take(user, fresh, held, now)


def _take(user: User, approval: Approval, held: Claim | None, now: datetime) -> Claim:
    until = now + timedelta(seconds=settings.CLAIM_SECONDS)
    renewed = held is not None and held.user_id == user.pk and held.expires_at > now
    since = held.claimed_at if held is not None and renewed else now
    taken, _ = Claim.objects.update_or_create(
        approval=approval, defaults={"user": user, "claimed_at": since, "expires_at": until}
    )
    if not renewed:
        audit.record(user, "approval.claimed", run=approval.run, subject=f"approval {approval.pk}")
    _tell(approval)
    return taken


def release(user: User, approval: Approval) -> bool:
    """Give the claim back; False when `user` held none."""
    with transaction.atomic():
        gone, _ = Claim.objects.filter(approval=approval, user=user).delete()
        if gone:
            audit.record(user, "approval.released", run=approval.run, subject=f"approval {approval.pk}")
            _tell(approval)
    return bool(gone)


def active(approval: Approval, *, now: datetime | None = None) -> Claim | None:
    """Who is on it now."""
    return Claim.objects.select_related("user").filter(approval=approval, expires_at__gt=now or timezone.now()).first()


def expire(*, now: datetime | None = None) -> int:
    """Drop the claims whose time is over, and those of approvals that are no longer open; how many went."""
    with transaction.atomic():
        over = Claim.objects.filter(expires_at__lte=now or timezone.now()) | Claim.objects.exclude(
            approval__state=State.OPEN
        )
        found = list(over.select_related("approval"))
        Claim.objects.filter(pk__in=[claim.pk for claim in found]).delete()
        for claim in found:
            _tell(claim.approval)
    return len(found)


def _tell(approval: Approval) -> None:
    publish.nudge(topics.QUEUE, topics.approval(approval.pk))
