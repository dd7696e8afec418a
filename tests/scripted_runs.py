"""A run of the scripted upstream: its log, its state, and how its stream is spoken, well or badly."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import threading
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

TERMINAL = {"succeeded", "failed", "cancelled", "timed_out"}


def now():
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def picture(number=0):
    """A small PNG whose colour tells its number."""
    width, height = 64, 36
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
    rotate_after: int = 0  # events a connection, then a proper end
    repeat: int = 0  # events before the cursor that are sent again
    keepalive_seconds: float = 1.0
    comments: int = 0  # comment lines before each event
    closes_at_pause: bool = False
    status: int = 200  # anything else: refused with an envelope
    html: bool = False  # a page where the stream should be
    retry_after: int = 0


@dataclass
class ScriptedRun:
    """Drive it from any thread: `go`, `step`, `pause`, `resume`, `finish`, or `emit` for anything at all."""

    fields: dict
    loop: asyncio.AbstractEventLoop
    manner: Manner = field(default_factory=Manner)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    log: list = field(default_factory=list)  # (seq, type, raw payload text, created_at)
    frames: list = field(default_factory=list)
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
            self.log.append((seq, kind, raw, now()))
            listeners = list(self.listeners)
        for listener in listeners:
            self.loop.call_soon_threadsafe(listener.set)
        return seq

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
            self.frames.append(picture(number))
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
            self.loop.call_soon_threadsafe(listener.set)

    def view(self):
        with self.lock:
            return {
                "id": self.id, "object": "agent.run", "machine": None, "cua_version": "v3", "instructions": None,
                "max_steps": 50, "on_awaiting_human": "pause", "metadata": None, "webhook_url": None,
                "webhook_secret": None, "request_id": "req_000000000000", "task": "",
                **self.fields, **self.state, "credits_charged": self.state["cost_cents"],
            }  # fmt: skip

    def frame_views(self, after, limit, with_images):
        found = []
        for index, image in enumerate(self.frames):
            if index > after:
                view = {"index": index, "attempt": 1, "step": index + 1, "taken_at": now(), "width": 64, "height": 36}
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

    async def stream(self, after, send):
        """Send everything after `after`, then what comes. Returns "end" or "cut"."""
        listener = asyncio.Event()
        with self.lock:
            self.listeners.add(listener)
        manner, sent, position = self.manner, 0, max(0, after - self.manner.repeat)
        try:
            while True:
                listener.clear()
                with self.lock:
                    waiting = [entry for entry in self.log if entry[0] > position]
                    is_over, is_parked = self.is_over, self.status == "awaiting_human"
                for entry in waiting:
                    frame = self.spoken(*entry, number=entry[0])
                    if manner.drop_after and sent >= manner.drop_after:
                        await send(frame[: max(1, int(len(frame) * manner.cut_at))])
                        return "cut"
                    if manner.rotate_after and sent >= manner.rotate_after:
                        return "end"
                    await send(frame)
                    sent, position = sent + 1, entry[0]
                if is_over or (is_parked and manner.closes_at_pause):
                    return "end"
                try:
                    await asyncio.wait_for(listener.wait(), manner.keepalive_seconds)
                except TimeoutError:
                    await send(b": keepalive\n\n")
        finally:
            with self.lock:
                self.listeners.discard(listener)
