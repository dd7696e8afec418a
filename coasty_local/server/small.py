"""The small reads: models, usage, health, idempotency keys, and the parser of pyautogui text."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from coasty_local import wire
from coasty_local.server import bodies, pyautogui
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError, invalid_at
from coasty_local.server.platform import platform_of
from coasty_local.store import idempotency, keys
from coasty_local.store.keys import Key

router = APIRouter(prefix="/v1")
Anybody = Annotated[Key, Depends(needs(None))]

_ENGINE = "The agent by sight of the local platform; the same for every version, which only sets the price of a step."
_ACTIONS = ["click", "type_text", "key_press", "key_combo", "scroll", "drag", "move", "wait", "done", "fail"]


@router.get("/health")
@router.get("/machines/health")
@router.get("/schedules/health")
@router.get("/triggers/health")
def health(request: Request) -> dict[str, str]:
    name = request.url.path.removeprefix("/v1/").removesuffix("health").strip("/") or "api"
    return {"status": "ok", "api_version": wire.API_VERSION, "service": name}


@router.get("/models")
def models(request: Request, key: Anybody) -> dict[str, Any]:
    versions = [
        {"id": name, "description": _ENGINE, "avg_step_time": 1.0, "features": ["sight", "human_in_the_loop"],
         "latest": name == "v5"}
        for name in wire.STEP_CENTS
    ]  # fmt: skip
    model = {"id": "default", "description": "No language model: stated steps, carried out by sight."}
    return {"models": [model], "cua_versions": versions, "action_types": _ACTIONS}


@router.get("/usage")
def usage(request: Request, key: Annotated[Key, Depends(needs("usage"))]) -> dict[str, Any]:
    period = request.query_params.get("period") or (wire.stamp(wire.now()) or "")[:7]
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", period):
        raise invalid_at(["query", "period"], "must be YYYY-MM", "string_pattern_mismatch")
    db = platform_of(request).db
    rows, cents = keys.used(db, key.mode, period), keys.balance(db)
    total = sum(row["cents"] for row in rows)
    return {
        "period": period, "total_requests": sum(row["requests"] for row in rows), "total_credits": total,
        "total_cost_cents": total,
        "breakdown": {row["endpoint"]: {"requests": row["requests"], "credits": row["cents"]} for row in rows},
        "balance": cents, "wallet_balance_cents": cents, "wallet_balance_usd": cents / 100,
    }  # fmt: skip


@router.get("/idempotency/{name}")
def lookup(name: str, request: Request, key: Anybody) -> dict[str, Any]:
    row = idempotency.find(platform_of(request).db, key.hash, name)
    if row is None:
        raise ApiError("NOT_FOUND", "No request of the last 24 hours had that idempotency key.")
    done = row["response"] is not None
    return {
        "status": "completed" if done else "processing", "request_id": row["request_id"],
        "result": json.loads(row["response"]) if done else None, "original_status": row["status"],
    }  # fmt: skip


@router.post("/parse")
async def parse(request: Request, key: Annotated[Key, Depends(needs("parse"))]) -> dict[str, Any]:
    body = bodies.parse(bodies.Parse, await bodies.read(request))
    return {"actions": await run_in_threadpool(pyautogui.actions, body.code), "request_id": request_id(request)}
