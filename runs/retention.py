"""Removes the events and frames of runs that ended long ago, in small batches; what a run came to stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from runs import audit, indexing, states
from runs.models import Event, Frame, Run

BATCH = 500  # rows in one transaction
PAUSE_SECONDS = 0.05  # between two transactions: the relay writes meanwhile
Kept = Callable[[Run], Iterable[str]]  # the SHA-256 of the frames that must stay


@dataclass
class Swept:
    """What one sweep has removed, or would remove."""

    runs: int = 0
    events: int = 0
    frames: int = 0


def due(now: datetime) -> QuerySet[Run]:
    """Runs that ended before the chosen age and still have all; none when retention is off."""
    if not settings.RETENTION_DAYS:
        return Run.objects.none()
    before = now - timedelta(days=settings.RETENTION_DAYS)
    return Run.objects.filter(finished_at__lt=before, events_until=None, status__in=states.TERMINAL)


def sweep(now: datetime, kept: Kept, *, seconds: float = 30.0, tell: Callable[[Swept], None] | None = None) -> Swept:
    """Remove what is due for some seconds; the next sweep goes on. One audit entry tells what went."""
    swept, end = Swept(), time.monotonic() + seconds
    while time.monotonic() < end and (run := due(now).order_by("finished_at").first()):
        frames = Frame.objects.filter(run=run).exclude(sha256__in=list(kept(run)))
        swept.events += _remove(Event.objects.filter(run=run))
        swept.frames += _remove(frames)
        indexing.forget(run)
        Run.objects.filter(pk=run.pk).update(events_until=now)  # last: a sweep that was cut off begins here again
        swept.runs += 1
        if tell:
            tell(swept)
    if swept.runs:
        with transaction.atomic():
            audit.record(None, "retention.swept", **vars(swept), days=settings.RETENTION_DAYS)
    return swept


def planned(now: datetime) -> Swept:
    """What is due; frames that a decision names are counted too. Removes nothing."""
    runs = due(now)
    events, frames = Event.objects.filter(run__in=runs), Frame.objects.filter(run__in=runs)
    return Swept(runs.count(), events.count(), frames.count())


def _remove(rows: QuerySet[Event] | QuerySet[Frame]) -> int:
    count = 0
    while ids := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            rows.model._base_manager.filter(pk__in=ids).delete()
        count += len(ids)
        time.sleep(PAUSE_SECONDS)
    return count
