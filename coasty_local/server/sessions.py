"""The routes under /v1/sessions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from coasty_local import wire
from coasty_local.agent.ports import Image
from coasty_local.server import bodies, charging, forms, pictures, predicting
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import Platform
from coasty_local.stills import sittings
from coasty_local.stills.prediction import Closed, Prediction
from coasty_local.stills.sittings import Sitting, Sittings
from coasty_local.store.keys import Key

router = APIRouter(prefix="/v1/sessions")
User = Annotated[Key, Depends(needs("session"))]

MOST_ACTIONS = 5  # for one answer: what predict has where nobody says otherwise


@router.post("")
async def create(request: Request, key: User) -> Response:
    raw = await bodies.read(request, empty=True)
    return await run_in_threadpool(_create, request, key, raw)


@router.get("")
def index(request: Request, key: User) -> dict[str, Any]:
    return {"sessions": [_info(sitting) for sitting in _sittings(request).of(key.mode)]}


@router.get("/{session_id}")
def show(session_id: str, request: Request, key: User) -> dict[str, Any]:
    return _info(_find(request, key, session_id))


@router.post("/{session_id}/predict")
async def predict(session_id: str, request: Request, key: User) -> Response:
    raw = await bodies.read(request, largest=forms.LARGEST_BODY)
    return await run_in_threadpool(_predict, request, key, session_id, raw)


@router.post("/{session_id}/reset")
async def reset(session_id: str, request: Request, key: User) -> dict[str, Any]:
    await bodies.read(request, empty=True)
    sitting = _find(request, key, session_id)
    sitting.forget()
    sitting.steps = 0
    _sittings(request).renew(sitting)
    return {"status": "ok", "session_id": sitting.id}


@router.delete("/{session_id}")
def delete(session_id: str, request: Request, key: User) -> dict[str, Any]:
    sitting = _find(request, key, session_id)
    _sittings(request).remove(sitting)
    return {"status": "ok", "session_id": sitting.id}


def _create(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    added: list[Sitting] = []

    def work() -> charging.Work:
        body = bodies.parse(forms.SessionCreate, raw)
        bodies.managed_only(request, body.llm)
        price = charging.price(wire.SESSION_CENTS)
        charging.afford(request, key, price)
        sitting = _made(request, key, body)
        try:
            _sittings(request).add(sitting)
        except sittings.Full as full:
            said = f"There are {sittings.MOST} sessions already: delete one that is no longer needed."
            raise ApiError("RATE_LIMITED", said, {"limit": sittings.MOST}) from full
        added.append(sitting)
        answer = {name: value for name, value in _info(sitting).items() if name in _TOLD}
        return charging.Work({"request_id": request_id(request), **answer}, price, _pay(sitting))

    try:
        return charging.billed(request, key, "sessions.create", raw, "sessions", work)
    except BaseException:
        for sitting in added:
            _sittings(request).remove(sitting)
        raise


def _made(request: Request, key: Key, body: forms.SessionCreate) -> Sitting:
    at = wire.now()
    made = body.model_dump(exclude={"tools", "llm", "cua_version"})
    engine = body.cua_version or _platform(request).settings.default_engine
    return Sitting(
        wire.session_id(), key.mode, made | {"engine": engine}, predicting.tools(body.tools), MOST_ACTIONS,
        at, at + sittings.IDLE_MS,
    )  # fmt: skip


def _predict(request: Request, key: Key, session_id: str, raw: dict[str, Any]) -> Response:
    def work() -> charging.Work:
        body = bodies.parse(forms.SessionPredict, raw)
        sitting = _find(request, key, session_id)
        bodies.managed_only(request, None)
        image = pictures.read(body.screenshot, "screenshot")
        engine = sitting.made["engine"]
        price = charging.price(
            wire.SESSION_PREDICT_CENTS, [image], engine=engine, system_prompt=sitting.made["system_prompt"]
        )
        charging.afford(request, key, price)
        prediction, step = predicting.made(lambda: _shown(request, sitting, body.instruction, image))
        _sittings(request).renew(sitting)
        shared = predicting.answer(prediction, body.include_reasoning, body.include_raw_code)
        own = {"session_id": sitting.id, "step": step, "cua_version": engine}
        return charging.Work({"request_id": request_id(request), **shared, **own}, price, _pay(sitting))

    return charging.billed(request, key, f"sessions.predict:{session_id}", raw, "session_predict", work)


def _shown(request: Request, sitting: Sitting, instruction: str, image: Image) -> tuple[Prediction, int]:
    try:
        return sitting.predict(instruction, image, _platform(request).desks.one)
    except sittings.Busy as busy:
        raise ApiError("RATE_LIMITED", "The session is at work on another picture: send one at a time.") from busy
    except Closed as closed:
        if _sittings(request).find(sitting.id, sitting.mode) is None:
            raise _unknown(sitting.id) from closed
        raise ApiError("INVALID_STATE", "The session was reset meanwhile.", {"current_state": "reset"}) from closed


def _pay(sitting: Sitting) -> Any:
    def paid(cents: int) -> None:
        sitting.cents += cents

    return paid


_TOLD = ("session_id", "cua_version", "screen_size", "created_at", "expires_at")


def _info(sitting: Sitting) -> dict[str, Any]:
    return {
        "session_id": sitting.id, "cua_version": sitting.made["engine"],
        "screen_size": f"{sitting.made['screen_width']}x{sitting.made['screen_height']}", "step_count": sitting.steps,
        "created_at": wire.stamp(sitting.created_at), "expires_at": wire.stamp(sitting.expires_at),
        "total_credits_used": sitting.cents,
    }  # fmt: skip


def _find(request: Request, key: Key, session_id: str) -> Sitting:
    sitting = _sittings(request).find(session_id, key.mode)
    if sitting is None:
        raise _unknown(session_id)
    return sitting


def _unknown(session_id: str) -> ApiError:
    return ApiError("SESSION_NOT_FOUND", f"There is no session {session_id[:128]} for this key.")


def _sittings(request: Request) -> Sittings:
    return _platform(request).sittings


def _platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform
