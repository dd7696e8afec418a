"""Connections to upstream: the settings' own row, a client with the key of the moment, and how each one answers."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from coasty_api import errors
from coasty_api.client import Client
from live import publish, topics
from runs import limits, vault
from runs.models import Connection

LOCAL_NAME = "Local platform"
DISABLED = "The connection is disabled: nothing is asked of it."
SHUT = "DISABLED_HERE"  # code of an error that upstream has no part in
_FRESH = timedelta(seconds=10)  # an unchanged health is not written more often than this
_RELAY_PATIENCE_SECONDS = 60.0


def connection() -> Connection:
    """The connection that the settings describe, made or brought in line with them."""
    name = LOCAL_NAME if settings.UPSTREAM_IS_LOCAL else urlsplit(settings.UPSTREAM_BASE_URL).netloc[:64]
    slug = slugify(name.replace(".", "-").replace(":", "-"))[:64]
    found = Connection.objects.filter(slug=slug).first()
    if found is None or not found.is_from_settings or found.base_url != settings.UPSTREAM_BASE_URL:
        found = _settle(slug, name)
    return found


def _settle(slug: str, name: str) -> Connection:
    """Make the row, or take it up again; one that an earlier setting described is left without a key, so disabled."""
    with transaction.atomic():
        if Connection.objects.filter(name=name).exclude(slug=slug).exists():
            name = f"{name[:54]} (settings)"
        found, _made = Connection.objects.get_or_create(slug=slug, defaults={"name": name})
        if not found.is_from_settings:
            found.is_from_settings = found.is_enabled = True
        found.base_url = settings.UPSTREAM_BASE_URL
        found.save(update_fields=["is_from_settings", "is_enabled", "base_url"])
        earlier = Connection.objects.filter(is_from_settings=True).exclude(pk=found.pk)
        earlier.update(is_from_settings=False, is_enabled=False)
    return found


def enabled() -> list[Connection]:
    """Every connection that may be asked, the settings' own first."""
    return list(Connection.objects.filter(is_enabled=True).order_by("-is_from_settings", "name"))


def chosen(slug: str) -> Connection | None:
    """The enabled connection of that slug; the settings' own for an empty one; None when there is none."""
    if not slug:
        return connection()
    return Connection.objects.filter(slug=slug, is_enabled=True).first()


def client(connection: Connection, timeout_seconds: float | None = None, *, in_relay: bool = False) -> Client:
    """A client of that upstream with the key as it is now: the local platform may write its key later.

    Where nothing may be asked (the connection is disabled, its key can't be read) each of its calls says so.
    """
    timeout = timeout_seconds or settings.UPSTREAM_TIMEOUT_SECONDS
    if not connection.is_enabled:
        return Client(connection.base_url, "", timeout, Shut(errors.Unavailable(DISABLED, code=SHUT)))
    try:
        found = key(connection)
    except errors.KeyRefused as problem:
        return Client(connection.base_url, "", timeout, Shut(problem))
    patience = _RELAY_PATIENCE_SECONDS if in_relay else timeout
    pace = limits.Pace(connection.pk, connection.max_requests_a_second, patience, is_told=in_relay)
    return Client(connection.base_url, found, timeout, pace)


class Shut:
    """A pace at which nothing is asked: each call raises the error."""

    def __init__(self, error: errors.CoastyError) -> None:
        self._error = error

    def take(self) -> None:
        raise self._error

    def busy(self, retry_after: float | None) -> None: ...

    def hold(self, until: float) -> None: ...


def key(connection: Connection) -> str:
    """The connection's key; empty where the settings' own has none yet. KeyRefused when there is none to be had."""
    if connection.is_from_settings:
        return _key_of_settings()
    if connection.key_env:
        found = os.environ.get(connection.key_env, "").strip()
        if not found:
            raise errors.KeyRefused(f"The console's environment has no variable {connection.key_env}.")
        return found
    try:
        found = vault.unseal(connection.sealed_key)
    except vault.Unreadable as problem:
        raise errors.KeyRefused(str(problem)) from problem
    if not found:
        raise errors.KeyRefused("This connection has no key: give it one.")
    return found


def _key_of_settings() -> str:
    if settings.COASTY_API_KEY or not settings.UPSTREAM_IS_LOCAL:
        return str(settings.COASTY_API_KEY)
    try:
        return str(settings.LOCAL_KEY_FILE.read_text().strip())
    except OSError:
        return ""


def note_health(connection: Connection, error: errors.CoastyError | None, key_kind: str = "") -> bool:
    """Remember how upstream answered: None for well. An error that is no sign of its health changes nothing.

    Whether it is another health than before: of many processes that see the same, one is told so.
    """
    health, detail = _judged(error)
    if health is None:
        return False
    now = timezone.now()
    row = Connection.objects.filter(pk=connection.pk).first()
    if row is None:
        return False
    changes: dict[str, object] = {"checked_at": now, "health_detail": detail}
    if key_kind:
        changes["key_kind"] = key_kind
    other = Connection.objects.filter(pk=row.pk).exclude(health=health)
    is_other = row.health != health and bool(other.update(health=health, health_since_at=now, **changes))
    is_news = is_other or row.health_detail != detail or bool(key_kind and row.key_kind != key_kind)
    if is_news or row.checked_at is None or now - row.checked_at > _FRESH:
        Connection.objects.filter(pk=row.pk).update(**changes)
    if is_news:
        publish.nudge(topics.HEALTH)
    return is_other


def note_hiding(connection: Connection, name: str, is_so: bool) -> bool:
    """Remember in the field of this name whether upstream's listings can't show some of its runs; is that news?"""
    is_news = bool(Connection.objects.filter(pk=connection.pk, **{name: not is_so}).update(**{name: is_so}))
    if is_news:
        publish.nudge(topics.HEALTH)
    return is_news


def listed_at(connection: Connection) -> datetime | None:
    """When the last listing of all began, whoever made it."""
    return Connection.objects.filter(pk=connection.pk).values_list("listed_at", flat=True).first()


def note_listed(connection: Connection, at: datetime) -> None:
    Connection.objects.filter(pk=connection.pk).update(listed_at=at)


def _judged(error: errors.CoastyError | None) -> tuple[str | None, str]:
    if error is None:
        return Connection.Health.UP, ""
    if error.code == SHUT:
        return None, ""
    if isinstance(error, errors.KeyRefused):
        return Connection.Health.REFUSED, error.message[:500]
    if isinstance(error, (errors.Unavailable, errors.Blocked, errors.Lost)):
        return Connection.Health.DOWN, error.message[:500]
    return None, ""
