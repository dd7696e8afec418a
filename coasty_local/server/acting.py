"""A person's hands on a machine: single actions and batches of them."""

from __future__ import annotations

import sqlite3
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from coasty_local.agent.ports import DisplayError
from coasty_local.machines import commands
from coasty_local.machines.commands import BadParameter
from coasty_local.server import bodies
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import invalid, invalid_at
from coasty_local.server.machines import find, usable
from coasty_local.server.platform import platform_of
from coasty_local.store.keys import Key

router = APIRouter(prefix="/v1/machines")
Actor = Annotated[Key, Depends(needs("actions:exec"))]


@router.post("/{machine_id}/actions")
async def act(machine_id: str, request: Request, key: Actor) -> Response:
    raw = await bodies.read(request)
    return await run_in_threadpool(_one, request, key, machine_id, raw)


@router.post("/{machine_id}/actions/batch")
async def batch(machine_id: str, request: Request, key: Actor) -> Response:
    raw = await bodies.read(request)
    return await run_in_threadpool(_many, request, key, machine_id, raw)


def _one(request: Request, key: Key, machine_id: str, raw: dict[str, Any]) -> Response:
    def run(seal: Any) -> dict[str, Any]:
        body = bodies.parse(bodies.ActionRequest, raw)
        row = find(request, key, machine_id)
        _known(body, ["body"])
        usable(row)
        answer = _carry_out(request, row, body, ["body"])
        with platform_of(request).db.write() as tx:
            seal(tx, answer)
        return answer

    return platform_of(request).replays.once(request, key, f"machines.actions:{machine_id}", raw, run)


def _many(request: Request, key: Key, machine_id: str, raw: dict[str, Any]) -> Response:
    def run(seal: Any) -> dict[str, Any]:
        body = bodies.parse(bodies.Batch, raw)
        row = find(request, key, machine_id)
        for place, step in enumerate(body.steps):
            _known(step, ["body", "steps", place])
        usable(row)
        answer = _carry_out_all(request, row, body)
        with platform_of(request).db.write() as tx:
            seal(tx, answer)
        return answer

    return platform_of(request).replays.once(request, key, f"machines.batch:{machine_id}", raw, run)


def _carry_out_all(request: Request, row: sqlite3.Row, body: bodies.Batch) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    for place, step in enumerate(body.steps):
        results.append(_carry_out(request, row, step, ["body", "steps", place]))
        if body.stop_on_error and not results[-1]["success"]:
            break
    done = sum(result["success"] for result in results)
    return {
        "machine_id": row["id"], "results": results, "completed_count": done, "failed_count": len(results) - done,
        "aborted": len(results) < len(body.steps), "request_id": request_id(request),
    }  # fmt: skip


def _carry_out(request: Request, row: sqlite3.Row, body: bodies.ActionRequest, loc: list[str | int]) -> dict[str, Any]:
    """One ActionResult. What a person types appears nowhere but on the page."""
    began = time.monotonic()
    result, error, picture = None, None, None
    try:
        display = platform_of(request).fleet.display(row["id"])
        result, picture = commands.carry_out(display, body.command, body.parameters)
    except BadParameter as fault:
        raise invalid_at([*loc, "parameters", fault.name], fault.message, "value_error") from fault
    except DisplayError as fault:
        error = str(fault)
    return {
        "machine_id": row["id"], "command": body.command, "success": error is None, "result": result, "error": error,
        "duration_ms": round((time.monotonic() - began) * 1000), "screenshot": picture,
        "request_id": request_id(request),
    }  # fmt: skip


def _known(body: bodies.ActionRequest, loc: list[str | int]) -> None:
    """Raises 422 for a command that does not exist or has wrong parameters, before anything is done."""
    if body.command not in commands.NAMES:
        names = ", ".join(sorted(commands.NAMES))
        raise invalid([{"loc": [*loc, "command"], "msg": f"must be one of {names}", "type": "enum"}])
    try:
        commands.check(body.command, body.parameters)
    except BadParameter as fault:
        raise invalid_at([*loc, "parameters", fault.name], fault.message, "value_error") from fault
