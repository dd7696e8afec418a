"""The routes under /v1/sessions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from coasty_local import wire
from coasty_local.agent.ports import Image
from coasty_local.server import bodies, charging, pictures, predicting
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import platform_of
from coasty_local.stills import sessions
from coasty_local.stills.prediction import Closed, Prediction
from coasty_local.stills.sessions import PredictSession, PredictSessions
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
    return {"sessions": [_info(session) for session in _sessions(request).of(key.mode)]}


@router.get("/{session_id}")
def show(session_id: str, request: Request, key: User) -> dict[str, Any]:
    return _info(_find(request, key, session_id))


@router.post("/{session_id}/predict")
async def predict(session_id: str, request: Request, key: User) -> Response:
    raw = await bodies.read(request, largest=bodies.LARGEST_PICTURES)
    return await run_in_threadpool(_predict, request, key, session_id, raw)


@router.post("/{session_id}/reset")
async def reset(session_id: str, request: Request, key: User) -> dict[str, Any]:
    await bodies.read(request, empty=True)
    session = _find(request, key, session_id)
    session.forget()
    session.steps = 0
    _sessions(request).renew(session)
    return {"status": "ok", "session_id": session.id}


@router.delete("/{session_id}")
def delete(session_id: str, request: Request, key: User) -> dict[str, Any]:
    session = _find(request, key, session_id)
    _sessions(request).remove(session)
    return {"status": "ok", "session_id": session.id}


def _create(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    added: list[PredictSession] = []

    def work() -> charging.Work:
        body = bodies.parse(bodies.SessionCreate, raw)
        bodies.managed_only(request, body.llm)
        price = charging.price(wire.SESSION_CENTS)
        charging.afford(request, key, price)
        session = _made(request, key, body)
        try:
            _sessions(request).add(session)
        except sessions.Full as full:
            said = f"There are {sessions.MOST} sessions already: delete one that is no longer needed."
            raise ApiError("RATE_LIMITED", said, {"limit": sessions.MOST}) from full
        added.append(session)
        answer = {name: value for name, value in _info(session).items() if name in _TOLD}
        return charging.Work({"request_id": request_id(request), **answer}, price, _pay(session))

    try:
        return charging.billed(request, key, "sessions.create", raw, "sessions", work)
    except BaseException:
        for session in added:
            _sessions(request).remove(session)
        raise


def _made(request: Request, key: Key, body: bodies.SessionCreate) -> PredictSession:
    at = wire.now()
    made = body.model_dump(exclude={"tools", "llm", "cua_version"})
    engine = body.cua_version or platform_of(request).settings.default_engine
    return PredictSession(
        wire.session_id(), key.mode, made | {"engine": engine}, predicting.tools(body.tools), MOST_ACTIONS,
        at, at + sessions.IDLE_MS,
    )  # fmt: skip


def _predict(request: Request, key: Key, session_id: str, raw: dict[str, Any]) -> Response:
    def work() -> charging.Work:
        body = bodies.parse(bodies.SessionPredict, raw)
        session = _find(request, key, session_id)
        bodies.managed_only(request, None)
        image = pictures.read(body.screenshot, "screenshot")
        engine = session.made["engine"]
        price = charging.price(
            wire.SESSION_PREDICT_CENTS, [image], engine=engine, system_prompt=session.made["system_prompt"]
        )
        charging.afford(request, key, price)
        prediction, step = predicting.made(lambda: _shown(request, session, body.instruction, image))
        _sessions(request).renew(session)
        shared = predicting.answer(prediction, body.include_reasoning, body.include_raw_code)
        own = {"session_id": session.id, "step": step, "cua_version": engine}
        return charging.Work({"request_id": request_id(request), **shared, **own}, price, _pay(session))

    return charging.billed(request, key, f"sessions.predict:{session_id}", raw, "session_predict", work)


def _shown(request: Request, session: PredictSession, instruction: str, image: Image) -> tuple[Prediction, int]:
    try:
        return session.predict(instruction, image, platform_of(request).slots.one)
    except sessions.Busy as busy:
        raise ApiError("RATE_LIMITED", "The session is at work on another picture: send one at a time.") from busy
    except Closed as closed:
        if _sessions(request).find(session.id, session.mode) is None:
            raise _unknown(session.id) from closed
        raise ApiError("INVALID_STATE", "The session was reset meanwhile.", {"current_state": "reset"}) from closed


def _pay(session: PredictSession) -> Any:
    def paid(cents: int) -> None:
        session.cents += cents

    return paid


_TOLD = ("session_id", "cua_version", "screen_size", "created_at", "expires_at")


def _info(session: PredictSession) -> dict[str, Any]:
    return {
        "session_id": session.id, "cua_version": session.made["engine"],
        "screen_size": f"{session.made['screen_width']}x{session.made['screen_height']}", "step_count": session.steps,
        "created_at": wire.stamp(session.created_at), "expires_at": wire.stamp(session.expires_at),
        "total_credits_used": session.cents,
    }  # fmt: skip


def _find(request: Request, key: Key, session_id: str) -> PredictSession:
    session = _sessions(request).find(session_id, key.mode)
    if session is None:
        raise _unknown(session_id)
    return session


def _unknown(session_id: str) -> ApiError:
    return ApiError("SESSION_NOT_FOUND", f"There is no session {session_id[:128]} for this key.")


def _sessions(request: Request) -> PredictSessions:
    return platform_of(request).sessions
