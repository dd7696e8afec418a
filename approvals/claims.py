"""One reviewer says "I am on it". It lasts while their page shows signs of life; it informs others, blocks nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import comments, policies
from approvals.errors import ApprovalClosed, Invalid, NotAllowed
from approvals.models import Approval, Claim, Comment
from approvals.notices import occasions
from approvals.notices.states import Occasion
from approvals.states import State
from live import publish, topics
from runs import audit

WORD_LIMIT = 500
_RENEWED = timedelta(seconds=15)  # a claim that was renewed so lately is not written again


def claim(user: User, approval: Approval, *, now: datetime | None = None) -> Claim:
    """Take or renew the claim; a live one of somebody else is answered as it is. Raises NotAllowed, ApprovalClosed."""
    now = now or timezone.now()
    if sentence := policies.why_not_decide(user, approval, ""):
        raise NotAllowed(sentence)
    with transaction.atomic():
        fresh = _open(approval)
        held = Claim.objects.select_related("user").filter(approval=fresh).first()
        if held and held.user_id != user.pk and held.expires_at > now:
            return held
        return _take(user, fresh, held, now)


def _open(approval: Approval) -> Approval:
    """The row, locked. Raises ApprovalClosed."""
    fresh = Approval.objects.select_for_update().get(pk=approval.pk)
    if fresh.state != State.OPEN:
        raise ApprovalClosed(fresh)
    return fresh


def _take(user: User, approval: Approval, held: Claim | None, now: datetime) -> Claim:
    renewed = held is not None and held.user_id == user.pk and held.expires_at > now
    since = held.claimed_at if held is not None and renewed else now
    taken, _made = Claim.objects.update_or_create(
        approval=approval, defaults={"user": user, "claimed_at": since, "expires_at": _end(now)}
    )
    if not renewed:
        audit.record(user, "approval.claimed", run=approval.run, subject=f"approval {approval.pk}")
        occasions.note_settled(approval)
        _tell(approval)
    return taken


def renew(user: User, approval_pk: int, *, now: datetime | None = None) -> bool:
    """The person's page shows a sign of life: a claim that is theirs lasts on. False when they hold none."""
    now = now or timezone.now()
    mine = Claim.objects.filter(approval_id=approval_pk, user=user, expires_at__gt=now)
    until = mine.values_list("expires_at", flat=True).first()
    if until is None:
        return False
    if until < _end(now) - _RENEWED:
        return bool(mine.update(expires_at=_end(now)))
    return True


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.CLAIM_SECONDS)


def release(user: User, approval: Approval) -> bool:
    """Give the claim back; False when `user` held none."""
    with transaction.atomic():
        gone, _rows = Claim.objects.filter(approval=approval, user=user).delete()
        if gone:
            audit.record(user, "approval.released", run=approval.run, subject=f"approval {approval.pk}")
            occasions.note_freed(approval)
            _tell(approval)
    return bool(gone)


def hand_over(user: User, approval: Approval, to: User, word: str = "", *, now: datetime | None = None) -> Comment:
    """Ask `to` to go on: they see it first, and the claim of `user` ends. The word stands in the thread.

    Raises NotAllowed, Invalid, ApprovalClosed.
    """
    if sentence := policies.why_not_hand_over(user, to):
        raise NotAllowed(sentence)
    said = comments.clean(word, WORD_LIMIT)
    with transaction.atomic():
        fresh = _open(approval)
        Approval.objects.filter(pk=fresh.pk).update(routed_to=to)
        Claim.objects.filter(approval=fresh, user=user).delete()
        comment = Comment.objects.create(
            approval=fresh, author=user, text=said, handed_to=to, created_at=now or timezone.now()
        )
        named = {"to": to.get_username(), "word": said}
        audit.record(user, "approval.handed_over", run=fresh.run, subject=f"approval {fresh.pk}", **named)
        occasions.note(Occasion.HANDED, fresh, to)
        _tell(fresh)
    return comment


def colleague(user: User, pk: int | str) -> User:
    """The person by that id, if an approval may be handed to them. Raises Invalid."""
    found = next((one for one in colleagues(user) if str(one.pk) == str(pk)), None)
    if found is None:
        raise Invalid(_("Choose a colleague who may decide."), field="to")
    return found


def colleagues(user: User) -> list[User]:
    """Everybody else who may decide, by name."""
    backend = "django.contrib.auth.backends.ModelBackend"
    able = User.objects.with_perm(policies.DECIDES, backend=backend)
    return list(able.exclude(pk=user.pk).order_by("username"))


def active(approval: Approval, *, now: datetime | None = None) -> Claim | None:
    """Who is on it now."""
    return Claim.objects.select_related("user").filter(approval=approval, expires_at__gt=now or timezone.now()).first()


def expire(*, now: datetime | None = None) -> int:
    """Drop the claims whose time is over, and those of approvals that are no longer open; how many went."""
    now = now or timezone.now()
    with transaction.atomic():
        over = Claim.objects.filter(expires_at__lte=now) | Claim.objects.exclude(approval__state=State.OPEN)
        found = list(over.select_related("approval"))
        # Asked again as they go: one that was renewed meanwhile stays.
        Claim.objects.filter(pk__in=[claim.pk for claim in found if not claim.approval.is_open]).delete()
        Claim.objects.filter(pk__in=[claim.pk for claim in found], expires_at__lte=now).delete()
        for claim in found:
            if claim.approval.is_open:
                occasions.note_freed(claim.approval)
            _tell(claim.approval)
    return len(found)


def _tell(approval: Approval) -> None:
    publish.nudge(topics.QUEUE, topics.approval(approval.pk))
