"""Approvals follow the pauses of runs: one each, in order of urgency, none forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals import decisions, queue, tasks
from approvals.models import Approval
from runs.models import Connection, Run
from tests.approvals.desk import newest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("times", [True, False])
def test_a_pause_opens_one_approval_whatever_order_its_events_come_in(desk, times):
    for first, second in (("status", "awaiting_human"), ("awaiting_human", "status")):
        scripted, run = desk.run(times=times)
        scripted.state["status"] = "awaiting_human"
        payloads = {"status": {"status": "awaiting_human"}, "awaiting_human": {"reason": "May I?"}}
        seq = scripted.emit(first, payloads[first])
        desk.follow(scripted)
        scripted.emit(second, payloads[second])
        desk.follow(scripted)
        approval = run.approvals.get()
        assert (approval.pause_seq, approval.reason, approval.state) == (seq, "May I?", "open")


def test_a_pause_known_by_snapshot_first_gets_its_seq_from_the_event(desk):
    scripted, run = desk.run()
    seq = scripted.pause("May I?") - 1
    desk.snapshot(scripted)
    approval = run.approvals.get()
    assert (approval.pause_seq, approval.reason) == (None, "May I?")
    desk.follow(scripted)
    desk.snapshot(scripted)
    approval = run.approvals.get()
    assert (approval.pause_seq, approval.state) == (seq, "open")


def test_a_decision_made_before_the_pause_had_its_seq_keeps_standing_for_it(desk, people):
    scripted, run = desk.run()
    scripted.pause("May I?")
    desk.snapshot(scripted)
    decision = decisions.decide(people.reviewer, run.approvals.get(), "resume")
    desk.follow(scripted)
    assert run.approvals.count() == 1
    assert desk.deliver(decision).delivery == "delivered"
    desk.follow(scripted)
    assert run.approvals.get().state == "decided"


def test_each_pause_is_its_own_approval(desk):
    scripted, run, first = desk.parked("One?")
    scripted.resume("elsewhere")
    desk.follow(scripted)
    first.refresh_from_db()
    assert (first.state, first.closed_because) == ("closed", "resumed elsewhere")
    scripted.pause("Two?")
    desk.follow(scripted)
    assert [a.reason for a in run.approvals.order_by("id")] == ["One?", "Two?"]
    assert queue.find(run).reason == "Two?"


def test_a_snapshot_that_shows_a_later_pause_closes_the_earlier_one(desk):
    scripted, run, first = desk.parked("One?")
    scripted.resume("elsewhere")
    scripted.pause("Two?")
    later = (timezone.now() + timedelta(seconds=5)).isoformat()
    scripted.state["awaiting_human_since"] = later
    scripted.log[-2:] = [(seq, kind, raw, later) for seq, kind, raw, _ in scripted.log[-2:]]
    desk.snapshot(scripted, timezone.now() + timedelta(seconds=6))
    first.refresh_from_db()
    assert first.state == "closed"
    second = queue.find(run)
    assert (second.reason, second.pause_seq) == ("Two?", None)
    desk.follow(scripted)
    assert run.approvals.count() == 2
    assert queue.find(run) == second
    second.refresh_from_db()
    assert second.pause_seq == scripted.next_seq - 2


def test_a_later_pause_is_not_taken_for_an_earlier_one_whose_log_is_silent(desk, caplog):
    scripted, run, _first = desk.parked("One?", times=False)
    start = timezone.now()
    scripted.resume("elsewhere")
    desk.snapshot(scripted, start + timedelta(seconds=5))
    scripted.pause("Two?")  # nobody reads the log: who followed it was killed
    for seconds in (10, 20):
        desk.snapshot(scripted, start + timedelta(seconds=seconds))
    second = queue.find(run)
    assert (second.reason, second.pause_seq) == ("Two?", None)
    desk.follow(scripted)
    second.refresh_from_db()
    assert (second.state, second.pause_seq) == ("open", scripted.next_seq - 2)
    assert run.approvals.count() == 2
    assert not caplog.records


@pytest.mark.parametrize(
    ("end", "because"),
    [("cancelled", "cancelled elsewhere"), ("timed_out", "the run timed out"), ("failed", "the run failed")],
)
def test_an_approval_says_why_it_was_closed(desk, end, because):
    scripted, _, approval = desk.parked()
    scripted.finish(end)
    desk.follow(scripted)
    approval.refresh_from_db()
    assert (approval.state, approval.closed_because) == ("closed", because)
    assert approval.closed_at


def test_the_most_urgent_stands_first(desk):
    made = {}
    for name, fields in {
        "old": {},
        "soon": {"awaiting_human_timeout_seconds": 60},
        "later": {"awaiting_human_timeout_seconds": 600},
        "deadline": {"deadline_seconds": 30, "awaiting_human_timeout_seconds": 600},
    }.items():
        scripted, run = desk.run()
        Run.objects.filter(pk=run.pk).update(**fields)
        scripted.pause(name)
        desk.follow(scripted)
        made[name] = newest(run)
    assert [approval.reason for approval in queue.ordered()] == ["deadline", "soon", "later", "old"]


def test_a_parked_run_that_was_forgotten_is_found_by_the_sweep(desk):
    _, run, approval = desk.parked()
    Approval.objects.all().delete()
    tasks.sweep()
    found = queue.find(run)
    assert found.reason == approval.reason
    tasks.sweep()
    assert run.approvals.count() == 1


def test_the_sweep_believes_upstream_before_it_asks_again(desk):
    scripted, run, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(state="closed")
    scripted.finish("cancelled")
    tasks.sweep()
    assert queue.find(run) is None
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_a_pause_that_was_closed_by_mistake_is_asked_again(desk):
    _, run, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(state="closed")
    tasks.sweep()
    again = queue.find(run)
    assert (again.ask, again.pause_seq) == (2, approval.pause_seq)


def test_an_approval_that_was_not_told_that_its_run_has_moved_on_is_closed_by_the_sweep(desk):
    _, run, approval = desk.parked()
    _, parked, still = desk.parked()
    Run.objects.filter(pk=run.pk).update(status="timed_out")  # as if whoever is told had failed
    tasks.sweep()
    approval.refresh_from_db()
    assert (approval.state, approval.closed_because) == ("closed", "the run timed out")
    assert queue.find(parked) == still
    later = still.pause_seq + 2
    Run.objects.filter(pk=parked.pk).update(pause_seq=later, awaiting_human_reason="Two?")
    tasks.sweep()
    still.refresh_from_db()
    assert (still.state, still.closed_because) == ("closed", "resumed elsewhere")
    assert (queue.find(parked).pause_seq, queue.find(parked).reason) == (later, "Two?")


def test_runs_of_a_connection_that_does_not_answer_stand_in_the_way_of_no_others(desk, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    down = Connection.objects.create(name="Down", slug="down", base_url="http://127.0.0.1:1/v1")
    _, run, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(state="closed")
    for n in range(4):
        silent = Run.objects.create(connection=down, upstream_id=f"down-{n}", status="awaiting_human")
        Approval.objects.create(run=silent, pause_seq=1, state="closed")
    tasks.ask_unasked()
    assert queue.find(run).ask == 2
    assert Approval.objects.open().count() == 1


def test_a_reason_is_cut_to_a_size(desk):
    _, _, approval = desk.parked("x" * 50_000)
    assert len(approval.reason) <= 20_000


def test_nothing_that_a_sweep_does_needs_upstream_to_be_up(desk, people):
    _, run, approval = desk.parked()
    decisions.decide(people.reviewer, approval, "resume")
    desk.far.close()
    tasks.sweep()
    desk.far.listen()
    assert run.approvals.count() == 1
