"""Every route by every role: who may, who may not, and who is not known."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.models import Approval
from runs import batches, tokens
from runs.models import ApiToken, Run
from tests.api.conftest import ROLES, Caller

SEES = {"viewer", "operator", "reviewer", "admin"}
OPERATES = {"operator", "admin"}
REVIEWS = {"reviewer", "admin"}
ROUTES = [
    ("GET", "/runs", None, SEES, 200),
    ("POST", "/runs", {"task": "Do it"}, OPERATES, 201),
    ("GET", "/connections", None, SEES, 200),
    ("GET", "/runs/{run}", None, SEES, 200),
    ("GET", "/runs/{run}/events", None, SEES, 200),
    ("POST", "/runs/{run}/cancel", None, OPERATES, 200),
    ("POST", "/batches", {"rows": [{"task": "Do it"}]}, OPERATES, 201),
    ("POST", "/batches/cancel", {"runs": ["nobody"]}, OPERATES, 422),
    ("GET", "/batches", None, SEES, 200),
    ("GET", "/batches/{batch}", None, SEES, 404),  # none was begun
    ("POST", "/batches/{batch}/pause", None, OPERATES, 200),
    ("POST", "/batches/{batch}/resume", None, OPERATES, 409),  # it is not paused
    ("POST", "/batches/{batch}/stop", None, OPERATES, 200),
    ("GET", "/approvals", None, SEES, 200),
    ("GET", "/approvals/{approval}", None, SEES, 200),
    ("POST", "/approvals/{approval}/decision", {"action": "resume"}, REVIEWS, 200),
    ("POST", "/approvals/{approval}/recall", None, REVIEWS, 404),  # nothing was decided
    ("GET", "/policies", None, SEES, 200),
    ("GET", "/audit", None, SEES, 200),
]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [*ROLES, "anonymous"])
@pytest.mark.parametrize(("method", "path", "body", "allowed", "good"), ROUTES)
def test_each_route_answers_each_role_as_it_should(desk, callers, method, path, body, allowed, good, role):
    scripted, _, approval = desk.parked()
    begun = batches.cancel_runs(None, [], "None").pk if path.endswith(("/pause", "/resume", "/stop")) else 7
    answer = getattr(callers, role)(method, path.format(run=scripted.id, approval=approval.pk, batch=begun), body)
    expected = good if role in allowed else 401 if role == "anonymous" else 403
    assert answer.status_code == expected, answer.content
    if expected in {401, 403}:
        assert set(answer.json()["error"]) >= {"code", "message"}
        assert Approval.objects.get(pk=approval.pk).is_open
        assert Run.objects.count() == 1
        assert desk.sent() == 0


def test_the_table_above_names_every_route(callers):
    schema = callers.anonymous("GET", "/openapi.json").json()
    told = {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}
    tested = {(method, "/api" + path.replace("}", "_id}")) for method, path, *_ in ROUTES}
    assert told == tested


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Bearer", "Basic dTpw", "Bearer " + "x" * 5000])
def test_a_token_that_nobody_issued_opens_nothing(callers, header):
    answer = callers.anonymous("GET", "/runs", Authorization=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token_is_not_made_good_by_a_session(people):
    client = Client()
    client.force_login(people.admin)
    assert client.get("/api/runs").status_code == 200
    assert client.get("/api/runs", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_a_session_writes_only_with_its_csrf_token(desk, people):
    _, _, approval = desk.parked()
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.reviewer)
    path = f"/api/approvals/{approval.pk}/decision"
    body = {"data": '{"action": "resume"}', "content_type": "application/json"}
    refused = client.post(path, **body)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "NOT_ALLOWED"
    client.get("/sign-in/")
    client.cookies["csrftoken"] = "a" * 32
    assert client.post(path, headers={"X-CSRFToken": "a" * 32}, **body).status_code == 200


def test_a_write_without_any_credentials_is_not_signed_in_rather_than_forbidden():
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/api/runs", data="{}", content_type="application/json")
    assert answer.status_code == 401


def test_a_token_dies_with_the_account_and_can_be_taken_back(callers, people):
    assert callers.viewer("GET", "/runs").status_code == 200
    people.viewer.is_active = False
    people.viewer.save(update_fields=["is_active"])
    assert callers.viewer("GET", "/runs").status_code == 401
    tokens.revoke(people.operator)
    assert callers.operator("GET", "/runs").status_code == 401


def test_a_token_is_stored_as_its_digest_only(people):
    token = tokens.issue(people.viewer)
    stored = ApiToken.objects.get()
    assert token not in str(vars(stored))
    assert Caller(token)("GET", "/runs").status_code == 200
    stored.refresh_from_db()
    assert stored.last_used_at


def test_a_role_that_is_taken_away_counts_at_once(callers, people):
    people.viewer.groups.clear()
    assert callers.viewer("GET", "/runs").status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_is_not_there_answers_in_the_envelope(callers, method):
    answer = callers.admin(method, "/nothing/here")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert callers.anonymous(method, "/nothing/here").status_code == 401
