"""The load's far side: a `/v1` in a process of its own that holds ten thousand streams and speaks at a set rate.

Each event carries the moment at which it was due, in its `created_at` line: latency is measured end to end on one
clock, and an upstream that falls behind makes it longer, never shorter. `POST /pace {"rate", "runs", "seconds"}` lets
the first `runs` runs speak, `GET /state` tells what was done.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import sys
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

KEY = "sk-coasty-test-crowd"
TICK_SECONDS = 0.002
KEEPALIVE_SECONDS = 20.0
_EVENTS = re.compile(r"^/v1/runs/crowd-(\d+)/events$")
_RUN = re.compile(r"^/v1/runs/crowd-(\d+)$")
_KINDS = (
    ("text", '"text": "Reading the page and looking for the next field", "step": {n}'),
    ("tool_call", '"step": {n}, "action_type": "click", "tool": "click", "params": {{"x": 612, "y": 340}}'),
    ("tool_result", '"step": {n}, "success": true, "duration_ms": 41'),
    ("step", '"steps_completed": {n}'),
    ("billing", '"credits_charged": {n}, "cost_cents": {n}'),
)
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Access-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def run_id(number: int) -> str:
    return f"crowd-{number}"


def frame(seq: int, moment: str) -> bytes:
    """The event of that number, chunked: five kinds in turn, as a step of an agent tells them."""
    step, turn = divmod(seq - 1, 5)
    kind, payload = _KINDS[turn]
    data = payload.format(n=step + 1)
    body = f'id: {seq}\nevent: {kind}\ndata: {{{data}, "at": "{moment}"}}\ncreated_at: {moment}\n\n'.encode()
    return b"%x\r\n%s\r\n" % (len(body), body)


def spoken_at(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def speaking_order(runs: int, seed: int) -> list[int]:
    """The runs in the order in which they speak, again and again: a crowd does not speak in the order of its rows."""
    order = list(range(runs))
    random.Random(seed).shuffle(order)
    return order


class Crowd:
    """The runs' logs, told by a number each, and who listens to them."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seqs = [0] * count
        self.listeners: list[set[asyncio.Transport]] = [set() for _ in range(count)]
        self.seed = seed
        self.sent = self.cut = 0
        self.late_seconds = 0.0
        self.pacing: asyncio.Task[None] | None = None

    def state(self) -> dict[str, object]:
        return {
            "open": sum(map(bool, self.listeners)),
            "sent": self.sent,
            "last": sum(self.seqs),
            "late_ms": round(self.late_seconds * 1000, 1),
            "is_speaking": self.pacing is not None and not self.pacing.done(),
            "cpu_seconds": time.process_time(),
        }

    def listen(self, number: int, after: int, transport: asyncio.Transport) -> None:
        """What came before is told again, with no moment: nobody measures by it."""
        transport.write(_HEAD)
        for seq in range(after + 1, self.seqs[number] + 1):
            transport.write(frame(seq, ""))
        self.listeners[number].add(transport)

    def leave(self, number: int, transport: asyncio.Transport) -> None:
        self.listeners[number].discard(transport)

    def pace(self, rate: float, runs: int, seconds: float) -> None:
        if self.pacing is not None:
            self.pacing.cancel()
        self.late_seconds = 0.0
        self.pacing = asyncio.get_running_loop().create_task(self._speak(rate, runs, seconds))

    async def _speak(self, rate: float, runs: int, seconds: float) -> None:
        """Each run in its turn, the turns shuffled by the seed: `rate` events a second over all of them."""
        order = speaking_order(min(runs, self.count), self.seed)
        began, told = time.time(), 0
        while (now := time.time()) - began < seconds:
            due = int((now - began) * rate)
            if due > told:
                self.late_seconds = max(self.late_seconds, now - began - told / rate)
            for n in range(told, due):
                self._tell(order[n % len(order)], began + n / rate)
            told = max(told, due)
            await asyncio.sleep(TICK_SECONDS)

    def _tell(self, number: int, moment: float) -> None:
        self.seqs[number] += 1
        self.sent += 1
        data = frame(self.seqs[number], spoken_at(moment))
        for transport in self.listeners[number]:
            transport.write(data)

    async def keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            for listeners in self.listeners:
                for transport in listeners:
                    transport.write(b"d\r\n: keepalive\n\n\r\n")

    def view(self, number: int) -> dict[str, object]:
        return {
            "id": run_id(number), "object": "agent.run", "status": "running", "task": f"Errand {number}",
            "machine_id": "mch_test_00000001", "cua_version": "v3", "max_steps": 100_000, "on_awaiting_human": "pause",
            "created_at": "2026-01-01T00:00:00Z", "steps_completed": self.seqs[number] // 5,
            "cost_cents": self.seqs[number] // 5 * 5,
        }  # fmt: skip


class Wire(asyncio.Protocol):
    """One connection: small requests, answered at once; a stream stays open."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.buffer, self.number = crowd, b"", -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def connection_lost(self, problem: Exception | None) -> None:
        if self.number >= 0:
            self.crowd.leave(self.number, self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer and self.number < 0:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length") or 0)
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            target = lines[0].split(" ")[1]
            self._answer(urlsplit(target).path, parse_qs(urlsplit(target).query), headers, rest[:length])

    def _answer(self, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes) -> None:
        if events := _EVENTS.match(path):
            self.number = int(events[1])
            told = headers.get("last-event-id", "") or query.get("after", ["0"])[0]
            after = self.crowd.seqs[self.number] if told == "now" else int(told)
            self.crowd.listen(self.number, after, self.transport)
        elif run := _RUN.match(path):
            self._json(200, self.crowd.view(int(run[1])))
        elif path == "/v1/runs":
            # The bench's database knows them all: a listing tells a page of them, as the service would.
            limit = int(query.get("limit", ["20"])[0])
            listed = range(min(limit, self.crowd.count)) if query.get("status", [""])[0] in {"running", ""} else ()
            self._json(200, {"object": "list", "data": [self.crowd.view(n) for n in listed], "has_more": False})
        elif path == "/pace":
            self.crowd.pace(**json.loads(body))
            self._json(200, {})
        elif path == "/state":
            self._json(200, self.crowd.state())
        else:
            self._json(404, {"error": {"code": "NOT_FOUND", "message": "No such route.", "type": "crowd"}})

    def _json(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.transport.write(
            f"HTTP/1.1 {status} Crowd\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )


async def serve(count: int, seed: int) -> None:
    crowd, loop = Crowd(count, seed), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wire(crowd), "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    keeping = loop.create_task(crowd.keep_alive())
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started it closes the pipe, or dies
    keeping.cancel()


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
