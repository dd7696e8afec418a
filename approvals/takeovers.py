"""One person at a time drives the machine of a parked run. What they type goes to the machine and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, F, Q, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import acts, policies
from approvals.errors import NotAllowed, NotHeld, NotParked, TakenOver
from approvals.kinds import Kind
from approvals.models import Approval, Takeover
from approvals.states import State
from live import publish, topics
from runs import audit, private, upstream
from runs.models import Run
from runs.states import Status

_SECRET_KINDS = frozenset({Kind.LOGIN, Kind.CODE})


def begin(user: User, run: Run, *, now: datetime | None = None) -> Takeover:
    """Take the machine of a parked, undecided run. Raises NotAllowed, NotParked, TakenOver."""
    now = now or timezone.now()
    if sentence := policies.why_not_take_over(user):
        raise NotAllowed(sentence)
    with transaction.atomic():
        # The approval's row is what deciding locks, too: nobody takes over what is being decided.
        approval = Approval.objects.select_for_update().filter(run=run, state=State.OPEN).first()
        fresh = Run.objects.get(pk=run.pk)
        if approval is None or fresh.status != Status.AWAITING_HUMAN:
            raise NotParked(_("The run does not wait for a person now, so its machine can't be taken over."))
        if not fresh.machine_id:
            raise NotParked(_("Upstream names no machine for this run."))
        held = active(fresh, now=now)
        if held is not None:
            return _mine(user, held)
        _end(Q(run=fresh), "expired", now)
        takeover = Takeover.objects.create(run=fresh, user=user, started_at=now, expires_at=_lease(now))
        audit.record(user, "takeover.started", run=fresh, subject=fresh.machine_id)
        if approval.kind in _SECRET_KINDS:
            _set_private(takeover, True, now)
        _tell(fresh)
    return takeover


def _mine(user: User, held: Takeover) -> Takeover:
    if held.user_id != user.pk:
        raise TakenOver(held)
    return held


def active(run: Run, *, now: datetime | None = None) -> Takeover | None:
    """Who drives the run's machine now."""
    held = Takeover.objects.select_related("user", "run").filter(run=run, ended_at=None)
    return held.filter(expires_at__gt=now or timezone.now()).first()


def active_of(runs: Iterable[int], *, now: datetime | None = None) -> dict[int, Takeover]:
    """Who drives which of these runs now, in one query; by the run's key."""
    held = Takeover.objects.select_related("user").filter(run__in=list(runs), ended_at=None)
    return {one.run_id: one for one in held.filter(expires_at__gt=now or timezone.now())}


def keep(takeover: Takeover, *, now: datetime | None = None) -> Takeover:
    """Renew the lease; NotHeld when it is over."""
    with transaction.atomic():
        return _renew(takeover, now or timezone.now())


def set_private(takeover: Takeover, on: bool, *, now: datetime | None = None) -> None:
    """Whether pictures of the run may be fetched and stored while this person works. Raises NotHeld, NotParked."""
    now = now or timezone.now()
    with transaction.atomic():
        _set_private(_renew(takeover, now), on, now)


def _set_private(takeover: Takeover, on: bool, now: datetime) -> None:
    if private.begin(takeover.run, now=now) if on else private.end(takeover.run, now=now):
        act = "takeover.private" if on else "takeover.not_private"
        audit.record(takeover.user, act, run=takeover.run, subject=takeover.run.machine_id)


def act(
    takeover: Takeover,
    command: str,
    parameters: dict[str, Any],
    *,
    is_private: bool = False,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Send one act to the machine; answers {"success": bool, "error": str|None}. Parameters are never kept or logged.

    With `is_private` no picture of the run is stored from before the act on, until `set_private` or the end.
    Raises Invalid for an act that is not allowed, NotHeld, NotParked, and the tree of `coasty_api.errors`.
    """
    clean = acts.checked(command, parameters)
    now = now or timezone.now()
    with transaction.atomic():
        held = _renew(takeover, now, kind=acts.KINDS[command])
        if is_private:
            _set_private(held, True, now)
    client = upstream.client(held.run.connection)
    answer = client.act(held.run.machine_id, command, clean)
    return {"success": answer.get("success") is not False, "error": str(answer.get("error") or "")[:500] or None}


def end(takeover: Takeover, *, now: datetime | None = None) -> bool:
    """Hand the machine back; False when it was over already."""
    with transaction.atomic():
        return bool(_end(Q(pk=takeover.pk), "handed back", now or timezone.now(), by=takeover.user))


def end_for(run: Run, because: str, *, by: User | None = None) -> None:
    """End the run's takeover, if there is one. Inside the caller's transaction."""
    _end(Q(run=run), because, timezone.now(), by=by)


def on_left(run: Run) -> None:
    """The run is no longer parked. Inside ingest's transaction."""
    end_for(run, f"the run is {run.status}")


def expire(*, now: datetime | None = None) -> int:
    """End the takeovers whose lease ran out; how many."""
    now = now or timezone.now()
    with transaction.atomic():
        return _end(Q(expires_at__lte=now), "expired", now)


def _renew(takeover: Takeover, now: datetime, *, kind: str = "") -> Takeover:
    """Hold it longer, and count an act of this kind. Raises NotHeld, NotParked; inside a transaction, so that nothing
    is counted then.
    """
    counted: dict[str, Any] = {}
    if kind:
        # Typing comes in pieces: what nothing else interrupts is one.
        one = Case(When(last_kind="texts", then=0), default=1) if kind == "texts" else Value(1)
        counted = {"acts": F("acts") + 1, kind: F(kind) + one, "last_kind": kind}
    held = Takeover.objects.filter(pk=takeover.pk, ended_at=None, expires_at__gt=now)
    if not held.update(expires_at=_lease(now), **counted):
        raise NotHeld(_("You don't drive this machine any more. Take it over again to go on."))
    fresh = Takeover.objects.select_related("run__connection", "user").get(pk=takeover.pk)
    if fresh.run.status != Status.AWAITING_HUMAN:
        raise NotParked(_("The run no longer waits for a person: its agent drives the machine again."))
    return fresh


def counts(takeover: Takeover) -> dict[str, int]:
    """How many acts of each kind, as they stand in the database."""
    return Takeover.objects.values(*set(acts.KINDS.values())).get(pk=takeover.pk)


def skipped(takeover: Takeover) -> int:
    """How many of upstream's pictures were left out because this person typed something private."""
    times = takeover.run.private_times.filter(since_at__gte=takeover.started_at)
    return times.aggregate(count=Sum("skipped"))["count"] or 0


def _end(which: Q, because: str, now: datetime, by: User | None = None) -> int:
    ended = 0
    for takeover in Takeover.objects.select_related("user", "run").filter(which, ended_at=None):
        if not Takeover.objects.filter(pk=takeover.pk, ended_at=None).update(ended_at=now):
            continue
        ended += 1
        takeover.refresh_from_db(fields=["acts"])
        driver, run = takeover.user, takeover.run
        if takeover.acts:
            kinds = {kind: count for kind, count in counts(takeover).items() if count}
            audit.record(driver, "takeover.acted", run=run, subject=run.machine_id, count=takeover.acts, kinds=kinds)
        private.end(run, now=now)
        audit.record(by, "takeover.ended", run=run, subject=run.machine_id, of=driver.get_username(), because=because)
        _tell(run)
    return ended


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.TAKEOVER_SECONDS)


def _tell(run: Run) -> None:
    pks = Approval.objects.filter(run=run, state=State.OPEN).values_list("pk", flat=True)
    publish.nudge(topics.QUEUE, topics.run(run.pk), *(topics.approval(pk) for pk in pks))
