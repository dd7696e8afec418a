"""A run of the scripted upstream: its log, its state, and how its stream is spoken, well or badly.

An event goes straight to the sockets of those that have caught up (a plain manner: one write, no task is woken), so
that thousands of runs can speak thousands of events a second. `Run.frozen` is what a checker compares.
"""

from __future__ import annotations

import asyncio
import base64
import bisect
import hashlib
import json
import struct
import threading
import time
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

AT_ONCE = 1e-6  # `rotate_seconds` of a stream that ends properly as soon as it has told all: nobody waits for silence
TERMINAL = {"succeeded", "failed", "cancelled", "timed_out"}


def digest(events):
    """SHA-256 over (seq, type, payload text) of each event in order; what comes after those three counts not."""
    summed = hashlib.sha256()
    for seq, kind, raw, *_more in events:
        summed.update(f"{seq}\n{kind}\n{raw}\n\n".encode())
    return summed.hexdigest()


def now():
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def picture(number=0, width=64, height=36):
    """A PNG whose colour tells its number; a small one unless told otherwise."""
    colour = bytes([(number * 53) % 256, (number * 97) % 256, 200])
    rows = b"".join(b"\x00" + colour * width for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass
class Manner:
    """How a stream is spoken. Every fault here is one that the contract or the world allows."""

    eol: str = "\n"  # or "\r", "\r\n", "mixed"
    is_wrapped: bool = False  # data holds {seq, type, data}
    has_id: bool = True
    has_event: bool = True
    has_created_at: bool = False
    has_done: bool = True
    is_chunked: bool = True
    is_trickle: bool = False  # one byte at a time
    drop_after: int = 0  # events a connection, then it is cut inside the next frame
    cut_at: float = 0.5  # where in that frame
    cut_inside: str = ""  # or "character", "id", "crlf": exactly there
    withhold: frozenset = frozenset()  # seqs left out until the run is asked a second time from before them
    rotate_after: int = 0  # events a connection, then a proper end
    rotate_seconds: float = 0.0  # a proper end after so long
    stall_after: int = 0  # events a connection, then not a byte more
    ignores_cursor: bool = False  # sends the whole log again at each connection
    repeat: int = 0  # events before the cursor that are sent again
    keepalive_seconds: float = 1.0
    comments: int = 0  # comment lines before each event
    closes_at_pause: bool = False
    status: int = 200  # anything else: refused with an envelope
    html: bool = False  # a page where the stream should be
    retry_after: int = 0
    body: bytes | None = None  # of a refusal, instead of an envelope
    location: str = ""

    @property
    def is_plain(self):
        """Whether a frame may go out as soon as it is there, without a look at the faults."""
        return not (self.drop_after or self.rotate_after or self.stall_after or self.is_trickle or self.withhold)


class Listener:
    """One open stream. While it is `direct`, whoever emits writes to its socket."""

    __slots__ = ("direct", "is_chunked", "news", "position", "transport")

    def __init__(self, position, transport, is_chunked):
        self.news, self.position, self.direct = asyncio.Event(), position, False
        self.transport, self.is_chunked = transport, is_chunked

    def send(self, frame):
        self.transport.write(b"%x\r\n%s\r\n" % (len(frame), frame) if self.is_chunked else frame)


@dataclass(eq=False)
class ScriptedRun:
    """Drive it from any thread: `go`, `step`, `pause`, `resume`, `finish`, or `emit` for anything at all."""

    fields: dict
    loop: asyncio.AbstractEventLoop
    manner: Manner = field(default_factory=Manner)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    log: list = field(default_factory=list)  # (seq, type, raw payload text, created_at)
    frames: list = field(default_factory=list)
    taken_at: dict = field(default_factory=dict)  # of frames, by index
    connections: int = 0

    def __post_init__(self):
        self.lock = threading.RLock()
        self.listeners = set()
        self.next_seq = 1
        self.state = {
            "status": "queued", "steps_completed": 0, "cost_cents": 0, "awaiting_human_reason": None,
            "awaiting_human_since": None, "started_at": None, "finished_at": None, "result": None, "error": None,
            "created_at": now(),
        }  # fmt: skip

    @property
    def status(self):
        return self.state["status"]

    @property
    def is_over(self):
        return self.status in TERMINAL

    def emit(self, kind, payload, *, seq=None):
        """Append an event; `payload` may be raw text, sent to the letter."""
        raw = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        with self.lock:
            seq = seq or self.next_seq
            self.next_seq = max(self.next_seq, seq + 1)
            self.log.append((seq, kind, raw, now() if self.manner.has_created_at else ""))
            if self.listeners:
                self.loop.call_soon_threadsafe(self._deliver, list(self.listeners))
        return seq

    def tell(self, kind, raw):
        """`emit` for the loop's own thread: no lock, no hop."""
        seq = self.next_seq
        self.next_seq += 1
        self.log.append((seq, kind, raw, ""))
        self._deliver(self.listeners)
        return seq

    def _deliver(self, listeners):
        for listener in listeners:
            if not listener.direct or listener.transport.is_closing():
                listener.news.set()
                continue
            for entry in self._after(listener.position):
                listener.send(self.spoken(*entry, number=entry[0]))
                listener.position = entry[0]

    def _after(self, position):
        return self.log[bisect.bisect_right(self.log, position, key=lambda entry: entry[0]) :]

    def restore(self, seq, **state):
        """Upstream has come back from an old backup: it knows the log up to `seq` only, and counts on from there."""
        with self.lock:
            self.log = [entry for entry in self.log if entry[0] <= seq]
            self.next_seq = seq + 1
            self.state.update(state)

    def frozen(self):
        """What the log holds, to be compared: {"count", "last", "hash", "status"}."""
        with self.lock:
            log, status = list(self.log), self.status
        return {"count": len(log), "last": log[-1][0] if log else 0, "hash": digest(log), "status": status}

    def skip(self, count=1):
        """Leave a gap in the numbers."""
        with self.lock:
            self.next_seq += count

    def go(self):
        with self.lock:
            self.state.update(status="running", started_at=self.state["started_at"] or now())
            return self.emit("status", {"status": "running"})

    def step(self, text="Looking at the page", cost_cents=5):
        with self.lock:
            self.state["steps_completed"] += 1
            self.state["cost_cents"] += cost_cents
            number = self.state["steps_completed"]
            self.take(picture(number))
            self.emit("text", {"text": text, "step": number})
            self.emit(
                "tool_call", {"step": number, "action_type": "click", "tool": "click", "params": {"x": 1, "y": 2}}
            )
            self.emit("tool_result", {"step": number, "success": True, "duration_ms": 3})
            self.emit("step", {"steps_completed": number})
            cents = self.state["cost_cents"]
            return self.emit("billing", {"credits_charged": cents, "cost_cents": cents})

    def pause(self, reason="Which account should I use?"):
        with self.lock:
            self.state.update(status="awaiting_human", awaiting_human_reason=reason, awaiting_human_since=now())
            self.emit("status", {"status": "awaiting_human"})
            return self.emit("awaiting_human", {"reason": reason})

    def resume(self, note=None):
        with self.lock:
            self.state.update(status="running", awaiting_human_reason=None)
            self.emit("resumed", {"note": note})
            return self.emit("status", {"status": "running"})

    def finish(self, status="succeeded", result=None, error=None):
        with self.lock:
            if result is None and status in {"succeeded", "failed"}:
                result = {"passed": status == "succeeded", "status": status, "summary": f"The run {status}."}
            self.state.update(status=status, result=result, error=error, finished_at=now())
            self.emit("status", {"status": status})
            if self.manner.has_done:
                return self.emit("done", {"status": status, "result": result, "error": error})
            self._wake()
            return None

    def _wake(self):
        for listener in list(self.listeners):
            self.loop.call_soon_threadsafe(listener.news.set)

    def view(self):
        with self.lock:
            return {
                "id": self.id, "object": "agent.run", "machine": None, "cua_version": "v3", "instructions": None,
                "max_steps": 50, "on_awaiting_human": "pause", "metadata": None, "webhook_url": None,
                "webhook_secret": None, "request_id": "req_000000000000", "task": "",
                **self.fields, **self.state, "credits_charged": self.state["cost_cents"],
            }  # fmt: skip

    def take(self, image, at=None):
        """Keep a frame, taken now unless told otherwise (RFC 3339 text)."""
        self.taken_at[len(self.frames)] = at or now()
        self.frames.append(image)

    def frame_views(self, after, limit, with_images):
        found = []
        for index, image in enumerate(self.frames):
            if index > after:
                view = {"index": index, "attempt": 1, "step": index + 1, "width": 64, "height": 36}
                view |= {"taken_at": self.taken_at.get(index) or now()}
                view |= {"mime_type": "image/png", "size_bytes": len(image), "sha256": "0" * 64, "degraded": False}
                if with_images:
                    view["image_b64"] = base64.b64encode(image).decode()
                found.append(view)
        return found[:limit], len(found) > limit

    # The stream.

    def spoken(self, seq, kind, raw, at, number=0):
        """One frame's bytes in this run's manner."""
        manner = self.manner
        data = json.dumps({"seq": seq, "type": kind, "data": "@"}).replace('"@"', raw) if manner.is_wrapped else raw
        lines = [": noise"] * manner.comments
        if manner.has_id:
            lines.append(f"id: {seq}")
        if manner.has_event:
            lines.append(f"event: {kind}")
        lines += [f"data: {line}" for line in data.split("\n")]
        if manner.has_created_at:
            lines.append(f"created_at: {at}")
        eol = ["\n", "\r\n", "\r"][number % 3] if manner.eol == "mixed" else manner.eol
        return (eol.join([*lines, ""]) + eol).encode()

    def _cut(self, frame):
        """How many bytes of the frame go out before the connection is cut."""
        inside = self.manner.cut_inside
        if inside == "id":
            return frame.find(b"id: ") + 5
        if inside == "crlf" and b"\r\n" in frame:
            return frame.rfind(b"\r\n") + 1
        if inside == "character":
            found = next((at for at, byte in enumerate(frame) if byte >= 0xC0), None)
            return len(frame) // 2 if found is None else found + 1
        return max(1, int(len(frame) * self.manner.cut_at))

    async def stream(self, after, send, transport):
        """Send everything after `after`, then what comes. Returns "end" or "cut"."""
        start = 0 if self.manner.ignores_cursor else max(0, after - self.manner.repeat)
        listener = Listener(start, transport, self.manner.is_chunked)
        with self.lock:
            self.listeners.add(listener)
        try:
            return await self._stream(listener, send)
        finally:
            with self.lock:
                self.listeners.discard(listener)

    async def _stream(self, listener, send):
        manner, sent, began = self.manner, 0, time.monotonic()
        withheld = {seq for seq in manner.withhold if seq > listener.position}
        while True:
            listener.news.clear()
            if listener.transport.is_closing():
                return "cut"
            with self.lock:
                waiting = self._after(listener.position)
                is_over, is_parked = self.is_over, self.status == "awaiting_human"
                listener.direct = not waiting and not is_over and manner.is_plain
            for entry in waiting:
                if entry[0] in withheld:
                    manner.withhold -= {entry[0]}
                    continue
                frame = self.spoken(*entry, number=entry[0])
                if manner.drop_after and sent >= manner.drop_after:
                    await send(frame[: self._cut(frame)])
                    return "cut"
                if manner.rotate_after and sent >= manner.rotate_after:
                    return "end"
                if manner.stall_after and sent >= manner.stall_after:
                    await asyncio.sleep(3600)
                await send(frame)
                sent, listener.position = sent + 1, entry[0]
            if waiting and manner.is_plain:
                continue  # what came meanwhile; then it may go straight
            if is_over or (is_parked and manner.closes_at_pause):
                return "end"
            left = manner.rotate_seconds - (time.monotonic() - began) if manner.rotate_seconds else 3600
            if left <= 0:
                return "end"
            try:
                await asyncio.wait_for(listener.news.wait(), min(manner.keepalive_seconds, left))
            except TimeoutError:
                if left > manner.keepalive_seconds:
                    await send(b": keepalive\n\n")
