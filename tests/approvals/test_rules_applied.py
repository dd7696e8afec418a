"""Policies at work on what waits: in order, once, on the record, and never beyond their bounds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models.signals import post_save
from django.utils import timezone

from approvals import claims, decisions, errors, recalls, takeovers
from approvals.models import Applied, Approval, Decision, Policy
from approvals.rules import applying, editing, stopping, trying
from approvals.rules.shape import Then, When
from runs import audit
from runs.models import AuditEntry, Run
from tests.approvals.desk import acts_in, newest
from tests.approvals.rules_desk import did, policy
from tests.approvals.test_decisions import in_the_same_instant

CAPTCHA = {"kinds": ("captcha",)}
RESUME = {"verdict": "resume", "note": "Solve it"}
ASKS = "Please solve the captcha"

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(people):
    return people.admin


def look(later=0.0):
    return applying.apply_due(now=timezone.now() + timedelta(minutes=later))


def test_a_policy_decides_on_the_facts_before_it_and_says_so_everywhere(desk, admin, people, client):
    made = policy(admin, CAPTCHA, RESUME, name="Captchas")
    scripted, run, approval = desk.parked(ASKS)
    look()
    decision = Decision.objects.get(approval=approval)
    assert (decision.verdict, decision.note, decision.policy, decision.decided_by) == ("resume", "Solve it", made, None)
    assert (decision.seen_seq, decision.seen_reason) == (run.cursor, ASKS)
    assert (decision.seen_cost_cents, decision.decider) == (run.cost_cents, "policy “Captchas”")
    assert acts_in(run)[-2:] == ["approval.decided", "policy.applied"]
    assert set(AuditEntry.objects.filter(run=run).values_list("actor_name", flat=True)) == {"policy “Captchas”"}
    client.force_login(people.viewer)
    assert "policy “Captchas” decided" in client.get(f"/approvals/{approval.pk}/").content.decode()
    assert "policy “Captchas”" in client.get("/approvals/").content.decode()
    told = client.get(f"/api/approvals/{approval.pk}").json()["decision"]
    assert (told["decided_by"], told["policy_id"]) == ("policy “Captchas”", made.pk)
    with pytest.raises(errors.AlreadyDecided, match="policy “Captchas” decided this already"):
        decisions.decide(people.reviewer, approval, "cancel")
    desk.pursue(decision)
    assert scripted.status == "running"
    assert audit.verify() == (True, None)


def test_an_approval_is_due_from_its_opening_and_hinted_after_the_transaction(
    desk, admin, django_capture_on_commit_callbacks
):
    policy(admin, CAPTCHA, RESUME)
    with django_capture_on_commit_callbacks() as hints:
        _, _, approval = desk.parked(ASKS)
    assert "approvals.rules.asking" in {getattr(hint, "__module__", "") for hint in hints}
    assert approval.rules_due_at <= timezone.now()
    assert applying.apply_to(approval.pk)
    assert not applying.apply_to(approval.pk)
    assert Decision.objects.filter(approval=approval).count() == 1


def test_the_first_that_decides_wins_and_what_people_must_do_accumulates(desk, admin, people):
    policy(admin, CAPTCHA, {"verdict": "cancel"}, name="first")
    policy(admin, {**CAPTCHA, "machine": "mch_test_00000001"}, RESUME, name="second")
    _, _, approval = desk.parked(ASKS)
    look()
    assert did(approval) == [("first", "did", "cancel")]
    editing.move(admin, Policy.objects.get(name="second"), up=True)
    _, _, approval = desk.parked(ASKS)
    look()
    assert did(approval) == [("second", "did", "resume")]
    policy(admin, CAPTCHA, {"route_to": people.reviewer.pk, "due_minutes": 60, "priority": 5}, name="third")
    policy(admin, CAPTCHA, {"two_people": True, "due_minutes": 30, "escalate": True}, name="fourth")
    _, _, approval = desk.parked(ASKS)
    look()
    approval.refresh_from_db()
    assert (approval.people_needed, approval.routed_to, approval.priority) == (2, people.reviewer, applying.ESCALATED)
    assert approval.due_at == approval.opened_at + timedelta(minutes=30)
    assert approval.escalated_at
    assert did(approval)[2:] == [("second", "stood_back", "resume")]
    assert approval.is_open
    assert "policy.stood_back" in acts_in(approval.run)


def test_what_a_policy_set_is_set_once_and_people_may_change_it(desk, admin, people):
    policy(admin, CAPTCHA, {"route_to": people.reviewer.pk, "priority": 5})
    _, _, approval = desk.parked(ASKS)
    look()
    Approval.objects.filter(pk=approval.pk).update(routed_to=None, priority=0, rules_due_at=timezone.now())
    look()
    approval.refresh_from_db()
    assert (approval.routed_to, approval.priority, Applied.objects.count()) == (None, 0, 1)


def test_a_route_to_somebody_who_may_not_answer_leads_nowhere(desk, admin, people):
    policy(admin, CAPTCHA, {"route_to": people.viewer.pk})
    _, _, approval = desk.parked(ASKS)
    look()
    approval.refresh_from_db()
    assert approval.routed_to is None


def test_waiting_longer_acts_when_its_time_has_come_and_not_before(desk, admin, people):
    policy(admin, {**CAPTCHA, "waits_minutes": 10}, {"route_to": people.reviewer.pk}, name="route")
    policy(admin, {**CAPTCHA, "waits_minutes": 60}, {"verdict": "cancel"}, name="give up")
    scripted, _, approval = desk.parked(ASKS)
    look()
    approval.refresh_from_db()
    assert abs(approval.rules_due_at - approval.opened_at - timedelta(minutes=10)) < timedelta(seconds=1)
    assert not look(9)
    assert look(10.1) == 1
    assert did(approval) == [("route", "did", ["routed_to_id"])]
    assert not look(59)
    look(60.1)
    assert did(approval)[1:] == [("give up", "did", "cancel")]
    desk.deliver(Decision.objects.get(), later=61 * 60)
    assert scripted.status == "cancelled"


def test_no_time_that_passes_ever_leads_to_a_resume(desk, admin):
    for late in ({"waits_minutes": 1}, {"left_minutes": 5}):
        with pytest.raises(errors.Invalid, match="A time-out never approves"):
            policy(admin, {**CAPTCHA, **late}, RESUME)
    _, _, approval = desk.parked(ASKS)
    made = policy(admin, CAPTCHA, RESUME)
    # Even a row that was changed past the form does nothing after the claim of a person has lapsed.
    claims.claim(admin, approval)
    look()
    assert did(approval) == [("A rule", "stood_back", "resume")]
    editing.switch(admin, made, "off", version=made.version)
    editing.switch(admin, made, "on", version=made.version)
    look(60 * 24)
    assert Approval.objects.get(pk=approval.pk).is_open


def test_a_claim_or_a_takeover_holds_up_every_policy_that_decides(desk, admin, people):
    policy(admin, CAPTCHA, {"verdict": "cancel"})
    _, _, approval = desk.parked(ASKS)
    driven, other = desk.parked(ASKS)[1:]
    claim = claims.claim(people.reviewer, approval)
    takeover = takeovers.begin(people.operator, driven)
    look()
    assert not Decision.objects.exists()
    approval.refresh_from_db()
    other.refresh_from_db()
    assert (approval.rules_due_at, other.rules_due_at) == (claim.expires_at, takeover.expires_at)
    look(60)
    assert Decision.objects.count() == 2


def test_a_dry_run_tells_and_changes_nothing(desk, admin):
    policy(admin, CAPTCHA, RESUME, mode="dry", name="dry")
    policy(admin, CAPTCHA, {"two_people": True}, mode="dry", name="dry two")
    _, run, approval = desk.parked(ASKS)
    look()
    look(60)
    approval.refresh_from_db()
    assert (approval.is_open, approval.people_needed) == (True, 1)
    assert did(approval) == [("dry two", "would", ["people_needed"]), ("dry", "would", "resume")]
    assert acts_in(run) == ["policy.would_have", "policy.would_have"]


def test_an_expired_policy_does_nothing_and_is_not_switched_on_again(desk, admin):
    made = policy(admin, CAPTCHA, RESUME, days=1)
    Policy.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    _, _, approval = desk.parked(ASKS)
    look()
    assert not did(approval)
    editing.switch(admin, made, "off", version=made.version)
    with pytest.raises(errors.Invalid, match="expired"):
        editing.switch(admin, made, "on", version=made.version)


def test_a_policy_that_decides_has_an_end_also_for_the_database(admin):
    draft = editing.Draft("x", When(**CAPTCHA), Then(**RESUME))
    with pytest.raises(errors.Invalid, match="must have an end"):
        editing.create(admin, draft)
    made = policy(admin, CAPTCHA, RESUME)
    with pytest.raises(IntegrityError):
        Policy.objects.filter(pk=made.pk).update(expires_at=None)


def test_the_kill_switch_stops_all_that_decide_and_leaves_what_opened_meanwhile_to_people(desk, admin, people):
    policy(admin, CAPTCHA, RESUME, name="decides")
    policy(admin, CAPTCHA, {"due_minutes": 5}, name="sets")
    with pytest.raises(errors.NotAllowed):
        stopping.stop(people.operator)
    stopping.stop(people.reviewer, "odd decisions")
    _, _, approval = desk.parked(ASKS)
    look()
    assert did(approval) == [("sets", "did", ["due_at"]), ("decides", "stood_back", "resume")]
    with pytest.raises(errors.NotAllowed):
        stopping.allow_again(people.reviewer)
    assert stopping.allow_again(admin)
    look(1)
    assert Approval.objects.get(pk=approval.pk).is_open
    _, _, later = desk.parked(ASKS)
    look()
    assert not Approval.objects.get(pk=later.pk).is_open
    acts = AuditEntry.objects.filter(act__startswith="policies.").order_by("seq").values_list("act", "actor_name")
    assert list(acts) == [("policies.stopped", "reviewer"), ("policies.allowed_again", "admin")]


def test_what_a_policy_decided_is_held_and_any_reviewer_or_the_kill_switch_takes_it_back(desk, admin, people, settings):
    settings.DECISION_HOLD_SECONDS = 5
    policy(admin, CAPTCHA, RESUME)
    scripted, run, _ = desk.parked(ASKS)
    other_run = desk.parked(ASKS)[1]
    look()
    first, second = Decision.objects.order_by("id")
    assert first.is_held()
    with pytest.raises(errors.NotAllowed):
        recalls.recall(people.operator, first)
    again = recalls.recall(people.reviewer, first)
    assert stopping.stop(people.reviewer) == 1
    second.refresh_from_db()
    assert second.delivery == "recalled"
    assert stopping.allow_again(admin)
    look(1)
    assert did(again) == [("A rule", "stood_back", "resume")]
    assert did(newest(other_run)) == [("A rule", "stood_back", "resume")]
    assert desk.sent() == 0
    assert scripted.status == "awaiting_human"
    assert run.approvals.count() == 2


def test_a_policy_decides_so_often_in_one_run_and_no_more(desk, admin):
    policy(admin, CAPTCHA, RESUME, per_run=2)
    scripted, run, _ = desk.parked(ASKS)
    for _round in range(3):
        look()
        if (decision := Decision.objects.filter(approval=newest(run)).first()) is None:
            break
        desk.pursue(decision)
        desk.follow(scripted)
        scripted.pause(ASKS)
        desk.follow(scripted)
    assert Decision.objects.count() == 2
    assert did(newest(run)) == [("A rule", "stood_back", "resume")]
    assert Applied.objects.get(outcome="stood_back").why == "It has decided 2 times in this run."


def test_a_decision_that_upstream_refused_goes_to_people(desk, admin):
    from approvals import queue
    from tests.approvals.desk import decision_row

    _, run, approval = desk.parked(ASKS)
    decision_row(approval, admin, delivery="refused")
    again = queue.ask_again(run)
    policy(admin, CAPTCHA, RESUME)
    look()
    assert again.ask == 2
    assert did(again) == [("A rule", "stood_back", "resume")]


def test_a_run_that_has_moved_is_not_decided_and_is_looked_at_again(desk, admin):
    policy(admin, CAPTCHA, RESUME)
    _, run, approval = desk.parked(ASKS)
    Run.objects.filter(pk=run.pk).update(status="running")
    look()
    approval.refresh_from_db()
    assert approval.is_open
    assert not did(approval)
    assert approval.rules_due_at > timezone.now()


def test_a_new_reason_is_looked_at_anew(desk, admin):
    policy(admin, CAPTCHA, RESUME)
    scripted, _, approval = desk.parked("Which of the two?")
    look()
    assert Approval.objects.get(pk=approval.pk).rules_due_at is None
    scripted.emit("awaiting_human", {"reason": ASKS})
    desk.follow(scripted)
    approval.refresh_from_db()
    assert approval.reason == ASKS
    assert look() == 1
    assert did(approval) == [("A rule", "did", "resume")]


def test_a_changed_policy_that_decides_is_off_until_it_was_tried_again(admin):
    made = policy(admin, CAPTCHA, RESUME)
    draft = editing.Draft(made.name, When(**CAPTCHA), Then(verdict="fail"), 3, made.expires_at)
    assert editing.change(admin, made, draft, version=1)
    made.refresh_from_db()
    assert (made.mode, made.version) == ("off", 2)
    with pytest.raises(errors.NotTried):
        editing.switch(admin, made, "on", version=2)
    with pytest.raises(errors.PolicyMoved):
        editing.change(admin, made, draft, version=1)
    assert not editing.change(admin, made, draft, version=2)


def test_only_an_admin_writes_policies_and_each_act_is_on_the_record(admin, people):
    made = policy(admin, CAPTCHA, RESUME)
    acts = (
        lambda user: editing.switch(user, made, "off", version=1),
        lambda user: editing.remove(user, made),
        lambda user: editing.move(user, made, up=True),
        lambda user: trying.try_out(user, made),
        lambda user: policy(user, CAPTCHA, RESUME),
    )
    for user in (people.viewer, people.operator, people.reviewer):
        for act in acts:
            with pytest.raises(errors.NotAllowed):
                act(user)
    editing.remove(admin, made)
    acts = list(AuditEntry.objects.order_by("seq").values_list("act", flat=True))
    assert acts == ["policy.created", "policy.tried", "policy.switched", "policy.removed"]
    assert AuditEntry.objects.first().detail["sentence"].startswith("When a captcha waits, resume it")


def test_a_row_that_nobody_can_read_stops_no_other(desk, admin):
    broken = policy(admin, CAPTCHA, RESUME, name="broken")
    Policy.objects.filter(pk=broken.pk).update(when={"code": "import os"})
    policy(admin, CAPTCHA, {"two_people": True}, name="sound")
    _, _, approval = desk.parked(ASKS)
    look()
    assert did(approval) == [("sound", "did", ["people_needed"])]


@pytest.mark.django_db(transaction=True)
def test_a_policy_and_people_who_come_at_once_make_one_decision(desk, admin, people):
    policy(admin, CAPTCHA, {"verdict": "cancel"})
    found = [desk.parked(ASKS)[2] for _ in range(3)]
    calls = [lambda a=a: applying.apply_to(a.pk) for a in found for _ in range(3)]
    calls += [lambda a=a: decisions.decide(people.reviewer, a, "fail") for a in found]
    in_the_same_instant(calls)
    assert Decision.objects.count() == 3
    assert Applied.objects.count() == Decision.objects.filter(decided_by=None).count()
    assert audit.verify() == (True, None)


def test_a_policy_that_is_switched_off_while_a_sweep_is_at_it_decides_nothing_more(desk, admin):
    made = policy(admin, CAPTCHA, RESUME)
    approvals = [desk.parked(ASKS)[2] for _ in range(2)]

    def switch_off(sender, instance, **_):
        post_save.disconnect(switch_off, sender=Applied)
        editing.switch(admin, made, "off", version=made.version)

    post_save.connect(switch_off, sender=Applied)
    look()
    look()
    assert [Decision.objects.filter(approval=one).count() for one in approvals] == [1, 0]
