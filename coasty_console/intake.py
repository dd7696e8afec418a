"""What a request may bring: so many bytes within so much time. The server would keep a body of any size, on disk and
then in memory, before anybody is asked whether they want it.
"""

from __future__ import annotations

import json
import time
from io import BytesIO
from typing import Any

from daphne import server
from daphne.http_protocol import HTTPFactory
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from coasty_console.outflow import FlowingRequest
from live import manner

LARGEST_BYTES = 4_000_000  # more than any route takes: those say by themselves what is too much for them
_LINGER_SECONDS = 2  # so long is read on after a refusal: a connection closed at once would take the answer with it
_LINGER_BYTES = 16_000_000


class BoundedRequest(FlowingRequest):
    """Refuses what is too large as soon as that is known, and what comes too slowly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._taken, self._is_refused, self._is_whole = 0, False, False
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False  # Django reads forms; twice is once too often

    def gotLength(self, length: int | None) -> None:
        if length is not None and length > LARGEST_BYTES:
            self._refuse(413)
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        self._taken += len(data)
        if self._is_refused:
            return
        if self._taken > LARGEST_BYTES:
            self._refuse(413)
        else:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self._is_refused:
            return
        self._is_whole = True
        if self.requestHeaders.hasHeader(b"Transfer-Encoding"):  # it is here as a whole: its length is known now
            self.requestHeaders.removeHeader(b"Transfer-Encoding")
            self.requestHeaders.setRawHeaders(b"Content-Length", [b"%d" % self._taken])
        super().requestReceived(command, path, version)

    def check_timeouts(self) -> None:
        known = self.server.connections.get(self, {})
        is_slow = time.time() - known.get("connected", time.time()) > settings.REQUEST_SECONDS
        if is_slow and not (self._is_whole or self._is_refused or "disconnected" in known):
            self._refuse(408)
        super().check_timeouts()

    def _refuse(self, status: int) -> None:
        """Answer now, take no more into memory, and close when the sender has had time to read it."""
        self._is_refused = True
        self.requestHeaders.removeHeader(b"Expect")  # nobody shall go on
        self.content = BytesIO()
        channel = self.channel
        channel.persistent = False
        channel.dataReceived = _Drain(channel)
        channel.setTimeout(None)
        channel.callLater(_LINGER_SECONDS, channel.transport.abortConnection)
        channel.write(_answer(status, self.requestHeaders))
        channel.transport.loseWriteConnection()


class _Drain:
    """Takes what still comes and keeps nothing."""

    def __init__(self, channel: Any) -> None:
        self._channel, self._left = channel, _LINGER_BYTES

    def __call__(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._channel.transport.abortConnection()


def _answer(status: int, headers: Any) -> bytes:
    """The whole response, to a program in the envelope of errors and to a person in a sentence."""
    reason, code = _REASONS[status]
    accepted, spoken = (b",".join(headers.getRawHeaders(name, [])) for name in (b"Accept", b"Accept-Language"))
    if b"text/html" in accepted:
        with translation.override(manner.language_in(spoken.decode("latin-1"))):
            kind, body = "text/plain; charset=utf-8", _said(status).encode()
    else:
        with translation.override("en"):
            kind, body = "application/json", json.dumps({"error": {"code": code, "message": _said(status)}}).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + body


_REASONS = {408: ("Request Timeout", "TOO_SLOW"), 413: ("Content Too Large", "TOO_LARGE")}


def _said(status: int) -> str:
    if status == 413:
        most = {"most": LARGEST_BYTES // 1_000_000}
        return _("What was sent is too large: at most %(most)s megabytes are taken.") % most
    seconds = {"seconds": settings.REQUEST_SECONDS}
    return _("What was sent took longer than %(seconds)s seconds to arrive. Send it again.") % seconds


class BoundedFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


def install() -> None:
    """For servers that run from now on."""
    server.HTTPFactory = BoundedFactory
