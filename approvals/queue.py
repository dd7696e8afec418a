"""Opens and closes approvals as runs park and leave, and says in which order people should look at them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from approvals import kinds, pauses
from approvals.models import Approval, ApprovalQuerySet, Claim
from approvals.notices import occasions, timers
from approvals.pauses import Pause, Relation
from approvals.rules import asking
from approvals.states import DELIVERY_OPEN, DELIVERY_VOID, State
from live import publish, topics
from runs.models import Run
from runs.states import Status

REASON_LIMIT = 20_000
_HANDLING = ("priority", "people_needed", "not_starter", "routed_to_id", "due_at", "reminders", "overdue_at")
JUST_DONE = timedelta(seconds=10)
_BECAUSE: dict[str, str] = {
    Status.RUNNING: "resumed elsewhere",
    Status.CANCELLED: "cancelled elsewhere",
    Status.TIMED_OUT: "the run timed out",
    Status.SUCCEEDED: "the run succeeded",
    Status.FAILED: "the run failed",
}


def ordered() -> ApprovalQuerySet:
    """Open approvals, most urgent first: least time left, then longest wait."""
    waiting = Approval.objects.open().select_related("run", "run__connection", "claim", "claim__user")
    return waiting.order_by(F("expires_at").asc(nulls_last=True), "opened_at", "id")


def on_status(run: Run, old: str, new: str, seq: int | None) -> None:
    """Follow one change of a run, inside the transaction that wrote it. Safe to repeat."""
    if new == Status.AWAITING_HUMAN:
        _parked(run, pauses.seen(run, seq, arrived=old != new))
    else:
        _left(run, new, pauses.seen(run, seq, arrived=True))


def find(run: Run) -> Approval | None:
    """The run's open approval."""
    return Approval.objects.open().filter(run=run).first()


def unasked() -> QuerySet[Run]:
    """Parked runs that no open approval and no decision on its way stands for."""
    on_its_way = Q(decision__delivery__in=DELIVERY_OPEN)
    just_done = Q(decision__delivered_at__gt=timezone.now() - JUST_DONE)  # the mirror may not show it yet
    stands = Approval.objects.filter(Q(state=State.OPEN) | on_its_way | just_done, run=OuterRef("pk"))
    return Run.objects.parked().filter(~Exists(stands))


def ask_again(run: Run) -> Approval | None:
    """Ask about a run that is certain to be parked and that nothing stands for; the open approval, if there is one."""
    with transaction.atomic():
        fresh = Run.objects.select_for_update().get(pk=run.pk)
        if not unasked().filter(pk=fresh.pk).exists():
            return find(fresh)
        latest = _latest(fresh)
        pause = pauses.seen(fresh, None, arrived=True)
        if latest is None or pauses.relation(latest, pause) == Relation.NEWER:
            return _open(fresh, pause)
        return _repeat(latest, fresh)


def _parked(run: Run, pause: Pause) -> None:
    latest = _latest(run)
    if latest is None:
        _open(run, pause)
        return
    relation = pauses.relation(latest, pause)
    if relation == Relation.NEWER:
        _close(latest, _BECAUSE[Status.RUNNING])
        _open(run, pause)
    elif relation == Relation.SAME:
        _learn(latest, run, pause)


def _left(run: Run, new: str, moved: Pause) -> None:
    approval = find(run)
    if approval is not None and not pauses.is_before(approval, moved):
        _close(approval, _BECAUSE.get(new, f"the run is {new}"))


def _latest(run: Run) -> Approval | None:
    return run.approvals.select_related("decision", "run").order_by("-id").first()


def _open(run: Run, pause: Pause) -> Approval | None:
    now = timezone.now()
    since = min(pause.at or now, now)
    kind, expires_at = kinds.of(run.awaiting_human_reason), _expires_at(run, since)
    return _create(
        run,
        pause_seq=pause.seq,
        paused_at=pause.at if pause.seq is None else None,
        reason=run.awaiting_human_reason[:REASON_LIMIT],
        kind=kind,
        opened_at=since,
        expires_at=expires_at,
        due_at=timers.due_at(kind, since, expires_at),
    )


def _repeat(latest: Approval, run: Run) -> Approval | None:
    """The same pause asked once more: the decision made on it was refused upstream, or recalled; handled as before."""
    return _create(
        run,
        pause_seq=latest.pause_seq,
        paused_at=latest.paused_at,
        ask=latest.ask + 1,
        reason=(run.awaiting_human_reason or latest.reason)[:REASON_LIMIT],
        kind=kinds.of(run.awaiting_human_reason or latest.reason),
        **{name: getattr(latest, name) for name in _HANDLING},
        opened_at=latest.opened_at,
        expires_at=_expires_at(run, latest.opened_at),
    )


def _create(run: Run, **fields: object) -> Approval | None:
    try:
        with transaction.atomic():
            approval = Approval.objects.create(run=run, **fields)
            occasions.note_opened(approval)
    except IntegrityError:  # somebody else saw the same pause in the same instant
        return None
    asking.ask(approval.pk)
    _tell(approval)
    return approval


def _learn(approval: Approval, run: Run, pause: Pause) -> None:
    """Take over what this sight of a known pause adds: its seq, upstream's time, the reason."""
    news: dict[str, object] = {}
    if approval.pause_seq is None and pause.seq is not None:
        news["pause_seq"] = pause.seq
    if approval.paused_at is None and pause.seq is None and pause.at and pauses.time_of(approval):
        news["paused_at"] = pause.at
    if approval.is_open:
        reason = run.awaiting_human_reason[:REASON_LIMIT]
        if reason and reason != approval.reason:
            news["reason"], news["kind"] = reason, kinds.of(reason)
        expires_at = _expires_at(run, approval.opened_at)
        if expires_at != approval.expires_at:
            news["expires_at"] = expires_at
        if "kind" in news or "expires_at" in news:
            news |= timers.relearned(approval, str(news.get("kind", approval.kind)), expires_at)
    if news.keys() & {"reason", "expires_at"}:
        news["rules_due_at"] = timezone.now()
    if news and Approval.objects.filter(pk=approval.pk).update(**news):
        asking.ask(approval.pk)
        _tell(approval)
    decision = getattr(approval, "decision", None)
    if decision is not None and decision.delivery in DELIVERY_VOID:
        _repeat(approval, run)


def _close(approval: Approval, because: str) -> bool:
    """Close it if it is still open: a decision that came first stands."""
    closed = Approval.objects.filter(pk=approval.pk, state=State.OPEN).update(
        state=State.CLOSED, closed_at=timezone.now(), closed_because=because[:200]
    )
    if closed:
        Claim.objects.filter(approval=approval).delete()
        occasions.note_settled(approval)
        _tell(approval)
    return bool(closed)


def _expires_at(run: Run, since: datetime) -> datetime | None:
    """When upstream gives the pause or the whole run up, whichever comes first."""
    ends = []
    if run.awaiting_human_timeout_seconds:
        ends.append(since + timedelta(seconds=run.awaiting_human_timeout_seconds))
    if run.deadline_seconds:
        ends.append(run.created_at + timedelta(seconds=run.deadline_seconds))
    return min(ends, default=None)


def _tell(approval: Approval) -> None:
    publish.nudge(topics.QUEUE, topics.approval(approval.pk), topics.run(approval.run_id))
