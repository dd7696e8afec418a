"""Brings decisions upstream: the only caller of resume and cancel for one. Each is sent once and pursued to its end.

A row is claimed (pending -> sending), the run is read, and one request goes out, outside of any transaction. What was
claimed and not finished, or sent and not answered, is unsure: upstream is read, and only what is certain not to have
arrived is sent again.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from approvals import evidence
from approvals.evidence import Look, Resumed
from approvals.models import Decision
from approvals.notices import occasions
from approvals.notices.states import Occasion
from approvals.states import Delivery, Verdict
from coasty_api import errors
from coasty_api.client import Client
from live import publish, topics
from runs import audit, ingest, secret_notes, upstream, vault
from runs.models import AuditEntry
from runs.secrets import mask

log = logging.getLogger(__name__)

TASK = "approvals.tasks.deliver"
CONFIRMED = "Upstream confirmed it."
TAG_LENGTH = len(" [decision 00000000]")
STUCK = timedelta(seconds=15)  # longer than sending takes; after it a claimed row is unsure
SETTLE = timedelta(seconds=10)  # a request without an answer may still arrive for so long
LOOK_AGAIN = timedelta(seconds=2)
UNPROVEN = timedelta(minutes=2)  # a resume that nobody's note explains is not ours after this
GIVE_UP = timedelta(hours=24)
FRESH_SECONDS = 8.0  # a reading older than this is not acted upon
MAX_WAIT_SECONDS = 60
_APART_SECONDS = 0.3  # within which those that wait for one moment begin
HINT_LATE = 0.03  # a hint that came a moment early would find nothing due


def ask(decision_id: int, after: timedelta = timedelta(0)) -> None:
    """Hint to the workers that there is something to deliver, now or after a while. A lost hint costs one sweep."""
    seconds = after.total_seconds() + HINT_LATE if after > timedelta(0) else None
    current_app.send_task(TASK, args=[decision_id], countdown=seconds, retry=False, ignore_result=True)


def note_for(decision: Decision) -> str:
    """The note as it may be read: what the person wrote and the code that proves which decision arrived."""
    return f"{decision.note} {secret_notes.tag(decision.code)}".strip()


def _note_to_send(decision: Decision) -> str:
    """The note as it goes out, a secret in it opened. `vault.Unreadable` when that can't be."""
    whole = secret_notes.whole(decision.code)
    return note_for(decision) if whole is None else f"{whole} {secret_notes.tag(decision.code)}"


def due(now: datetime) -> QuerySet[Decision]:
    """Decisions that need a step now."""
    waiting = Q(delivery__in=[Delivery.PENDING, Delivery.UNSURE], next_try_at__lte=now)
    return Decision.objects.filter(waiting | Q(delivery=Delivery.SENDING, sending_since_at__lte=now - STUCK))


def due_within(now: datetime, span: timedelta) -> QuerySet[Decision]:
    """Decisions whose next try is soon: a hint timed to it brings them out on time, whatever became of an earlier."""
    return Decision.objects.filter(delivery=Delivery.PENDING, next_try_at__gt=now, next_try_at__lte=now + span)


def deliver(decision_id: int, *, now: datetime | None = None) -> Decision:
    """Bring one decision as far as it goes now; calling it again, or from two workers at once, does no harm."""
    clock = _Clock(now or timezone.now())
    decision = _row(decision_id)
    if decision.delivery == Delivery.SENDING:
        _unstick(decision, clock)
    elif decision.next_try_at > clock.now():
        return decision  # held, or tried too early
    if decision.delivery == Delivery.PENDING:
        _pursue(decision, clock)
    if decision.delivery == Delivery.UNSURE and decision.next_try_at <= clock.now():
        _clear_up(decision, clock)
    return decision


class _Clock:
    """The time since a given start, by a clock that nobody sets."""

    def __init__(self, start: datetime) -> None:
        self._start, self._began = start, time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.seconds())


def _row(decision_id: int) -> Decision:
    return Decision.objects.select_related("approval__run__connection", "decided_by", "policy").get(pk=decision_id)


def _pursue(decision: Decision, clock: _Clock) -> None:
    """Read, claim, send once, write down what came of it."""
    approval, client = decision.approval, upstream.client(decision.approval.run.connection)
    read_at = clock.seconds()
    try:
        seen = evidence.look(client, approval)
        waits = evidence.waits_still(client, approval, seen)
    except errors.CoastyError as problem:
        _later(decision, problem, clock)
        return
    if not _claim(decision, clock):
        return
    if not waits:
        _settle_moved(decision, client, seen, clock)
    elif _is_resume(decision) and evidence.says_other(decision, seen):
        _finish(decision, Delivery.REFUSED, "The agent says something else than what was decided on.", seen)
    elif clock.seconds() - read_at > FRESH_SECONDS:
        _move(decision, Delivery.PENDING, "The reading was too old to act upon.", next_try_at=clock.now())
    else:
        _send(decision, client, clock)


def _claim(decision: Decision, clock: _Clock) -> bool:
    """Take the row for one sending. Whoever reads it in between finds it taken; nobody else sends."""
    claimed = Decision.objects.filter(pk=decision.pk, delivery=Delivery.PENDING, attempts=decision.attempts).update(
        delivery=Delivery.SENDING, attempts=F("attempts") + 1, sending_since_at=clock.now()
    )
    if claimed:
        decision.refresh_from_db(fields=["delivery", "attempts", "sending_since_at"])
        _tell(decision)
    return bool(claimed)


def _send(decision: Decision, client: Client, clock: _Clock) -> None:
    run = decision.approval.run
    asked_at = timezone.now()
    try:
        if decision.verdict == Verdict.RESUME:
            payload = client.resume_run(run.upstream_id, _note_to_send(decision))
        else:
            payload = client.cancel_run(run.upstream_id)
    except errors.CoastyError as problem:
        problem.message = secret_notes.struck(decision.code, problem.message)
        _not_taken(decision, client, problem, clock)
        return
    except vault.Unreadable:
        _finish(decision, Delivery.REFUSED, "The secret in its note can't be opened: SECRET_KEY has changed.", None)
        return
    _finish(decision, Delivery.DELIVERED, CONFIRMED, Look(payload, asked_at))


def _not_taken(decision: Decision, client: Client, problem: errors.CoastyError, clock: _Clock) -> None:
    """Upstream did not say yes: no, not now, or nothing at all."""
    if isinstance(problem, errors.Lost) or (isinstance(problem, errors.Unavailable) and problem.status is not None):
        _be_unsure(decision, problem.message, clock)
    elif isinstance(problem, errors.Conflict):
        _settle_conflict(decision, client, problem, clock)
    elif isinstance(problem, _NOT_NOW):
        _later(decision, problem, clock)
    else:
        _finish(decision, Delivery.REFUSED, f"Upstream refused it: {problem.message}", _try_look(decision, client))


# Upstream can't or won't take it now; nothing was done, and somebody may put right what is in the way.
_NOT_NOW = (
    errors.Unavailable, errors.Busy, errors.KeyRefused, errors.NotAllowed, errors.Blocked, errors.PaymentNeeded,
    errors.NotFound,
)  # fmt: skip


def _settle_conflict(decision: Decision, client: Client, problem: errors.Conflict, clock: _Clock) -> None:
    """The run was in another state when the request arrived. Never sent again: what happened is written down."""
    try:
        seen = evidence.look(client, decision.approval)
        if evidence.waits_still(client, decision.approval, seen):
            _finish(decision, Delivery.REFUSED, f"Upstream refused it: {problem.message}", seen)
        else:
            _settle_moved(decision, client, seen, clock)
    except errors.CoastyError:
        state = f" The run was {problem.current_state} then." if problem.current_state else ""
        _finish(decision, Delivery.REFUSED, f"Upstream refused it: {problem.message}{state}", None)


def _settle_moved(decision: Decision, client: Client, seen: Look, clock: _Clock) -> None:
    """The pause is over: by this decision, if an earlier sending of it arrived without an answer; else by others."""
    if not _was_sent_before(decision):
        _finish(decision, Delivery.REFUSED, f"The run left this pause before the decision arrived: {seen.words}.", seen)
        return
    if _move(decision, Delivery.UNSURE, "Reading what became of it."):
        _clear_up(decision, clock)


def _clear_up(decision: Decision, clock: _Clock) -> None:
    """Find out what became of a request without an answer."""
    client = upstream.client(decision.approval.run.connection)
    try:
        seen = evidence.look(client, decision.approval)
        waits = evidence.waits_still(client, decision.approval, seen)
        by = evidence.resumed_by(client, decision) if not waits and _is_resume(decision) else Resumed.NOT_SEEN
    except errors.CoastyError as problem:
        _later(decision, problem, clock)
        return
    age = clock.now() - (decision.sending_since_at or decision.decided_at)
    if by == Resumed.BY_US or (not _is_resume(decision) and seen.status == "cancelled"):
        _finish(
            decision, Delivery.DELIVERED, "Upstream's answer was lost; reading the run proves that it arrived.", seen
        )
    elif age < SETTLE:
        _look_again(decision, clock)
    elif waits:
        if _move(decision, Delivery.PENDING, "It did not arrive; it is sent again.", next_try_at=clock.now()):
            _pursue(decision, clock)
    elif by == Resumed.BY_OTHERS or seen.is_terminal or not _is_resume(decision) or age > UNPROVEN:
        _finish(decision, Delivery.REFUSED, f"The run left this pause without this decision: {seen.words}.", seen)
    else:
        _look_again(decision, clock)


def _is_resume(decision: Decision) -> bool:
    return decision.verdict == Verdict.RESUME


def _was_sent_before(decision: Decision) -> bool:
    told = AuditEntry.objects.filter(run=decision.approval.run, act="decision.unsure", subject=_subject(decision))
    return told.exists()


def _subject(decision: Decision) -> str:
    return f"decision {decision.code}"


def _unstick(decision: Decision, clock: _Clock) -> None:
    """A row that nobody finished: its worker died or hangs. Whether it sent is not known."""
    if decision.sending_since_at and decision.sending_since_at <= clock.now() - STUCK:
        _be_unsure(decision, "Whoever sent it did not come back.", clock)


def _be_unsure(decision: Decision, why: str, clock: _Clock) -> None:
    now = clock.now()
    with transaction.atomic():
        if _move(decision, Delivery.UNSURE, why, next_try_at=now, sending_since_at=now):
            _record(decision, "decision.unsure", why)


def _later(decision: Decision, problem: errors.CoastyError, clock: _Clock) -> None:
    """Not now: try again when upstream has asked for it, else after a while that grows.

    After a day it is refused, for nobody expects it any more.
    """
    now = clock.now()
    if now - decision.decided_at > GIVE_UP:
        if decision.delivery == Delivery.PENDING and not _claim(decision, clock):
            return
        _finish(decision, Delivery.REFUSED, f"Given up after a day: {problem.message}", None)
        return
    after, is_failure = _pause(decision, problem)
    state = Delivery.UNSURE if decision.delivery == Delivery.UNSURE else Delivery.PENDING
    is_counted = decision.delivery == Delivery.SENDING  # by its claim
    tries = {"attempts": F("attempts") + 1} if is_failure and not is_counted else {}
    _move(decision, state, f"It is tried again: {problem.message}", next_try_at=now + after, **tries)
    if after.total_seconds() < settings.SWEEP_SECONDS:
        transaction.on_commit(lambda: ask(decision.pk, after), robust=True)


def _pause(decision: Decision, problem: errors.CoastyError) -> tuple[timedelta, bool]:
    """How long until the next try; whether this one counts as a failure, after which the next pause is longer.

    To have come while all were asked to wait is none: whoever met several of these would wait a minute for nothing.
    """
    asked = min(problem.retry_after or 0, 5 * MAX_WAIT_SECONDS)
    if asked and isinstance(problem, errors.Busy):
        return timedelta(seconds=asked + random.uniform(0.02, _APART_SECONDS)), False  # noqa: S311 (jitter, no secret)
    grown = min(MAX_WAIT_SECONDS, 0.5 * 2 ** min(decision.attempts, 10)) * random.uniform(0.75, 1.25)  # noqa: S311
    return timedelta(seconds=max(grown, asked)), True


def _look_again(decision: Decision, clock: _Clock) -> None:
    _move(decision, Delivery.UNSURE, decision.delivery_detail, next_try_at=clock.now() + LOOK_AGAIN)


def _move(decision: Decision, state: str, detail: str, **fields: Any) -> bool:
    """From the state as it was read to another, if nobody was faster; the object says afterwards what holds."""
    moved = Decision.objects.filter(pk=decision.pk, delivery=decision.delivery, attempts=decision.attempts).update(
        delivery=state, delivery_detail=detail[:500], **fields
    )
    decision.refresh_from_db(
        fields=["delivery", "delivery_detail", "attempts", "next_try_at", "note", "delivered_at", "sending_since_at"]
    )
    _tell(decision)
    return bool(moved)


def _finish(decision: Decision, state: str, detail: str, seen: Look | None) -> None:
    """Write the end of it, audited; what upstream said of the run goes into the mirror."""
    act = "decision.delivered" if state == Delivery.DELIVERED else "decision.refused"
    with transaction.atomic():
        # An answer is certain knowledge: it also counts where a sweep gave the row up as unsure meanwhile.
        rows = Decision.objects.filter(pk=decision.pk, delivery__in=[Delivery.SENDING, Delivery.UNSURE])
        if state == Delivery.REFUSED:  # but a no to an older sending says nothing about a newer one
            rows = rows.filter(attempts=decision.attempts)
        finished = rows.update(
            delivery=state,
            delivery_detail=detail[:500],
            delivered_at=timezone.now() if state == Delivery.DELIVERED else None,
            note=mask(decision.note),
        )
        decision.refresh_from_db(fields=["delivery", "delivery_detail", "delivered_at", "note"])
        if finished:
            secret_notes.forget(decision.code)
            _record(decision, act, detail)
            if state == Delivery.REFUSED and decision.decided_by is not None:
                occasions.note(Occasion.REFUSED, decision.approval, decision.decided_by)
            _tell(decision)
    if seen is not None:
        _mirror(decision, seen)


def _mirror(decision: Decision, seen: Look) -> None:
    run = decision.approval.run
    payload = {**seen.payload, "id": run.upstream_id}
    try:
        ingest.take_snapshot(run.connection, payload, asked_at=seen.asked_at)
    except Exception:
        log.exception("The run %s was not brought up to date; its stream will.", run.upstream_id)


def _try_look(decision: Decision, client: Client) -> Look | None:
    try:
        return evidence.look(client, decision.approval)
    except errors.CoastyError:
        return None


def _record(decision: Decision, act: str, detail: str) -> None:
    run = decision.approval.run
    audit.record(None, act, run=run, subject=_subject(decision), verdict=decision.verdict, detail=detail[:500])


def _tell(decision: Decision) -> None:
    approval = decision.approval
    publish.nudge(topics.QUEUE, topics.approval(approval.pk), topics.run(approval.run_id))
