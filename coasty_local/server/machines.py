"""The routes of machines: making, reading, changing and looking at them."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from coasty_local import wire
from coasty_local.agent.ports import DisplayError
from coasty_local.runner.desk import encode
from coasty_local.runner.upkeep import ALLOWED_FROM
from coasty_local.server import bodies
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import Platform, platform_of
from coasty_local.store import keys, machines
from coasty_local.store.keys import Key

router = APIRouter(prefix="/v1")
Reader = Annotated[Key, Depends(needs("machines:read"))]
Writer = Annotated[Key, Depends(needs("machines:write"))]
Connector = Annotated[Key, Depends(needs("connection:read"))]

_FREE = {"running_linux": 0, "running_windows": 0, "stopped": 0, "creating": 0, "terminated": 0}


@router.post("/machines")
async def create(request: Request, key: Writer) -> Response:
    raw = await bodies.read(request)
    return await run_in_threadpool(_create, request, key, raw)


@router.get("/machines")
def index(request: Request, key: Reader) -> dict[str, Any]:
    rows, more = machines.present(platform_of(request).db, key.mode, bodies.limit(request, 50))
    data = [wire.machine(row) for row in rows]
    return {"object": "list", "data": data, "has_more": more, "request_id": request_id(request)}


@router.get("/machines/pricing")
def pricing(request: Request, key: Reader) -> dict[str, Any]:
    prices = {"rates": _FREE, "snapshot_credits": 0, "provision_gate_credits": wire.PROVISION_GATE_CENTS}
    note = "Machines of the local platform run on your own computer and cost nothing; steps of runs are billed."
    more = {"object": "machine.pricing", "unit": "credits_per_hour", "note": note, "request_id": request_id(request)}
    return {"pricing": prices, **prices, **more}


@router.get("/billing/active")
def billing(request: Request, key: Reader) -> dict[str, Any]:
    rows = [] if key.kind == "test" else machines.present(platform_of(request).db, key.mode, 200)[0]
    active = [
        {"machine_id": row["id"], "display_name": row["display_name"], "status": row["status"],
         "os_type": row["os_type"], "rate_cents_per_hour": 0, **wire.billing(row)}
        for row in rows
    ]  # fmt: skip
    return {"active": active, "current_run_rate_cents_per_hour": 0, "request_id": request_id(request)}


@router.get("/machines/{machine_id}")
def show(machine_id: str, request: Request, key: Reader) -> dict[str, Any]:
    record = wire.machine(find(request, key, machine_id))
    return record | {"machine": record, "request_id": request_id(request)}


@router.get("/machines/{machine_id}/screenshot")
def screenshot(machine_id: str, request: Request, key: Reader) -> JSONResponse:
    row = find(request, key, machine_id)
    usable(row)
    try:
        image = platform_of(request).fleet.display(row["id"]).grab()
    except DisplayError as error:
        raise ApiError("SERVICE_UNAVAILABLE", f"The machine can't be seen: {error}.") from error
    height, width = image.shape[:2]
    body = {
        "machine_id": row["id"], "image_b64": base64.b64encode(encode(image)).decode(), "mime_type": "image/jpeg",
        "width": width, "height": height, "captured_at": wire.stamp(wire.now()), "request_id": request_id(request),
    }  # fmt: skip
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.get("/machines/{machine_id}/connection")
def connection(machine_id: str, request: Request, key: Connector) -> JSONResponse:
    row = find(request, key, machine_id)
    names = (
        "public_ip", "ssh_port", "ssh_username", "ssh_private_key_pem", "vnc_port", "vnc_password", "websocket_port",
        "websocket_url", "devtools_url", "vnc_url",
    )  # fmt: skip
    body = {"machine_id": row["id"], **dict.fromkeys(names), "screen_width": 1280, "screen_height": 800}
    return JSONResponse(body | {"request_id": request_id(request)}, headers={"Cache-Control": "no-store"})


@router.post("/machines/{machine_id}/start")
async def start(machine_id: str, request: Request, key: Writer) -> dict[str, Any]:
    return await _change(request, key, machine_id, "start")


@router.post("/machines/{machine_id}/stop")
async def stop(machine_id: str, request: Request, key: Writer) -> dict[str, Any]:
    return await _change(request, key, machine_id, "stop")


@router.post("/machines/{machine_id}/restart")
async def restart(machine_id: str, request: Request, key: Writer) -> dict[str, Any]:
    return await _change(request, key, machine_id, "restart")


@router.delete("/machines/{machine_id}")
async def terminate(machine_id: str, request: Request, key: Writer) -> dict[str, Any]:
    return await _change(request, key, machine_id, "terminate")


@router.patch("/machines/{machine_id}")
async def update(machine_id: str, request: Request, key: Writer) -> dict[str, Any]:
    body = bodies.parse(bodies.MachineUpdate, await bodies.read(request))
    row = find(request, key, machine_id)
    if row["status"] not in ALLOWED_FROM["set_end"]:
        raise wrong_state(row, "set_end")
    platform = platform_of(request)
    after = await run_in_threadpool(machines.set_end, platform.db, row["id"], body.ttl_minutes or None)
    platform.upkeep.watch_end(after)
    return {
        "machine_id": row["id"], "ttl_minutes": after["ttl_minutes"],
        "auto_destroy_at": wire.stamp(after["auto_destroy_at"]), "request_id": request_id(request),
    }  # fmt: skip


def find(request: Request, key: Key, machine_id: str) -> sqlite3.Row:
    """The machine as this key sees it. Raises 404."""
    row = machines.find(platform_of(request).db, machine_id, key.mode)
    if row is None:
        raise ApiError("MACHINE_NOT_FOUND", f"There is no machine {machine_id[:128]} for this key.")
    return row


def usable(row: sqlite3.Row) -> None:
    """Raises 409 unless the machine runs."""
    if row["status"] != machines.RUNNING:
        raise wrong_state(row, "act")


def wrong_state(row: sqlite3.Row, change: str) -> ApiError:
    extras = {"current_state": row["status"], "allowed_from": list(ALLOWED_FROM[change])}
    return ApiError("INVALID_STATE", f"The machine {row['display_name']} is {row['status']}.", extras)


def _create(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    platform = platform_of(request)

    def act(seal: Any) -> dict[str, Any]:
        body = bodies.parse(bodies.MachineCreate, raw)
        _can_provide(platform, key, body)
        none = dict.fromkeys(("public_ip", "ssh_port", "ssh_username", "vnc_port", "websocket_port"))
        access = none | {"has_ssh_key": False, "has_vnc_password": False}
        with platform.db.write() as tx:
            row = machines.create(tx, key.mode, **body.model_dump(exclude={"restore_from_snapshot"}))
            answer = {"machine": wire.machine(row), "connection": access, "request_id": request_id(request)}
            seal(tx, answer)
        platform.upkeep.watch_end(row)
        return answer

    return platform.replays.once(request, key, "machines.create", raw, act)


def _can_provide(platform: Platform, key: Key, body: bodies.MachineCreate) -> None:
    if body.os_type != "linux" or body.restore_from_snapshot:
        raise ApiError(
            "FEATURE_NOT_AVAILABLE", "Local machines are browsers on this computer: os_type linux, no snapshots."
        )
    balance = keys.balance(platform.db)
    if key.mode == "live" and balance < wire.PROVISION_GATE_CENTS:
        extras = {"required": wire.PROVISION_GATE_CENTS, "balance": balance}
        raise ApiError("INSUFFICIENT_CREDITS", "The wallet holds too little for a machine.", extras)


async def _change(request: Request, key: Key, machine_id: str, name: str) -> dict[str, Any]:
    await bodies.read(request, empty=True)
    return await run_in_threadpool(_changed, request, key, machine_id, name)


def _changed(request: Request, key: Key, machine_id: str, name: str) -> dict[str, Any]:
    row = find(request, key, machine_id)
    verb: Callable[[str], bool] = getattr(platform_of(request).upkeep, name)
    if not verb(row["id"]):
        raise wrong_state(find(request, key, machine_id), name)
    status = find(request, key, machine_id)["status"]
    message = f"{row['display_name']} is {status}."
    return {"machine_id": row["id"], "status": status, "message": message, "request_id": request_id(request)}
