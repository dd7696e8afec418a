"""A scripted upstream: a real `/v1` on a socket whose runs do what a test says, with any fault on the way.

In a test's process: `with Upstream() as far:`, `far.add(Manner(...))`, `far.fail(...)`. As a process of its own:

    python -m tests.upstreams --port 0 --runs 10000 --rate 3000 --seed 1 --faults plain

prints its base URL as the first line, then sends that many events a second over that many runs (`run-000000` and up),
each payload with `sent_ns` (`time.monotonic_ns()`), until its stdin ends. `--hold` waits for `POST /control/start`;
`--lives` gives runs whole lives with pauses (`life-000000` and up); `--faults all` takes every manner in turn;
`--errors 0.02` lets that share of all requests fail. Ask and tell it under `/control` (`tests.upstream_control`):
`GET stats`, `sent` (count, last seq, hash of each run's log), `listed` (runs that a listing has shown), `log/<run>`,
`writes` (resumes and cancels), `requests`; `POST start`, `stop`, `pace {"rate"}`, `drain`, `finish`, `cut`.
`tests.upstream_process.Process` wraps it all.
Of 10,000 runs a listing shows 200: a benchmark puts the rows of the rest into the database itself.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
import time
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qs, urlsplit

from tests import upstream_control
from tests.scripted_runs import Manner, ScriptedRun, now, picture

KEY = "sk-coasty-test-scripted"
LIVE = ("queued", "running", "awaiting_human")
STATUSES = (*LIVE, "succeeded", "failed", "cancelled", "timed_out")


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose method and path match."""

    method: str
    path: str  # a regular expression, searched
    status: int = 0  # answer this; 0: see `lose`
    lose: str = ""  # "before": cut the connection and do nothing; "after": do it, then cut
    times: int = 1
    body: bytes | None = None  # instead of an envelope
    code: str = "SCRIPTED"
    retry_after: int = 0
    delay_seconds: float = 0.0
    location: str = ""


class Upstream:
    """`with Upstream() as upstream:` serves at `upstream.base_url` for `upstream.key` until the block ends."""

    def __init__(self, key=KEY, port=0):
        self.key = key
        self.port = port
        self.runs: dict[str, ScriptedRun] = {}
        self.manner = Manner()  # of runs that are made from now on
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, dict]] = []  # method, path with query, headers
        self.asked_at: list[float] = []  # beside `requests`: time.monotonic()
        self.writes: list[tuple[float, str, str, str | None, int]] = []  # at, run, verb, note, status answered
        self.rates = None  # what drives the runs of a process of its own
        self.mishaps = None  # (method, target) -> Fault or None, beside `faults`
        self.acts: list[tuple[str, str, dict]] = []  # machine, command, parameters
        self.machines = [{"id": "mch_test_00000001", "display_name": "Scripted", "status": "running"}]
        self.billing: list[dict] | None = None  # what GET /billing/active lists; None: a service without it
        self.has_frames = True
        self.lists_newest_first = False
        self.unlisted: set[str] = set()  # runs that no listing shows
        self.listed: set[str] = set()  # the runs that an answered listing has shown
        self.screen = (64, 36)  # of machines, in pixels
        self.machine_connection: dict = {"vnc_url": None}
        self.idempotent: dict[str, tuple[dict, dict]] = {}
        self.loop = asyncio.new_event_loop()
        self._writers: set = set()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def open_streams(self):
        return sum(len(run.listeners) for run in self.runs.values())

    def __enter__(self):
        self._thread.start()
        self.listen()
        return self

    def __exit__(self, *_):
        self.close()
        asyncio.run_coroutine_threadsafe(_end_tasks(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    def listen(self):
        """Start, or start again at the same address."""

        asyncio.run_coroutine_threadsafe(self.bind(), self.loop).result(5)

    async def bind(self):
        """On the loop that runs already."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=4096)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self):
        """Stop listening and cut every connection, as a crash would."""

        async def end():
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(5)

    def cut(self):
        """Cut every connection; go on listening."""

        async def end():
            for writer in list(self._writers):
                writer.transport.abort()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(5)

    def add(self, manner=None, **fields):
        """A run that nobody of the console started."""
        named = {"id": fields.pop("id")} if "id" in fields else {}
        run = ScriptedRun({"machine_id": self.machines[0]["id"], **fields}, self.loop, manner or self.manner, **named)
        run.emit("status", {"status": "queued"})
        self.runs[run.id] = run
        return run

    def fail(self, method, path, **what):
        fault = Fault(method, path, **what)
        self.faults.append(fault)
        return fault

    def count(self, method, path):
        return sum(1 for made, at, _ in list(self.requests) if made == method and re.search(path, at))

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader, writer):
        """Answer one request; whether the connection goes on."""
        line = (await reader.readline()).decode().split()
        if len(line) < 3:
            return False
        method, target = line[0], line[1]
        headers = {}
        while header := (await reader.readline()).decode().strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        split = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        if split.path.startswith("/control/"):
            told = upstream_control.answer(self, method, split.path, query, json.loads(body or b"{}"))
            await _answer(writer, *told)
            return True
        self.requests.append((method, target, headers))
        self.asked_at.append(time.monotonic())
        fault = self._fault(method, target)
        if fault and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault and fault.lose == "before":
            return False
        if fault and fault.status:
            await self._refuse(writer, fault)
            return True
        path = split.path.removeprefix("/v1")
        if headers.get("x-api-key") != self.key and path != "/health":
            await _answer(writer, 401, _error("INVALID_API_KEY", "The API key is not valid."))
            return True
        events = re.fullmatch(r"/runs/([^/]+)/events", path)
        if events and events[1] in self.runs:
            return await self._events(self.runs[events[1]], headers, query, writer)
        status, answer = self._route(method, path, query, json.loads(body or b"null") or {}, headers)
        if fault and fault.lose == "after":
            return False
        await _answer(writer, status, answer)
        if (method, path) == ("GET", "/runs") and status == 200:
            self.listed |= {view["id"] for view in answer["data"] if isinstance(view, dict) and "id" in view}
        return True

    def _fault(self, method, target):
        for fault in self.faults:
            if fault.times > 0 and fault.method in {method, "*"} and re.search(fault.path, target):
                fault.times -= 1
                return fault
        return self.mishaps(method, target) if self.mishaps else None

    async def _refuse(self, writer, fault):
        extra = [f"Retry-After: {fault.retry_after}"] if fault.retry_after else []
        extra += [f"Location: {fault.location}"] if fault.location else []
        body = fault.body if fault.body is not None else _error(fault.code, f"Scripted refusal {fault.status}.")
        await _answer(writer, fault.status, body, extra)

    async def _events(self, run, headers, query, writer):
        manner = run.manner
        run.connections += 1
        if manner.status != 200:
            extra = [f"Retry-After: {manner.retry_after}"] if manner.retry_after else []
            extra += [f"Location: {manner.location}"] if manner.location else []
            body = _error("SCRIPTED", "The stream is refused.") if manner.body is None else manner.body
            await _answer(writer, manner.status, body, extra)
            return True
        kind = "text/html" if manner.html else "text/event-stream; charset=utf-8"
        framing = "Transfer-Encoding: chunked" if manner.is_chunked else "Connection: close"
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nCache-Control: no-cache\r\n{framing}\r\n\r\n".encode()
        )

        async def send(data):
            pieces = [data[at : at + 1] for at in range(len(data))] if manner.is_trickle else [data]
            for piece in pieces:
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if manner.is_chunked else piece)
                await writer.drain()
                if manner.is_trickle:
                    await asyncio.sleep(0)

        if manner.html:
            await send(b"<html><body>Not what you asked for</body></html>")
            return False
        told = headers.get("last-event-id", "")
        after = max(int(told) if told.isdigit() else 0, int(query.get("after") or 0))
        how = await run.stream(after, send, writer.transport)
        if how == "cut":
            await writer.drain()
            return False
        if manner.is_chunked:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return manner.is_chunked

    def _route(self, method, path, query, body, headers):
        run = re.fullmatch(r"/runs/([^/]+)(?:/(\w+))?", path)
        machine = re.fullmatch(r"/machines/([^/]+)(?:/(\w+))?", path)
        if path == "/runs":
            return self._create(body, headers) if method == "POST" else self._list(query)
        if run:
            if run[1] not in self.runs:
                return 404, _error("RUN_NOT_FOUND", "No run by this id.")
            return self._run(self.runs[run[1]], run[2] or "", query, body)
        if path == "/machines":
            return 200, {"object": "list", "data": self.machines, "has_more": False}
        if path == "/billing/active" and self.billing is not None:
            return 200, {"active": self.billing, "current_run_rate_cents_per_hour": 0}
        if machine:
            return self._machine(machine[1], machine[2] or "", body)
        if path in {"/health", "/models", "/usage"}:
            return 200, {"status": "ok", "models": [], "cua_versions": [], "balance": 0}
        return 404, _error("NOT_FOUND", "No such route.")

    def _create(self, body, headers):
        key = headers.get("idempotency-key", "")
        if key in self.idempotent:
            first, answer = self.idempotent[key]
            return (200, answer) if first == body else (422, _error("IDEMPOTENCY_KEY_REUSED", "Another body."))
        if not body.get("task"):
            details = [{"loc": ["body", "task"], "msg": "Field required", "type": "missing"}]
            return 422, _error("VALIDATION_ERROR", "The task is missing.", details=details)
        if body.get("machine_id") not in {machine["id"] for machine in self.machines}:
            return 404, _error("MACHINE_NOT_FOUND", "No machine by this id.")
        run = self.add(**body)
        answer = run.view()
        if body.get("webhook_url"):
            answer["webhook_secret"] = f"whsec_{run.id}"  # told this once
        if key:
            self.idempotent[key] = (body, answer)
        return 200, answer

    def _list(self, query):
        status, limit = query.get("status"), int(query.get("limit") or 20)
        if status and status not in STATUSES:
            return 400, _error("INVALID_STATUS_FILTER", "No such status.", valid_options=list(STATUSES))
        runs = list(self.runs.values())
        ordered = reversed(runs) if self.lists_newest_first else runs
        shown = (run for run in ordered if run.id not in self.unlisted)
        matching = (run for run in shown if not status or run.status == status)
        found = list(islice(matching, limit + 1))  # views of ten thousand would stop everything else
        views = [run.view() for run in found[:limit]]
        return 200, {"object": "list", "data": views, "has_more": len(found) > limit}

    def _run(self, run, verb, query, body):
        with run.lock:
            if verb == "":
                return 200, run.view()
            if verb == "screenshots":
                return self._frames(run, query)
            if verb in {"cancel", "resume"}:
                status, answer = self._cancel(run) if verb == "cancel" else self._resume(run, body.get("note"))
                self.writes.append((time.monotonic(), run.id, verb, body.get("note"), status))
                return status, answer
        return 404, _error("NOT_FOUND", "No such route.")

    def _cancel(self, run):
        if run.is_over:
            return 409, _error("INVALID_STATE", "It has ended.", current_state=run.status)
        run.finish("cancelled")
        return 200, run.view()

    def _resume(self, run, note):
        if run.status != "awaiting_human":
            code = "RESUME_CONFLICT" if run.is_over else "NOT_AWAITING_HUMAN"
            return 409, _error(code, "It does not wait for anybody.", current_state=run.status)
        run.resume(note)
        return 200, run.view()

    def _frames(self, run, query):
        if not self.has_frames:
            return 404, _error("NOT_FOUND", "No such route.")
        with_images = query.get("include_image") in {"true", "1"}
        limit = min(int(query.get("limit") or 50), 10 if with_images else 200)
        data, has_more = run.frame_views(int(query.get("after_index") or -1), limit, with_images)
        return 200, {"object": "list", "data": data, "has_more": has_more}

    def _machine(self, machine_id, verb, body):
        found = next((machine for machine in self.machines if machine["id"] == machine_id), None)
        if found is None:
            return 404, _error("MACHINE_NOT_FOUND", "No machine by this id.")
        if verb == "screenshot":
            width, height = self.screen
            image = base64.b64encode(picture(len(self.acts), width, height)).decode()
            size = {"width": width, "height": height, "captured_at": now()}
            return 200, {"machine_id": machine_id, "image_b64": image, "mime_type": "image/png", **size}
        if verb == "connection":
            return 200, {"machine_id": machine_id, **self.machine_connection}
        if verb == "actions":
            self.acts.append((machine_id, body.get("command"), body.get("parameters")))
            result = {"success": True, "result": None, "error": None, "duration_ms": 1, "screenshot": None}
            return 200, {"machine_id": machine_id, "command": body.get("command"), **result}
        return 200, {**found, "machine": found}


async def _end_tasks():
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _error(code, message, **extras):
    return {"error": {"code": code, "message": message, "type": "scripted", "request_id": "req_0", **extras}}


async def _answer(writer, status, body, extra=()):
    is_raw = isinstance(body, bytes)
    payload = body if is_raw else json.dumps(body).encode()
    head = [
        f"HTTP/1.1 {status} Scripted",
        f"Content-Type: {'text/html' if is_raw else 'application/json'}",
        f"Content-Length: {len(payload)}",
        "X-Coasty-Request-Id: req_000000000000",
        "X-Coasty-Key-Kind: test",
        *extra,
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + payload)
    await writer.drain()


if __name__ == "__main__":
    from tests.upstream_process import main

    main()
