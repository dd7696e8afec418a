"""A scripted upstream, a desk, and callers with tokens."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.test import Client

from tests.api.console import Console
from tests.approvals.conftest import desk, far  # noqa: F401 (fixtures)
from tests.scripted_runs import Manner
from tests.upstreams import Upstream

CALLERS = 50
ROLES = ("viewer", "operator", "reviewer", "admin", "stranger")


class Caller:
    """One person's use of the API, in this process."""

    def __init__(self, token=""):
        self.token = token
        self.client = Client()

    def __call__(self, method, path, body=None, **headers):
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, (str, bytes)) else json.dumps(body) if body is not None else b""
        return self.client.generic(method, f"/api{path}", data, "application/json", headers={**given, **headers})


@pytest.fixture(scope="session")
def served_far():
    """The scripted upstream of the console that runs as a process."""
    with Upstream() as upstream:
        upstream.manner = Manner(has_created_at=True)
        yield upstream


@pytest.fixture(scope="session")
def console(served_far, tmp_path_factory):
    """The console as a process; fifty reviewers have tokens."""
    people = {f"r{n}": "reviewer" for n in range(CALLERS)} | {"reviewer": "reviewer", "viewer": "viewer"}
    with Console(tmp_path_factory.mktemp("console"), served_far, people) as running:
        yield running


@pytest.fixture
def callers(people):
    from runs import tokens

    made = {name: Caller(tokens.issue(getattr(people, name))) for name in ROLES}
    return SimpleNamespace(**made, anonymous=Caller())
