"""One person at a time drives the machine of a parked run. What they type goes to the machine and nowhere else."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from approvals import acts, policies
from approvals.errors import NotAllowed, NotHeld, NotParked, TakenOver
from approvals.models import Approval, Takeover
from approvals.states import State
from coasty_api.errors import NotFound, Unavailable
from live import publish, topics
from runs import audit, upstream
from runs.models import Run
from runs.states import Status

MAX_SCREEN_BYTES = 16 * 1024 * 1024
_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


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
            raise NotParked("The run does not wait for a person now, so its machine can't be taken over.")
        if not fresh.machine_id:
            raise NotParked("Upstream names no machine for this run.")
        held = active(fresh, now=now)
        if held is not None:
            return _mine(user, held)
        _end(Q(run=fresh), "expired", now)
        takeover = Takeover.objects.create(run=fresh, user=user, started_at=now, expires_at=_lease(now))
        audit.record(user, "takeover.started", run=fresh, subject=fresh.machine_id)
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


def keep(takeover: Takeover, *, now: datetime | None = None) -> Takeover:
    """Renew the lease; NotHeld when it is over."""
    return _renew(takeover, now or timezone.now(), acts_more=0)


def act(takeover: Takeover, command: str, parameters: dict[str, Any], *, now: datetime | None = None) -> dict[str, Any]:
    """Send one act to the machine; answers {"success": bool, "error": str|None}. Parameters are never kept or logged.

    Raises Invalid for an act that is not allowed, NotHeld, NotParked, and the tree of `coasty_api.errors`.
    """
    clean = acts.checked(command, parameters)
    held = _renew(takeover, now or timezone.now(), acts_more=1)
    client = upstream.client(held.run.connection)
    answer = client.act(held.run.machine_id, command, clean)
    return {"success": answer.get("success") is not False, "error": str(answer.get("error") or "")[:500] or None}


def screen(run: Run) -> tuple[bytes, str]:
    """The machine's screen now, as (picture, media type). Not stored. Raises the tree of `coasty_api.errors`."""
    if not run.machine_id:
        raise NotFound("Upstream names no machine for this run.")
    told = upstream.client(run.connection).machine_screenshot(run.machine_id)
    text = str(told.get("image_b64") or "").partition("base64,")
    try:
        image = base64.b64decode(text[2] or text[0], validate=True)
    except (binascii.Error, ValueError):
        image = b""
    mime = next((mime for start, mime in _SIGNATURES.items() if image.startswith(start)), "")
    if not mime or len(image) > MAX_SCREEN_BYTES:
        raise Unavailable("Upstream sent no picture of the machine's screen.")
    return image, mime


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


def _renew(takeover: Takeover, now: datetime, *, acts_more: int) -> Takeover:
    kept = Takeover.objects.filter(pk=takeover.pk, ended_at=None, expires_at__gt=now).update(
        expires_at=_lease(now), acts=F("acts") + acts_more
    )
    if not kept:
        raise NotHeld("You don't drive this machine any more. Take it over again to go on.")
    fresh = Takeover.objects.select_related("run__connection", "user").get(pk=takeover.pk)
    if fresh.run.status != Status.AWAITING_HUMAN:
        raise NotParked("The run no longer waits for a person: its agent drives the machine again.")
    return fresh


def _end(which: Q, because: str, now: datetime, by: User | None = None) -> int:
    ended = 0
    for takeover in Takeover.objects.select_related("user", "run").filter(which, ended_at=None):
        if not Takeover.objects.filter(pk=takeover.pk, ended_at=None).update(ended_at=now):
            continue
        ended += 1
        takeover.refresh_from_db(fields=["acts"])
        driver, run = takeover.user, takeover.run
        if takeover.acts:
            audit.record(driver, "takeover.acted", run=run, subject=run.machine_id, count=takeover.acts)
        audit.record(by, "takeover.ended", run=run, subject=run.machine_id, of=driver.get_username(), because=because)
        _tell(run)
    return ended


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.TAKEOVER_SECONDS)


def _tell(run: Run) -> None:
    pks = Approval.objects.filter(run=run, state=State.OPEN).values_list("pk", flat=True)
    publish.nudge(topics.QUEUE, topics.run(run.pk), *(topics.approval(pk) for pk in pks))
