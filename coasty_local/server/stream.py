"""The event stream of a run: its durable log from a cursor on, then live, with keepalives, until `done`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from starlette.responses import StreamingResponse

from coasty_local import wire
from coasty_local.server import bodies
from coasty_local.server.hub import Hub
from coasty_local.store import runs, states
from coasty_local.store.database import Database

HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
KEEPALIVE = ": keepalive\n\n"
PAGE = 200


def cursor(request: Request) -> int:
    """Where to go on: the larger of `?after=` and Last-Event-ID. Raises 422 for an impossible `after`."""
    after = bodies.from_zero(request, "after")
    header = request.headers.get("last-event-id", "").strip()
    seen = bodies.whole_number(header) if header else None
    return max(after, seen or 0)


def response(db: Database, hub: Hub, run_id: str, after: int, keepalive: float) -> StreamingResponse:
    return StreamingResponse(follow(db, hub, run_id, after, keepalive), media_type="text/event-stream", headers=HEADERS)


async def follow(db: Database, hub: Hub, run_id: str, after: int, keepalive: float) -> AsyncIterator[str]:
    """Frames of all events after that seq. Ends after `done`, for a finished run with nothing left, and at the stop."""
    woken = hub.listen(run_id)
    try:
        while True:
            woken.clear()
            final = states.is_final(_run(db, run_id)["status"])
            rows = runs.events_after(db, run_id, after, PAGE)
            if rows:
                after = rows[-1]["seq"]
                yield "".join(wire.event(row) for row in rows)
            if len(rows) == PAGE:
                continue
            if final or hub.closing:
                return
            if not await _woken(woken, keepalive):
                yield KEEPALIVE
    finally:
        hub.leave(run_id, woken)


async def _woken(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
        return True
    except TimeoutError:
        return False


def _run(db: Database, run_id: str) -> Any:
    return runs.get(db, run_id)
