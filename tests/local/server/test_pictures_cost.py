"""What calls that look at pictures cost a live key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from tests.local.mind.driver import served
from tests.local.running import Platform
from tests.local.server import looks
from tests.local.server.looks import error


@pytest.fixture(scope="module")
def poor(start: Callable[..., Platform]) -> Platform:
    """A platform of a live key whose wallet holds 10 cents."""
    return start("--wallet-cents", "10", COASTY_API_KEY="sk-coasty-live-gr_1")


@pytest.fixture(scope="module")
def greenhouse(poor: Platform) -> Iterator[str]:
    with served({"/": looks.GREENHOUSE}) as (url, _):
        looks.visit(poor, url)
        yield looks.shot(poor)


def test_a_live_key_pays_once_and_nothing_for_what_was_not_found(
    poor: Platform, issue: Callable[..., requests.Session], greenhouse: str
) -> None:
    body = {"screenshot": greenhouse, "element": "the Almanac link"}
    first = poor.post("/ground", body, headers={"Idempotency-Key": "g1"})
    # 1280 x 800 is larger than 1280 x 720: one cent more
    assert first.json()["usage"]["breakdown"] == [
        {"item": "base", "credits": 3},
        {"item": "hd_images", "credits": 1, "count": 1},
    ]
    assert (first.headers["X-Credits-Charged"], first.headers["X-Credits-Remaining"]) == ("4", "6")
    again = poor.post("/ground", body, headers={"Idempotency-Key": "g1"})
    assert (again.headers["X-Coasty-Idempotent-Replay"], again.headers["X-Credits-Charged"]) == ("true", "0")
    assert again.json() == first.json() | {"usage": again.json()["usage"]}
    assert (again.json()["usage"]["credits_charged"], again.json()["usage"]["billed"]) == (0, False)
    reused = poor.post("/ground", body | {"element": "x"}, headers={"Idempotency-Key": "g1"})
    assert error(reused) == (422, "IDEMPOTENCY_KEY_REUSED")
    missing = poor.post("/ground", body | {"element": "the Compost button"})
    assert (error(missing), missing.headers["X-Credits-Remaining"]) == ((422, "GROUNDING_FAILED"), "6")
    assert poor.post("/ground", body).headers["X-Credits-Remaining"] == "2"
    dry = poor.post("/ground", body)
    assert error(dry) == (402, "INSUFFICIENT_CREDITS")
    assert (dry.json()["error"]["required"], dry.json()["error"]["balance"]) == (4, 2)
    used = issue("live", "usage", of=poor).get(f"{poor.url}/usage").json()
    assert used["breakdown"] == {"ground": {"requests": 2, "credits": 8}}
