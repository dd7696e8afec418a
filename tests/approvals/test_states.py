"""Every pair of states: what may follow what, in the tables and on the database."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, transaction

from approvals import decisions, queue, states
from approvals.models import Approval, Decision
from runs.models import Run
from tests.approvals.desk import decision_row

OPEN, DECIDED, CLOSED = "open", "decided", "closed"


@pytest.mark.parametrize(("old", "new"), list(itertools.product(states.State.values, repeat=2)))
def test_an_approval_leaves_open_once_and_for_good(old, new):
    assert states.may_follow(old, new) == (old == OPEN and new in {DECIDED, CLOSED})


@pytest.mark.parametrize(("old", "new"), list(itertools.product(states.Delivery.values, repeat=2)))
def test_a_delivery_goes_only_where_the_table_says(old, new):
    allowed = {
        "pending": {"sending", "refused", "recalled"},
        "sending": {"pending", "unsure", "delivered", "refused"},
        "unsure": {"pending", "delivered", "refused"},
    }
    assert states.delivery_may_follow(old, new) == (new in allowed.get(old, set()))


def test_words_that_nobody_knows_lead_nowhere():
    assert not states.may_follow("lost", OPEN)
    assert not states.delivery_may_follow("lost", "pending")


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["decide", "leave", "decide and leave", "leave and decide"])
def test_whoever_comes_first_ends_an_approval(desk, people, act):
    scripted, _, approval = desk.parked()

    def decide():
        try:
            decisions.decide(people.reviewer, approval, "resume")
        except decisions.ApprovalClosed:
            return

    def leave():
        scripted.resume("elsewhere")
        desk.follow(scripted)

    for step in act.split(" and "):
        {"decide": decide, "leave": leave}[step]()
    expected = DECIDED if act.startswith("decide") else CLOSED
    assert Approval.objects.get(pk=approval.pk).state == expected
    assert Decision.objects.filter(approval=approval).exists() == (expected == DECIDED)


@pytest.mark.django_db
@pytest.mark.parametrize("start", states.Delivery.values)
@pytest.mark.parametrize("far_state", ["parked", "resumed by us", "resumed elsewhere", "cancelled", "down"])
def test_delivering_from_every_state_ends_where_upstream_stands(desk, people, start, far_state):
    scripted, run, approval = desk.parked()
    decision = decision_row(approval, people.reviewer, delivery=start, attempts=1, sending_since_at=approval.opened_at)
    if start == "unsure":
        sent_before(decision, run)
    if far_state == "resumed by us":
        scripted.resume(f"[decision {decision.code}]")
    elif far_state == "resumed elsewhere":
        scripted.resume("theirs")
    elif far_state == "cancelled":
        scripted.finish("cancelled")
    elif far_state == "down":
        desk.far.close()
    done = desk.deliver(decision, 45)
    if far_state == "down":
        desk.far.listen()
    if start in {"delivered", "refused", "recalled"}:
        assert done.delivery == start
        assert desk.sent() == 0
    elif far_state == "down":
        assert done.delivery == {"pending": "pending", "sending": "unsure", "unsure": "unsure"}[start]
    else:
        done = desk.pursue(decision)
        arrived = {"parked": "delivered", "resumed by us": "delivered" if start != "pending" else "refused"}
        assert done.delivery == arrived.get(far_state, "refused")
        assert desk.sent() == (far_state == "parked")


def sent_before(decision, run):
    from approvals import delivery

    with transaction.atomic():
        delivery.audit.record(None, "decision.unsure", run=run, subject=f"decision {decision.code}")


@pytest.mark.django_db
@pytest.mark.parametrize("old", ["queued", "running", "awaiting_human"])
@pytest.mark.parametrize("new", ["running", "awaiting_human", "succeeded", "failed", "cancelled", "timed_out", "odd"])
def test_a_run_has_an_open_approval_exactly_while_it_is_parked(desk, old, new):
    _, run = desk.run()
    if old == "awaiting_human":
        Run.objects.filter(pk=run.pk).update(status=old)
        run.refresh_from_db()
        queue.on_status(run, "running", old, run.cursor)
    Run.objects.filter(pk=run.pk).update(status=new)
    run.refresh_from_db()
    queue.on_status(run, old, new, run.cursor + (10 if new != old else 0))
    assert Approval.objects.open().filter(run=run).count() == (new == "awaiting_human")


@pytest.mark.django_db
def test_the_database_holds_one_open_approval_a_run_and_one_decision_an_approval(desk, people):
    _, run, approval = desk.parked()
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(run=run, pause_seq=99)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(run=run, pause_seq=approval.pause_seq, state=CLOSED)
    decision_row(approval, people.reviewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        decision_row(approval, people.admin)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(state="lost")
