"""Retention and the audit log's checkpoint."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals import tasks
from approvals.models import Approval, Decision, Endorsement
from runs import audit, retention
from runs.models import AuditEntry, Event, Frame, Run

pytestmark = pytest.mark.django_db


def test_old_ended_runs_lose_events_and_frames_but_not_what_a_decision_names(make_run, settings, monkeypatch):
    settings.RETENTION_DAYS = 10
    now = timezone.now()
    told = {"task": "Pay", "result": {"summary": "Paid"}, "cost_cents": 40}
    old = make_run("succeeded", finished_at=now - timedelta(days=11), **told)
    new = make_run("succeeded", finished_at=now)
    alive = make_run("running")
    for run in (old, new, alive):
        Event.objects.bulk_create(Event(run=run, seq=n, type="x", data="{}", received_at=now) for n in range(1, 4))
        for n, digest in enumerate(("named", "other")):
            Frame.objects.create(run=run, index=n, sha256=digest, image=b"x", mime_type="image/jpeg", received_at=now)
    monkeypatch.setattr(retention, "BATCH", 2)
    with CaptureQueriesContext(database) as asked:
        assert retention.sweep(now, lambda run: ["named"]) == retention.Swept(1, 3, 1)
    deletions = [query["sql"] for query in asked if query["sql"].startswith('DELETE FROM "runs_event"')]
    assert [sql.count(",") + 1 for sql in deletions] == [2, 1], (
        "a few in each transaction, for the relay to write between"
    )
    assert retention.sweep(now, lambda run: ["named"]) == retention.Swept()
    assert [run.events.count() for run in (old, new, alive)] == [0, 3, 3]
    kept = Run.objects.get(pk=old.pk)
    assert (kept.status, kept.task, kept.result, kept.cost_cents) == ("succeeded", "Pay", {"summary": "Paid"}, 40)
    assert list(old.frames.values_list("sha256", flat=True)) == ["named"]
    assert AuditEntry.objects.filter(act="retention.swept").count() == 1


def test_every_table_that_names_a_frame_as_evidence_keeps_it(make_run, people):
    run = make_run("succeeded")
    approval = Approval.objects.create(run=run, state="decided", reason="Which?", pause_seq=4)
    naming = {
        Decision: {"code": "abcd1234", "verdict": "resume", "decided_by": people.reviewer, "seen_seq": 4},
        Endorsement: {"user": people.admin},
    }
    assert naming.keys() == {
        model for model in apps.get_models() if any("sha256" in field.name for field in model._meta.fields)
    } - {Frame}
    for model, fields in naming.items():
        model.objects.create(approval=approval, seen_frame_sha256=model.__name__, **fields)
    assert tasks.named_frames(run) == ["Decision", "Endorsement"]


def test_nothing_goes_unless_an_age_is_chosen(make_run):
    make_run("succeeded", finished_at=timezone.now() - timedelta(days=9000))
    assert retention.sweep(timezone.now(), lambda run: []) == retention.Swept()


def test_a_changed_old_entry_is_found_by_the_whole_walk_and_stays_shown(db):
    with transaction.atomic():
        for n in range(5):
            audit.record(None, "test.act", subject=str(n))
    assert audit.verify_new().seq == 5
    AuditEntry.objects.filter(seq=2).update(subject="forged")
    assert audit.standing().broken_at is None
    assert audit.verify_whole().broken_at == 2
    assert audit.standing().broken_at == audit.verify_new().broken_at == 2
