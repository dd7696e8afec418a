"""Starting and cancelling: once upstream, mirrored, audited, and honest about lost answers."""

from __future__ import annotations

import pytest

from coasty_api import errors
from runs import audit, control
from runs.models import AuditEntry, Run

pytestmark = pytest.mark.django_db


def acts():
    return list(AuditEntry.objects.order_by("seq").values_list("act", "actor_name"))


def test_a_started_run_is_mirrored_with_what_upstream_never_tells_again(upstream, connection, people):
    fields = {"task": "Look", "max_steps": 7, "awaiting_human_timeout_seconds": 60, "deadline_seconds": 600}
    run = control.start(people.operator, fields)
    sent = upstream.runs[run.upstream_id].fields
    assert sent["cua_version"] == "v3", "a default that moves upstream must not change the price"
    assert sent["machine_id"] == run.machine_id == upstream.machines[0]["id"]
    assert (run.started_by, run.status, run.max_steps) == (people.operator, "queued", 7)
    assert (run.awaiting_human_timeout_seconds, run.deadline_seconds) == (60, 600)
    assert acts() == [("run.started", "operator")]


def test_the_same_key_starts_one_run_and_one_audit_entry(upstream, connection, people):
    first = control.start(people.operator, {"task": "Look"}, "same-key")
    second = control.start(people.operator, {"task": "Look"}, "same-key")
    assert first == second
    assert len(upstream.runs) == Run.objects.count() == len(acts()) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(upstream, connection, people):
    upstream.fail("POST", "/runs", lose="after")
    run = control.start(people.operator, {"task": "Look"})
    assert list(upstream.runs) == [run.upstream_id]
    keys = {headers["idempotency-key"] for method, _, headers in upstream.requests if method == "POST"}
    assert len(keys) == 1


def test_an_answer_that_stays_lost_is_told(upstream, connection, people):
    upstream.fail("POST", "/runs", lose="before", times=5)
    with pytest.raises(errors.Lost):
        control.start(people.operator, {"task": "Look"})
    assert acts() == []


def test_what_upstream_refuses_is_told_and_nothing_is_kept(upstream, connection, people):
    with pytest.raises(errors.Invalid):
        control.start(people.operator, {"task": ""})
    with pytest.raises(errors.NotFound):
        control.start(people.operator, {"task": "Look", "machine_id": "nowhere"})
    upstream.machines.clear()
    with pytest.raises(errors.Conflict, match="No machine"):
        control.start(people.operator, {"task": "Look"})
    assert (Run.objects.count(), acts()) == (0, [])


def test_a_cancelled_run_is_cancelled_upstream_once(upstream, connection, people):
    run = control.start(people.operator, {"task": "Look"})
    assert control.cancel(people.operator, run).status == "cancelled"
    assert upstream.count("POST", "/cancel") == 1
    assert acts()[-1] == ("run.cancelled", "operator")


def test_a_run_that_ended_by_itself_is_not_called_cancelled(upstream, connection, people):
    run = control.start(people.operator, {"task": "Look"})
    upstream.runs[run.upstream_id].finish("succeeded")
    with pytest.raises(errors.Conflict):
        control.cancel(people.operator, run)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert [act for act, _ in acts()] == ["run.started"]


@pytest.mark.parametrize(("lose", "status"), [("after", "cancelled"), ("before", "queued")])
def test_a_lost_cancel_is_looked_up_and_not_repeated(lose, status, upstream, connection, people):
    run = control.start(people.operator, {"task": "Look"})
    upstream.fail("POST", "/cancel", lose=lose)
    if lose == "before":
        with pytest.raises(errors.Lost):
            control.cancel(people.operator, run)
    else:
        control.cancel(people.operator, run)
    run.refresh_from_db()
    assert run.status == status
    assert upstream.count("POST", "/cancel") == 1


def test_the_chain_of_audit_entries_shows_any_change(upstream, connection, people):
    for n in range(4):
        control.start(people.operator, {"task": f"Look {n}"})
    assert audit.verify() == (True, None)
    AuditEntry.objects.filter(seq=2).update(detail={"task": "Something else"})
    assert audit.verify() == (False, 2)
    AuditEntry.objects.filter(seq=2).delete()
    assert audit.verify() == (False, 2)


@pytest.mark.django_db(transaction=True)
def test_an_audit_entry_needs_a_transaction_and_never_changes(people):
    from django.db import transaction

    with pytest.raises(RuntimeError):
        audit.record(people.admin, "person.added")
    with transaction.atomic():
        entry = audit.record(people.admin, "person.added", subject="x", role="viewer")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    people.admin.delete()
    assert audit.verify() == (True, None), "the record outlives the account"


def test_a_password_in_the_task_goes_upstream_but_not_into_the_audit_log(upstream, connection, people):
    task = "sign in as ada@example.com with password lovelace"
    run = control.start(people.operator, {"task": task})
    assert upstream.runs[run.upstream_id].fields["task"] == task
    assert "lovelace" not in str(AuditEntry.objects.get(act="run.started").detail)
