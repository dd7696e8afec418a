"""Calls to `/v1`: time-outs, one error tree, answers as dicts. It never repeats a write by itself."""

from __future__ import annotations

import platform
import threading
import time
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import requests
from requests import exceptions as failures

from coasty_api import wire
from coasty_api.errors import UNREACHABLE, Busy, CoastyError, Invalid, Lost, Unavailable

VERSION = "0.1.0"
USER_AGENT = f"CoastyConsole/{VERSION} (Python {platform.python_version()})"
MAX_BODY_BYTES = 64 * 1024 * 1024
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_OF_RUNS = "TOO_MANY_RUNS"  # a 429 that says nothing about the pace of requests
_NOT_SENT = (failures.ConnectTimeout, failures.InvalidURL, failures.MissingSchema, failures.InvalidSchema)


class Pace(Protocol):
    """Whose turn it is: `take` waits before each request or raises Busy, `busy` hears of each 429."""

    def take(self) -> None: ...

    def busy(self, retry_after: float | None) -> None: ...

    def hold(self, until: float) -> None: ...


class Client:
    """One upstream and one key. May be shared by threads. Every method raises the tree of `coasty_api.errors`."""

    def __init__(self, base_url: str, key: str, timeout_seconds: float = 5, pace: Pace | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self.key_kind = ""  # live, test or legacy, as the last answer said
        self.ahead_seconds = 0.0  # upstream's clock before ours, to a second, as the last answer's Date said
        self._key = key
        self._pace = pace
        self._is_loopback = urlsplit(self.base_url).hostname in _LOOPBACK
        self._local = threading.local()

    def has_other_key(self, key: str) -> bool:
        return key != self._key

    def hold(self, until: float) -> None:
        """Another process was told to ask nothing until this unix time."""
        if self._pace is not None:
            self._pace.hold(until)

    def create_run(self, body: dict[str, Any], idempotency_key: str) -> dict[str, Any]:
        """The Run as it was at creation; a replay shows it as queued whatever it is now."""
        return self._write("/runs", body, {"Idempotency-Key": idempotency_key})

    def get_run(self, run_id: str) -> dict[str, Any]:
        return self._read(f"/runs/{_safe(run_id)}")

    def list_runs(self, status: str | None = None, limit: int = 20) -> dict[str, Any]:
        """{"data": [Run], "has_more": bool}. There is no cursor: `has_more` means runs that can't be listed."""
        return self._read("/runs", {"status": status, "limit": limit})

    def cancel_run(self, run_id: str) -> dict[str, Any]:
        return self._write(f"/runs/{_safe(run_id)}/cancel")

    def resume_run(self, run_id: str, note: str | None = None) -> dict[str, Any]:
        return self._write(f"/runs/{_safe(run_id)}/resume", {"note": note} if note else None)

    def open_events(self, run_id: str, after: int, read_timeout_seconds: float = 75) -> requests.Response:
        """The event stream after `after`, headers read, body unread. The caller closes it.

        Unavailable when the answer is no event stream.
        """
        session = self._new_session()
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", "Accept-Encoding": "identity"}
        if after:
            headers["Last-Event-ID"] = str(after)
        path = f"/runs/{_safe(run_id)}/events"
        response = self._send(session, "GET", path, headers=headers, timeout=read_timeout_seconds)
        if response.status_code != 200:
            with response:
                raise self._refusal(response)
        kind = response.headers.get("Content-Type", "")
        if not kind.lower().startswith("text/event-stream"):
            response.close()
            raise Unavailable(f"Upstream sent {kind or 'an untyped answer'} instead of an event stream.", status=200)
        return response

    def screenshots(
        self, run_id: str, after_index: int | None = None, limit: int = 10, images: bool = True
    ) -> dict[str, Any]:
        """{"data": [Frame], "has_more": bool}; NotFound where the service has no such endpoint."""
        query = {"after_index": after_index, "limit": limit, "include_image": "true" if images else None}
        return self._read(f"/runs/{_safe(run_id)}/screenshots", query)

    def machines(self) -> dict[str, Any]:
        return self._read("/machines", {"limit": 200})

    def machine(self, machine_id: str) -> dict[str, Any]:
        """The machine's record, nested or flat on the wire."""
        answer = self._read(f"/machines/{_safe(machine_id)}")
        nested = answer.get("machine")
        return nested if isinstance(nested, dict) else answer

    def billing_active(self) -> dict[str, Any]:
        """{"active": [what each machine bills by the hour]}; NotAllowed without the scope, NotFound where unknown."""
        return self._read("/billing/active")

    def machine_screenshot(self, machine_id: str) -> dict[str, Any]:
        return self._read(f"/machines/{_safe(machine_id)}/screenshot")

    def machine_connection(self, machine_id: str) -> dict[str, Any]:
        """How to reach the machine's screen: secrets all of it. NotAllowed for keys without `connection:read`."""
        return self._read(f"/machines/{_safe(machine_id)}/connection")

    def act(self, machine_id: str, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command. One that was carried out but failed answers {"success": false, "error": ..}."""
        return self._write(f"/machines/{_safe(machine_id)}/actions", {"command": command, "parameters": parameters})

    def models(self) -> dict[str, Any]:
        return self._read("/models")

    def usage(self) -> dict[str, Any]:
        return self._read("/usage")

    def health(self) -> dict[str, Any]:
        return self._read("/health")

    def _read(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        params = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            return self._answer(self._send(self._session(), "GET", path, params=params))
        except _Stale:
            return self._answer(self._send(self._session(fresh=True), "GET", path, params=params))

    def _write(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        # A fresh connection: one that upstream closed meanwhile would leave the outcome in doubt for nothing.
        with self._new_session() as session:
            try:
                return self._answer(self._send(session, "POST", path, json=body, headers=headers or {}))
            except Lost:
                raise
            except Unavailable as problem:
                if problem.status in {None, 503} or headers:
                    raise
                raise Lost(problem.message, status=problem.status, code=problem.code) from problem

    def _send(self, session: requests.Session, method: str, path: str, **options: Any) -> requests.Response:
        limits = (self.timeout_seconds, options.pop("timeout", self.timeout_seconds))
        if self._pace is not None:
            self._pace.take()
        try:
            response = session.request(
                method, self.base_url + path, timeout=limits, stream=True, allow_redirects=False, **options
            )
        except (failures.InvalidJSONError, RecursionError) as problem:
            raise Invalid("What was to be sent can't be written as JSON; nothing was sent.") from problem
        except _NOT_SENT as problem:
            raise Unavailable(_in_words(problem), code=UNREACHABLE) from problem
        except failures.RequestException as problem:
            raise self._failure(problem, method) from problem
        self.key_kind = response.headers.get("X-Coasty-Key-Kind", self.key_kind)
        self.ahead_seconds = wire.ahead(response.headers.get("Date", ""), time.time(), self.ahead_seconds)
        return response

    def _failure(self, problem: failures.RequestException, method: str) -> CoastyError:
        if _never_connected(problem):
            return Unavailable(_in_words(problem), code=UNREACHABLE)
        if method != "GET":
            return Lost(f"No answer came ({_in_words(problem)}): what was asked may or may not have happened.")
        kind = _Stale if isinstance(problem, failures.ConnectionError) else Unavailable
        return kind(_in_words(problem))

    def _answer(self, response: requests.Response) -> dict[str, Any]:
        with response:
            if not 200 <= response.status_code < 300:
                raise self._refusal(response)
            try:
                parsed = wire.answer(_body(response).decode("utf-8", "replace"))
            except failures.RequestException as problem:
                raise self._failure(problem, response.request.method or "GET") from problem
        if isinstance(parsed, dict):
            return parsed
        message = "Upstream answered with something that is not a JSON object."
        raise (Unavailable if response.request.method == "GET" else Lost)(message, status=response.status_code)

    def _refusal(self, response: requests.Response) -> CoastyError:
        try:
            body = _body(response, limit=1_000_000)
        except (failures.RequestException, CoastyError):
            body = b""
        if self._key:  # whatever upstream repeats: the key stands in no message, log or page
            body = body.replace(self._key.encode(), b"(the key)")
        error = wire.error(response.status_code, body, response.headers)
        if self._pace is not None and isinstance(error, Busy) and error.code != _OF_RUNS:
            self._pace.busy(error.retry_after)
        return error

    def _session(self, fresh: bool = False) -> requests.Session:
        if fresh or not hasattr(self._local, "session"):
            self._local.session = self._new_session()
        session: requests.Session = self._local.session
        return session

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = not self._is_loopback  # proxies are for the outside only
        session.auth = _keep_headers
        session.headers.update({"User-Agent": USER_AGENT, "X-API-Key": self._key, "Accept": "application/json"})
        return session


class _Stale(Unavailable):
    """The connection broke before an answer came."""


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from taking another credential out of a netrc file."""
    return request


def _safe(identifier: str) -> str:
    return quote(str(identifier), safe="")


def _body(response: requests.Response, limit: int = MAX_BODY_BYTES) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(65_536):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise Unavailable("Upstream's answer is too large.", status=response.status_code)
    return b"".join(parts)


def _never_connected(problem: BaseException) -> bool:
    """Whether it failed before a byte was sent: no such host, refused, no TLS."""
    if isinstance(problem, (failures.SSLError, failures.ProxyError)):
        return True
    text = repr(problem)
    return "NewConnectionError" in text or "NameResolutionError" in text or "ConnectTimeoutError" in text


def _in_words(problem: BaseException) -> str:
    text = repr(problem)
    for sign, words in _WORDS:
        if sign in text:
            return words
    return f"The connection to upstream failed ({type(problem).__name__})."


_WORDS = (
    ("NameResolutionError", "Upstream's host name is not known."),
    ("Connection refused", "Nothing answers at upstream's address (connection refused)."),
    ("ConnectTimeout", "Upstream can't be reached (connecting took too long)."),
    ("ReadTimeout", "Upstream did not answer in time."),
    ("Read timed out", "Upstream did not answer in time."),
    ("SSLError", "The TLS connection to upstream failed."),
    ("ProxyError", "The proxy on the way to upstream failed."),
    ("RemoteDisconnected", "Upstream closed the connection without an answer."),
    ("reset by peer", "Upstream closed the connection without an answer."),
)
