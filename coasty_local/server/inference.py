"""The routes that look at a picture and forget it: ground."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from coasty_local import wire
from coasty_local.agent import perception, pointing
from coasty_local.agent.perception import SightError
from coasty_local.agent.ports import Image
from coasty_local.server import bodies, charging, forms, pictures
from coasty_local.server.access import needs, request_id
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import Platform
from coasty_local.store.keys import Key

router = APIRouter(prefix="/v1")


@router.post("/ground")
async def ground(request: Request, key: Annotated[Key, Depends(needs("ground"))]) -> Response:
    raw = await bodies.read(request, largest=forms.LARGEST_BODY)
    return await run_in_threadpool(_ground, request, key, raw)


def _ground(request: Request, key: Key, raw: dict[str, Any]) -> Response:
    def work() -> charging.Work:
        body = bodies.parse(forms.Ground, raw)
        bodies.managed_only(request, None)
        image = pictures.read(body.screenshot, "screenshot")
        price = charging.price(wire.GROUND_CENTS, [image])
        charging.afford(request, key, price)
        with _platform(request).desks.one():
            place = _pointed(image, body.element)
        height, width = image.shape[:2]
        answer = {"x": place.x, "y": place.y, "screen_width": width, "screen_height": height}
        return charging.Work({"request_id": request_id(request), **answer}, price)

    return charging.billed(request, key, "ground", raw, "ground", work)


def _pointed(image: Image, element: str) -> pointing.Place:
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


def _platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform
