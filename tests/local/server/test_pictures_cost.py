"""What calls that look at pictures cost a live key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from coasty_local.store import keys
from coasty_local.store.database import Database
from tests.local.mind.driver import served
from tests.local.running import Platform
from tests.local.server import looks
from tests.local.server.looks import error


@pytest.fixture(scope="module")
def poor(start: Callable[..., Platform]) -> Platform:
    """A platform of a live key whose wallet holds 60 cents."""
    return start("--wallet-cents", "60", COASTY_API_KEY="sk-coasty-live-gr_1")


@pytest.fixture(scope="module")
def greenhouse(poor: Platform) -> Iterator[str]:
    with served({"/": looks.GREENHOUSE}) as (url, _):
        looks.visit(poor, url)
        yield looks.shot(poor)


def test_a_live_key_pays_once_and_nothing_for_what_failed(
    poor: Platform, issue: Callable[..., requests.Session], greenhouse: str
) -> None:
    body = {"screenshot": greenhouse, "element": "the Almanac link"}
    first = poor.post("/ground", body, headers={"Idempotency-Key": "g1"})
    # 1280 x 800 is larger than 1280 x 720: one cent more
    assert first.json()["usage"]["breakdown"] == [
        {"item": "base", "credits": 3},
        {"item": "hd_images", "credits": 1, "count": 1},
    ]
    assert _told(first) == ("4", "56")
    again = poor.post("/ground", body, headers={"Idempotency-Key": "g1"})
    assert (again.headers["X-Coasty-Idempotent-Replay"], *_told(again)) == ("true", "0", "56")
    assert again.json() == first.json() | {"usage": again.json()["usage"]}
    assert (again.json()["usage"]["credits_charged"], again.json()["usage"]["billed"]) == (0, False)
    reused = poor.post("/ground", body | {"element": "x"}, headers={"Idempotency-Key": "g1"})
    assert error(reused) == (422, "IDEMPOTENCY_KEY_REUSED")
    missing = poor.post("/ground", body | {"element": "the Compost button"})
    assert (error(missing), _told(missing)) == ((422, "GROUNDING_FAILED"), ("0", "56"))

    ask = {"screenshot": greenhouse, "instruction": "Click on Almanac"}
    earlier = [{"screenshot": greenhouse, "actions": [{"action_type": "wait", "params": {}}]}]
    dear = {**ask, "trajectory": earlier, "cua_version": "v1", "system_prompt": "x" * 501}
    usage = poor.post("/predict", dear).json()["usage"]
    assert {part["item"]: part["credits"] for part in usage["breakdown"]} == {
        "base": 5, "trajectory": 2, "hd_images": 2, "engine": 3, "custom_prompt": 1,
    }  # fmt: skip
    assert (usage["credits_charged"], usage["cost_cents"], usage["billed"]) == (13, 13, True)

    made = poor.post("/sessions")
    assert (made.json()["usage"]["credits_charged"], *_told(made)) == (10, "10", "33")
    session = made.json()["session_id"]
    assert _told(poor.post(f"/sessions/{session}/predict", ask)) == ("5", "28")
    assert poor.get(f"/sessions/{session}").json()["total_credits_used"] == 15

    used = issue("live", "usage", of=poor).get(f"{poor.url}/usage").json()
    assert used["breakdown"] == {
        "ground": {"requests": 1, "credits": 4}, "predict": {"requests": 1, "credits": 13},
        "session_predict": {"requests": 1, "credits": 5}, "sessions": {"requests": 1, "credits": 10},
    }  # fmt: skip
    for left in (22, 16, 10, 4):
        assert poor.post("/predict", ask).headers["X-Credits-Remaining"] == str(left)
    dry = poor.post("/predict", ask)
    assert (error(dry), _told(dry)) == ((402, "INSUFFICIENT_CREDITS"), ("0", "4"))
    assert (dry.json()["error"]["required"], dry.json()["error"]["balance"]) == (6, 4)
    assert error(poor.post(f"/sessions/{session}/predict", ask)) == (402, "INSUFFICIENT_CREDITS")
    assert error(poor.post("/sessions")) == (402, "INSUFFICIENT_CREDITS")
    assert len(poor.get("/sessions").json()["sessions"]) == 1


def _told(answer: requests.Response) -> tuple[str, str]:
    return answer.headers["X-Credits-Charged"], answer.headers["X-Credits-Remaining"]


@pytest.mark.parametrize(
    ("path", "scope"),
    [("/predict", "predict"), ("/ground", "ground"), ("/sessions", "session"), ("/sessions/ses_1/predict", "session")],
)
def test_each_call_needs_its_scope(poor: Platform, path: str, scope: str) -> None:
    key = "sk-coasty-live-narrow"
    db = Database(poor.data_dir / "local" / "platform.sqlite3")
    issued = keys.issue(db, key)
    with db.write() as tx:
        left = json.dumps([name for name in issued.scopes if name != scope])
        tx.run("UPDATE keys SET scopes = ? WHERE hash = ?", (left, issued.hash))
    db.close()
    refused = requests.post(poor.url + path, json={}, headers={"X-API-Key": key}, timeout=10)
    assert error(refused) == (403, "INSUFFICIENT_SCOPE")
    assert refused.json()["error"]["required_scope"] == scope


def test_a_platform_with_sessions_at_rest_stops_at_once_and_has_forgotten_them_afterwards(poor: Platform) -> None:
    assert len(poor.get("/sessions").json()["sessions"]) == 1
    began = time.monotonic()
    assert poor.stop() == 0
    assert time.monotonic() - began < 10
