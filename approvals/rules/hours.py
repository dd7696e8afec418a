"""Working hours in a zone: whether a moment lies in them, and when they begin or end next. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from approvals.rules.shape import Hours


def holds(hours: Hours, moment: datetime) -> bool:
    """Whether the policy's hours fit the moment."""
    local = moment.astimezone(ZoneInfo(hours.zone))
    minute = local.hour * 60 + local.minute
    inside = (local.weekday() in hours.days and _today(hours, minute)) or (
        (local.weekday() - 1) % 7 in hours.days and _since_yesterday(hours, minute)
    )
    return inside != hours.outside


def next_change(hours: Hours, moment: datetime) -> datetime | None:
    """The next moment at which it may begin or cease to fit."""
    zone = ZoneInfo(hours.zone)
    local = moment.astimezone(zone)
    found = []
    for days in range(9):
        day = (local + timedelta(days=days)).date()
        for minutes in (hours.start, hours.end):
            on = day + timedelta(days=minutes // 1440)
            at = datetime(on.year, on.month, on.day, minutes % 1440 // 60, minutes % 60, tzinfo=zone)
            edge = at.astimezone(UTC)  # on one wall clock Python would compare and subtract across a change of it
            if edge > moment and holds(hours, edge) != holds(hours, edge - timedelta(minutes=1)):
                found.append(edge)
        if found:
            break
    return min(found, default=None)


def _today(hours: Hours, minute: int) -> bool:
    if hours.start < hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start


def _since_yesterday(hours: Hours, minute: int) -> bool:
    return hours.start >= hours.end and minute < hours.end
