"""Programs that were written without us: addresses with and without a last slash, any method, any host name."""

from __future__ import annotations

import pytest
from channels.testing import WebsocketCommunicator
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client

from coasty_console.asgi import application
from runs import reach

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/", "/readyz/"])
def test_health_is_told_whatever_name_the_machine_is_asked_by(settings, path):
    settings.ALLOWED_HOSTS = ["console.example.org"]
    answer = Client().get(path, headers={"host": "10.1.2.3:8000"})
    assert answer.status_code in {200, 503}
    assert answer.json()["status"]
    assert answer["Content-Security-Policy"]
    refused = Client().get("/api/runs", headers={"host": "10.1.2.3:8000"})
    assert (refused.status_code, "ALLOWED_HOSTS" in refused.json()["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    "path",
    ["/runs", "/runs/{run}", "/runs/{run}/events", "/approvals", "/approvals/{approval}", "/audit", "/openapi.json"],
)
def test_a_last_slash_makes_no_difference(desk, callers, path):
    scripted, _, approval = desk.parked()
    path = path.format(run=scripted.id, approval=approval.pk)
    plain, slashed = callers.admin("GET", path), callers.admin("GET", f"{path}/")
    assert plain.status_code == slashed.status_code == 200
    assert plain.content == slashed.content


def test_writes_take_a_last_slash_too(desk, callers):
    _, _, approval = desk.parked()
    told = callers.reviewer("POST", f"/approvals/{approval.pk}/decision/", {"action": "resume", "note": None})
    assert told.status_code == 200
    assert told.json()["decision"]["action"] == "resume"
    assert callers.operator("POST", "/runs/", {"task": "Do it"}).status_code == 201


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_root_of_the_api_leads_to_its_description(path):
    assert Client().get(path)["Location"] == "/api/docs"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/runs", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/runs/some", "GET, HEAD, OPTIONS"),
        ("GET", "/approvals/1/decision", "OPTIONS, POST"),
        ("HEAD", "/approvals/1/decision", "OPTIONS, POST"),
        ("POST", "/audit/", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_which_are_right(callers, method, path, allow):
    answer = callers.admin(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, allow)
    assert answer["Content-Type"] == "application/json"
    if method != "HEAD":
        error = answer.json()["error"]
        assert error["code"] == "METHOD_NOT_ALLOWED"
        assert allow in error["message"]
    options = callers.anonymous("OPTIONS", path)
    assert (options.status_code, options["Allow"]) == (204, allow)


def test_head_answers_as_get_without_a_body(callers):
    got, head = callers.viewer("GET", "/runs"), callers.viewer("HEAD", "/runs")
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == got["Content-Length"]
    assert callers.anonymous("HEAD", "/runs").status_code == 401


async def test_a_socket_to_nowhere_is_refused_and_no_fault():
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
    socket = WebsocketCommunicator(application, "/ws/nothing/", headers=headers)
    connected, _code = await socket.connect()
    assert not connected


@pytest.mark.parametrize(
    ("body", "said", "loc"),
    [
        ({"task": "x", "max_steps": 0}, "max_steps: ", ["body", "max_steps"]),
        ("", "the body must be a JSON object: ", ["body"]),
        ("[]", "the body must be a JSON object: ", ["body"]),
    ],
)
def test_what_is_wrong_in_a_body_is_named_where_it_stands(callers, body, said, loc):
    error = callers.operator("POST", "/runs", body).json()["error"]
    assert error["message"].startswith(said)
    assert error["details"][0]["loc"] == loc


def test_a_body_that_is_no_json_is_told_so(callers):
    answer = callers.operator("POST", "/runs", "{")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "The body is not JSON.")


def test_the_description_names_every_refusal_and_they_look_as_described(desk, callers):
    _, _, approval = desk.parked()
    schema = callers.anonymous("GET", "/openapi.json").json()
    shape = schema["components"]["schemas"]["Refusal"]["properties"]
    decision = f"/approvals/{approval.pk}/decision"
    callers.reviewer("POST", decision, {"action": "cancel"})
    for caller, method, path, body in (
        (callers.anonymous, "GET", "/runs", None),
        (callers.viewer, "POST", "/runs", {"task": "x"}),
        (callers.viewer, "GET", "/runs/{run_id}", None),
        (callers.viewer, "GET", "/runs?limit=0", None),
        (callers.viewer, "GET", "/audit?cursor=x", None),
        (callers.operator, "POST", "/runs", "{"),
        (callers.operator, "POST", "/runs", '{"task": "' + "x" * 1_000_001 + '"}'),
        (callers.admin, "POST", "/approvals/{approval_id}/decision", {"action": "resume"}),
    ):
        answer = caller(method, path.replace("{approval_id}", str(approval.pk)), body)
        described = schema["paths"]["/api" + path.split("?")[0]][method.lower()]["responses"]
        assert str(answer.status_code) in described, (path, answer.content)
        told = answer.json()
        assert set(told) <= set(shape)
        assert set(told["error"]) >= set(shape["error"]["required"])
    assert told["decided_by"] == "reviewer"


def test_a_wrong_host_is_one_line_in_the_log(caplog):
    assert Client().get("/", headers={"host": "evil.example"}).status_code == 400
    said = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert [record.exc_info for record in said] == [None]
    assert "evil.example" in said[0].getMessage()
    assert "\n" not in said[0].getMessage()


def test_a_database_that_can_not_be_reached_is_named_before_anything_starts():
    gone = DatabaseWrapper(
        {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": "1", "USER": "u", "PASSWORD": "lovelace9",
         "NAME": "console", "OPTIONS": {"pool": {"min_size": 1}}, "TIME_ZONE": None, "CONN_HEALTH_CHECKS": False}
    )  # fmt: skip
    said = reach.why_not(gone)
    assert (
        said == "PostgreSQL at 127.0.0.1:1 can't be reached (database console): Connection refused. See DATABASE_URL."
    )
    assert reach.why_not(connection) == ""
