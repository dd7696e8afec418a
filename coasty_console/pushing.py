"""How a push gets onto a websocket: its frame is built once for all who are sent it, and goes out at once where nothing
waits before it. Daphne's way, by autobahn and a turn of Twisted's loop, costs several times as much for each socket.
"""

from __future__ import annotations

import struct
from typing import Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.tcp import Connection

_TEXT = b"\x81"  # a whole message of text, not masked: servers do not


class Frames:
    """The frame of the newest text: many sockets in a row are sent the same object."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._frame = b""

    def of(self, text: str) -> bytes:
        if text is not self._text:
            self._text, self._frame = text, _framed(text.encode())
        return self._frame


def _framed(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return _TEXT + bytes([size]) + payload
    if size < 65_536:
        return _TEXT + struct.pack(">BH", 126, size) + payload
    return _TEXT + struct.pack(">BQ", 127, size) + payload


_frames = Frames()


class PushedSocket(WebSocketProtocol):
    """What is not an uncompressed text on an open socket goes Daphne's way."""

    def serverSend(self, content: Any, binary: bool = False) -> None:
        if binary or self.state != self.STATE_OPEN or self._perMessageCompress is not None:
            super().serverSend(content, binary)
        else:
            write(self.transport, _frames.of(content))


def write(transport: Any, data: bytes) -> None:
    """Into the network what it takes now, where nothing waits; the rest as Twisted does it."""
    if isinstance(transport, Connection) and not transport.TLS and _is_free(transport):
        written = transport.writeSomeData(data)
        if isinstance(written, int):
            data = data[written:]
    if data:
        transport.write(data)


def _is_free(transport: Any) -> bool:
    """It is open and nothing waits in it."""
    is_open = transport.connected and not transport.disconnecting
    return is_open and not (transport.dataBuffer or transport._tempDataBuffer)


def install() -> None:
    """For servers that are made from now on."""
    WebSocketFactory.protocol = PushedSocket
