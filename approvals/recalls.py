"""Takes a decision back while it is held: nothing of it has gone out, and the pause is asked again."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import policies, queue
from approvals.errors import NotAllowed, TooLate
from approvals.models import Approval, Decision
from approvals.states import Delivery
from live import publish, topics
from runs import audit, secret_notes, told

_MOST = 60  # that are held at once and can be taken back from any page


def recall(user: User, decision: Decision, *, now: datetime | None = None) -> Approval | None:
    """Take it back; the approval that asks about the pause again, None where the run has left it meanwhile.

    Raises NotAllowed, and TooLate when the hold is over or somebody was faster; nothing is written then.
    """
    now = now or timezone.now()
    if sentence := policies.why_not_recall(user, decision):
        raise NotAllowed(sentence)
    run = decision.approval.run
    with transaction.atomic():
        # Whoever sends it claims the row by a statement like this one: exactly one of the two counts a row.
        held = Decision.objects.filter(pk=decision.pk, delivery=Delivery.PENDING, attempts=0, next_try_at__gt=now)
        if not held.update(delivery=Delivery.RECALLED, delivery_detail=f"Taken back by {user.get_username()}."[:500]):
            raise TooLate(_too_late(decision))
        secret_notes.forget(decision.code)
        again = queue.ask_again(run)  # the run's row, then the log: as who brings its events takes them
        audit.record(user, "decision.recalled", run=run, subject=f"decision {decision.code}", verdict=decision.verdict)
        publish.nudge(topics.QUEUE, topics.approval(decision.approval_id), topics.run(run.pk))
    decision.refresh_from_db(fields=["delivery", "delivery_detail"])
    return again


def held_by(user: User, now: datetime) -> list[Decision]:
    """What the person may still take back: their own decisions and those of policies, the latest first."""
    theirs = Q(decided_by=user) | Q(policy__isnull=False) if user.has_perm(policies.DECIDES) else Q(decided_by=user)
    held = Decision.objects.filter(theirs, delivery=Delivery.PENDING, attempts=0, next_try_at__gt=now)
    return list(held.select_related("approval__run", "policy").order_by("-decided_at")[:_MOST])


def kept_note(user: User, approval: Approval) -> str:
    """What the person had written in the decision that they took back, for the approval that asks again."""
    if approval.ask == 1 or not approval.is_open:
        return ""
    return _before(approval).filter(decided_by=user).values_list("note", flat=True).first() or ""


def was_recalled(approval: Approval) -> bool:
    """Whether it asks again because somebody took the decision before back."""
    return _before(approval).exists()


def _before(approval: Approval) -> QuerySet[Decision]:
    """The recalled decision on the ask before, if it was one."""
    asked = {"approval__run": approval.run_id, "approval__ask": approval.ask - 1}
    return Decision.objects.filter(**asked, approval__pause_seq=approval.pause_seq, delivery=Delivery.RECALLED)


def _too_late(decision: Decision) -> str:
    fresh = Decision.objects.get(pk=decision.pk)
    if fresh.delivery == Delivery.RECALLED:
        return _("It was taken back already. %(said)s") % {"said": told.told(fresh.delivery_detail)}
    if fresh.delivery == Delivery.PENDING:  # perhaps tried, with upstream out of reach
        return _("The time to take it back is over: it is being sent.")
    return _("It has gone out already, so it can't be taken back any more.")
