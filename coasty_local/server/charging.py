"""What a call that looks at pictures costs: its price by parts, the wallet, and how the answer tells of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.responses import Response

from coasty_local import wire
from coasty_local.agent.ports import Image
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import Platform, platform_of
from coasty_local.store import keys
from coasty_local.store.keys import Key

_LARGE = (1280, 720)  # a picture wider or higher than this costs more
_LONG_PROMPT = 500


@dataclass
class Price:
    """The parts of a price, in cents."""

    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cents(self) -> int:
        return sum(part["credits"] for part in self.parts)

    def add(self, item: str, cents: int, count: int | None = None) -> None:
        if cents:
            self.parts.append({"item": item, "credits": cents} | ({} if count is None else {"count": count}))


def price(
    base: int,
    pictures: Iterable[Image] = (),
    *,
    trajectory: int = 0,
    engine: str = "",
    system_prompt: str | None = None,
) -> Price:
    """The price of one call; `pictures` are all that it sent, `trajectory` tells how many of them were earlier ones."""
    made = Price()
    made.add("base", base)
    made.add("trajectory", trajectory * wire.TRAJECTORY_CENTS, trajectory)
    large = sum(picture.shape[1] > _LARGE[0] or picture.shape[0] > _LARGE[1] for picture in pictures)
    made.add("hd_images", large * wire.LARGE_PICTURE_CENTS, large)
    made.add("engine", wire.ENGINE_CENTS.get(engine, 0))
    made.add("custom_prompt", wire.LONG_PROMPT_CENTS if len(system_prompt or "") > _LONG_PROMPT else 0)
    return made


def billed(
    request: Request, key: Key, operation: str, raw: dict[str, Any], endpoint: str, work: Callable[[], Work]
) -> Response:
    """The answer of `work`, paid for: nothing is charged unless it succeeds, and a replay costs nothing.

    Raises 402 when the wallet can't pay, and whatever `work` raises.
    """
    platform = platform_of(request)
    spent = {"cents": 0}

    def act(seal: Any) -> dict[str, Any]:
        done = work()
        cents = done.price.cents if key.mode == "live" else 0
        answer = done.answer | {"usage": usage(done.price if cents else Price())}
        with platform.db.write() as tx:
            if cents and not keys.charge(tx, cents):
                raise dry(cents, keys.balance(tx))
            keys.count(tx, key.mode, endpoint, 1, cents, wire.now())
            seal(tx, answer, done.answer | {"usage": usage(Price())})
            tx.after(lambda: done.kept(cents))
        spent["cents"] = cents
        return answer

    try:
        response = platform.replays.once(request, key, operation, raw, act)
    except ApiError as error:
        raise ApiError(
            error.code, error.message, error.extras, {**error.headers, **_headers(platform, 0)}, error.keyed
        ) from error
    for name, value in _headers(platform, spent["cents"]).items():
        response.headers[name] = value
    return response


@dataclass(frozen=True)
class Work:
    """A finished call: its answer without `usage`, what it costs, and what is to be noted once that is paid."""

    answer: dict[str, Any]
    price: Price
    kept: Callable[[int], object] = lambda cents: None


def afford(request: Request, key: Key, made: Price) -> None:
    """Raise 402 before any work is done for a key that can't pay it."""
    if key.mode == "live" and (balance := keys.balance(platform_of(request).db)) < made.cents:
        raise dry(made.cents, balance)


def dry(cents: int, balance: int) -> ApiError:
    extras = {"required": cents, "balance": balance}
    return ApiError("INSUFFICIENT_CREDITS", f"This call costs {cents} cents, the wallet holds {balance}.", extras)


def usage(made: Price) -> dict[str, Any]:
    """The usage object; no language model is asked, so no tokens are counted."""
    return {
        "input_tokens": 0, "output_tokens": 0, "credits_charged": made.cents, "cost_cents": made.cents,
        "breakdown": made.parts or None, "billed": bool(made.parts),
    }  # fmt: skip


def _headers(platform: Platform, cents: int) -> dict[str, str]:
    return {"X-Credits-Charged": str(cents), "X-Credits-Remaining": str(keys.balance(platform.db))}
