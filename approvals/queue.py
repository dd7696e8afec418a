"""Opens and closes approvals as runs park and leave, and says in which order people should look at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from approvals import endorsements, kinds, pauses, ranking, sameness
from approvals.models import Approval, ApprovalQuerySet, Claim
from approvals.notices import occasions, timers
from approvals.pauses import Pause, Relation
from approvals.rules import asking
from approvals.states import DELIVERY_OPEN, DELIVERY_VOID, State
from live import publish, topics
from runs import rates
from runs.models import MachineRate, Run
from runs.states import Status

REASON_LIMIT = 20_000
_HANDLING = ("priority", "people_needed", "not_starter", "routed_to_id", "due_at", "reminders", "overdue_at")
_RANKED = (
    "pk", "rank_at", "run__connection_id", "run__machine_id",
    "kind", "opened_at", "expires_at", "due_at", "priority", "run__cost_cents",
)  # fmt: skip
_AT_ONCE = 200  # rows that one transaction ranks anew
JUST_DONE = timedelta(seconds=10)
_BECAUSE: dict[str, str] = {
    Status.RUNNING: "resumed elsewhere",
    Status.CANCELLED: "cancelled elsewhere",
    Status.TIMED_OUT: "the run timed out",
    Status.SUCCEEDED: "the run succeeded",
    Status.FAILED: "the run failed",
}


def ordered(user: User | None = None, now: datetime | None = None) -> ApprovalQuerySet:
    """Open approvals, what hurts most first (`approvals.ranking`); what is put to `user` before all else."""
    soon = (now or timezone.now()) + ranking.SOON
    order: list[Any] = [Case(When(expires_at__lte=soon, then="expires_at")).asc(nulls_last=True), "rank_at", "id"]
    if user is not None:
        order.insert(0, Case(When(routed_to=user.pk, then=Value(0)), default=Value(1)))
    waiting = Approval.objects.open().select_related("run", "run__connection", "claim", "claim__user")
    return waiting.order_by(*order)


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
    newer = Approval.objects.filter(run=OuterRef("run"), pk__gt=OuterRef("pk"))
    # The mirror may not show it yet; where another pause has come since, it does.
    just_done = Q(~Exists(newer), decision__delivered_at__gt=timezone.now() - JUST_DONE)
    stands = Approval.objects.filter(Q(state=State.OPEN) | on_its_way | just_done, run=OuterRef("pk"))
    return Run.objects.parked().filter(~Exists(stands))


def ask_again(run: Run) -> Approval | None:
    """Ask about a run that is certain to be parked and that nothing stands for; the open approval, if there is one."""
    with transaction.atomic():
        fresh = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
        if not unasked().filter(pk=fresh.pk).exists():
            return find(fresh)
        latest = _latest(fresh)
        pause = pauses.seen(fresh, None, arrived=True)
        if latest is None or pauses.relation(latest, pause) == Relation.NEWER:
            return _open(fresh, pause)
        return _repeat(latest, fresh)


def overtaken() -> QuerySet[Approval]:
    """Open approvals of runs that have left the pause: nobody was told, as a receiver failed."""
    left = ~Q(run__status=Status.AWAITING_HUMAN) | Q(run__pause_seq__gt=F("pause_seq") + 1)
    return Approval.objects.open().filter(left, run__is_ahead=False)


def catch_up(approval: Approval) -> None:
    """Do what should have been done when its run left the pause."""
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).get(pk=approval.run_id)
        if not overtaken().filter(pk=approval.pk).exists():
            return
        if run.status == Status.AWAITING_HUMAN:
            _parked(run, pauses.seen(run, run.pause_seq, arrived=True))
        else:
            _close(approval, _BECAUSE.get(run.status, f"the run is {run.status}"))


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
        people_needed=kinds.people_needed(kind, settings.TWO_PEOPLE_KINDS),
        opened_at=since,
        asked_cost_cents=run.cost_cents,
        expires_at=expires_at,
        due_at=timers.due_at(kind, since, expires_at),
    )


def _repeat(latest: Approval, run: Run) -> Approval | None:
    """The same pause asked once more: the decision made on it was refused upstream, or recalled. Handled as before,
    unless the agent says something of another kind by now.
    """
    reason = (run.awaiting_human_reason or latest.reason)[:REASON_LIMIT]
    kind, expires_at = kinds.of(reason), _expires_at(run, latest.opened_at)
    handling = {name: getattr(latest, name) for name in _HANDLING}
    if kind != latest.kind:
        needed = kinds.people_needed(kind, settings.TWO_PEOPLE_KINDS)
        handling |= {"people_needed": max(latest.people_needed, needed), **timers.relearned(latest, kind, expires_at)}
    return _create(
        run,
        pause_seq=latest.pause_seq,
        paused_at=latest.paused_at,
        ask=latest.ask + 1,
        reason=reason,
        kind=kind,
        **handling,
        opened_at=latest.opened_at,
        asked_cost_cents=latest.asked_cost_cents,
        expires_at=expires_at,
    )


def _create(run: Run, **fields: Any) -> Approval | None:
    try:
        with transaction.atomic():
            rank_at, same = _weighed(Approval(run=run, **fields), rates.of(run).cents_per_hour)
            approval = Approval.objects.create(run=run, rank_at=rank_at, sameness=same, **fields)
            occasions.note_opened(approval)
    except IntegrityError:  # somebody else saw the same pause in the same instant
        return None
    asking.ask(approval.pk)
    _tell(approval)
    return approval


def _learn(approval: Approval, run: Run, pause: Pause) -> None:
    """Take over what this sight of a known pause adds: its seq, upstream's time, the reason."""
    news: dict[str, Any] = {}
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
        if (needed := kinds.people_needed(news.get("kind", ""), settings.TWO_PEOPLE_KINDS)) > approval.people_needed:
            news["people_needed"] = needed
    if news.keys() & {"reason", "expires_at"}:
        news["rules_due_at"] = timezone.now()
    if news and Approval.objects.filter(pk=approval.pk).update(**news):
        asking.ask(approval.pk)
        weigh(approval)
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
        endorsements.close(approval)
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


def weigh(approval: Approval) -> None:
    """Bring the stored rank and sameness in line: whoever changes a priority, a due time or a kind calls it."""
    fresh = Approval.objects.select_related("run").get(pk=approval.pk)
    rank_at, same = _weighed(fresh, rates.of(fresh.run).cents_per_hour)
    Approval.objects.filter(pk=fresh.pk, reason=fresh.reason).update(rank_at=rank_at, sameness=same)
    _tell(fresh)


def weigh_all() -> int:
    """Rank all that is open anew, for what was forgotten and for rates that were told since; how many moved."""
    told = {(rate.connection_id, rate.machine_id): rate.cents_per_hour for rate in MachineRate.objects.all()}
    moved = []
    for pk, stored, connection, machine, *rest in Approval.objects.open().values_list(*_RANKED).iterator(2000):
        known: Any = (*rest, told.get((connection, machine)))
        rank_at = ranking.rank_at(ranking.Facts(*known))
        if rank_at != stored:
            moved.append((pk, rank_at))
    for start in range(0, len(moved), _AT_ONCE):
        with transaction.atomic():
            for pk, rank_at in moved[start : start + _AT_ONCE]:
                Approval.objects.open().filter(pk=pk).update(rank_at=rank_at)
            publish.nudge(topics.QUEUE)
    return len(moved)


def _weighed(approval: Approval, cents_per_hour: Decimal | None) -> tuple[datetime, str]:
    same = sameness.of(approval.kind, approval.run.connection_id, approval.reason)
    return ranking.rank_at(facts(approval, cents_per_hour)), same


def facts(approval: Approval, cents_per_hour: Decimal | None) -> ranking.Facts:
    """What its rank depends on."""
    a = approval
    return ranking.Facts(a.kind, a.opened_at, a.expires_at, a.due_at, a.priority, a.run.cost_cents, cents_per_hour)


def _tell(approval: Approval) -> None:
    publish.nudge(topics.QUEUE, topics.approval(approval.pk), topics.run(approval.run_id))
