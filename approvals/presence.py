"""Who looks at an approval now: a row for each person that their open page renews. Leaving is not renewing it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from approvals.models import Presence
from live import publish, topics

SHOWN = timedelta(seconds=26)  # from one sign to being gone
RENEWED = timedelta(seconds=18)  # a row younger than this is not written again; pages give signs each 5 s
KEPT = timedelta(days=1)


def note(user: User, approval_pk: int, *, now: datetime | None = None) -> bool:
    """This person looks at it; whether a row was written. Cheap to call often: at most one write in `RENEWED`."""
    now = now or timezone.now()
    row = Presence.objects.filter(approval_id=approval_pk, user=user).first()
    if row is not None and row.expires_at > now + SHOWN - RENEWED:
        return False
    has_come = row is None or row.expires_at <= now
    changed = ["expires_at", "since_at"] if has_come else ["expires_at"]
    fresh = Presence(approval_id=approval_pk, user=user, since_at=now, expires_at=now + SHOWN)
    Presence.objects.bulk_create(
        [fresh], update_conflicts=True, unique_fields=["approval", "user"], update_fields=changed
    )
    if has_come:
        publish.nudge(topics.approval(approval_pk))
    return True


def watching(approval_pk: int, *, but: User | None = None, now: datetime | None = None) -> list[Presence]:
    """Who looks at it now, whoever came first first."""
    rows = Presence.objects.filter(approval_id=approval_pk, expires_at__gt=now or timezone.now())
    if but is not None:
        rows = rows.exclude(user=but)
    return list(rows.select_related("user").order_by("since_at", "id"))


def names(approval_pks: Iterable[int], *, but: User | None = None, now: datetime | None = None) -> dict[int, list[str]]:
    """The names of those who look now, for each of many approvals that anybody looks at: one question."""
    rows = Presence.objects.filter(approval_id__in=list(approval_pks), expires_at__gt=now or timezone.now())
    if but is not None:
        rows = rows.exclude(user=but)
    found: dict[int, list[str]] = defaultdict(list)
    for pk, name in rows.order_by("since_at", "id").values_list("approval_id", "user__username"):
        found[pk].append(name)
    return dict(found)


def forget(*, now: datetime | None = None) -> int:
    """Remove rows of people who left long ago; how many."""
    gone, _rows = Presence.objects.filter(expires_at__lte=(now or timezone.now()) - KEPT).delete()
    return gone
