"""Predict: what is to be done on the newest picture, for clients that take pictures and act themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.mind import driver
from tests.local.running import Platform
from tests.local.server import looks
from tests.local.server.looks import error, kinds

VENTS = "Click on Almanac, then tick the checkbox to open the roof vents at dawn"


@pytest.fixture(scope="module")
def greenhouse(platform: Platform) -> Iterator[str]:
    with driver.served({"/": looks.GREENHOUSE}) as (url, _):
        looks.visit(platform, url)
        yield looks.shot(platform)


def _predict(platform: Platform, picture: str, instruction: str, **fields: Any) -> dict[str, Any]:
    answer = platform.post("/predict", {"screenshot": picture, "instruction": instruction, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _then(picture: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The moment of a trajectory that a client makes of an answer."""
    return {"screenshot": picture, "actions": answer["actions"], "reasoning": answer["reasoning"]}


def test_a_client_that_carries_the_actions_out_is_led_to_done(platform: Platform) -> None:
    trajectory: list[dict[str, Any]] = []
    with driver.practice() as (url, _):
        looks.visit(platform, "about:blank")
        task = f"Open {url}sign-in, sign in as ada@example.com with password lovelace and verify that it says 'Welcome'"
        for _ in range(12):
            picture = looks.shot(platform)
            answer = _predict(platform, picture, task, trajectory=trajectory[-3:])  # as clients do that save pictures
            _reads_back(platform, answer)
            if answer["status"] != "continue":
                break
            looks.carried_out(platform, answer)
            trajectory.append(_then(picture, answer))
    assert (answer["status"], kinds(answer)) == ("done", ["done"]), answer
    assert "Step 3 of 3" in answer["reasoning"]
    assert [kinds(moment) for moment in trajectory[:2]] == [
        ["key_combo", "type_text", "key_press", "wait"],
        ["click", "type_text"],
    ]


def _reads_back(platform: Platform, answer: dict[str, Any]) -> None:
    """The code beside the actions says the same as they do."""
    if not answer["raw_code"]:
        return
    parsed = platform.post("/parse", {"code": "\n".join(answer["raw_code"])}).json()["actions"]
    assert [(a["action_type"], a["params"]) for a in parsed] == [
        (a["action_type"], a["params"]) for a in answer["actions"] if a["raw_code"]
    ]


def test_what_a_limit_of_actions_cuts_off_comes_with_the_next_picture(platform: Platform, greenhouse: str) -> None:
    task = "Type 62 into the Humidity goal field"
    first = _predict(platform, greenhouse, task, max_actions=1)
    assert kinds(first) == ["click"]
    assert looks.inside("humidity", first["actions"][0]["params"])
    second = _predict(platform, greenhouse, task, max_actions=1, trajectory=[_then(greenhouse, first)])
    assert [(a["action_type"], a["params"]) for a in second["actions"]] == [("type_text", {"text": "62"})]


def test_on_a_bare_screen_an_address_is_opened_by_keyboard(platform: Platform) -> None:
    task = "Open http://127.0.0.1:9/ and click Go"
    answer = _predict(platform, looks.drawn(640, 400), task, include_reasoning=False, include_raw_code=False)
    assert [(a["action_type"], a["params"]) for a in answer["actions"]] == [
        ("key_combo", {"keys": ["ctrl", "l"]}),
        ("type_text", {"text": "http://127.0.0.1:9/"}),
        ("key_press", {"keys": ["enter"], "key": "enter"}),
        ("wait", {"seconds": 2.0}),
    ]
    assert (answer["reasoning"], answer["raw_code"]) == (None, [])
    assert (answer["screen_width"], answer["screen_height"], answer["cua_version"]) == (640, 400, "v3")


def test_a_client_may_leave_out_the_earliest_pictures(platform: Platform, greenhouse: str) -> None:
    first = _predict(platform, greenhouse, VENTS)
    assert looks.inside("almanac", first["actions"][0]["params"])
    later = {"screenshot": greenhouse, "actions": [], "reasoning": "Step 2 of 2: I tick it."}
    done = _predict(platform, greenhouse, VENTS, trajectory=[later])
    # that picture shows no tick yet: taken for done, it is tried once more, and not the first step again
    assert looks.inside("vents", done["actions"][0]["params"])


def test_a_trajectory_of_other_acts_is_refused_rather_than_begun_anew(platform: Platform, greenhouse: str) -> None:
    other = {"action_type": "click", "params": {"x": 200, "y": 540}, "description": "", "raw_code": ""}
    answer = _predict(platform, greenhouse, VENTS, trajectory=[{"screenshot": greenhouse, "actions": [other]}])
    assert (answer["status"], kinds(answer)) == ("fail", ["fail"])
    assert "does not fit" in answer["actions"][0]["params"]["reason"]


def test_a_screen_that_has_not_changed_is_waited_for_and_then_given_up(platform: Platform, greenhouse: str) -> None:
    trajectory: list[dict[str, Any]] = []
    for _ in range(6):
        answer = _predict(platform, greenhouse, "Click the Harvest button", trajectory=trajectory)
        trajectory.append(_then(greenhouse, answer))
        if answer["status"] != "continue":
            break
    assert [kinds(moment) for moment in trajectory] == [["wait"], ["wait"], ["scroll"], ["fail"]]
    assert "Harvest" in answer["actions"][0]["params"]["reason"]


@pytest.mark.parametrize(
    ("task", "fields", "says"),
    [
        ("Befriend the tomatoes somehow", {}, "could not read"),
        ("Click on Almanac", {"tools": ["move", "wait"]}, "click is needed"),
    ],
)
def test_what_cannot_go_on_fails_with_its_reason(
    platform: Platform, greenhouse: str, task: str, fields: dict[str, Any], says: str
) -> None:
    answer = _predict(platform, greenhouse, task, **fields)
    assert (answer["status"], kinds(answer)) == ("fail", ["fail"])
    assert says in answer["actions"][0]["params"]["reason"]


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"instruction": ""}, ["body", "instruction"]),
        ({"max_actions": 11}, ["body", "max_actions"]),
        ({"tools": ["done"]}, ["body", "tools", 0]),
        ({"tools": []}, ["body", "tools"]),
        ({"cua_version": "v2"}, ["body", "cua_version"]),
        ({"machine_id": "m"}, ["body", "machine_id"]),
        ({"trajectory": [{"screenshot": "x"}] * 21}, ["body", "trajectory"]),
        ({"trajectory": [{"screenshot": "!" * 200}]}, ["body", "trajectory", 0, "screenshot"]),
    ],
)
def test_a_body_of_another_form_is_refused_by_field(platform: Platform, change: dict, loc: list[Any]) -> None:
    answer = platform.post("/predict", {"screenshot": looks.drawn(64, 64), "instruction": "x", **change})
    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["error"]["details"]] == [loc]


def test_a_model_of_ones_own_is_refused(platform: Platform) -> None:
    body = {"screenshot": looks.drawn(64, 64), "instruction": "x", "llm": {"provider": "anthropic"}}
    assert error(platform.post("/predict", body)) == (422, "LLM_PROVIDER_UNSUPPORTED")
