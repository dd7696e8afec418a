"""Records what a person or a policy decided: the only writer of Decision and of the step from open to decided."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals import delivery, policies, takeovers
from approvals.errors import AlreadyDecided, ApprovalClosed, Invalid, NotAllowed, Refused, RunMoved, TakenOver
from approvals.models import Approval, Claim, Decision, Policy
from approvals.states import State, Verdict
from live import publish, topics
from runs import audit
from runs.models import Event
from runs.secrets import mask
from runs.states import Status

__all__ = ["AlreadyDecided", "ApprovalClosed", "Invalid", "NotAllowed", "RunMoved", "TakenOver", "decide"]

NOTE_LIMIT = 2000 - delivery.TAG_LENGTH  # upstream takes 2,000 characters, and the tag goes with the note
SEEN_LIMIT = 20_000
SEQ_LIMIT = 2**63 - 1


def decide(
    user: User,
    approval: Approval,
    verdict: str,
    note: str = "",
    *,
    seen_seq: int | None = None,
    seen_frame_sha256: str = "",
    seen_reason: str = "",
    seen_cost_cents: int | None = None,
    seen_frame_open: bool | None = None,
    idempotency_key: str = "",
    hold_seconds: float = 0,
    now: datetime | None = None,
) -> Decision:
    """Decide an open approval; its delivery is under way when this returns. `seen_*` is what was on screen.

    With `hold_seconds` it waits so long before it goes out, and `recalls.recall` may take it back until then; where
    the pause would not last that long it is sent at once.

    The same person's call, repeated with the same `idempotency_key`, gets the standing decision; without a key each
    call is one of its own, and only one of all stands. Raises Invalid, NotAllowed, AlreadyDecided,
    ApprovalClosed, RunMoved, TakenOver; nothing is written then.
    """
    note = _checked(verdict, note, seen_seq)
    if sentence := policies.why_not_decide(user, approval, verdict):
        raise NotAllowed(sentence)
    with transaction.atomic():
        # This one statement decides: of all who come at once, it counts one row for one of them.
        if not Approval.objects.filter(pk=approval.pk, state=State.OPEN).update(state=State.DECIDED):
            return _standing(user, approval, idempotency_key)
        fresh = Approval.objects.select_related("run").get(pk=approval.pk)
        _refuse_if_moved(fresh, seen_seq)
        if driven := policies.waits_for(user, verdict, takeovers.active(fresh.run)):
            raise TakenOver(driven)
        now = now or timezone.now()
        held = policies.hold(fresh, hold_seconds, now)
        decision = Decision.objects.create(
            approval=fresh,
            code=_new_code(),
            verdict=verdict,
            note=note,
            decided_by=user,
            decided_at=now,
            next_try_at=now + held,
            seen_seq=seen_seq,
            seen_frame_sha256=seen_frame_sha256[:64],
            seen_reason=seen_reason[:SEEN_LIMIT],
            seen_cost_cents=seen_cost_cents,
            seen_frame_open=seen_frame_open,
            idempotency_key=idempotency_key,
        )
        _conclude(decision, held)
    return decision


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
    note = _checked(verdict, note, seen_seq)
    with transaction.atomic():
        if not Approval.objects.filter(pk=approval.pk, state=State.OPEN, people_needed=1).update(state=State.DECIDED):
            raise _why_not_open(approval)
        fresh = Approval.objects.select_related("run").get(pk=approval.pk)
        _refuse_if_moved(fresh, seen_seq)
        now = now or timezone.now()
        if driven := takeovers.active(fresh.run, now=now):
            raise TakenOver(driven)
        held = policies.hold(fresh, settings.DECISION_HOLD_SECONDS, now)
        decision = Decision.objects.create(
            approval=fresh,
            code=_new_code(),
            verdict=verdict,
            note=note,
            policy=policy,
            decided_at=now,
            next_try_at=now + held,
            seen_seq=seen_seq,
            seen_frame_sha256=seen_frame_sha256,
            seen_reason=seen_reason[:SEEN_LIMIT],
            seen_cost_cents=seen_cost_cents,
        )
        _conclude(decision, held)
    return decision


def _why_not_open(approval: Approval) -> Refused:
    decision = Decision.objects.select_related("decided_by", "policy", "approval").filter(approval=approval.pk).first()
    if decision is not None:
        return AlreadyDecided(decision)
    fresh = Approval.objects.get(pk=approval.pk)
    return Invalid("More than one person has to agree.") if fresh.is_open else ApprovalClosed(fresh)


def _conclude(decision: Decision, held: timedelta) -> None:
    """What goes with a decision in its transaction: claim and takeover end, the audit entry, the hint to deliver."""
    approval, run = decision.approval, decision.approval.run
    Claim.objects.filter(approval=approval).delete()
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
    transaction.on_commit(lambda: delivery.ask(decision.pk, held), robust=True)


def _standing(user: User, approval: Approval, idempotency_key: str) -> Decision:
    decision = (
        Decision.objects.select_related("decided_by", "policy", "approval__run").filter(approval=approval.pk).first()
    )
    if decision is None:
        raise ApprovalClosed(Approval.objects.get(pk=approval.pk))
    if idempotency_key and (decision.decided_by_id, decision.idempotency_key) == (user.pk, idempotency_key):
        return decision
    raise AlreadyDecided(decision)


def _refuse_if_moved(approval: Approval, seen_seq: int | None) -> None:
    """RunMoved when the approval's pause is over, or is newer than what the person saw."""
    run, pause_seq = approval.run, approval.pause_seq
    facts = {"status": run.status, "cursor": run.cursor, "pause_seq": pause_seq, "seen_seq": seen_seq}
    if run.status != Status.AWAITING_HUMAN:
        raise RunMoved(approval, f"it is no longer waiting, it is {run.status.replace('_', ' ')}.", **facts)
    if pause_seq is None:
        return
    if Approval.objects.filter(run=run, pause_seq__gt=pause_seq).exists():
        raise RunMoved(approval, "it waits again, for another reason.", **facts)
    if Event.objects.filter(run=run, seq__gt=pause_seq, type="resumed").exists():
        raise RunMoved(approval, "somebody has resumed it meanwhile.", **facts)
    if seen_seq is not None and seen_seq < pause_seq:
        raise RunMoved(approval, "it has paused anew after what you saw; read the new reason.", **facts)


def _checked(verdict: str, note: str, seen_seq: int | None) -> str:
    if verdict not in Verdict.values:
        raise Invalid(f"There is no action {verdict!r}. Choose one of: {', '.join(Verdict.values)}.", field="action")
    note = note.strip()
    if len(note) > NOTE_LIMIT:
        raise Invalid(f"The note has {len(note):,} characters; {NOTE_LIMIT:,} fit.", field="note")
    if "\x00" in note or not _is_text(note):
        raise Invalid("The note holds characters that can't be sent.", field="note")
    if seen_seq is not None and not 0 <= seen_seq <= SEQ_LIMIT:
        raise Invalid("seen_seq must be the seq of an event.", field="seen_seq")
    return note


def _is_text(note: str) -> bool:
    try:
        note.encode()
    except UnicodeEncodeError:
        return False
    return True


def _new_code() -> str:
    while True:
        code = secrets.token_hex(4)
        if not Decision.objects.filter(code=code).exists():
            return code
