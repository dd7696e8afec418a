"""A decision is held for some seconds and can be taken back until it goes out; then it is asked again."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from approvals import decisions, delivery, evidence, recalls, tasks
from approvals.errors import AlreadyDecided, NotAllowed, TooLate
from approvals.models import Approval, Decision, Policy
from runs import audit
from tests.approvals.desk import acts_in, newest, resumed_notes
from tests.approvals.test_decisions import in_the_same_instant

pytestmark = pytest.mark.django_db


def held(people, approval, verdict="resume", note="the blue one", seconds=5, **more):
    return decisions.decide(people.reviewer, approval, verdict, note, hold_seconds=seconds, **more)


def test_a_held_decision_goes_out_when_its_hold_is_over_and_not_before(desk, people):
    scripted, run, approval = desk.parked()
    decision = held(people, approval)
    for later in (0, 2, 4.5):
        assert desk.deliver(decision, later).delivery == "pending"
    assert desk.sent() == 0
    assert not delivery.due(timezone.now()).exists()
    assert desk.deliver(decision, 5.1).delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1
    assert acts_in(run) == ["approval.decided", "decision.delivered"]


def test_what_was_taken_back_is_never_sent_and_the_pause_is_asked_again_as_it_was(desk, people):
    scripted, run, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(priority=2, people_needed=1, not_starter=True)
    decision = held(people, approval)
    again = recalls.recall(people.reviewer, decision)
    assert (again.pk, again.ask, again.pause_seq) == (newest(run).pk, 2, approval.pause_seq)
    assert (again.priority, again.not_starter, again.opened_at) == (2, True, approval.opened_at)
    assert again.is_open
    assert recalls.kept_note(people.reviewer, again) == "the blue one"
    assert recalls.kept_note(people.admin, again) == ""
    for later in (0, 6, 60):
        assert desk.deliver(decision, later).delivery == "recalled"
    tasks.sweep()
    assert (desk.sent(), scripted.status, Approval.objects.count()) == (0, "awaiting_human", 2)
    assert acts_in(run) == ["approval.decided", "decision.recalled"]
    assert desk.deliver(decisions.decide(people.admin, again, "resume", "mine")).delivery == "delivered"
    assert audit.verify() == (True, None)


def test_the_key_that_undoes_is_for_what_the_page_is_about_and_never_for_a_policys_decision(desk, people):
    (_, _, mine), (_, _, other), (_, _, ruled) = desk.parked(), desk.parked(), desk.parked()
    for approval in (mine, other, ruled):
        held(people, approval)
    rule = Policy.objects.create(name="A rule")
    Decision.objects.filter(approval=ruled).update(decided_by=None, policy=rule)
    client = Client()
    client.force_login(people.reviewer)
    page = client.get(f"/approvals/{mine.pk}/").content.decode()
    undone = re.findall(r'id="undo-(\d+)" (data-key="u")?', page)
    assert undone == [(str(mine.pk), 'data-key="u"'), (str(ruled.pk), ""), (str(other.pk), 'data-key="u"')]


def test_events_that_come_after_a_recall_ask_nobody_twice(desk, people):
    scripted, run, approval = desk.parked()
    again = recalls.recall(people.reviewer, held(people, approval))
    desk.snapshot(scripted)
    scripted.emit("text", {"text": "still here"})
    desk.follow(scripted)
    assert [a.pk for a in Approval.objects.open()] == [again.pk]
    scripted.resume("elsewhere")
    desk.follow(scripted)
    assert newest(run).state == "closed"


@pytest.mark.parametrize("later", [5.01, 60])
def test_after_the_hold_it_is_too_late(desk, people, later):
    _, _, approval = desk.parked()
    decision = held(people, approval)
    with pytest.raises(TooLate):
        recalls.recall(people.reviewer, decision, now=timezone.now() + timedelta(seconds=later))
    assert desk.deliver(decision, later).delivery == "delivered"
    with pytest.raises(TooLate):
        recalls.recall(people.reviewer, decision)


def test_only_the_decider_or_an_admin_takes_it_back_and_only_once(desk, people):
    from coasty_console import roles

    _, _, approval = desk.parked()
    decision = held(people, approval)
    roles.give(people.stranger, "reviewer")
    for name in ("stranger", "operator", "viewer"):
        with pytest.raises(NotAllowed):
            recalls.recall(type(people.stranger).objects.get(username=name), decision)
    assert recalls.recall(people.admin, decision)
    with pytest.raises(TooLate):
        recalls.recall(people.reviewer, decision)
    with pytest.raises(AlreadyDecided):
        decisions.decide(people.reviewer, approval, "resume")


def test_a_decision_that_was_tried_is_not_taken_back_although_it_waits_for_its_next_try(desk, people):
    _, _, approval = desk.parked()
    decision = held(people, approval)
    desk.far.close()
    assert desk.deliver(decision, 6).delivery == "pending"
    desk.far.listen()
    decision.refresh_from_db()
    assert decision.next_try_at > timezone.now()
    with pytest.raises(TooLate, match="The time to take it back is over"):
        recalls.recall(people.reviewer, decision)


def test_a_recall_just_after_the_pause_before_was_answered_is_asked_again_at_once(desk, people):
    scripted, run, first = desk.parked("One?")
    assert desk.deliver(decisions.decide(people.reviewer, first, "resume")).delivery == "delivered"
    desk.follow(scripted)
    scripted.pause("Two?")
    desk.follow(scripted)
    again = recalls.recall(people.reviewer, held(people, run.approvals.get(state="open")))
    assert again is not None
    assert (again.reason, again.ask, again.is_open) == ("Two?", 2, True)


def test_where_little_time_is_left_nothing_is_held(desk, people):
    _, _, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(expires_at=timezone.now() + timedelta(seconds=30))
    decision = held(people, approval)
    assert not decision.is_held()
    assert desk.deliver(decision).delivery == "delivered"


def test_a_run_that_left_meanwhile_is_not_asked_about_again(desk, people):
    scripted, run, approval = desk.parked()
    decision = held(people, approval)
    scripted.finish("cancelled")
    desk.follow(scripted)
    assert recalls.recall(people.reviewer, decision) is None
    assert Approval.objects.filter(run=run).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_recall_and_a_delivery_at_once_exactly_one_wins(desk, people, monkeypatch):
    """Whoever lost the round before starts sooner in the next: so they meet ever more closely."""
    monkeypatch.setattr(evidence, "GLANCE_SECONDS", 0.02)
    rounds, lag = (52 if connection.vendor == "postgresql" else 8), 0.02
    outcomes = Counter()
    for attempt in range(rounds):
        scripted, run, approval = desk.parked()
        edge = timezone.now()
        decision = held(people, approval, seconds=30, now=edge)
        in_time = edge + timedelta(seconds=29.001 if attempt % 2 else 28.999)

        def recall(user, decision=decision, in_time=in_time, lag=lag):
            threading.Event().wait(lag)
            return recalls.recall(user, decision, now=in_time)

        deliveries = [lambda d=decision: desk.deliver(d, 31)] * 3
        results = in_the_same_instant([lambda: recall(people.reviewer), *deliveries, lambda: recall(people.admin)])
        decision.refresh_from_db()
        won = [result for result in results if isinstance(result, Approval)]
        assert sum(isinstance(result, TooLate) for result in results) == 2 - len(won), results
        assert len(won) == (decision.delivery == "recalled")
        if won:
            assert desk.deliver(decision, 600).delivery == "recalled"
            assert resumed_notes(scripted) == []
            assert Approval.objects.open().filter(run=run).count() == 1
        else:
            assert desk.pursue(decision).delivery == "delivered"
            assert len(resumed_notes(scripted)) == 1
            assert Approval.objects.filter(run=run).count() == 1
        assert acts_in(run).count("decision.recalled") == len(won)
        outcomes["recalled" if won else "sent"] += 1
        lag = lag + 0.004 if won else max(0, lag - 0.004)
    assert sum(outcomes.values()) == Decision.objects.count() == rounds
    assert rounds < 50 or min(outcomes["recalled"], outcomes["sent"]) > 5, outcomes
    assert audit.verify() == (True, None)


def signed_in(name):
    client = Client()
    client.force_login(User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
    return client


def test_on_the_pages_a_decision_is_held_can_be_undone_and_leads_back_with_its_note(desk, people, settings):
    settings.DECISION_HOLD_SECONDS = 5
    _, run, approval = desk.parked("Is it right?")
    client = signed_in("reviewer")
    client.post(f"/approvals/{approval.pk}/decide/", {"verdict": "resume", "note": "kept words"})
    page = client.get(f"/approvals/{approval.pk}/").content.decode()
    assert "goes out in" in page
    assert f'hx-post="/approvals/{approval.pk}/recall/"' in page
    assert "data-now" in client.get("/approvals/").content.decode()
    assert "data-now" not in signed_in("viewer").get(f"/approvals/{approval.pk}/").content.decode()
    answer = client.post(f"/approvals/{approval.pk}/recall/", headers={"HX-Request": "true"})
    again = newest(run)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, f"/approvals/{again.pk}/")
    assert "kept words</textarea>" in client.get(f"/approvals/{again.pk}/").content.decode()
    late = client.post(f"/approvals/{approval.pk}/recall/", headers={"HX-Request": "true"})
    assert late.status_code == 409
    assert "taken back already" in late.content.decode()
    assert "nothing went out" in client.get(f"/approvals/{approval.pk}/").content.decode()


def test_a_hint_is_timed_to_the_end_of_a_hold_that_a_restart_has_lost(desk, people):
    _, _, approval = desk.parked()
    decision = held(people, approval, seconds=4)
    soon = delivery.due_within(timezone.now(), timedelta(seconds=5))
    assert [d.pk for d in soon] == [decision.pk]
    assert not delivery.due_within(timezone.now(), timedelta(seconds=3)).exists()
