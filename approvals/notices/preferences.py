"""What a person wants: zone, language, quiet hours, digest, occasions. The only writer of Preferences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals.models import Preferences
from approvals.notices.states import Digest, Occasion
from runs import audit


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The names that people may choose, by continent and city; UTC first."""
    named = {
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    }
    return ["UTC", *sorted(named)]


def manner(user: Any) -> tuple[str, str]:
    """Zone and language as chosen; empty where nothing was."""
    chosen = Preferences.objects.filter(pk=user.pk).values_list("time_zone", "language").first()
    return chosen or ("", "")


def of(user: User) -> Preferences:
    """The person's row, or one with the defaults that is not stored."""
    return Preferences.objects.filter(pk=user.pk).first() or Preferences(user=user)


def of_all(people: Iterable[User]) -> dict[int, Preferences]:
    """By the person's key, in one query."""
    people = list(people)
    found = {row.pk: row for row in Preferences.objects.filter(pk__in=[person.pk for person in people])}
    return {person.pk: found.get(person.pk) or Preferences(user=person) for person in people}


def change(user: User, **fields: Any) -> bool:
    """Write what differs, and that it did; False when nothing does."""
    with transaction.atomic():
        row = of(user)
        changes = [name for name, value in fields.items() if getattr(row, name) != value]
        if not changes:
            return False
        Preferences.objects.update_or_create(user=user, defaults={name: fields[name] for name in changes})
        audit.record(user, "settings.changed", subject=user.get_username(), changed=sorted(changes))
    return True


def zone_of(row: Preferences) -> tzinfo:
    """Where quiet hours and digests are counted."""
    try:
        return ZoneInfo(row.time_zone) if row.time_zone else timezone.get_default_timezone()
    except (ZoneInfoNotFoundError, ValueError):  # a zone that this machine's list has lost
        return timezone.get_default_timezone()


def wants(row: Preferences, event: str, kind: str) -> bool:
    """A kind that is switched off says nothing of its opening; what is put to the person is told all the same."""
    if event in row.muted_occasions:
        return False
    return event != Occasion.OPENED or kind not in row.muted_kinds


def tell_at(row: Preferences, event: str, now: datetime) -> datetime:
    """When a notice may go out: now, after the quiet hours, or with the next digest outside of them."""
    if _breaks_through(row, event):
        return now
    digest = _digest_at(row, now.astimezone(zone_of(row)))
    return after_quiet(row, event, digest)


def _breaks_through(row: Preferences, event: str) -> bool:
    return event == Occasion.SETTLED or (event == Occasion.ESCALATED and row.escalations_break_through)


def after_quiet(row: Preferences, event: str, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours that it lies in."""
    local = at.astimezone(zone_of(row))
    return (at if _breaks_through(row, event) else _after_quiet(row, local)).astimezone(UTC)


def _digest_at(row: Preferences, local: datetime) -> datetime:
    if row.digest == Digest.EVERY:
        minutes = max(1, row.digest_minutes)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = int((local.astimezone(UTC) - midnight.astimezone(UTC)).total_seconds() // 60)
        later = midnight.astimezone(UTC) + timedelta(minutes=(passed // minutes + 1) * minutes)
        return later.astimezone(local.tzinfo)
    if row.digest == Digest.DAILY:
        return _next(local, row.digest_at)
    return local


def _after_quiet(row: Preferences, local: datetime) -> datetime:
    start, end = row.quiet_from, row.quiet_to
    if start is None or end is None or start == end:
        return local
    at = local.time()
    is_quiet = start <= at < end if start < end else at >= start or at < end
    return _next(local, end) if is_quiet else local


def _next(local: datetime, at: time) -> datetime:
    """The next time that the clock on the wall shows `at`, after now."""
    found = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0, fold=0)
    if found.astimezone(UTC) <= local.astimezone(UTC):
        found = (local + timedelta(days=1)).replace(hour=at.hour, minute=at.minute, second=0, microsecond=0, fold=0)
    return found
