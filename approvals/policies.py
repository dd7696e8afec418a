"""May this person give this verdict now? Reads the rows passed in; writes nothing, asks no network."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from approvals.models import Approval, Decision, Takeover
from approvals.states import Verdict

DECIDES = "approvals.decide_approval"
DRIVES = "runs.take_over"
MANAGES = "auth.change_user"  # what admins may, and nobody else
SPARE = timedelta(seconds=30)  # what must be left of a pause after a hold, for the decision to arrive in time


def why_not_decide(user: User, approval: Approval, verdict: str) -> str:
    """The sentence that says why `user` may not give this verdict; empty when they may."""
    if not user.is_active:
        return _("Your account is switched off.")
    if not user.has_perm(DECIDES):
        return _("Deciding approvals needs the role reviewer or admin.")
    if verdict == Verdict.RESUME and approval.not_starter and approval.run.started_by_id == user.pk:
        return _("You have started this run: somebody else must say resume. You may fail or cancel it.")
    return ""


def why_not_recall(user: User, decision: Decision) -> str:
    """The sentence that says why `user` may not take this decision back; empty when they may."""
    if sentence := why_not_decide(user, decision.approval, ""):
        return sentence
    if decision.policy_id is not None:
        return ""
    if decision.decided_by_id != user.pk and not user.has_perm(MANAGES):
        return _("Only the person who decided, or an admin, may take a decision back.")
    return ""


def hold(approval: Approval, wanted_seconds: float, now: datetime) -> timedelta:
    """How long a decision is held before it goes out: as long as is wanted, or not at all where time is short."""
    held = timedelta(seconds=max(0.0, wanted_seconds))
    is_short = approval.expires_at is not None and approval.expires_at - now < held + SPARE
    return timedelta(0) if is_short else held


def why_not_take_over(user: User) -> str:
    """The sentence that says why `user` may not drive machines; empty when they may."""
    if not user.is_active:
        return _("Your account is switched off.")
    if not user.has_perm(DRIVES):
        return _("Taking over a machine needs the role operator, reviewer or admin.")
    return ""


def why_not_comment(user: User) -> str:
    """The sentence that says why `user` may not comment on approvals; empty when they may."""
    if not user.is_active:
        return _("Your account is switched off.")
    if not user.has_perm(DECIDES) and not user.has_perm(DRIVES):
        return _("Commenting needs the role operator, reviewer or admin.")
    return ""


def why_not_hand_over(user: User, to: User) -> str:
    """The sentence that says why `user` may not hand an approval to `to`; empty when they may."""
    if not user.is_active:
        return _("Your account is switched off.")
    if not user.has_perm(DECIDES) and not user.has_perm(DRIVES):
        return _("Handing over needs the role operator, reviewer or admin.")
    if to.pk == user.pk:
        return _("You can't hand it to yourself.")
    if not to.has_perm(DECIDES):
        return _("%(name)s may not decide approvals.") % {"name": to.get_username()}
    return ""


def waits_for(user: User, verdict: str, takeover: Takeover | None) -> Takeover | None:
    """The takeover that this verdict has to wait for: a run is not resumed while somebody else drives its machine."""
    if takeover is None or verdict != Verdict.RESUME or takeover.user_id == user.pk:
        return None
    return takeover
