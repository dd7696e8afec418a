"""Who calls and under which request id: headers in, headers out, scopes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coasty_local import wire
from coasty_local.server import errors
from coasty_local.server.errors import ApiError
from coasty_local.store import keys
from coasty_local.store.database import Database
from coasty_local.store.keys import Key

log = logging.getLogger(__name__)

_BEARER = re.compile(r"bearer[ \t]+(.+)", re.IGNORECASE | re.DOTALL)


class Envelope:
    """Gives every answer under /v1 its request id and what is known of the key, and turns a crash into an envelope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/practice"):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = wire.request_id()
        begun = False

        async def send_marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _mark(MutableHeaders(scope=message), state)
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except ClientDisconnect:  # in the middle of its body: nobody is there to be told
            return
        except Exception:
            log.exception("request %s failed", state["request_id"])
            if begun:
                raise
            keyed = "idempotency-key" in Headers(scope=scope)
            error = ApiError("INTERNAL_ERROR", "The local platform met a fault of its own.", keyed=keyed)
            await errors.response(error, state["request_id"])(scope, receive, send_marked)


def _mark(headers: MutableHeaders, state: dict[str, object]) -> None:
    headers["X-Coasty-Request-Id"] = str(state["request_id"])
    key = state.get("key")
    if isinstance(key, Key):
        headers["X-Coasty-Key-Kind"] = key.kind
        if key.kind == "test":
            headers["X-Coasty-Test-Mode"] = "true"


def request_id(request: Request) -> str:
    return str(request.state.request_id)


def needs(scope: str | None) -> Callable[[Request], Key]:
    """A dependency that answers the caller's key. Raises 401 without a valid one, 403 when it lacks the scope."""

    def check(request: Request) -> Key:
        key = identify(request.app.state.platform.db, request.headers)
        request.state.key = key
        if scope is not None:
            require(key, scope)
        return key

    return check


def require(key: Key, scope: str) -> None:
    if scope not in key.scopes:
        extras = {"required_scope": scope, "current_scopes": list(key.scopes)}
        raise ApiError("INSUFFICIENT_SCOPE", f"This key lacks the scope {scope}.", extras)


def identify(db: Database, headers: Headers) -> Key:
    """The key of X-API-Key, or of Bearer when that is blank. Raises 401."""
    given = headers.get("x-api-key", "").strip()
    if not given and (found := _BEARER.fullmatch(headers.get("authorization", "").strip())):
        given = found.group(1).strip()
    key = keys.find(db, given) if given else None
    if key is None:
        why = "The API key is not one of this platform." if given else "An API key is needed."
        raise ApiError("INVALID_API_KEY", why)
    return key
