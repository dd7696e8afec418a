"""Jobs of the mirror: a sign of life, and a look at runs that no relay follows."""

from __future__ import annotations

import logging
import socket
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from coasty_api import errors
from runs import ingest, upstream
from runs.models import Connection, Run, Worker
from runs.relay import leases

log = logging.getLogger(__name__)

JOBS = "jobs"
_AT_ONCE = 20
_LONG_DEAD = timedelta(hours=1)


@shared_task(name="runs.tasks.sweep")
def sweep() -> None:
    """Give the job queue's sign of life; when no relay is alive, look at the live runs in its place."""
    name = f"{JOBS}:{socket.gethostname()}"[:64]
    Worker.objects.update_or_create(name=name, defaults={"kind": JOBS, "beat_at": timezone.now()})
    Worker.objects.filter(beat_at__lt=timezone.now() - _LONG_DEAD).delete()
    leases.mark_idle(leases.orphans(), "No relay follows it: start one with `python manage.py relay`.")
    upstream.connection()
    if not leases.alive().exists():
        look_at_unfollowed()


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
