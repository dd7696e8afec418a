"""Server-Sent Events from bytes as they arrive: cut into whole frames; sseclient reads those that are not plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sseclient import SSEClient

MAX_DATA_BYTES = 4 * 1024 * 1024
_HEAD_BYTES = 64 * 1024  # what is kept of a frame that is too large: its id and event lines, as a rule
_SLACK_BYTES = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_FRAME_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
_LINE_END = re.compile(rb"\r\n|\n|\r")
# What a service sends nearly always: each field once, in this order. Read in one step; all else goes to sseclient.
_PLAIN = re.compile(
    "id: ?+([^\r\n\x00]*)\nevent: ?+([^\r\n\x00]+)\ndata: ?+([^\r\n\x00]*)(?:\ncreated_at: ?+([^\r\n\x00]*))?"
)


class Frame(NamedTuple):
    """One dispatched event as it stood on the wire."""

    id: str
    event: str  # "message" when the frame named none
    data: str
    created_at: str = ""  # from the extra line of that name, which readers may ignore
    dropped_bytes: int = 0  # size of the data when it was too large to keep; `data` is empty then


class Parser:
    """Feed it what came off the socket; it yields frames that are complete. A broken tail is never dispatched."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._dropped = 0
        self._head: bytes | None = None  # of a frame that grew too large
        self._fresh = True
        self._skip_newline = False
        self.comments = 0

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield each frame that `chunk` completes."""
        if (alone := self._alone(chunk)) is not None:
            yield alone
            return
        self._buffer += chunk
        if self._fresh and not self._strip_bom():
            return
        while True:
            raw = self._next_frame()
            if raw is None:
                break
            frame = self._whole(raw)
            if frame is not None:
                yield frame
        self._bound()

    def _alone(self, chunk: bytes) -> Frame | None:
        """The one plain frame that a chunk is, when nothing waits: as nearly all come, in a single step."""
        end = len(chunk) - 2
        if self._buffer or self._fresh or self._skip_newline or self._head is not None or chunk.find(b"\n\n") != end:
            return None
        return _plain(chunk[:end])

    @property
    def is_in_frame(self) -> bool:
        """Whether a frame has begun and not ended: a connection that closes now was cut."""
        return bool(self._buffer.strip(b"\r\n"))

    def _strip_bom(self) -> bool:
        if len(self._buffer) < len(_BOM) and _BOM.startswith(bytes(self._buffer)):
            return False
        self._fresh = False
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
        return True

    def _next_frame(self) -> bytes | None:
        """Cut the next frame off. A frame that ends in CR is whole at once; an LF that follows belongs to it."""
        if self._skip_newline and self._buffer:
            self._skip_newline = False
            if self._buffer[:1] == b"\n":
                del self._buffer[:1]
        found = _FRAME_END.search(self._buffer, self._searched)
        if found is None:
            self._searched = max(0, len(self._buffer) - 3)
            return None
        end = found.end()
        if end == len(self._buffer) and self._buffer[end - 1 : end] == b"\r":
            self._skip_newline = True
        raw = bytes(self._buffer[: found.start()])
        del self._buffer[:end]
        self._searched = 0
        return raw

    def _whole(self, raw: bytes) -> Frame | None:
        if self._head is None and len(raw) <= MAX_DATA_BYTES + _SLACK_BYTES:
            return self._parse(raw)
        head, self._head = self._head or raw[:_HEAD_BYTES], None
        size, self._dropped = self._dropped + len(raw), 0
        return _oversized(head, size)

    def _parse(self, raw: bytes) -> Frame | None:
        plain = _plain(raw)
        if plain is not None:
            return plain
        lines = [line for line in _LINE_END.split(raw) if line]
        fields = [line for line in lines if not line.startswith(b":")]
        self.comments += len(lines) - len(fields)
        if not fields:
            return None
        text = b"\n".join(fields).decode("utf-8", "replace").replace("\x00", "\ufffd")
        for event in SSEClient(iter([text.encode() + b"\n\n"])).events():
            if len(event.data) > MAX_DATA_BYTES:
                return _oversized(raw[:_HEAD_BYTES], len(raw))
            return Frame(event.id or "", event.event, event.data, _field(fields, b"created_at"))
        return None

    def _bound(self) -> None:
        """Hold no more than one event may measure: of the rest only the size is remembered."""
        if len(self._buffer) <= MAX_DATA_BYTES + _SLACK_BYTES:
            return
        if self._head is None:
            self._head = bytes(self._buffer[:_HEAD_BYTES])
        keep = 3  # the end of the frame may have begun
        self._dropped += len(self._buffer) - keep
        del self._buffer[:-keep]
        self._searched = 0


def _plain(raw: bytes) -> Frame | None:
    found = _PLAIN.fullmatch(raw.decode("utf-8", "replace"))
    if found is None or len(found[3]) > MAX_DATA_BYTES:
        return None
    number, kind, data, created_at = found.groups("")
    return Frame(number, kind, data, created_at)


def _oversized(head: bytes, size: int) -> Frame:
    fields = _LINE_END.split(head)
    return Frame(_field(fields, b"id"), _field(fields, b"event") or "message", "", dropped_bytes=size)


def _field(lines: list[bytes], name: bytes) -> str:
    prefix = name + b":"
    for line in lines:
        if line.startswith(prefix):
            return line[len(prefix) :].decode("utf-8", "replace").removeprefix(" ")
    return ""
