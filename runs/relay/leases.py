"""Which worker follows which run: claim, give up, notice the dead. The token fences off whoever lost a run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from live import publish, topics
from runs.models import Connection, Lease, Run, Worker
from runs.states import Stream

KIND = "relay"
NOBODY = ""
_FAIR = 1.15  # more than this over the even share is given up to whoever joined
_PART = 50  # so many runs at least may change hands at once


def beat(worker: str, detail: dict[str, Any] | None = None, now: datetime | None = None) -> None:
    """Give a sign of life: it renews every lease that the worker holds, with one row."""
    Worker.objects.update_or_create(
        name=worker, defaults={"kind": KIND, "beat_at": now or _clock(), "detail": detail or {}}
    )


def _clock() -> datetime | Now:
    """One clock for all workers: the database's, where they may be on several machines."""
    return Now() if database.vendor == "postgresql" else timezone.now()


def alive(now: datetime | None = None) -> QuerySet[Worker]:
    """The relay workers whose last sign of life is young enough for their leases to hold."""
    since = (now or _clock()) - timedelta(seconds=settings.LEASE_SECONDS)
    return Worker.objects.filter(kind=KIND, beat_at__gt=since)


def to_follow() -> QuerySet[Run]:
    """Runs whose log is not at its end, of every connection that is enabled."""
    return Run.objects.filter(~Q(stream=Stream.ENDED), connection__is_enabled=True)


def claim(worker: str, limit: int, now: datetime | None = None) -> dict[int, int]:
    """Take up to `limit` runs that no living worker follows: {run pk: token}. Two workers never get the same."""
    living = alive(now).values("name")
    free = to_follow().filter(Q(lease=None) | ~Q(lease__worker__in=living)).order_by("-id")
    if limit <= 0 or not free.exists():
        return {}
    with transaction.atomic():
        # Lock the run, not its lease: the lease may not be there yet.
        skip = database.features.has_select_for_update_skip_locked
        locked = free.select_for_update(skip_locked=skip, of=("self",), no_key=True)
        chosen = [run.pk for run in locked.only("pk")[:limit]]
        return _take(worker, chosen)


def _take(worker: str, chosen: list[int]) -> dict[int, int]:
    held = dict(Lease.objects.filter(run_id__in=chosen).values_list("run_id", "token"))
    taken = {pk: held.get(pk, 0) + 1 for pk in chosen}
    rows = [Lease(run_id=pk, worker=worker, token=token) for pk, token in taken.items()]
    Lease.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["run"], update_fields=["worker", "token"], batch_size=500
    )
    return taken


def orphans(now: datetime | None = None) -> QuerySet[Run]:
    """Runs that are shown as followed, but nobody alive follows them."""
    open_ones = Run.objects.filter(~Q(stream=Stream.ENDED))  # the condition of an index: said, else all runs are read
    shown = open_ones.filter(stream__in=[Stream.LIVE, Stream.CONNECTING, Stream.RECONNECTING])
    return shown.filter(Q(lease=None) | ~Q(lease__worker__in=alive(now).values("name")))


def mark_idle(runs: QuerySet[Run], why: str) -> int:
    """Say on these runs that nobody follows them now."""
    chosen = list(runs.values_list("pk", flat=True))
    _say(chosen, Stream.IDLE, why)
    publish.nudge(*(topics.run(pk) for pk in chosen))
    return len(chosen)


def strike(worker: str, connection: Connection, why: str) -> None:
    """Give up all runs of a connection that is not to be followed any more, and say so on them."""
    mine = Run.objects.filter(~Q(stream=Stream.ENDED), connection=connection, lease__worker=worker)
    held = Lease.objects.filter(worker=worker, run_id__in=[*mine.values_list("pk", flat=True)])
    held.fence(worker=NOBODY)
    mark_idle(Run.objects.filter(~Q(stream=Stream.ENDED), connection=connection), why)


def refuse(worker: str, connection: Connection, why: str) -> None:
    """Upstream refuses the connection's key: write it on the runs that this worker follows. Nobody is nudged a run."""
    mine = Run.objects.filter(~Q(stream=Stream.ENDED), connection=connection, lease__worker=worker)
    _say(mine.values_list("pk", flat=True), Stream.REFUSED, why)


@transaction.atomic
def _say(runs: Iterable[int], stream: Stream, why: str) -> None:
    """Write it on these runs, locked in the order in which the journals lock them."""
    pks = list(runs)
    locked = Run.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    list(locked.values_list("pk", flat=True))
    Run.objects.filter(pk__in=pks).update(stream=stream, stream_detail=why[:500], stream_since_at=timezone.now())


def share(worker: str, now: datetime | None = None) -> int:
    """How many runs an even split gives this worker."""
    workers = max(1, alive(now).exclude(name=worker).count() + 1)
    return math.ceil(to_follow().count() / workers)


def surplus(held: int, fair: int) -> int:
    """How many runs a worker should give up now so that others can take them: a part, not to rush upstream."""
    return min(held - fair, max(_PART, fair // 8)) if held > fair * _FAIR + 1 else 0


def held(worker: str) -> dict[int, int]:
    """The runs that the worker holds: {run pk: token}."""
    return dict(Lease.objects.filter(worker=worker).values_list("run_id", "token"))


def release(worker: str, runs: Iterable[int] | None = None) -> None:
    """Give up these runs (all of them without `runs`): whoever wants may take them at once. The tokens stay."""
    mine = Lease.objects.filter(worker=worker)
    (mine if runs is None else mine.filter(run_id__in=list(runs))).update(worker=NOBODY)


def surrender(worker: str) -> None:
    """Give up all runs, and fence off what was read of them and is not written."""
    Lease.objects.filter(worker=worker).fence(worker=NOBODY)


def leave(worker: str) -> None:
    """Give up everything and the place among the living."""
    mark_idle(
        Run.objects.filter(~Q(stream=Stream.ENDED), lease__worker=worker), "The relay that followed it has ended."
    )
    release(worker)
    Worker.objects.filter(name=worker).delete()
