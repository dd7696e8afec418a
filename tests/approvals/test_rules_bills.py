"""Policies that speak of cost, where upstream tells of more while the run waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals import claims, decisions, recalls
from approvals.models import Applied, Approval, Decision, Policy
from approvals.rules import applying, stopping, trying
from approvals.rules.matching import fits
from tests.approvals.desk import acts_in, newest
from tests.approvals.rules_desk import case, did, policy, rule

pytestmark = pytest.mark.django_db

CAPTCHA = {"kinds": ("captcha",)}
DEAR = {**CAPTCHA, "cost_above_cents": 100}
CANCEL, RESUME, TWO = {"verdict": "cancel"}, {"verdict": "resume", "note": "Solve it"}, {"two_people": True}
ASKS = "Please solve the captcha"


@pytest.fixture
def admin(people):
    return people.admin


def look(later=0.0):
    return applying.apply_due(now=timezone.now() + timedelta(minutes=later))


def bill(desk, scripted, cents):
    """Upstream tells of more while the run waits, as a late snapshot does."""
    scripted.state["cost_cents"] = cents
    desk.snapshot(scripted)


def test_a_policy_is_put_to_a_run_again_once_its_bill_has_risen_and_once_only(desk, admin):
    policy(admin, DEAR, TWO, name="two")
    policy(admin, {**DEAR, "cost_above_cents": 200}, CANCEL, name="too dear")
    scripted, run, approval = desk.parked(ASKS)
    assert look() == 1
    assert look() == 0
    assert not did(approval)
    bill(desk, scripted, 100)
    assert look() == 1
    assert did(approval) == [("two", "did", ["people_needed"])]
    assert look() == 0
    Approval.objects.filter(pk=approval.pk).update(people_needed=1)  # people take it back, and it stays so
    bill(desk, scripted, 200)
    assert look() == 1
    assert did(approval)[1:] == [("too dear", "did", "cancel")]
    decision = Decision.objects.get(approval=approval)
    assert (decision.verdict, decision.seen_cost_cents) == ("cancel", 200)
    assert acts_in(run)[-2:] == ["approval.decided", "policy.applied"]
    bill(desk, scripted, 300)
    assert look() == 0


def test_a_bill_that_rises_while_a_run_waits_never_leads_to_a_resume(desk, admin):
    policy(admin, DEAR, RESUME)
    scripted, _, approval = desk.parked(ASKS)
    look()
    bill(desk, scripted, 150)
    assert look() == 1
    assert not did(approval)
    # Not by another look either: a policy of its own is new, and the run has asked with its smaller bill.
    policy(admin, {**DEAR, "machine": approval.run.machine_id}, RESUME, name="newer")
    assert look() == 1
    assert Approval.objects.get(pk=approval.pk).is_open


@pytest.mark.parametrize(
    ("when", "then", "fit"),
    [
        ({"cost_above_cents": 100}, RESUME, [False, False, True]),
        ({"cost_above_cents": 100}, CANCEL, [False, True, True]),
        ({"cost_below_cents": 100}, RESUME, [True, False, False]),
        ({"cost_below_cents": 100}, CANCEL, [True, False, False]),
        ({"cost_above_cents": 100}, TWO, [False, True, True]),
    ],
)
def test_a_resume_needs_a_bill_that_fits_as_it_was_and_as_it_is(when, then, fit):
    bills = [(99, 99), (99, 101), (101, 101)]
    made = rule({**CAPTCHA, **when}, then)
    found = [case(asked_cost_cents=asked, cost_cents=now) for asked, now in bills]
    assert [fits(made, one, one.opened_at) for one in found] == fit
    old = case(cost_cents=101)  # from before it was kept
    assert fits(made, old, old.opened_at) == fit[2]


def test_whoever_is_on_it_the_kill_switch_and_a_dry_run_count_as_when_the_run_asked(desk, admin, people):
    policy(admin, DEAR, CANCEL, mode="dry", name="dry")
    policy(admin, DEAR, CANCEL, name="cancels")
    (claimed_run, _, claimed), (stopped_run, _, stopped) = desk.parked(ASKS), desk.parked(ASKS)
    look()
    claim = claims.claim(people.reviewer, claimed)
    bill(desk, claimed_run, 100)
    assert look() == 1
    claimed.refresh_from_db()
    assert (claimed.is_open, claimed.rules_due_at) == (True, claim.expires_at)
    assert did(claimed) == [("dry", "stood_back", "cancel")]
    bill(desk, claimed_run, 105)  # more of it does not shorten the claim
    assert look() == 1
    claimed.refresh_from_db()
    assert (claimed.is_open, claimed.rules_due_at) == (True, claim.expires_at)
    stopping.stop(people.reviewer)
    bill(desk, stopped_run, 100)
    look()
    assert did(stopped) == [("dry", "stood_back", "cancel"), ("cancels", "stood_back", "cancel")]
    assert Approval.objects.get(pk=stopped.pk).is_open


def test_an_expired_policy_and_one_of_another_matter_do_not_look_at_bills(desk, admin):
    made = policy(admin, DEAR, CANCEL)
    other = policy(admin, CAPTCHA, TWO, name="other", mode="off")
    scripted, _, approval = desk.parked(ASKS)
    look()
    Policy.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    Policy.objects.filter(pk=other.pk).update(mode="on")
    bill(desk, scripted, 500)
    assert look() == 0
    assert not did(approval)


def test_what_is_asked_again_keeps_the_bill_with_which_the_run_asked(desk, admin, people):
    scripted, run, approval = desk.parked(ASKS)
    asked = approval.asked_cost_cents
    assert asked == run.cost_cents
    bill(desk, scripted, 100)
    decision = decisions.decide(people.reviewer, approval, "resume", hold_seconds=5)
    recalls.recall(people.reviewer, decision)
    again = newest(run)
    assert (again.ask, again.asked_cost_cents) == (2, asked)
    policy(admin, DEAR, TWO)
    policy(admin, DEAR, CANCEL, name="cancels")
    look()
    assert did(again) == [("A rule", "did", ["people_needed"]), ("cancels", "stood_back", "cancel")]


def test_a_look_that_fails_is_not_hurried_by_the_bill(desk, admin, monkeypatch):
    policy(admin, DEAR, TWO)
    scripted, _, approval = desk.parked(ASKS)
    look()
    bill(desk, scripted, 100)
    with monkeypatch.context() as broken:
        broken.setattr(applying.facts, "case", None)
        look()
    assert look() == 0
    assert Approval.objects.get(pk=approval.pk).rules_due_at > timezone.now()
    assert look(1) == 1
    assert did(approval) == [("A rule", "did", ["people_needed"])]


def test_a_try_takes_what_nobody_decided_with_the_bill_with_which_the_run_asked(desk, admin):
    scripted, run, approval = desk.parked(ASKS)
    scripted.finish("timed_out")
    desk.follow(scripted)
    bill(desk, scripted, 300)
    made = policy(admin, DEAR, CANCEL, mode="off")
    assert not trying.try_out(admin, made).counts
    assert Approval.objects.get(pk=approval.pk).asked_cost_cents < 100 < type(run).objects.get(pk=run.pk).cost_cents
    assert not Applied.objects.exists()
