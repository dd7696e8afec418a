"""Times in which a secret stands on a run's screen: what upstream pictures then is not fetched, not stored, counted.

A frame is judged by the moment at which upstream took it, on our clock. Upstream may keep its own pictures: that is
not in our hands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs import audit
from runs.models import Frame, PrivateTime, Run

_BEFORE = timedelta(seconds=0.5)
_AFTER = timedelta(seconds=3)  # what was typed may still be on the screen; upstream's clock is known to a second


def begin(run: Run, *, now: datetime | None = None) -> bool:
    """From now on; False when it is on already. Inside the caller's transaction."""
    cursor = Run.objects.values_list("frame_cursor", flat=True).get(pk=run.pk)
    fields = {"since_at": now or timezone.now(), "frame_cursor": cursor}
    return PrivateTime.objects.get_or_create(run=run, until_at=None, defaults=fields)[1]


def end(run: Run, *, now: datetime | None = None) -> bool:
    """Until now; False when it was off already."""
    return bool(PrivateTime.objects.filter(run=run, until_at=None).update(until_at=now or timezone.now()))


def is_on(run_pk: int) -> bool:
    return PrivateTime.objects.filter(run_id=run_pk, until_at=None).exists()


def times(run_pk: int) -> list[PrivateTime]:
    """The run's private times, the newest first."""
    return list(PrivateTime.objects.filter(run_id=run_pk).order_by("-id"))


def hiding(
    found: Iterable[PrivateTime], index: int, taken_at: datetime | None, ahead_seconds: float = 0.0
) -> PrivateTime | None:
    """The time in which this frame was taken. One without a moment of its own is taken to be in the first that fits."""
    if taken_at is None:
        return next((one for one in found if index > one.frame_cursor), None)
    ours = taken_at - timedelta(seconds=ahead_seconds)
    return next((one for one in found if _covers(one, ours)), None)


def _covers(one: PrivateTime, moment: datetime) -> bool:
    return one.since_at - _BEFORE <= moment and (one.until_at is None or moment <= one.until_at + _AFTER)


def sift(run: Run, frames: list[Frame], ahead_seconds: float = 0.0) -> list[Frame]:
    """The frames that may be stored; the others are counted. Inside the transaction that stores them."""
    found = times(run.pk)
    hidden = [(frame, one) for frame in frames if (one := hiding(found, frame.index, frame.taken_at, ahead_seconds))]
    skip(run, [(frame.index, one) for frame, one in hidden])
    gone = {frame.index for frame, _one in hidden}
    return [frame for frame in frames if frame.index not in gone]


def skip(run: Run, hidden: list[tuple[int, PrivateTime]]) -> None:
    """Count frames that are left out and write it down, without anything of what they show."""
    if not hidden:
        return
    with transaction.atomic():
        for one in {time.pk: time for _index, time in hidden}.values():
            count = sum(time.pk == one.pk for _index, time in hidden)
            PrivateTime.objects.filter(pk=one.pk).update(skipped=F("skipped") + count)
        audit.record(None, "frames.skipped", run=run, subject="private", count=len(hidden))
