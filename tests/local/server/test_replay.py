"""Idempotency keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.local.running import Platform


def _create(platform: Platform, name: str, **fields: Any) -> requests.Response:
    body = {"machine_id": platform.machine, "task": "step", **fields}
    headers = {"Idempotency-Key": name, "X-API-Key": platform.key}
    return requests.post(platform.url + "/runs", json=body, headers=headers, timeout=40)


def test_the_same_request_gets_the_first_answer_byte_for_byte(platform: Platform) -> None:
    first = _create(platform, "a:1", webhook_url="http://127.0.0.1:9/", metadata={"x": 1, "y": 2})
    platform.wait(first.json()["id"])
    again = _create(platform, "a:1", metadata={"y": 2, "x": 1}, webhook_url="http://127.0.0.1:9/")
    assert again.content == first.content
    assert (again.json()["status"], again.json()["webhook_secret"][:6]) == ("queued", "whsec_")
    assert "X-Coasty-Idempotent-Replay" not in first.headers
    assert first.headers["Idempotency-Status"] == again.headers["Idempotency-Status"] == "completed"
    assert (again.headers["X-Coasty-Idempotent-Replay"], again.headers["X-Credits-Charged"]) == ("true", "0")
    assert platform.run(first.json()["id"])["webhook_secret"] is None


def test_another_request_under_the_same_key_is_refused(platform: Platform) -> None:
    platform.wait(_create(platform, "b").json()["id"])
    answer = _create(platform, "b", max_steps=3)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_twenty_at_once_make_one_run(platform: Platform) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _create(platform, "c"), range(20)))
    assert len({answer.content for answer in answers}) == 1
    assert sum("X-Coasty-Idempotent-Replay" not in answer.headers for answer in answers) == 1
    platform.wait(answers[0].json()["id"])


def test_a_refused_request_leaves_its_key_free(platform: Platform) -> None:
    assert _create(platform, "d", machine_id="nope").status_code == 404
    assert _create(platform, "d", max_steps=0).status_code == 422
    answer = _create(platform, "d")
    assert answer.status_code == 200
    platform.wait(answer.json()["id"])


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", "ü".encode().decode("latin-1"), "a/b"])
def test_a_malformed_key_is_refused(platform: Platform, name: str) -> None:
    error = _create(platform, name).json()["error"]
    assert (error["code"], error["details"][0]["loc"]) == ("VALIDATION_ERROR", ["header", "Idempotency-Key"])


def test_a_lost_answer_can_be_fetched(platform: Platform) -> None:
    first = _create(platform, "e")
    found = platform.get("/idempotency/e").json()
    assert (found["status"], found["result"], found["original_status"]) == ("completed", first.json(), 200)
    assert found["request_id"] == first.json()["request_id"]
    assert platform.get("/idempotency/unknown").status_code == 404
    platform.wait(first.json()["id"])


def test_an_action_is_done_once_under_one_key(platform: Platform) -> None:
    headers = {"Idempotency-Key": "f"}
    body = {"command": "move", "parameters": {"x": 1, "y": 1}}
    answers = [platform.post(f"/machines/{platform.machine}/actions", body, headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["X-Coasty-Idempotent-Replay"] == "true"
