"""The desk's jobs: deliver one decision, and a sweep that finds what a lost message or a dead process left behind."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from approvals import claims, delivery, digests, outcomes, presence, queue, takeovers
from approvals.models import Decision, Endorsement
from approvals.notices import tasks as notices_tasks  # noqa: F401 (registers them)
from approvals.rules import applying
from approvals.rules import asking as rules_asking
from coasty_api import errors
from runs import audit, ingest, retention, upstream
from runs.models import Run

log = logging.getLogger(__name__)

BATCH = 100  # how much one sweep takes on; the rest waits for the next


@shared_task(name=delivery.TASK)
def deliver(decision_id: int) -> None:
    delivery.deliver(decision_id)


@shared_task(name=rules_asking.TASK)
def apply_policies(approval_id: int | None = None) -> None:
    """Look at one approval, or at all that are due."""
    if approval_id is None:
        applying.apply_due()
    else:
        applying.apply_to(approval_id)


@shared_task(name="approvals.tasks.sweep")
def sweep() -> None:
    """Each part by itself: one that fails stops no other."""
    desk = (deliver_due, close_overtaken, ask_unasked)
    for part in (*desk, claims.expire, takeovers.expire, applying.apply_due, outcomes.settle):
        try:
            part()
        except Exception:
            log.exception("The sweep's part %s failed; it is tried again at the next.", part.__name__)


@shared_task(name="approvals.tasks.weigh")
def weigh() -> int:
    """Rank what waits anew: machines' rates were told, a policy has set a priority; how many changed."""
    return queue.weigh_all()


@shared_task(name="approvals.tasks.keep_digests")
def keep_digests() -> int:
    """Keep what days that are over amount to; how many days were made or mended."""
    return digests.keep(timezone.now())


@shared_task(name="approvals.tasks.retain")
def retain() -> None:
    """Remove what is older than the settings keep, and walk the audit log's new entries."""
    audit.verify_new(5000)
    retention.sweep(timezone.now(), named_frames)
    presence.forget()


@shared_task(name="approvals.tasks.verify_audit")
def verify_audit() -> None:
    """Walk the whole audit log: an old entry that was changed is found here."""
    found = audit.verify_whole()
    if found.broken_at is not None:
        log.error("The audit log's chain is broken at entry %s", found.broken_at)


def named_frames(run: Run) -> list[str]:
    """The frames that decisions on this run, and each yes where several were needed, name as evidence; by SHA-256."""
    said = (Decision.objects, Endorsement.objects)
    named = [rows.filter(approval__run=run).values_list("seen_frame_sha256", flat=True) for rows in said]
    return sorted({digest for digests in named for digest in digests if digest})


def deliver_due() -> None:
    """Hand every decision that needs a step to the workers, and those that need one before the next sweep in time."""
    for pk in delivery.due(timezone.now()).order_by("next_try_at").values_list("pk", flat=True)[:BATCH]:
        delivery.ask(pk)
    now = timezone.now()
    soon = delivery.due_within(now, timedelta(seconds=settings.SWEEP_SECONDS)).order_by("next_try_at")
    for pk, at in soon.values_list("pk", "next_try_at")[:BATCH]:
        delivery.ask(pk, at - now)


def close_overtaken() -> None:
    """Close each approval whose run has moved on without anybody having been told."""
    for approval in queue.overtaken()[:BATCH]:
        log.warning("Approval %d was open still, though its run has moved on", approval.pk)
        queue.catch_up(approval)


def ask_unasked() -> None:
    """Open an approval for each parked run that has none: a forgotten signal or a refused decision hides no run."""
    left, silent = BATCH, set[int]()
    # In no order, and a connection that does not answer is asked once: its runs stand in the way of no others.
    for pk in queue.unasked().order_by("?").values_list("pk", flat=True):
        run = Run.objects.select_related("connection").get(pk=pk)
        try:
            if not run.approvals.exists() or (run.connection_id not in silent and _waits_for_certain(run)):
                queue.ask_again(run)
        except _NO_ANSWER as problem:
            log.debug("Whether the runs of %s still wait is not known: %s", run.connection, problem)
            silent.add(run.connection_id)
        left -= run.connection_id not in silent
        if not left:
            return


# Whatever is asked of this connection next would end the same.
_NO_ANSWER = (errors.Unavailable, errors.Lost, errors.Busy, errors.KeyRefused, errors.NotAllowed, errors.Blocked)


def _waits_for_certain(run: Run) -> bool:
    """Whether upstream says now that the run waits; what it says goes into the mirror. Raises _NO_ANSWER."""
    asked_at = timezone.now()
    try:
        payload = upstream.client(run.connection).get_run(run.upstream_id)
    except _NO_ANSWER:
        raise
    except errors.CoastyError as problem:
        log.debug("Whether the run %s still waits is not known: %s", run.upstream_id, problem)
        return False
    ingest.take_snapshot(run.connection, payload, asked_at=asked_at)
    return payload.get("status") == "awaiting_human"
