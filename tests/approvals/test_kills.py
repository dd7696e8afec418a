"""A process that dies at any instruction of deciding and delivering: nothing is lost, nothing is done twice."""

from __future__ import annotations

import pytest
from django.db import connection

from approvals import decisions
from approvals.models import Approval, Decision
from runs import audit
from tests.approvals.desk import acts_in, resumed_notes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LONG_ENOUGH = (0, 20, 40, 60)


class Killed(BaseException):
    """The process is gone: nothing that catches errors catches this."""


def die_at(statement, work):
    """Do the work and die just before its n-th statement; whether there were so many."""
    seen = 0

    def count(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen > statement:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        try:
            work()
        except Killed:
            return True
    return False


@pytest.mark.parametrize(
    ("verdict", "trouble"),
    [("resume", "none"), ("resume", "lost before"), ("resume", "lost after"), ("cancel", "lost before")],
)
def test_a_delivery_killed_at_any_statement_is_finished_by_the_next_worker(desk, people, verdict, trouble):
    statement, was_killed = 0, True
    while was_killed:
        scripted, run, approval = desk.parked()
        decision = decisions.decide(people.reviewer, approval, verdict, "go")
        if trouble != "none":
            desk.far.fail("POST", f"/{scripted.id}/{verdict}$", lose=trouble.split()[1])
        was_killed = die_at(statement, lambda d=decision: desk.deliver(d))
        for later in LONG_ENOUGH:
            decision = desk.deliver(decision, later)
        assert decision.delivery == "delivered", (statement, decision.delivery_detail)
        done = {"resume": len(resumed_notes(scripted)), "cancel": int(scripted.status == "cancelled")}
        assert done[verdict] == 1, statement
        assert [act for act in acts_in(run) if act != "decision.unsure"] == ["approval.decided", "decision.delivered"]
        statement += 1
    assert statement > 5
    assert audit.verify() == (True, None)


def test_a_decision_killed_at_any_statement_is_whole_or_not_there(desk, people):
    statement, was_killed = 0, True
    while was_killed:
        _, run, approval = desk.parked()
        was_killed = die_at(statement, lambda a=approval: decisions.decide(people.reviewer, a, "resume"))
        is_decided = Approval.objects.get(pk=approval.pk).state == "decided"
        assert Decision.objects.filter(approval=approval).exists() == is_decided
        assert acts_in(run) == (["approval.decided"] if is_decided else [])
        statement += 1
    assert is_decided
    assert statement > 5
