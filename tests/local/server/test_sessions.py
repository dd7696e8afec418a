"""Sessions: the agent's place is kept between predictions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import requests

from coasty_local.stills import sessions
from coasty_local.stills.prediction import Closed
from tests.local.mind.driver import served
from tests.local.running import Platform, until
from tests.local.server import looks
from tests.local.server.looks import error, kinds

TASK = "Type 62 into the Humidity goal field and tick the checkbox to open the roof vents at dawn"


@pytest.fixture
def greenhouse(platform: Platform) -> Iterator[None]:
    """The machine shows the greenhouse."""
    with served({"/": looks.GREENHOUSE}) as (url, _):
        looks.visit(platform, url)
        yield


@pytest.fixture
def session(platform: Platform) -> Iterator[str]:
    made = platform.post("/sessions", {"screen_width": 1280, "screen_height": 800}).json()
    yield made["session_id"]
    platform.session.delete(f"{platform.url}/sessions/{made['session_id']}", timeout=10)


def _predict(platform: Platform, session: str, instruction: str = TASK, **options: Any) -> requests.Response:
    body = {"screenshot": looks.shot(platform), "instruction": instruction}
    return platform.post(f"/sessions/{session}/predict", body, **options)


@pytest.mark.usefixtures("greenhouse")
def test_a_session_leads_on_from_where_it_was(platform: Platform, session: str) -> None:
    steps = []
    for _ in range(8):
        answer = _predict(platform, session).json()
        steps.append(answer)
        if answer["status"] != "continue":
            break
        looks.carried_out(platform, answer)
    assert [answer["step"] for answer in steps] == list(range(1, len(steps) + 1))
    assert kinds(steps[0]) == ["click", "type_text"]
    assert looks.inside("vents", steps[1]["actions"][0]["params"])
    assert (steps[-1]["status"], kinds(steps[-1])) == ("done", ["done"]), steps
    assert {"screen_width", "screen_height"} & set(answer) == set()
    info = platform.get(f"/sessions/{session}").json()
    assert (info["step_count"], info["screen_size"], info["total_credits_used"]) == (len(steps), "1280x800", 0)


@pytest.mark.usefixtures("greenhouse")
def test_another_instruction_and_a_reset_begin_anew_and_a_replay_does_not_go_on(
    platform: Platform, session: str
) -> None:
    first = _predict(platform, session).json()
    picture = looks.shot(platform)
    body, headers = {"screenshot": picture, "instruction": "Click on Almanac"}, {"Idempotency-Key": "s-2"}
    second = platform.post(f"/sessions/{session}/predict", body, headers=headers)
    assert looks.inside("almanac", second.json()["actions"][0]["params"])
    again = platform.post(f"/sessions/{session}/predict", body, headers=headers)
    assert (again.headers["X-Coasty-Idempotent-Replay"], again.json()) == ("true", second.json())
    assert platform.get(f"/sessions/{session}").json()["step_count"] == 2
    assert platform.post(f"/sessions/{session}/reset").json() == {"status": "ok", "session_id": session}
    assert platform.get(f"/sessions/{session}").json()["step_count"] == 0
    anew = _predict(platform, session).json()
    assert (anew["actions"], anew["step"]) == (first["actions"], 1)


def test_sessions_of_the_other_mode_and_deleted_ones_are_not_found(
    platform: Platform, session: str, issue: Callable[..., requests.Session]
) -> None:
    live = issue("live")
    assert session in [info["session_id"] for info in platform.get("/sessions").json()["sessions"]]
    assert live.get(f"{platform.url}/sessions").json() == {"sessions": []}
    assert error(live.get(f"{platform.url}/sessions/{session}")) == (404, "SESSION_NOT_FOUND")
    assert error(live.post(f"{platform.url}/sessions/{session}/reset")) == (404, "SESSION_NOT_FOUND")
    gone = platform.session.delete(f"{platform.url}/sessions/{session}")
    assert gone.json() == {"status": "ok", "session_id": session}
    assert error(_predict(platform, session)) == (404, "SESSION_NOT_FOUND")
    assert error(platform.session.delete(f"{platform.url}/sessions/{session}")) == (404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"screen_width": 100}, ["body", "screen_width"]),
        ({"max_trajectory_length": 21}, ["body", "max_trajectory_length"]),
        ({"metadata": {str(n): n for n in range(33)}}, ["body", "metadata"]),
        ({"max_actions": 3}, ["body", "max_actions"]),
    ],
)
def test_a_session_of_another_form_is_refused(platform: Platform, body: dict, loc: list[str]) -> None:
    answer = platform.post("/sessions", body)
    assert error(answer) == (422, "VALIDATION_ERROR")
    assert [fault["loc"] for fault in answer.json()["error"]["details"]] == [loc]


def test_a_fifth_field_of_a_session_predict_is_refused(platform: Platform, session: str) -> None:
    body = {"screenshot": looks.drawn(64, 64), "instruction": "x", "tools": ["click"]}
    answer = platform.post(f"/sessions/{session}/predict", body)
    assert answer.json()["error"]["details"][0]["loc"] == ["body", "tools"]


def test_there_are_only_so_many_sessions_at_once(platform: Platform, issue: Callable[..., requests.Session]) -> None:
    live = issue("live")
    made = [live.post(f"{platform.url}/sessions", timeout=10) for _ in range(sessions.MOST)]
    over = live.post(f"{platform.url}/sessions", timeout=10)
    assert error(over) == (429, "RATE_LIMITED")
    assert int(over.headers["Retry-After"]) >= 1
    for answer in made:
        live.delete(f"{platform.url}/sessions/{answer.json()['session_id']}", timeout=10)
    assert live.get(f"{platform.url}/sessions").json() == {"sessions": []}


def test_a_call_that_waited_until_its_session_was_deleted_starts_nothing() -> None:
    all_of_them = sessions.PredictSessions(lambda: 0)
    session = sessions.PredictSession("s", "test", {"instructions": None}, (), 5, 0, sessions.IDLE_MS)
    all_of_them.add(session)
    all_of_them.remove(session)
    before = threading.active_count()
    with pytest.raises(Closed):
        session.predict("Click on Almanac", np.zeros((8, 8, 3), np.uint8), nullcontext)
    until(lambda: threading.active_count() <= before)


def test_an_idle_session_ends_after_two_hours() -> None:
    now = [0]
    all_of_them = sessions.PredictSessions(lambda: now[0])
    for name in ("used", "idle"):
        all_of_them.add(sessions.PredictSession(name, "test", {}, (), 5, 0, sessions.IDLE_MS))
    now[0] = sessions.IDLE_MS - 1
    used = all_of_them.find("used", "test")
    assert used is not None
    all_of_them.renew(used)
    now[0] = sessions.IDLE_MS
    assert [session.id for session in all_of_them.of("test")] == ["used"]
    assert all_of_them.find("idle", "test") is None
