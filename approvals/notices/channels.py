"""Channels and devices as people add, try and remove them; each act is audited, no address is ever told again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from approvals.models import Channel, Device
from approvals.notices import addresses, push, sending, speaking
from approvals.notices.addresses import Refused
from live import publish, topics
from runs import audit, vault

MANAGES = "approvals.manage_team_notices"
LIMIT = 20  # channels, and devices, of one person or of the team


def of(user: User) -> QuerySet[Channel]:
    return Channel.objects.filter(owner=user).order_by("name")


def of_team() -> QuerySet[Channel]:
    return Channel.objects.filter(owner=None).order_by("name")


def devices(user: User) -> QuerySet[Device]:
    return Device.objects.filter(user=user).order_by("-created_at")


def reachable(user: User) -> QuerySet[Channel]:
    """The channels that this person may change: their own, and the team's for who manages those."""
    mine = Q(owner=user)
    return Channel.objects.filter(mine | Q(owner=None) if user.has_perm(MANAGES) else mine)


def failing_of_team() -> QuerySet[Channel]:
    """The team's channels that notices were given up for, or that have failed for a while."""
    return of_team().filter(_given_up())


def failing_for(user: User) -> list[Channel | Device]:
    """What this person relies on and is told nothing by: their own, and the team's for who decides or manages those."""
    theirs = Q(owner=user)
    if user.has_perm(MANAGES) or user.has_perm("approvals.decide_approval"):
        theirs |= Q(owner=None)
    found = Channel.objects.filter(theirs, _given_up()).order_by("name")
    return [*found, *devices(user).filter(gave_up_at__isnull=False)]


def _given_up() -> Q:
    return Q(is_enabled=True, gave_up_at__isnull=False)


def add(
    by: User,
    *,
    name: str,
    url: str,
    owner: User | None,
    muted_occasions: Sequence[str] = (),
    muted_kinds: Sequence[str] = (),
) -> Channel:
    """Keep the address sealed. Refused when it is not one that notices may go to."""
    _plugin, shown = speaking.read(url)
    if Channel.objects.filter(owner=owner).count() >= LIMIT:
        raise Refused(_("There are %(count)s channels already; remove one first.") % {"count": LIMIT})
    try:
        with transaction.atomic():
            row = Channel.objects.create(
                owner=owner, name=name, sealed_url=vault.seal(url.strip()), shown=shown,
                muted_occasions=list(muted_occasions), muted_kinds=list(muted_kinds),
            )  # fmt: skip
            audit.record(by, "channel.added", subject=name, shown=shown, of_team=owner is None)
    except IntegrityError:
        raise Refused(_("There is a channel of this name already.")) from None
    return row


def switch(by: User, row: Channel, *, on: bool) -> bool:
    """On or off; what waits for a channel that is off is dropped as its time comes."""
    with transaction.atomic():
        if not Channel.objects.filter(pk=row.pk, is_enabled=not on).update(is_enabled=on):
            return False
        audit.record(by, "channel.switched", subject=row.name, on=on, of_team=row.owner_id is None)
        publish.nudge(topics.HEALTH)
    return True


def remove(by: User, row: Channel) -> bool:
    with transaction.atomic():
        gone, _rows = Channel.objects.filter(pk=row.pk).delete()
        if gone:
            audit.record(by, "channel.removed", subject=row.name, shown=row.shown, of_team=row.owner_id is None)
            publish.nudge(topics.HEALTH)
    return bool(gone)


def test(by: User, row: Channel) -> str:
    """Send a test; empty when it was taken, else why not."""
    said = sending.test(row)
    with transaction.atomic():
        audit.record(by, "channel.tested", subject=row.name, result=said or "taken", of_team=row.owner_id is None)
    return said


def subscribe(user: User, *, endpoint: str, p256dh: str, auth: str, name: str) -> Device:
    """Take a browser's subscription; a browser rings for one person at a time. Refused when it can't be used."""
    if len(endpoint) > 1000:
        raise Refused(_("This is not an address."))
    addresses.check_url(endpoint)
    push.check_keys(p256dh, auth)
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    sealed = vault.seal(json.dumps({"endpoint": endpoint, "p256dh": p256dh, "auth": auth}))
    with transaction.atomic():
        if devices(user).exclude(endpoint_digest=digest).count() >= LIMIT:
            raise Refused(_("There are %(count)s devices already; remove one first.") % {"count": LIMIT})
        Device.objects.filter(endpoint_digest=digest).exclude(user=user).delete()
        row, _made = Device.objects.update_or_create(
            endpoint_digest=digest, defaults={"user": user, "sealed": sealed, "name": name[:100]}
        )
        audit.record(user, "device.subscribed", subject=name[:100])
    return row


def unsubscribe(user: User, row: Device) -> bool:
    with transaction.atomic():
        gone, _rows = Device.objects.filter(pk=row.pk, user=user).delete()
        if gone:
            audit.record(user, "device.removed", subject=row.name)
    return bool(gone)


def unsubscribe_endpoint(user: User, endpoint: str) -> bool:
    """What a browser says as it gives its subscription back."""
    row = devices(user).filter(endpoint_digest=hashlib.sha256(endpoint.encode()).hexdigest()).first()
    return unsubscribe(user, row) if row else False
