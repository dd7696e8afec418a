"""Webhooks from upstream: proven by their signature, each taken once, and then only a hint to read the run."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError as BrokerDown

from coasty_api import wire
from runs import public, vault
from runs.models import Connection, Hint, RunSecret, SeenSignature

log = logging.getLogger(__name__)

TASK = "runs.tasks.read_hints"
WINDOW_SECONDS = 300
MAX_BODY_BYTES = 1_000_000
_MAX_HEADER = 4_096
_SECRET_KEPT = timedelta(days=1)  # after the run's end: nothing is told of it any more
_KEPT = timedelta(seconds=2 * WINDOW_SECONDS + 60)  # longer than any signature may be shown again
_A_SECOND, _BURST = 50, 200  # from one sender to one process
_SENDERS = 1_000  # remembered at once


def address(connection: Connection) -> str:
    """Where upstream may tell us of the connection's runs; empty while no public address is set."""
    return public.address(reverse("webhook", args=[connection.slug])) if settings.PUBLIC_URL else ""


@csrf_exempt
@require_POST
def receive(request: HttpRequest, slug: str) -> JsonResponse:
    """Answers 200 to what is proven, news or not; the reading is a job."""
    if not _senders.may(f"{slug} {request.META.get('REMOTE_ADDR', '')}"):
        answer = _error(429, "RATE_LIMITED", "Too many webhooks from there: wait a second.")
        answer["Retry-After"] = "1"
        return answer
    connection = Connection.objects.filter(slug=slug).first()
    if connection is None:
        return _error(404, "NOT_FOUND", "There is no such connection.")
    body = _body(request)
    if body is None:
        return _error(413, "PAYLOAD_TOO_LARGE", f"A webhook has at most {MAX_BODY_BYTES} bytes.")
    told = wire.parse(body.decode("utf-8", "replace"))
    run_id = run_named(told)
    header = request.headers.get("Coasty-Signature") or request.headers.get("X-Coasty-Signature", "")
    signed_at = proven(header, body, _secrets(connection, run_id), time.time())
    if signed_at is None:
        return _error(401, "INVALID_SIGNATURE", "The webhook signature is missing, wrong or too old.")
    return _take(connection, run_id, f"{signed_at}.".encode() + body)


def _body(request: HttpRequest) -> bytes | None:
    """The raw bytes; None when there are too many."""
    try:
        body = request.body
    except RequestDataTooBig:
        return None
    return body if len(body) <= MAX_BODY_BYTES else None


def run_named(told: Any) -> str:
    """The run that a body names, in any of its three shapes; empty when it names none."""
    if not isinstance(told, dict):
        return ""
    nested = told.get("run")
    found = told.get("run_id") or (nested.get("id") if isinstance(nested, dict) else None) or told.get("id")
    is_usable = isinstance(found, str) and len(found) <= 128 and found == wire.clean(found)
    return str(found) if is_usable else ""


def proven(header: str, body: bytes, secrets: list[str], now: float) -> int | None:
    """When it was signed (unix time), if one of the secrets has signed these bytes within the window; else None."""
    signed_at, signatures = _parts(header)
    if signed_at is None or abs(now - signed_at) > WINDOW_SECONDS:
        return None
    is_good = False
    for secret in secrets:
        wanted = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest().encode()
        for given in signatures:
            is_good = hmac.compare_digest(wanted, given) or is_good
    return signed_at if is_good else None


def _parts(header: str) -> tuple[int | None, list[bytes]]:
    """t and every v1 of `t=..,v1=..`; t is None when it is no plain number, or when there are two."""
    times, signatures = set[str](), []
    for part in header[:_MAX_HEADER].split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            times.add(value)
        elif name == "v1":
            signatures.append(value.encode("utf-8", "replace"))
    value = times.pop() if len(times) == 1 else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 12 else None, signatures


def _secrets(connection: Connection, run_id: str) -> list[str]:
    of_run = RunSecret.objects.filter(run__connection=connection, run__upstream_id=run_id) if run_id else ()
    sealed = [connection.sealed_webhook_secret, *(row.sealed for row in of_run)]
    found = []
    for one in filter(None, sealed):
        try:
            found.append(vault.unseal(one))
        except vault.Unreadable as problem:
            log.warning("A webhook secret of %s: %s", connection.name, problem)
    return found


def _take(connection: Connection, run_id: str, signed: bytes) -> JsonResponse:
    """Remember the signature and the hint in one transaction; what was seen before changes nothing.

    A replay is answered 200 like the first one: it is most often an honest sender whose answer got lost, and
    a refusal would only make it go on.
    """
    now = timezone.now()
    digest = hashlib.sha256(f"{connection.pk}.".encode() + signed).hexdigest()
    with transaction.atomic():
        _seen, is_new = SeenSignature.objects.get_or_create(digest=digest, defaults={"at": now})
        is_wanted = is_new and bool(run_id) and connection.is_enabled
        if is_wanted:
            hint(connection, run_id, now)
    return JsonResponse({"received": True, "deduplicated": not is_new})


def hint(connection: Connection, run_id: str, now: datetime) -> None:
    """The run is to be read soon, whatever was said of it."""
    Hint.objects.update_or_create(
        connection=connection, upstream_id=run_id, defaults={"at": now, "due_at": now, "tries": 0}
    )
    transaction.on_commit(ask, robust=True)


def ask() -> None:
    """Wake the job that reads; where the message is lost, the sweep finds the row."""
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except (BrokerDown, OSError) as problem:
        log.warning("The job queue takes nothing; the sweep reads later: %s", problem)


def forget(now: datetime) -> int:
    """Drop signatures that are too old to be accepted again, and the secrets of runs that ended long ago; how many."""
    seen = SeenSignature.objects.filter(at__lt=now - _KEPT).delete()[0]
    return seen + RunSecret.objects.filter(run__finished_at__lt=now - _SECRET_KEPT).delete()[0]


def keep_secret(run_pk: int, payload: dict[str, Any]) -> None:
    """Store what upstream will sign this run's webhooks with, as its answer to the start told it once."""
    secret = payload.get("webhook_secret")
    if isinstance(secret, str) and 0 < len(secret) <= 512:
        RunSecret.objects.update_or_create(run_id=run_pk, defaults={"sealed": vault.seal(secret)})


def _error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)


class Senders:
    """How much each sender has left, refilled with time. In memory: hints are few, and losing one costs nothing."""

    def __init__(self, a_second: float, burst: float) -> None:
        self._a_second, self._burst = a_second, burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def may(self, sender: str) -> bool:
        now = time.monotonic()
        with self._lock:
            left, at = self._left.pop(sender, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._a_second)
            self._left[sender] = (max(0.0, left - 1), now)
            if len(self._left) > _SENDERS:
                self._left.popitem(last=False)
        return left >= 1


_senders = Senders(_A_SECOND, _BURST)
