"""A connection to mirror runs of."""

from __future__ import annotations

import pytest

from runs.models import Connection


@pytest.fixture
def connection(db):
    return Connection.objects.create(name="Contract", base_url="http://127.0.0.1:9/v1")
