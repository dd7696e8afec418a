"""What predict and session predict have in common: pictures and acts in, actions and reasons out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from coasty_local.agent.perception import SightError
from coasty_local.agent.ports import Action
from coasty_local.server import bodies, pictures, pyautogui
from coasty_local.server.errors import ApiError
from coasty_local.stills.actions import Moment
from coasty_local.stills.prediction import CONTINUE, Closed, Late, Prediction

T = TypeVar("T")


def moments(body: bodies.Predict) -> list[Moment]:
    """The pictures of a body, oldest first; the last is the newest. Raises 413 and 422 that name the field."""
    found = []
    for place, earlier in enumerate(body.trajectory or ()):
        image = pictures.read(earlier.screenshot, "trajectory", place, "screenshot")
        taken = tuple(Action(each.action_type, each.params, "") for each in earlier.actions or () if _physical(each))
        found.append(Moment(image, earlier=True, taken=taken))
    found.append(Moment(pictures.read(body.screenshot, "screenshot")))
    return found


def tools(given: list[bodies.Tool] | None) -> Collection[str]:
    return frozenset(given or bodies.PHYSICAL)


def made(work: Callable[[], T]) -> T:
    """What the work answers. Raises 500 and 503 in the words of the wire."""
    try:
        return work()
    except Late as error:
        raise ApiError("PREDICTION_FAILED", f"The agent gave up: {error}.") from error
    except Closed as error:
        raise ApiError("SERVICE_UNAVAILABLE", "The platform is being stopped.") from error
    except SightError as error:
        raise ApiError("SERVICE_UNAVAILABLE", f"The picture can't be looked at: {error}.") from error


def answer(prediction: Prediction, reasoning: bool, raw_code: bool) -> dict[str, Any]:
    """The part of the answer that both calls share."""
    actions = [_told(action) for action in prediction.actions]
    if prediction.status != CONTINUE:
        reason = {"reason": prediction.reason} if prediction.status == "fail" else {}
        actions.append(
            {"action_type": prediction.status, "params": reason, "description": prediction.reason, "raw_code": ""}
        )
    lines = [action["raw_code"] for action in actions if action["raw_code"]]
    if not raw_code:
        actions = [action | {"raw_code": ""} for action in actions]
    return {
        "status": prediction.status, "actions": actions, "raw_code": lines if raw_code else [],
        "reasoning": prediction.reasoning if reasoning else None,
    }  # fmt: skip


def _told(action: Action) -> dict[str, Any]:
    return {
        "action_type": action.action_type, "params": action.params, "description": action.description,
        "raw_code": pyautogui.line(action.action_type, action.params),
    }  # fmt: skip


def _physical(action: bodies.TakenAction) -> bool:
    return action.action_type in bodies.PHYSICAL
