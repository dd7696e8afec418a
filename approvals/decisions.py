"""Records what a person or a policy decided: the only writer of Decision and of the step from open to decided."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import delivery, endorsements, notes, policies, takeovers
from approvals.errors import (
    AlreadyDecided,
    ApprovalClosed,
    Invalid,
    KeyReused,
    NotAllowed,
    Refused,
    RunMoved,
    TakenOver,
)
from approvals.models import Approval, Claim, Decision, Endorsement, Policy
from approvals.notices import occasions
from approvals.seen import Seen, changes, sentence
from approvals.states import Delivery, State, Verdict
from live import publish, topics
from runs import audit
from runs.models import Event
from runs.secrets import mask
from runs.states import Status

__all__ = ["AlreadyDecided", "ApprovalClosed", "Invalid", "NotAllowed", "RunMoved", "TakenOver", "decide"]

NOTE_LIMIT = notes.LIMIT
SEQ_LIMIT = 2**63 - 1


def decide(
    user: User,
    approval: Approval,
    verdict: str,
    note: str = "",
    *,
    secret: str = "",
    seen_seq: int | None = None,
    seen_frame_sha256: str | None = None,
    seen_reason: str | None = None,
    seen_cost_cents: int | None = None,
    seen_frame_open: bool | None = None,
    seen_fallback: str | None = None,
    idempotency_key: str = "",
    hold_seconds: float = 0,
    now: datetime | None = None,
) -> Decision | Endorsement:
    """Decide an open approval; its delivery is under way when this returns. `seen_*` is what was on screen.

    `secret` is sent behind the note, once, and kept nowhere. With `hold_seconds` it waits so long before it goes out,
    and `recalls.recall` may take it back until then; where the pause would not last that long it is sent at once.
    Where several people must agree on a resume, each call but the last gives an Endorsement and decides nothing yet.
    The last may leave the note to those before, whose newest is sent: `seen_fallback` is the one that was on screen.

    The same person's call, repeated with the same `idempotency_key`, gets the standing decision; without a key each
    call is one of its own, and only one of all stands. Raises Invalid, NotAllowed, AlreadyDecided, KeyReused,
    ApprovalClosed, RunMoved, TakenOver; nothing is written then.
    """
    _check(verdict, seen_seq)
    whole = notes.checked(verdict, note, secret, asks=notes.asks_for_secret(approval.kind, approval.reason))
    if why_not := policies.why_not_decide(user, approval, verdict):
        raise NotAllowed(why_not)
    seen = Seen(seen_seq, seen_frame_sha256, seen_reason, seen_cost_cents)
    now = now or timezone.now()
    with transaction.atomic():
        # This one statement decides: of all who come at once, it counts one row for one of them.
        if not Approval.objects.filter(pk=approval.pk, state=State.OPEN).update(state=State.DECIDED):
            return _standing(user, approval, verdict, whole.kept, idempotency_key)
        fresh = Approval.objects.select_related("run").get(pk=approval.pk)
        _refuse(user, fresh, verdict, seen)
        code = _new_code()
        if verdict == Verdict.RESUME and fresh.people_needed > 1:
            mine = endorsements.agree(user, fresh, whole, seen, idempotency_key, now)
            if not endorsements.are_enough(fresh):
                Approval.objects.filter(pk=fresh.pk).update(state=State.OPEN)  # nobody has seen it otherwise
                return mine
            kept = endorsements.take_note(fresh, mine, code, seen_fallback)
        else:
            kept = whole.seal(fresh.run, code)
        held = policies.hold(fresh, hold_seconds, now)
        decision = Decision.objects.create(
            approval=fresh,
            code=code,
            verdict=verdict,
            note=kept,
            decided_by=user,
            decided_at=now,
            next_try_at=now + held,
            seen_frame_open=seen_frame_open,
            idempotency_key=idempotency_key,
            **seen.columns(),
        )
        _conclude(decision, held)
    return decision


def _refuse(user: User, approval: Approval, verdict: str, seen: Seen) -> None:
    """What can only be told while the approval's row is held."""
    if why_not := policies.why_not_decide(user, approval, verdict):  # a policy may have set more since
        raise NotAllowed(why_not)
    _refuse_if_moved(approval, seen)
    if driven := policies.waits_for(user, verdict, takeovers.active(approval.run)):
        raise TakenOver(driven)


def decide_by_policy(
    policy: Policy,
    approval: Approval,
    verdict: str,
    note: str = "",
    *,
    seen_seq: int,
    seen_frame_sha256: str,
    seen_reason: str,
    seen_cost_cents: int,
    now: datetime | None = None,
) -> Decision:
    """Decide for a policy, on the facts that it had before it; whether it may is for the caller to know. It is held
    like a person's, and anybody who may decide can take it back.

    Raises Invalid, AlreadyDecided, ApprovalClosed, RunMoved, TakenOver; nothing is written then.
    """
    _check(verdict, seen_seq)
    kept = notes.checked(verdict, note).kept
    seen = Seen(seen_seq, seen_frame_sha256, seen_reason, seen_cost_cents)
    with transaction.atomic():
        if not Approval.objects.filter(pk=approval.pk, state=State.OPEN, people_needed=1).update(state=State.DECIDED):
            raise _why_not_open(approval)
        fresh = Approval.objects.select_related("run").get(pk=approval.pk)
        _refuse_if_moved(fresh, seen)
        now = now or timezone.now()
        if driven := takeovers.active(fresh.run, now=now):
            raise TakenOver(driven)
        held = policies.hold(fresh, settings.DECISION_HOLD_SECONDS, now)
        decision = Decision.objects.create(
            approval=fresh,
            code=_new_code(),
            verdict=verdict,
            note=kept,
            policy=policy,
            decided_at=now,
            next_try_at=now + held,
            **seen.columns(),
        )
        _conclude(decision, held)
    return decision


def _why_not_open(approval: Approval) -> Refused:
    decision = Decision.objects.select_related("decided_by", "policy", "approval").filter(approval=approval.pk).first()
    if decision is not None:
        return AlreadyDecided(decision)
    fresh = Approval.objects.get(pk=approval.pk)
    return Invalid(_("More than one person has to agree.")) if fresh.is_open else ApprovalClosed(fresh)


def _conclude(decision: Decision, held: timedelta) -> None:
    """What goes with a decision in its transaction: claim and takeover end, the audit entry, the hint to deliver."""
    approval, run = decision.approval, decision.approval.run
    Claim.objects.filter(approval=approval).delete()
    endorsements.close(approval)
    takeovers.end_for(run, "decided", by=decision.decided_by)
    audit.record(
        decision.decided_by,
        "approval.decided",
        actor_name=decision.decider,
        run=run,
        subject=f"approval {approval.pk}",
        verdict=decision.verdict,
        code=decision.code,
        note=mask(decision.note),
        pause_seq=approval.pause_seq,
        seen_seq=decision.seen_seq,
        seen_frame_sha256=decision.seen_frame_sha256,
        seen_cost_cents=decision.seen_cost_cents,
        held_seconds=held.total_seconds(),
    )
    publish.nudge(topics.QUEUE, topics.approval(approval.pk), topics.run(run.pk))
    occasions.note_settled(approval)
    transaction.on_commit(lambda: delivery.ask(decision.pk, held), robust=True)


def _standing(user: User, approval: Approval, verdict: str, note: str, key: str) -> Decision | Endorsement:
    """What a call that is told again did the first time. AlreadyDecided, KeyReused, ApprovalClosed for any other."""
    decision = (
        Decision.objects.select_related("decided_by", "policy", "approval__run").filter(approval=approval.pk).first()
    )
    if decision is None:
        raise ApprovalClosed(Approval.objects.get(pk=approval.pk))
    is_same_call = bool(key) and (decision.decided_by_id, decision.idempotency_key) == (user.pk, key)
    mine = endorsements.given_under(user, approval, key)
    if not is_same_call and mine is None:
        raise AlreadyDecided(decision, _asked_again(decision))
    given = decision.note if mine is None else mine.note  # of several, the decision's note may be another's
    if (decision.verdict, mask(given)) != (verdict, mask(note)):
        raise KeyReused(decision, _asked_again(decision))
    return decision if is_same_call or mine is None else mine


def _asked_again(decision: Decision) -> Approval | None:
    """The open approval of the run whose decision was taken back or refused: whoever comes late is led there."""
    if decision.delivery not in (Delivery.RECALLED, Delivery.REFUSED):
        return None
    return Approval.objects.filter(run=decision.approval.run_id, state=State.OPEN).order_by("-pk").first()


def _refuse_if_moved(approval: Approval, seen: Seen) -> None:
    """RunMoved when the approval's pause is over, or the facts are no longer what the person saw of them."""
    run, pause_seq = approval.run, approval.pause_seq
    facts = {"status": run.status, "cursor": run.cursor, "pause_seq": pause_seq, "seen_seq": seen.seen_seq}
    if run.status != Status.AWAITING_HUMAN:
        status = {"status": run.status.replace("_", " ")}
        raise RunMoved(approval, _("it is no longer waiting, it is %(status)s.") % status, **facts)
    if pause_seq is not None:
        if Approval.objects.filter(run=run, pause_seq__gt=pause_seq).exists():
            raise RunMoved(approval, _("it waits again, for another reason."), **facts)
        if Event.objects.filter(run=run, seq__gt=pause_seq, type="resumed").exists():
            raise RunMoved(approval, _("somebody has resumed it meanwhile."), **facts)
        if seen.seen_seq is not None and seen.seen_seq < pause_seq:
            raise RunMoved(approval, _("it has paused anew after what you saw; read the new reason."), **facts)
    if found := changes(approval, seen):
        raise RunMoved(approval, sentence(found), changes=[asdict(change) for change in found], **facts)


def _check(verdict: str, seen_seq: int | None) -> None:
    if verdict not in Verdict.values:
        told = {"action": repr(verdict), "known": ", ".join(Verdict.values)}
        raise Invalid(_("There is no action %(action)s. Choose one of: %(known)s.") % told, field="action")
    if seen_seq is not None and not 0 <= seen_seq <= SEQ_LIMIT:
        raise Invalid(_("seen_seq must be the seq of an event."), field="seen_seq")


def _new_code() -> str:
    while True:
        code = secrets.token_hex(4)
        if not Decision.objects.filter(code=code).exists():
            return code
