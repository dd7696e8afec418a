"""Jobs of the mirror: a sign of life, and a look at runs that no relay follows."""

from __future__ import annotations

import logging
import socket
from datetime import timedelta

from celery import shared_task
from django.db.models import F
from django.utils import timezone

from coasty_api import errors
from runs import batch_work, batches, budgets, indexing, ingest, rates, spending, upstream, waste, webhooks
from runs.models import Connection, Hint, Run, Worker
from runs.relay import leases

log = logging.getLogger(__name__)

JOBS = "jobs"
_AT_ONCE = 20
_HINTS_AT_ONCE = 50
_HINT_TRIES = 8
_LONG_DEAD = timedelta(hours=1)


@shared_task(name="runs.tasks.sweep")
def sweep() -> None:
    """Give the job queue's sign of life; when no relay is alive, look at the live runs in its place."""
    name = f"{JOBS}:{socket.gethostname()}"[:64]
    Worker.objects.update_or_create(name=name, defaults={"kind": JOBS, "beat_at": timezone.now()})
    Worker.objects.filter(beat_at__lt=timezone.now() - _LONG_DEAD).delete()
    leases.mark_idle(leases.orphans(), "No relay follows it: start one with `python manage.py relay`.")
    upstream.connection()
    webhooks.forget(timezone.now())
    if Hint.objects.filter(due_at__lte=timezone.now()).exists():
        webhooks.ask()
    if not leases.alive().exists():
        look_at_unfollowed()


@shared_task(name="runs.tasks.look_for_waste")
def look_for_waste() -> int:
    """Flag the runs that repeat themselves; how many pages would show something else."""
    return waste.look()


@shared_task(name="runs.tasks.read_rates")
def read_rates() -> int:
    """Ask what the machines of parked runs bill; asking more often than is due costs a look at the table."""
    return rates.read_due()


@shared_task(name="runs.tasks.index")
def index() -> int:
    """Make searchable what came since; how many runs were read."""
    return indexing.index(timezone.now())


@shared_task(name="runs.tasks.keep_budgets")
def keep_budgets() -> int:
    """Book what was billed, and do what budgets say; how many runs they want cancelled."""
    now = timezone.now()
    spending.book(now)
    wanted = 0
    for budget, runs in budgets.sweep(now):
        if new := batches.not_asked_yet(runs, now):
            batches.cancel_runs(None, new, f"Budget “{budget}” is reached", f"budget {budget}"[:150])
            wanted += len(new)
    return wanted


@shared_task(name="runs.tasks.compare_books")
def compare_books() -> int:
    """Look whether all that was billed is booked; how many runs differed."""
    batches.forget_drafts(timezone.now())
    return spending.compare(timezone.now())


@shared_task(name="runs.tasks.work_batches")
def work_batches() -> int:
    """Find batches that nobody works at; how many."""
    found = batch_work.due(timezone.now())
    for pk in found:
        batches.ask(pk)
    return len(found)


@shared_task(name=batches.TASK)
def work_batch(pk: int) -> None:
    """Do rows of a batch for a while, then let others have the thread."""
    if batch_work.work(pk):
        batches.ask(pk)


@shared_task(name=webhooks.TASK)
def read_hints() -> int:
    """Read the runs that webhooks have named, and believe what upstream then says; how many were read."""
    due = Hint.objects.filter(due_at__lte=timezone.now()).select_related("connection").order_by("due_at")
    return sum(_read(hint) for hint in due[:_HINTS_AT_ONCE])


def _read(hint: Hint) -> bool:
    pause = timedelta(seconds=min(300, 5 * 2**hint.tries))
    mine = Hint.objects.filter(pk=hint.pk, due_at=hint.due_at)
    if not mine.update(due_at=timezone.now() + pause, tries=F("tries") + 1):
        return False  # somebody else reads it
    asked_at = timezone.now()
    try:
        payload = upstream.client(hint.connection).get_run(hint.upstream_id)
        ingest.take_snapshot(hint.connection, payload, asked_at=asked_at)
    except errors.NotFound:
        log.info("A webhook named the run %s, which the key of %s can't see", hint.upstream_id, hint.connection)
    except (errors.CoastyError, ValueError) as problem:
        if hint.tries < _HINT_TRIES:
            return False
        log.warning("The run %s, which a webhook named, can't be read: %s", hint.upstream_id, problem)
    Hint.objects.filter(pk=hint.pk, at__lte=hint.at).delete()  # a newer hint stays, and is due when its pause is over
    return True


def look_at_unfollowed() -> int:
    """GET live runs that nobody follows, so that they do not seem to go on for ever; how many were read."""
    return sum(_look_at(connection) for connection in upstream.enabled())


def _look_at(connection: Connection) -> int:
    runs = list(Run.objects.live().filter(connection=connection).order_by("status_at")[:_AT_ONCE])
    try:
        client = upstream.client(connection)
        client.list_runs(limit=1)
        for run in runs:
            asked_at = timezone.now()
            try:
                payload = client.get_run(run.upstream_id)
            except errors.NotFound:
                continue
            ingest.take_snapshot(connection, payload, asked_at=asked_at)
    except errors.CoastyError as problem:
        upstream.note_health(connection, problem)
        return 0
    upstream.note_health(connection, None, client.key_kind)
    return len(runs)
