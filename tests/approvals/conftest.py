"""A scripted upstream on a socket, and a desk before it."""

from __future__ import annotations

import pytest

from tests.approvals.desk import Desk
from tests.upstreams import KEY, Upstream


@pytest.fixture(autouse=True)
def near_upstream(monkeypatch):
    """Upstream is on loopback here: silence tells sooner."""
    from approvals import evidence

    monkeypatch.setattr(evidence, "QUIET_SECONDS", 0.5)
    monkeypatch.setattr(evidence, "PATIENT_SECONDS", 0.5)


@pytest.fixture
def far():
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def desk(far, people, settings):
    from runs import upstream

    settings.UPSTREAM_BASE_URL = far.base_url
    settings.COASTY_BASE_URL = far.base_url
    settings.COASTY_API_KEY = KEY
    settings.UPSTREAM_TIMEOUT_SECONDS = 1.0
    return Desk(far, upstream.connection())
