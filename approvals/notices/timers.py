"""When an approval should be answered: so many minutes after it was asked, by its kind, within working hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals import kinds
from approvals.kinds import Kind
from approvals.models import Approval, WorkingTime
from runs import audit

DEFAULT_MINUTES: dict[str, int] = {kind: int(kinds.handling(kind).due.total_seconds()) // 60 for kind in Kind}
WEEKDAYS = [0, 1, 2, 3, 4]
_FURTHEST_DAYS = 60  # working hours that never come would be searched for ever


def working_time() -> WorkingTime:
    """The stored row, else one with the defaults."""
    return WorkingTime.objects.filter(pk=1).first() or WorkingTime(
        pk=1, days=list(WEEKDAYS), due_minutes=dict(DEFAULT_MINUTES)
    )


def change(by: User, **fields: Any) -> bool:
    """Write what differs; approvals that are open keep the time that they have."""
    with transaction.atomic():
        row = working_time()
        changes = {name: value for name, value in fields.items() if getattr(row, name) != value}
        if not changes:
            return False
        all_ = {name: getattr(row, name) for name in ("days", "due_minutes")} | changes
        WorkingTime.objects.update_or_create(pk=1, defaults=all_)
        audit.record(by, "working_time.changed", changed={name: str(value) for name, value in changes.items()})
    return True


def due_at(
    kind: str, since: datetime, expires_at: datetime | None = None, row: WorkingTime | None = None
) -> datetime | None:
    """When one of this kind that waits since `since` should be answered; earlier where upstream gives up before."""
    row = row or working_time()
    minutes = row.due_minutes.get(kind)
    if not minutes:
        return None
    due = _after(row, since, timedelta(minutes=minutes))
    if expires_at is not None and due >= expires_at > since:
        due = since + (expires_at - since) * 0.75
    return due


def is_default(approval: Approval) -> bool:
    """Whether its due time is the one that its kind gave: neither a person nor a policy has set another."""
    return approval.due_at == due_at(approval.kind, approval.opened_at, approval.expires_at)


def relearned(approval: Approval, kind: str, expires_at: datetime | None) -> dict[str, Any]:
    """What changes with kind and end: the due time, if it is still the one that the old ones gave."""
    row = working_time()
    if approval.due_at != due_at(approval.kind, approval.opened_at, approval.expires_at, row):
        return {}
    return {"due_at": due_at(kind, approval.opened_at, expires_at, row)}


def _after(row: WorkingTime, since: datetime, span: timedelta) -> datetime:
    """`span` later, counted within working hours where there are any."""
    if not row.is_limited or not row.days or row.starts_at == row.ends_at:
        return since + span
    local, left = since.astimezone(_zone(row)), span
    for days in range(-1, _FURTHEST_DAYS):  # yesterday's may go on after midnight
        start, end = _shift(row, local + timedelta(days=days))
        start = max(start, since)
        if start + left <= end:
            return start + left
        left -= max(end - start, timedelta(0))
    return since + span


def _shift(row: WorkingTime, local: datetime) -> tuple[datetime, datetime]:
    """The working hours of this day, empty where it is none; they may end after midnight."""
    start = _at(local, row.starts_at)
    if local.weekday() not in row.days:
        return start, start
    end = _at(local, row.ends_at)
    return start, end if end > start else _at(local + timedelta(days=1), row.ends_at)


def _at(local: datetime, clock: time) -> datetime:
    return local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0, fold=0).astimezone(UTC)


def _zone(row: WorkingTime) -> Any:
    try:
        return ZoneInfo(row.time_zone) if row.time_zone else timezone.get_default_timezone()
    except (ZoneInfoNotFoundError, ValueError):
        return timezone.get_default_timezone()
