"""A socket whose response head has been read, taken over from requests: bytes of the body without ever waiting.

The only place that touches what requests, urllib3 and http.client keep to themselves; tests/runs hold it to that.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any

import requests

_READ_BYTES = 65_536
_LONGEST_SIZE_LINE = 1_024
_ONE_CHUNK = re.compile(rb"(0*[1-9a-fA-F][0-9a-fA-F]{0,8})\r\n")


class Broken(Exception):
    """The chunked framing makes no sense."""


class Dechunker:
    """Takes chunked transfer coding off, whatever the pieces it comes in."""

    def __init__(self) -> None:
        self._left = 0  # of the current chunk, its closing CRLF not counted
        self._line = bytearray()
        self._state = "size"
        self.is_complete = False

    def feed(self, data: bytes) -> bytes:
        """The body's bytes in `data`; Broken when it is no chunked coding."""
        found = _ONE_CHUNK.match(data) if self._state == "size" and not self._line else None
        if found and len(data) == found.end() + int(found[1], 16) + 2 and data.endswith(b"\r\n"):
            return data[found.end() : -2]  # one whole chunk, as nearly all come
        out, at = [], 0
        while at < len(data) and not self.is_complete:
            if self._state == "body":
                piece = data[at : at + self._left]
                out.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._state = "end"
            else:
                at = self._read_line(data, at)
        return b"".join(out)

    def _read_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        self._line += data[at : end if end >= 0 else len(data)]
        if len(self._line) > _LONGEST_SIZE_LINE:
            raise Broken("A chunk's size line is too long.")
        if end < 0:
            return len(data)
        line, self._line = bytes(self._line).strip(), bytearray()
        self._step(line)
        return end + 1

    def _step(self, line: bytes) -> None:
        if self._state == "size":
            try:
                self._left = int(line.split(b";")[0], 16)
            except ValueError:
                raise Broken("A chunk has no size.") from None
            self._state = "body" if self._left else "trailer"
        elif self._state == "end":
            if line:
                raise Broken("A chunk is longer than it said.")
            self._state = "size"
        elif not line:  # the empty line after the trailers
            self.is_complete = True


class Body:
    """The body of one streaming response, read without waiting."""

    def __init__(self, response: requests.Response) -> None:
        raw: Any = response.raw
        reader = raw._fp.fp  # http.client's buffered reader
        self.socket: socket.socket = reader.raw._sock
        self._dechunker = Dechunker() if raw.chunked else None
        self._left: int | None = _length(response) if not raw.chunked else None
        self._keep: Any = response
        self.socket.settimeout(0)
        self._buffered = _drain(reader)
        if not isinstance(self.socket, ssl.SSLSocket):
            self._take_plain(response)
        self.is_complete = False
        self._filled = True  # the last read took all it may: more may be there

    def _take_plain(self, response: requests.Response) -> None:
        """A descriptor of its own lets everything else of the response go: some 20 KiB a stream."""
        self.socket = self.socket.dup()
        self.socket.setblocking(False)
        response.close()
        self._keep = None

    def read(self) -> bytes | None:
        """What has come; None when nothing has; empty at the end (`is_complete`: a proper one).

        OSError when the connection broke, Broken when the framing did.
        """
        if self.is_complete:
            return b""
        data, self._buffered = self._buffered, b""
        if not data:
            try:
                data = self.socket.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError, InterruptedError):
                return None
            self._filled = len(data) == _READ_BYTES
            if not data:
                self.is_complete = self.is_complete or (self._dechunker is None and not self._left)
                return b""
        return self._decode(data)

    def _decode(self, data: bytes) -> bytes | None:
        if self._dechunker:
            body = self._dechunker.feed(data)
            self.is_complete = self._dechunker.is_complete
        else:
            body = data if self._left is None else data[: self._left]
            if self._left is not None:
                self._left -= len(body)
                self.is_complete = not self._left
        return body if body or self.is_complete else None

    @property
    def is_drained(self) -> bool:
        """Whether another read would find nothing: the system tells when there is more, so it need not be asked."""
        return not (self._filled or self.is_complete or self._buffered or isinstance(self.socket, ssl.SSLSocket))

    @property
    def has_buffered(self) -> bool:
        """Whether bytes wait that the system's readiness does not tell of."""
        return bool(self._buffered) or (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0)

    def close(self) -> None:
        if self._keep is not None:
            self._keep.close()
            self._keep = None
        self.socket.close()


def _drain(reader: Any) -> bytes:
    """What the buffered reader holds already. The socket does not wait, so neither does this."""
    try:
        held = reader.peek()
    except ssl.SSLWantReadError:
        return b""
    return bytes(reader.read(len(held))) if held else b""


def _length(response: requests.Response) -> int | None:
    told = response.headers.get("Content-Length", "")
    return int(told) if told.isdigit() else None
