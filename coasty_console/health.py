"""Is the process up, and does each part that it needs work? Asked by launchers and load balancers; tells no secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from live import probe
from runs.models import Connection, Worker

log = logging.getLogger(__name__)

BEAT_LOST = timedelta(seconds=20)  # a worker that gave no sign for so long is down
PUSH_SECONDS = 2.0
Answer = tuple[bool, str]


@require_safe
def up(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when each part works, else 503; every part is named with what is known of it."""
    now = timezone.now()
    parts: dict[str, Callable[[], Answer]] = {
        "database": _database,
        "pushes": _pushes,
        "relay": lambda: _worker("relay", now),
        "jobs": lambda: _worker("jobs", now),
        "upstream": _upstream,
    }
    checks: dict[str, Any] = {}
    for name, ask in parts.items():
        ok, detail = _guarded(name, ask)
        checks[name] = {"ok": ok, "detail": detail}
    is_ready = all(check["ok"] for check in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    response = JsonResponse(body, status=200 if is_ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # "not ready" is an answer here, not an error
    return response


def _guarded(name: str, ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except DatabaseError:
        return False, "The database does not answer."
    except Exception:
        log.exception("The check of %s failed", name)
        return False, "The check itself failed; the log says why."


def _database() -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return True, f"{connection.display_name} answers."


def _pushes() -> Answer:
    try:
        async_to_sync(_round_trip)()
    except (TimeoutError, OSError, RedisError):
        where = "Redis" if settings.REDIS_URL else "the channel layer"
        return False, f"A message to {where} did not come back."
    return True, "A message to the channel layer came back."


async def _round_trip() -> None:
    await asyncio.wait_for(probe.round_trip(), PUSH_SECONDS)


def _worker(kind: str, now: datetime) -> Answer:
    newest = Worker.objects.filter(kind=kind).order_by("-beat_at").first()
    if newest is None:
        return False, "It has not started yet."
    age = (now - newest.beat_at).total_seconds()
    if age > BEAT_LOST.total_seconds():
        return False, f"No sign for {age:.0f} s."
    alive = Worker.objects.filter(kind=kind, beat_at__gt=now - BEAT_LOST).count()
    return True, f"{alive} at work, last sign {max(0, age):.0f} s ago."


def _upstream() -> Answer:
    """Well while one of the connections is: this asks whether the process is of use, and the pages name the others."""
    rows = list(Connection.objects.filter(is_enabled=True).order_by("-is_from_settings", "name"))
    if not rows:
        return False, "No upstream is set up yet."
    return any(row.health == Connection.Health.UP for row in rows), " ".join(map(_in_words, rows))


def _in_words(row: Connection) -> str:
    is_up = row.health == Connection.Health.UP
    told = f" {row.health_detail}" if row.health_detail and not is_up else ""
    return f"{row.name}: {row.get_health_display().lower()}.{told}"
