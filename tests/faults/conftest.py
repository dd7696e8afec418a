"""One scripted upstream and one relay for a whole module of faults, all of them under way side by side."""

from __future__ import annotations

import pytest

from tests.runs.conftest import mirrored, sent, stored, upstream

__all__ = ["mirrored", "sent", "stored", "upstream"]


@pytest.fixture
def relay(upstream, settings, transactional_db):
    from runs import upstream as upstreams
    from runs.relay.journal import Journal
    from runs.relay.supervisor import Relay

    settings.UPSTREAM_IS_LOCAL = False
    settings.UPSTREAM_BASE_URL = upstream.base_url
    settings.COASTY_API_KEY = upstream.key
    upstreams.connection()
    started = Relay(Journal)
    started.start()
    yield started
    started.stop()
