"""Every pair of states, by event and by snapshot, on the database."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from runs import ingest, states
from runs.states import Status

PAIRS = list(product(Status.values, Status.values))
ALLOWED = {
    ("queued", "running"), ("queued", "awaiting_human"), ("running", "awaiting_human"), ("awaiting_human", "running"),
    *product(("queued", "running", "awaiting_human"), ("succeeded", "failed", "cancelled", "timed_out")),
}  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_an_event_moves_a_run_only_as_the_table_allows(old, new, make_run, arrived):
    run = make_run(old)
    ingest.take_events([arrived(run, 1, "status", json.dumps({"status": new}))])
    run.refresh_from_db()
    assert run.status == (new if (old, new) in ALLOWED else old)
    assert run.cursor == 1, "the event is stored whatever it says"


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_snapshot_moves_a_run_only_as_the_table_allows(old, new, make_run):
    run = make_run(old, status_at=timezone.now() - timedelta(minutes=1))
    ingest.take_snapshot(run.connection, {"id": run.upstream_id, "status": new}, asked_at=timezone.now())
    run.refresh_from_db()
    assert run.status == (new if (old, new) in ALLOWED else old)


@pytest.mark.parametrize("old", sorted(states.TERMINAL))
@pytest.mark.parametrize("kind", ["resumed", "awaiting_human", "step", "done", "status"])
def test_nothing_moves_a_run_that_has_ended(old, kind, make_run, arrived):
    run = make_run(old)
    ingest.take_events([arrived(run, 1, kind, '{"status": "running", "reason": "late", "steps_completed": 4}')])
    run.refresh_from_db()
    assert (run.status, run.awaiting_human_reason) == (old, "")


@pytest.mark.parametrize("old", ["queued", "running", "awaiting_human"])
def test_a_status_that_nobody_knows_is_stored_raw_and_left_again(old, make_run, arrived):
    run = make_run(old)
    ingest.take_events([arrived(run, 1, "status", '{"status": "hibernating"}')])
    run.refresh_from_db()
    assert run.status == "hibernating"
    ingest.take_events([arrived(run, 2, "status", '{"status": "running"}')])
    run.refresh_from_db()
    assert run.status == "running"
    ingest.take_events([arrived(run, 3, "done", '{"status": "failed"}')])
    run.refresh_from_db()
    assert run.status == "failed"
