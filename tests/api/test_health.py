"""Health and readiness: each part named, 503 when one is down, and the way a broken part looks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from runs.models import Connection, Worker

pytestmark = pytest.mark.django_db
PARTS = ["database", "pushes", "relay", "jobs", "upstream"]


@pytest.fixture
def all_well():
    now = timezone.now()
    for kind in ("relay", "jobs"):
        Worker.objects.create(name=f"{kind}-1", kind=kind, beat_at=now)
    Connection.objects.create(name="Far", base_url="http://127.0.0.1:1/v1", health="up", checked_at=now)


def broken():
    answer = Client().get("/readyz")
    checks = answer.json()["checks"]
    assert list(checks) == PARTS
    assert all(set(check) == {"ok", "detail"} and check["detail"] for check in checks.values())
    found = [name for name, check in checks.items() if not check["ok"]]
    assert answer.status_code == (503 if found else 200)
    return found


def test_it_is_up_without_anything():
    assert Client().get("/healthz").json() == {"status": "ok"}
    assert broken() == ["relay", "jobs", "upstream"]


def test_all_is_well(all_well):
    assert broken() == []


@pytest.mark.parametrize("kind", ["relay", "jobs"])
def test_a_worker_without_a_sign_of_life_is_down(all_well, kind):
    Worker.objects.filter(kind=kind).update(beat_at=timezone.now() - timedelta(seconds=60))
    assert broken() == [kind]
    Worker.objects.create(name=f"{kind}-2", kind=kind, beat_at=timezone.now())
    assert broken() == []


@pytest.mark.parametrize("health", ["down", "refused", "unknown"])
def test_an_upstream_that_does_not_answer_well_is_down(all_well, health):
    Connection.objects.update(health=health, health_detail="Nothing answers.")
    assert broken() == ["upstream"]


def test_a_channel_layer_that_cannot_be_reached_is_down(all_well, settings, free_port):
    hosts = [f"redis://127.0.0.1:{free_port()}/0"]
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": hosts}}}
    assert broken() == ["pushes"]


def test_a_database_that_fails_is_named_and_the_answer_still_comes(all_well):
    def refuse(execute, sql, params, many, context):
        from django.db import OperationalError

        raise OperationalError("disk I/O error at /secret/place")

    with connection.execute_wrapper(refuse):
        answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["ok"] is False
    assert answer.json()["checks"]["pushes"]["ok"] is True
    assert "secret" not in answer.content.decode()


def test_probes_only_read():
    for path in ("/healthz", "/readyz"):
        assert Client().post(path).status_code == 405
    assert Client().head("/healthz").status_code == 200
