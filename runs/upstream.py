"""The connection to upstream: its row made from the settings, a client with the key of the moment, its health."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from coasty_api import errors
from coasty_api.client import Client
from live import publish, topics
from runs.models import Connection

LOCAL_NAME = "Local platform"
_FRESH = timedelta(seconds=10)  # an unchanged health is not written more often than this


def connection() -> Connection:
    """The default connection, made or brought in line with the settings."""
    name = LOCAL_NAME if settings.UPSTREAM_IS_LOCAL else urlsplit(settings.UPSTREAM_BASE_URL).netloc[:64]
    found = Connection.objects.filter(name=name).first()
    if found is None:
        try:
            return Connection.objects.create(name=name, base_url=settings.UPSTREAM_BASE_URL)
        except IntegrityError:  # another process was faster
            found = Connection.objects.get(name=name)
    if found.base_url != settings.UPSTREAM_BASE_URL:
        found.base_url = settings.UPSTREAM_BASE_URL
        found.save(update_fields=["base_url"])
    return found


def client(connection: Connection, timeout_seconds: float | None = None) -> Client:
    """A client of that upstream with the key as it is now: the local platform may write its key later."""
    return Client(connection.base_url, key(), timeout_seconds or settings.UPSTREAM_TIMEOUT_SECONDS)


def key() -> str:
    """The key as given, else the one that the local platform issued; empty until it has."""
    if settings.COASTY_API_KEY or not settings.UPSTREAM_IS_LOCAL:
        return str(settings.COASTY_API_KEY)
    try:
        return str(settings.LOCAL_KEY_FILE.read_text().strip())
    except OSError:
        return ""


def note_health(connection: Connection, error: errors.CoastyError | None, key_kind: str = "") -> None:
    """Remember how upstream answered: None for well. An error that is no sign of its health changes nothing."""
    health, detail = _judged(error)
    if health is None:
        return
    now = timezone.now()
    row = Connection.objects.get(pk=connection.pk)
    changes: dict[str, object] = {"checked_at": now, "health_detail": detail}
    if row.health != health:
        changes |= {"health": health, "health_since_at": now}
    if key_kind:
        changes["key_kind"] = key_kind
    is_news = row.health != health or row.health_detail != detail or (key_kind and row.key_kind != key_kind)
    if is_news or row.checked_at is None or now - row.checked_at > _FRESH:
        Connection.objects.filter(pk=row.pk).update(**changes)
    if is_news:
        publish.nudge(topics.HEALTH)


def _judged(error: errors.CoastyError | None) -> tuple[str | None, str]:
    if error is None:
        return Connection.Health.UP, ""
    if isinstance(error, errors.KeyRefused):
        return Connection.Health.REFUSED, error.message[:500]
    if isinstance(error, (errors.Unavailable, errors.Blocked, errors.Lost)):
        return Connection.Health.DOWN, error.message[:500]
    return None, ""
