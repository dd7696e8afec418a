"""The routes that look at pictures and forget them: predict and ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from coasty_local import wire
from coasty_local.agent import perception
from coasty_local.agent.perception import SightError
from coasty_local.agent.ports import Image, Job
from coasty_local.server import bodies, charging, pictures, predicting
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import platform_of
from coasty_local.stills.actions import Moment
from coasty_local.stills.prediction import Prediction
from coasty_local.store.keys import Key

if TYPE_CHECKING:
    from coasty_local.agent.pointing import Place

router = APIRouter(prefix="/v1")


@router.post("/ground")
async def ground(request: Request, key: Annotated[Key, Depends(needs("ground"))]) -> Response:
    raw = await bodies.read(request, largest=bodies.LARGEST_PICTURES)
    return await run_in_threadpool(_ground, request, key, raw)


@router.post("/predict")
async def predict(request: Request, key: Annotated[Key, Depends(needs("predict"))]) -> Response:
    raw = await bodies.read(request, largest=bodies.LARGEST_PICTURES)
    return await run_in_threadpool(_predict, request, key, raw)


def _predict(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    def work() -> charging.Work:
        body = bodies.parse(bodies.Predict, raw)
        bodies.managed_only(request, body.llm)
        engine = body.cua_version or platform_of(request).settings.default_engine
        moments = predicting.moments(body)
        images = [moment.image for moment in moments]
        price = charging.price(
            wire.PREDICT_CENTS,
            images,
            trajectory=len(images) - 1,
            engine=engine,
            system_prompt=body.system_prompt,
        )
        charging.afford(request, key, price)
        with platform_of(request).slots.one():
            prediction = predicting.made(lambda: _predicted(request, body, moments))
        height, width = images[-1].shape[:2]
        answer = predicting.answer(prediction, body.include_reasoning, body.include_raw_code)
        size = {"cua_version": engine, "screen_width": width, "screen_height": height}
        return charging.Work({"request_id": request_id(request), **answer, **size}, price)

    return charging.billed(request, key, "predict", raw, "predict", work)


def _predicted(request: Request, body: bodies.Predict, moments: list[Moment]) -> Prediction:
    from coasty_local.stills import course  # loaded only where it is used: the whole agent comes with it

    said = [moment.reasoning or "" for moment in body.trajectory or ()]
    job = Job(body.instruction, body.instructions or "")
    closing = platform_of(request).slots.closing
    return course.predict(job, moments, predicting.tools(body.tools), body.max_actions, said, closing.is_set)


def _ground(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    def work() -> charging.Work:
        body = bodies.parse(bodies.Ground, raw)
        bodies.managed_only(request, None)
        image = pictures.read(body.screenshot, "screenshot")
        price = charging.price(wire.GROUND_CENTS, [image])
        charging.afford(request, key, price)
        with platform_of(request).slots.one():
            place = _pointed(image, body.element)
        height, width = image.shape[:2]
        answer = {"x": place.x, "y": place.y, "screen_width": width, "screen_height": height}
        return charging.Work({"request_id": request_id(request), **answer}, price)

    return charging.billed(request, key, "ground", raw, "ground", work)


def _pointed(image: Image, element: str) -> Place:
    from coasty_local.agent import pointing  # loaded only where it is used: most of the agent comes with it

    try:
        return pointing.point(image, element, perception.Eyes())
    except pointing.Unclear as unclear:
        near = [
            {"text": place.name, "kind": place.kind, "x": place.x, "y": place.y, "score": round(place.score, 2)}
            for place in unclear.places
        ]
        details = [{"loc": ["body", "element"], "msg": str(unclear), "type": "value_error"}]
        raise ApiError("GROUNDING_FAILED", str(unclear), {"details": details, "nearest": near}) from unclear
    except SightError as error:
        raise ApiError("SERVICE_UNAVAILABLE", f"The picture can't be looked at: {error}.") from error
