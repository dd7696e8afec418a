"""The routes under /v1/runs."""

from __future__ import annotations

import base64
import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from coasty_local import wire
from coasty_local.server import bodies, stream
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import Platform, platform_of
from coasty_local.store import keys, machines, runs, states
from coasty_local.store.database import Transaction
from coasty_local.store.keys import Key

router = APIRouter(prefix="/v1/runs")
Reader = Annotated[Key, Depends(needs("runs:read"))]
Writer = Annotated[Key, Depends(needs("runs:write"))]


@router.post("")
async def create(request: Request, key: Writer) -> Response:
    raw = await bodies.read(request)
    return await run_in_threadpool(_create, request, key, raw)


@router.get("")
def index(request: Request, key: Reader) -> dict[str, Any]:
    status = request.query_params.get("status")
    if status is not None and status not in states.ALL:
        raise ApiError("INVALID_STATUS_FILTER", "There is no such status.", {"valid_options": list(states.ALL)})
    rows, more = runs.newest(platform_of(request).db, key.mode, status, bodies.limit(request, 20))
    data = [wire.run(row) for row in rows]
    return {"object": "list", "data": data, "has_more": more, "request_id": request_id(request)}


@router.get("/{run_id}")
def show(run_id: str, request: Request, key: Reader) -> dict[str, Any]:
    return wire.run(_find(request, key, run_id))


@router.get("/{run_id}/events")
async def events(run_id: str, request: Request, key: Reader) -> StreamingResponse:
    platform = platform_of(request)
    row = _find(request, key, run_id)
    after = stream.cursor(request)
    return stream.response(platform.db, platform.hub, row["id"], after, platform.settings.keepalive_seconds)


@router.post("/{run_id}/cancel")
async def cancel(run_id: str, request: Request, key: Writer) -> dict[str, Any]:
    await bodies.read(request, empty=True)
    return await run_in_threadpool(_cancel, request, key, run_id)


@router.post("/{run_id}/resume")
async def resume(run_id: str, request: Request, key: Writer) -> dict[str, Any]:
    body = bodies.parse(bodies.Resume, await bodies.read(request, empty=True))
    return await run_in_threadpool(_resume, request, key, run_id, body.note)


@router.get("/{run_id}/screenshots")
def screenshots(run_id: str, request: Request, key: Reader) -> JSONResponse:
    platform, row = platform_of(request), _find(request, key, run_id)
    images = request.query_params.get("include_image", "").lower() in ("true", "1")
    limit = bodies.limit(request, 50)
    after = bodies.from_zero(request, "after_index")
    rows, more = platform.frames.page(row["id"], after, min(limit, 10) if images else limit)
    data = [_frame(platform, frame, images) for frame in rows]
    body = {"object": "list", "data": data, "has_more": more, "request_id": request_id(request)}
    return JSONResponse(body, headers={"Cache-Control": "no-store"} if images else None)


def _create(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    platform = platform_of(request)

    def act(seal: Any) -> dict[str, Any]:
        body = bodies.parse(bodies.RunCreate, raw)
        bodies.managed_only(request, body.llm)
        values = _values(request, key, body)

        def settle(tx: Transaction, row: sqlite3.Row) -> None:
            _can_pay(tx, row)
            seal(tx, wire.run(row, row["webhook_secret"]))

        row = platform.runner.create(values, settle)
        return wire.run(row, row["webhook_secret"])

    return platform.replays.once(request, key, "runs.create", raw, act)


def _values(request: Request, key: Key, body: bodies.RunCreate) -> dict[str, Any]:
    """The row of a new run."""
    at, settings = wire.now(), platform_of(request).settings
    values = body.model_dump(exclude={"llm", "metadata", "action_policy"})
    policy = body.action_policy.model_dump(exclude_none=True) if body.action_policy else None
    return values | {
        "id": wire.run_id(),
        "mode": key.mode,
        "status": states.QUEUED,
        "machine_id": _machine(request, key, body.machine_id),
        "cua_version": body.cua_version or settings.default_engine,
        "deadline_at": at + body.deadline_seconds * 1000 if body.deadline_seconds else None,
        "metadata": None if body.metadata is None else wire.dumps(body.metadata),
        "llm": wire.dumps(_echo(body.llm)) if body.llm else None,
        "action_policy": wire.dumps(policy) if policy else None,
        "webhook_secret": wire.webhook_secret() if body.webhook_url else None,
        "created_at": at,
        "request_id": request_id(request),
    }


def _machine(request: Request, key: Key, machine_id: str) -> str:
    """The machine that the run will use. Raises 404 or, when it does not run, 409."""
    platform = platform_of(request)
    row = machines.find(platform.db, machine_id, key.mode)
    if row is None and platform.settings.map_unknown_machines and key.mode == "test":
        row = machines.first(platform.db, key.mode)
    if row is None:
        raise ApiError("MACHINE_NOT_FOUND", f"There is no machine {machine_id} for this key.")
    if row["status"] not in (machines.RUNNING, machines.RESTARTING):
        extras = {"current_state": row["status"], "allowed_from": [machines.RUNNING]}
        raise ApiError(
            "INVALID_STATE", f"The machine {row['display_name']} is {row['status']}: start it first.", extras
        )
    return str(row["id"])


def _echo(llm: bodies.Llm) -> dict[str, Any]:
    return {
        "provider": llm.provider, "model": llm.model, "key_fingerprint": None, "key_source": None,
        "key_scrubbed": False,
    }  # fmt: skip


def _can_pay(tx: Transaction, row: sqlite3.Row) -> None:
    if row["mode"] != "live":
        return
    price, balance = wire.STEP_CENTS[row["cua_version"]], keys.balance(tx)
    if balance < price:
        extras = {"required": price, "balance": balance}
        raise ApiError("INSUFFICIENT_CREDITS", f"A step costs {price} cents, the wallet holds {balance}.", extras)


def _cancel(request: Request, key: Key, run_id: str) -> dict[str, Any]:
    row = _find(request, key, run_id)
    after = platform_of(request).runner.cancel(row["id"])
    if after is None:
        status = _find(request, key, run_id)["status"]
        extras = {"current_state": status, "allowed_from": list(states.LIVE)}
        raise ApiError("INVALID_STATE", f"The run is {status} already.", extras)
    return wire.run(after)


def _resume(request: Request, key: Key, run_id: str, note: str | None) -> dict[str, Any]:
    row = _find(request, key, run_id)
    arrived = row["status"]
    after = platform_of(request).runner.resume(row, note) if arrived == states.AWAITING_HUMAN else None
    if after is not None:
        return wire.run(after)
    status = _find(request, key, run_id)["status"]
    extras = {
        "current_state": status, "allowed_from": [states.AWAITING_HUMAN], "required_state": states.AWAITING_HUMAN,
    }  # fmt: skip
    if arrived in (states.QUEUED, states.RUNNING):
        raise ApiError("NOT_AWAITING_HUMAN", f"The run does not wait for a person: it is {status}.", extras)
    raise ApiError("RESUME_CONFLICT", f"The run can't be resumed (any more): it is {status}.", extras)


def _frame(platform: Platform, row: sqlite3.Row, images: bool) -> dict[str, Any]:
    frame = wire.frame(row)
    if images:
        image = platform.frames.image(row["run_id"], row["idx"])
        frame |= {"image_b64": base64.b64encode(image).decode()} if image else {"image_unavailable": True}
    return frame


def _find(request: Request, key: Key, run_id: str) -> sqlite3.Row:
    row = runs.find(platform_of(request).db, run_id, key.mode)
    if row is None:
        raise ApiError("RUN_NOT_FOUND", f"There is no run {run_id[:128]} for this key.")
    return row
