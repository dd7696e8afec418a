"""Lean websocket clients that answer as the page's script does: a hello, then an ack for each update."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import struct
import time
import urllib.request
from collections.abc import Sequence
from datetime import datetime

_FRAGMENT = re.compile(r'<[^<>]* data-v="(?P<v>[^"]+)"[^<>]* id="(?P<id>[^"]+)"')
_SEQ_AND_TIME = re.compile(rb'data-seq="(\d+)"[^>]*>\s*<span class="line-time"><time datetime="([^"]+)"')


def _client_frame(payload: bytes) -> bytes:
    """A text frame as clients send it; a mask of zeros is a mask."""
    head = bytes([0x81, 0x80 | len(payload)]) if len(payload) < 126 else b"\x81\xfe" + struct.pack(">H", len(payload))
    return head + bytes(4) + payload


class Socket(asyncio.Protocol):
    """One page's socket. Counts updates; with `is_timing` notes how old each line is when its bytes have come."""

    def __init__(self, address: str, host: str, cookie: str, hello: bytes, ack: bytes, is_timing: bool) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._request = (
            f"GET {address} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
        ).encode()
        self._hello, self._ack = _client_frame(hello) if hello else b"", _client_frame(ack) if ack else b""
        self._buffer, self._is_timing, self.is_open, self.updates = b"", is_timing, False, 0
        self.delays: list[float] = []
        self.newest = 0  # a line that is drawn anew is not timed again
        self.ended = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self._request)

    def connection_lost(self, problem: Exception | None) -> None:
        self.is_open, self.ended = False, self.ended or "lost"

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._buffer += data
        if not self.is_open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.ended = head.split(b"\r\n")[0].decode()
                self.transport.close()
                return
            self.is_open, self._buffer = True, rest
            self.transport.write(self._hello)
        while (found := self._next()) is not None:
            self._take(*found, now)

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1] & 0x7F, 2
        if size > 125:
            at = 4 if size == 126 else 10
            if len(buffer) < at:
                return None
            size = int.from_bytes(buffer[2:at], "big")
        if len(buffer) < at + size:
            return None
        self._buffer = buffer[at + size :]
        return buffer[0] & 0x0F, buffer[at : at + size]

    def _take(self, kind: int, payload: bytes, now: float) -> None:
        if kind == 9:  # a ping that nobody answers ends the socket
            self.transport.write(bytes([0x8A, 0x80 | len(payload)]) + bytes(4) + payload)
        if kind == 8:
            self.ended = f"closed {int.from_bytes(payload[:2], 'big')}"
        if kind != 1:
            return
        self.updates += 1
        self.transport.write(self._ack)
        if self._is_timing:
            for seq, moment in _SEQ_AND_TIME.findall(payload):
                if int(seq) > self.newest:
                    self.newest = int(seq)
                    self.delays.append(now - datetime.fromisoformat(moment.decode()).timestamp())


def _hello(url: str, cookie: str) -> bytes:
    """What the script of this page would say first: the fragments drawn on it, and the last event that is."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie}), timeout=30) as answer:
        page = answer.read().decode()
    have = {found["id"]: found["v"] for found in _FRAGMENT.finditer(page)}
    if not have:
        raise RuntimeError(f"{url} has no fragment that is live")
    after = [int(seq) for seq in re.findall(r'data-seq="(\d+)"', page)]
    return json.dumps({"have": have, "after": max(after, default=0)}).encode()


class Sockets:
    """Many of them, on one loop."""

    def __init__(self) -> None:
        self.all: list[Socket] = []

    async def open(
        self, port: int, addresses: Sequence[str], cookies: Sequence[str], *, is_timing: bool = False,
        is_page: bool = True, ack: bytes = b'{"ack": 1}',
    ) -> None:  # fmt: skip
        """Connect one after the other, a few at a time, until all are open.

        That of a page says hello as its script would: the page is read, and what is drawn there is what it has.
        """
        loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(10)

        async def one(n: int, address: str) -> None:
            async with gate:
                cookie = cookies[n % len(cookies)]
                host = f"127.0.0.1:{port}"
                told = (
                    await asyncio.to_thread(_hello, f"http://{host}{address.removeprefix('/ws')}", cookie)
                    if is_page
                    else b""
                )
                made = Socket(address, host, cookie, told, ack, is_timing)
                await loop.create_connection(lambda: made, "127.0.0.1", port)
                self.all.append(made)
                async with asyncio.timeout(60):
                    while not made.is_open and not made.ended:
                        await asyncio.sleep(0.01)
                if not made.is_open:
                    raise RuntimeError(f"A socket was not opened: {made.ended}")

        await asyncio.gather(*(one(n, address) for n, address in enumerate(addresses)))

    def reset(self) -> None:
        for socket in self.all:
            socket.updates, socket.delays = 0, []

    @property
    def updates(self) -> int:
        return sum(socket.updates for socket in self.all)

    @property
    def delays(self) -> list[float]:
        return [delay for socket in self.all for delay in socket.delays]

    @property
    def lost(self) -> int:
        return sum(not socket.is_open for socket in self.all)

    def close(self) -> None:
        for socket in self.all:
            socket.transport.abort()
