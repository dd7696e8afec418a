"""What the server refuses, and the envelope in which it says so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.local.running import Platform

ENVELOPE = {
    "code", "message", "type", "request_id", "retryable", "retry_with_same_idempotency_key", "suggestion", "docs_url",
}  # fmt: skip
GOOD: dict[str, Any] = {"machine_id": "nope", "task": "x"}


def _error(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.text
    assert set(error) >= ENVELOPE
    assert error["request_id"] == answer.headers["X-Coasty-Request-Id"]
    return error


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-API-Key": "sk-coasty-test-wrong"}, {"X-API-Key": "Bearer {key}"}, {"Authorization": "{key}"},
        {"Authorization": "Basic {key}"}, {"X-API-Key": "wrong", "Authorization": "Bearer {key}"},
    ],
)  # fmt: skip
def test_without_a_good_key_there_is_401(platform: Platform, headers: dict[str, str]) -> None:
    filled = {name: value.format(key=platform.key) for name, value in headers.items()}
    answer = requests.get(platform.url + "/runs", headers=filled, timeout=10)
    _error(answer, 401, "INVALID_API_KEY")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers", [{"Authorization": "bEARer {key}"}, {"X-API-Key": "", "Authorization": "Bearer {key}"}]
)
def test_either_header_carries_the_key(platform: Platform, headers: dict[str, str]) -> None:
    filled = {name: value.format(key=platform.key) for name, value in headers.items()}
    answer = requests.get(platform.url + "/runs", headers=filled, timeout=10)
    assert answer.status_code == 200
    assert (answer.headers["X-Coasty-Key-Kind"], answer.headers["X-Coasty-Test-Mode"]) == ("test", "true")


@pytest.mark.parametrize(
    ("change", "loc", "kind"),
    [
        ({"task": ""}, ["body", "task"], "string_too_short"),
        ({"task": "x" * 16001}, ["body", "task"], "string_too_long"),
        ({"task": 3}, ["body", "task"], "string_type"),
        ({"task": None}, ["body", "task"], "string_type"),
        ({"machine_id": "m" * 129}, ["body", "machine_id"], "string_too_long"),
        ({"cua_version": "v2"}, ["body", "cua_version"], "literal_error"),
        ({"max_steps": True}, ["body", "max_steps"], "int_type"),
        ({"max_steps": "5"}, ["body", "max_steps"], "int_type"),
        ({"max_steps": 2.5}, ["body", "max_steps"], "int_type"),
        ({"max_steps": 0}, ["body", "max_steps"], "greater_than_equal"),
        ({"max_steps": 1001}, ["body", "max_steps"], "less_than_equal"),
        ({"deadline_seconds": 86401}, ["body", "deadline_seconds"], "less_than_equal"),
        ({"awaiting_human_timeout_seconds": 0}, ["body", "awaiting_human_timeout_seconds"], "greater_than_equal"),
        ({"on_awaiting_human": "wait"}, ["body", "on_awaiting_human"], "literal_error"),
        ({"instructions": "x" * 16001}, ["body", "instructions"], "string_too_long"),
        ({"system_prompt": "x" * 32001}, ["body", "system_prompt"], "string_too_long"),
        ({"metadata": {str(n): n for n in range(51)}}, ["body", "metadata"], "value_error"),
        ({"metadata": []}, ["body", "metadata"], "dict_type"),
        ({"webhook_url": "http://example.com/"}, ["body", "webhook_url"], "value_error"),
        ({"webhook_url": "https://u:p@example.com/"}, ["body", "webhook_url"], "value_error"),
        ({"webhook_url": "ftp://example.com/"}, ["body", "webhook_url"], "value_error"),
        ({"budget_cents": 5}, ["body", "budget_cents"], "extra_forbidden"),
        ({"llm": {"provider": 5}}, ["body", "llm", "provider"], "string_type"),
        ({"action_policy": {"max_actions": 0}}, ["body", "action_policy", "max_actions"], "greater_than_equal"),
        ({"action_policy": {"x": 1}}, ["body", "action_policy", "x"], "extra_forbidden"),
        (
            {"action_policy": {"allowed_actions": ["click"], "blocked_actions": ["click"]}},
            ["body", "action_policy"], "value_error",
        ),
        (
            {"action_policy": {"coordinate_bounds": {"min_x": 0, "min_y": 0, "max_x": 9}}},
            ["body", "action_policy", "coordinate_bounds", "max_y"], "missing",
        ),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(platform: Platform, change: dict[str, Any], loc: list[str], kind: str) -> None:
    error = _error(platform.post("/runs", GOOD | change), 422, "VALIDATION_ERROR")
    assert [(detail["loc"], detail["type"]) for detail in error["details"]] == [(loc, kind)]
    assert error["details"][0]["msg"]


@pytest.mark.parametrize("missing", ["machine_id", "task"])
def test_a_missing_field_is_named(platform: Platform, missing: str) -> None:
    error = _error(platform.post("/runs", {k: v for k, v in GOOD.items() if k != missing}), 422, "VALIDATION_ERROR")
    assert error["details"][0]["loc"] == ["body", missing]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no", b"[]", b'"x"', b'{"task": NaN}', b'{"task": "\\ud800"}', b"[" * 100_000,
        b'{"metadata": {"a": 1e400}}', b'{"metadata": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}",
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(platform: Platform, body: bytes) -> None:
    _error(platform.session.post(platform.url + "/runs", data=body, timeout=10), 422, "VALIDATION_ERROR")


def test_a_huge_body_is_refused(platform: Platform) -> None:
    body = b'{"task": "' + b"x" * 3_000_000
    _error(platform.session.post(platform.url + "/runs", data=body, timeout=10), 413, "PAYLOAD_TOO_LARGE")


def test_who_leaves_in_the_middle_of_a_body_starts_nothing_and_is_no_fault(platform: Platform) -> None:
    before = len(platform.get("/runs?limit=200").json()["data"])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", platform.port)) as line:
            head = f"POST /v1/runs HTTP/1.1\r\nHost: x\r\nX-API-Key: {platform.key}\r\nContent-Length: 500\r\n\r\n"
            line.sendall(f'{head}{{"task": "step", "machine_id": "{platform.machine}"'.encode())
    assert len(platform.get("/runs?limit=200").json()["data"]) == before
    assert "ClientDisconnect" not in platform.log.read_text()


def test_whole_floats_and_nulls_are_taken(platform: Platform) -> None:
    run = platform.create("step", max_steps=3.0, deadline_seconds=None, metadata=None, llm={"provider": "managed"})
    assert (run["max_steps"], run["llm"]["provider"]) == (3, "managed")
    platform.wait(run["id"])


def test_what_is_nested_as_deeply_as_it_may_be_is_told_again(platform: Platform) -> None:
    deep: Any = 1
    for _ in range(97):
        deep = [deep]
    run = platform.create("step", metadata={"a": deep})
    assert platform.wait(run["id"])["metadata"] == {"a": deep}
    assert platform.get("/runs?limit=1").json()["data"][0]["metadata"] == {"a": deep}


@pytest.mark.parametrize("provider", ["openai", "anthropic", "somebody"])
def test_foreign_models_are_refused(platform: Platform, provider: str) -> None:
    fields = GOOD | {"machine_id": platform.machine, "llm": {"provider": provider}}
    _error(platform.post("/runs", fields), 422, "LLM_PROVIDER_UNSUPPORTED")


def test_unknown_things_are_404(platform: Platform) -> None:
    _error(platform.post("/runs", GOOD), 404, "MACHINE_NOT_FOUND")
    _error(platform.get("/runs/nope"), 404, "RUN_NOT_FOUND")
    _error(platform.post("/runs/nope/cancel"), 404, "RUN_NOT_FOUND")
    _error(platform.post("/runs/nope/resume"), 404, "RUN_NOT_FOUND")
    _error(platform.get("/runs/nope/screenshots"), 404, "RUN_NOT_FOUND")
    _error(platform.get("/machines/nope"), 404, "MACHINE_NOT_FOUND")
    for path in ("/nope", "/runs/x/nope", "/workflows", "/keys"):
        _error(platform.get(path), 404, "NOT_FOUND")
    _error(requests.get(platform.root + "/", timeout=10), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/runs", {"GET", "POST"}), ("DELETE", "/runs/x", {"GET"}), ("GET", "/runs/x/cancel", {"POST"}),
        ("POST", "/machines/x", {"GET", "DELETE", "PATCH"}),
    ],
)  # fmt: skip
def test_a_wrong_method_is_405_with_allow(platform: Platform, method: str, path: str, allow: set[str]) -> None:
    answer = platform.session.request(method, platform.url + path, timeout=10)
    _error(answer, 405, "METHOD_NOT_ALLOWED")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD"} == allow


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "", "1_0", "%2B5", "%D9%A5"])
def test_an_impossible_limit_is_refused(platform: Platform, limit: str) -> None:
    for path in ("/runs", "/machines"):
        error = _error(platform.get(f"{path}?limit={limit}"), 400, "INVALID_LIMIT")
        assert (error["min"], error["max"]) == (1, 200)


def test_an_unknown_status_filter_names_the_options(platform: Platform) -> None:
    error = _error(platform.get("/runs?status=paused"), 400, "INVALID_STATUS_FILTER")
    assert len(error["valid_options"]) == 7


def test_the_list_is_newest_first_and_says_whether_there_is_more(platform: Platform) -> None:
    ids = [platform.create("step")["id"] for _ in range(3)]
    for run_id in ids:
        platform.wait(run_id)
    page = platform.get("/runs?limit=2").json()
    assert [run["id"] for run in page["data"]] == ids[:0:-1]
    assert (page["object"], page["has_more"]) == ("list", True)
    assert {run["status"] for run in platform.get("/runs?status=succeeded&limit=200").json()["data"]} == {"succeeded"}


def test_the_two_modes_do_not_see_each_other(platform: Platform, issue: Callable[..., requests.Session]) -> None:
    live = issue("live")
    run_id = platform.create("step")["id"]
    assert live.get(f"{platform.url}/runs/{run_id}").status_code == 404
    assert live.get(f"{platform.url}/machines/{platform.machine}").status_code == 404
    body = {"machine_id": platform.machine, "task": "x"}
    _error(live.post(f"{platform.url}/runs", json=body), 404, "MACHINE_NOT_FOUND")
    answer = live.get(f"{platform.url}/machines")
    assert (answer.headers["X-Coasty-Key-Kind"], "X-Coasty-Test-Mode" in answer.headers) == ("live", False)
    assert not answer.json()["data"][0]["is_test"]
    platform.wait(run_id)


def test_a_scope_that_was_not_granted_is_403_and_named(
    platform: Platform, issue: Callable[..., requests.Session]
) -> None:
    for path, scope in ((f"/machines/{platform.machine}/connection", "connection:read"), ("/usage", "usage")):
        error = _error(platform.get(path), 403, "INSUFFICIENT_SCOPE")
        assert error["required_scope"] == scope
        assert scope not in error["current_scopes"]
        answer = issue("test", scope).get(platform.url + path)
        assert answer.status_code == 200, answer.text
