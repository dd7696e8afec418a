"""Telling the world: signed deliveries out of the outbox, tried again with growing pauses, never in a run's way."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from coasty_local import wire
from coasty_local.store import deliveries
from coasty_local.store.database import Database

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 4
TIMEOUT_SECONDS = 5.0


def signature(secret: str, at: int, body: bytes) -> str:
    """The `Coasty-Signature` of a body at a unix time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def refusal(url: str) -> str | None:
    """Why webhooks may not be sent there; None when they may: public https, or this machine itself."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "webhook_url is not an address"
    if parts.username is not None or parts.password is not None:
        return "webhook_url may not carry a user name or password"
    if not host or any(sign.isspace() or ord(sign) < 32 for sign in url):
        return "webhook_url is not an address"
    if _is_private(host) and not _is_here(host):
        return "webhook_url may not be an address inside a network"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)):
        return None
    return "webhook_url must be https (http only to this machine)"


class Deliverer:
    """Sends what is due and plans the next try of what failed."""

    def __init__(self, db: Database, pauses: Sequence[float]) -> None:
        """`pauses`: seconds before the second, third, ... try; after the last one it is given up."""
        self._db = db
        self._pauses = tuple(pauses)
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="webhook")
        self._sending: set[int] = set()
        self._changed = threading.Condition()
        self._news = False
        self._stopped = False
        self._thread = threading.Thread(target=self._loop, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def due(self) -> None:
        """Something may be waiting."""
        with self._changed:
            self._news = True
            self._changed.notify()

    def stop(self) -> None:
        """Send no more; what is left waits for the next start."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _loop(self) -> None:
        while not self._stopped:
            for row in deliveries.due(self._db, wire.now()):
                self._submit(row)
            upcoming = deliveries.next_time(self._db)
            with self._changed:
                if not self._news and not self._stopped:
                    self._changed.wait(_seconds_until(upcoming))
                self._news = False

    def _submit(self, row: sqlite3.Row) -> None:
        with self._changed:
            if row["id"] in self._sending or self._stopped:
                return
            self._sending.add(row["id"])
        try:
            self._pool.submit(self._deliver, row)
        except RuntimeError:  # stopped meanwhile
            self._sending.discard(row["id"])

    def _deliver(self, row: sqlite3.Row) -> None:
        outcome = send(row["url"], row["secret"], row["body"].encode())
        arrived = outcome.startswith("2")
        pause = None if arrived or row["tries"] >= len(self._pauses) else self._pauses[row["tries"]]
        next_at = None if pause is None else wire.now() + round(pause * 1000)
        deliveries.tried(self._db, row["id"], outcome, next_at)
        if not arrived:
            log.warning("webhook of run %s: %s%s", row["run_id"], outcome, "" if pause else "; given up")
        with self._changed:
            self._sending.discard(row["id"])
        self.due()


def send(url: str, secret: str, body: bytes) -> str:
    """One try, freshly signed; answers the HTTP status or why there was none."""
    headers = {
        "Content-Type": "application/json",
        "Coasty-Signature": signature(secret, int(time.time()), body),
        "User-Agent": "coasty-local",
    }
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 `refusal` has checked the scheme
    try:
        with _opener(url).open(request, timeout=TIMEOUT_SECONDS) as response:
            return str(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return str(error.code)
    except (OSError, ValueError) as error:
        return f"no answer ({type(error).__name__})"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _opener(url: str) -> urllib.request.OpenerDirector:
    """No redirects; no proxy on the way to this machine itself."""
    direct = [urllib.request.ProxyHandler({})] if _is_here(urlsplit(url).hostname or "") else []
    return urllib.request.build_opener(_NoRedirects, *direct)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _seconds_until(at: int | None) -> float:
    if at is None:
        return 60.0
    return min(max((at - wire.now()) / 1000, 0.02), 60.0)
