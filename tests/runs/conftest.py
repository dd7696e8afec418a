"""A scripted upstream, a console that looks at it, and a relay that follows it inside the test's process."""

from __future__ import annotations

import pytest
from django.utils import timezone

from runs import frames, ingest
from runs import upstream as upstreams
from runs.ingest import Arrived
from runs.models import Run
from tests.upstreams import Upstream


@pytest.fixture(autouse=True)
def _forget_services_without_frames():
    frames._without_frames.clear()


@pytest.fixture
def upstream():
    with Upstream() as scripted:
        yield scripted


@pytest.fixture
def connection(upstream, settings, db):
    settings.UPSTREAM_IS_LOCAL = False
    settings.UPSTREAM_BASE_URL = upstream.base_url
    settings.COASTY_API_KEY = upstream.key
    return upstreams.connection()


@pytest.fixture
def pair(upstream, connection):
    """A run with pictures, upstream and in the mirror."""
    scripted = upstream.add(task="pictures")
    return scripted, ingest.take_snapshot(connection, scripted.view())


@pytest.fixture
def relay(connection, transactional_db):
    from runs.relay.journal import Journal
    from runs.relay.supervisor import Relay

    started = Relay(Journal)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def make_run(connection):
    def make(status="running", **fields):
        count = Run.objects.count()
        fields = {"upstream_id": f"run-{count}", "log_status": status, "status_at": timezone.now(), **fields}
        return Run.objects.create(connection=connection, status=status, **fields)

    return make


@pytest.fixture
def arrived():
    def make(run, seq, kind, data="{}", **fields):
        fields = {"created_at": None, "received_at": timezone.now(), **fields}
        return Arrived(run.pk, seq, kind, data, **fields)

    return make


@pytest.fixture
def stored():
    def read(run):
        """What is in the database of a scripted run: [(seq, type, raw payload)]."""
        found = Run.objects.filter(upstream_id=run.id).first()
        return list(found.events.values_list("seq", "type", "data")) if found else []

    return read


@pytest.fixture
def sent():
    def read(run):
        return [(seq, kind, raw) for seq, kind, raw, _at in run.log]

    return read


@pytest.fixture
def mirrored():
    def read(run):
        return Run.objects.filter(upstream_id=run.id).first()

    return read
