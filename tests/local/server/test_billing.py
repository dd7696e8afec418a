"""What live keys pay and what they are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.local.running import Platform, until


@pytest.fixture(scope="module")
def poor(start: Callable[..., Platform]) -> Platform:
    """A platform of a live key whose wallet holds 23 cents."""
    return start("--wallet-cents", "23", COASTY_API_KEY="sk-coasty-live-mine_1")


def test_a_live_key_pays_per_step_until_the_wallet_is_dry(
    poor: Platform, issue: Callable[..., requests.Session]
) -> None:
    assert poor.key == "sk-coasty-live-mine_1"
    done = poor.wait(poor.create("step\nstep")["id"])
    assert (done["cost_cents"], done["credits_charged"]) == (10, 10)
    bills = [event["data"]["cost_cents"] for event in poor.events(done["id"]) if event["type"] == "billing"]
    assert bills == [5, 10]
    dear = poor.wait(poor.create("step\nstep", cua_version="v1")["id"])
    assert (dear["status"], dear["error"]["code"], dear["cost_cents"]) == ("failed", "WALLET_EXHAUSTED", 8)
    last = poor.wait(poor.create("step")["id"])
    assert (last["status"], last["cost_cents"]) == ("succeeded", 5)
    refused = poor.post("/runs", {"machine_id": poor.machine, "task": "step"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert (refused.json()["error"]["required"], refused.json()["error"]["balance"]) == (5, 0)
    assert poor.post("/machines", {"display_name": "x"}).status_code == 402
    usage = issue("live", "usage", of=poor).get(f"{poor.url}/usage").json()
    assert (usage["wallet_balance_cents"], usage["total_cost_cents"]) == (0, 23)
    assert usage["breakdown"]["run_steps"] == {"requests": 4, "credits": 23}


def test_a_test_key_pays_nothing(platform: Platform) -> None:
    done = platform.wait(platform.create("step", cua_version="v1")["id"])
    assert done["cost_cents"] == 0
    bills = [event["data"] for event in platform.events(done["id"]) if event["type"] == "billing"]
    assert bills == [{"credits_charged": 0, "cost_cents": 0}]


@pytest.mark.parametrize(
    ("policy", "task"),
    [
        ({"allowed_actions": ["click"]}, "act type_text"),
        ({"blocked_actions": ["key_press"]}, "act key_press"),
        ({"blocked_keys": ["ESC"]}, 'act key_press {"keys": ["Escape"]}'),
        ({"block_window_close": True}, 'act key_combo {"keys": ["ctrl", "w"]}'),
        ({"max_actions": 1}, "act wait\nact wait"),
        (
            {"coordinate_bounds": {"min_x": 0, "min_y": 0, "max_x": 100, "max_y": 100}},
            'act drag {"x1": 1, "y1": 1, "x2": 101, "y2": 5}',
        ),
    ],
)
def test_an_act_against_the_policy_fails_the_run_before_it_is_announced(
    platform: Platform, policy: dict, task: str
) -> None:
    done = platform.wait(platform.create(task, action_policy=policy)["id"])
    assert (done["status"], done["error"]["code"]) == ("failed", "ACTION_POLICY_VIOLATION")
    calls = [event for event in platform.events(done["id"]) if event["type"] == "tool_call"]
    assert len(calls) == task.count("act ") - 1


def test_an_act_within_the_policy_happens(platform: Platform) -> None:
    policy = {"allowed_actions": ["click"], "blocked_keys": ["a"], "max_actions": 5,
              "coordinate_bounds": {"min_x": 0, "min_y": 0, "max_x": 9.5, "max_y": 9}}  # fmt: skip
    run = platform.create('act click {"x": 9, "y": 9}', action_policy=policy)
    assert until(lambda: platform.wait(run["id"]))["status"] == "succeeded"
