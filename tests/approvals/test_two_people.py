"""Where a resume needs several people it goes out when enough different ones agree on the facts as they are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from approvals import decisions, endorsements, errors, recalls
from approvals.models import Approval, Decision, Endorsement
from coasty_console import roles
from runs.models import Run, SecretNote
from tests.approvals.desk import acts_in, newest, resumed_notes
from tests.approvals.test_decisions import in_the_same_instant

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(desk, people):
    """An approval that two people must resume."""
    scripted, run, approval = desk.parked("Pay 10?")
    Approval.objects.filter(pk=approval.pk).update(people_needed=2)
    approval.refresh_from_db()
    return scripted, run, approval


def agree(who, approval, note="", **more):
    return decisions.decide(who, approval, "resume", note, **more)


def test_the_first_yes_decides_nothing_and_the_second_persons_does(desk, people, asked):
    scripted, run, approval = asked
    first = agree(people.reviewer, approval, "looks right")
    assert isinstance(first, Endorsement)
    assert Approval.objects.get(pk=approval.pk).is_open
    assert not Decision.objects.exists()
    again = agree(people.reviewer, approval, "looks right indeed")
    assert isinstance(again, Endorsement)
    assert [e.note for e in endorsements.shown(approval)] == ["looks right indeed"]
    decision = agree(people.admin, approval)
    assert isinstance(decision, Decision)
    assert desk.deliver(decision).delivery == "delivered"
    assert resumed_notes(scripted) == [f"looks right indeed [decision {decision.code}]"]
    assert acts_in(run) == ["approval.endorsed"] * 3 + ["approval.decided", "decision.delivered"]


@pytest.mark.parametrize("verdict", ["fail", "cancel"])
def test_one_person_is_enough_to_end_it(people, asked, verdict):
    agree(people.reviewer, asked[2])
    assert isinstance(decisions.decide(people.admin, asked[2], verdict), Decision)


def test_a_yes_lapses_when_the_facts_move(people, asked):
    _, run, approval = asked
    agree(people.reviewer, approval)
    Approval.objects.filter(pk=approval.pk).update(reason="Pay 10,000?")
    approval.refresh_from_db()
    assert endorsements.shown(approval) == []
    assert isinstance(agree(people.admin, approval), Endorsement)
    lapsed = Endorsement.objects.get(user=people.reviewer)
    assert "what the agent says has changed" in lapsed.lapsed_because
    assert "endorsement.lapsed" in acts_in(run)
    assert isinstance(agree(people.reviewer, approval), Decision)


def test_a_call_repeated_with_its_key_is_the_same_yes(people, asked):
    first = agree(people.reviewer, asked[2], idempotency_key="a")
    assert agree(people.reviewer, asked[2], idempotency_key="a").pk == first.pk
    assert Endorsement.objects.count() == 1
    with pytest.raises(errors.YesKeyReused):
        agree(people.reviewer, asked[2], "another note", idempotency_key="a")
    assert Endorsement.objects.get() == first


def test_whoever_says_the_last_yes_without_a_note_may_tell_it_again(people, asked):
    agree(people.reviewer, asked[2], "use the blue one")
    last = agree(people.admin, asked[2], idempotency_key="a")
    assert (last.note, agree(people.admin, asked[2], idempotency_key="a")) == ("use the blue one", last)
    with pytest.raises(errors.KeyReused):
        agree(people.admin, asked[2], "use the red one", idempotency_key="a")


def test_what_was_taken_back_is_asked_of_both_again(people, asked):
    agree(people.reviewer, asked[2])
    decision = agree(people.admin, asked[2], hold_seconds=5)
    again = recalls.recall(people.admin, decision)
    assert again.people_needed == 2
    assert isinstance(agree(people.admin, again), Endorsement)


def test_a_secret_that_the_first_one_gave_goes_out_once_and_is_forgotten(desk, people, asked):
    scripted, _, approval = asked
    agree(people.reviewer, approval, "the code is", secret="482913")
    decision = agree(people.admin, approval)
    assert decision.note == "the code is ••••••••"
    assert desk.deliver(decision).delivery == "delivered"
    assert resumed_notes(scripted) == [f"the code is 482913 [decision {decision.code}]"]
    assert not SecretNote.objects.exclude(sealed="").exists()


def test_a_yes_can_be_taken_back(people, asked):
    agree(people.reviewer, asked[2])
    assert endorsements.withdraw(people.reviewer, asked[2])
    assert not endorsements.withdraw(people.reviewer, asked[2])
    assert isinstance(agree(people.admin, asked[2]), Endorsement)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_agree_at_once_the_last_one_needed_decides(desk, people):
    crowd = [User.objects.create_user(f"r{n}") for n in range(6)]
    for one in crowd:
        roles.give(one, "reviewer")
    _, run, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(people_needed=3)
    approval.refresh_from_db()
    results = in_the_same_instant([lambda u=u: agree(u, approval) for u in crowd])
    kinds = sorted(type(r).__name__ for r in results)
    assert kinds == ["AlreadyDecided"] * 3 + ["Decision"] + ["Endorsement"] * 2
    assert newest(run).state == "decided"


def test_whoever_started_the_run_does_not_resume_it_where_that_is_asked(desk, people):
    _, run, approval = desk.parked()
    Run.objects.filter(pk=run.pk).update(started_by=people.reviewer)
    Approval.objects.filter(pk=approval.pk).update(not_starter=True)
    seen_before = Approval.objects.select_related("run").get(pk=approval.pk)
    with pytest.raises(decisions.NotAllowed) as refused:
        decisions.decide(people.reviewer, approval, "resume")  # whose row says nothing of it yet
    assert "somebody else" in refused.value.message
    with pytest.raises(decisions.NotAllowed):
        decisions.decide(people.reviewer, seen_before, "resume")
    assert newest(run).is_open
    assert decisions.decide(people.reviewer, seen_before, "cancel")


def lose_role(person, _run, _approval):
    roles.give(person, "viewer")


def lose_account(person, _run, _approval):
    User.objects.filter(pk=person.pk).update(is_active=False)


def be_the_starter(person, run, approval):
    """A policy asks for somebody else than the starter, who has agreed already."""
    Run.objects.filter(pk=run.pk).update(started_by=person)
    Approval.objects.filter(pk=approval.pk).update(not_starter=True)


@pytest.mark.parametrize("change", [lose_role, lose_account, be_the_starter])
def test_the_yes_of_somebody_who_may_not_say_it_any_more_counts_for_nothing(people, asked, change):
    _, run, approval = asked
    agree(people.reviewer, approval)
    change(people.reviewer, run, approval)
    approval = Approval.objects.select_related("run").get(pk=approval.pk)
    assert endorsements.shown(approval) == []
    assert isinstance(agree(people.admin, approval), Endorsement)
    assert not Decision.objects.exists()
    assert "may not say resume" in Endorsement.objects.get(user=people.reviewer).lapsed_because


@pytest.mark.parametrize("end", ["fail", "cancel", "elsewhere"])
def test_a_secret_of_the_first_one_is_forgotten_when_the_pause_ends_otherwise(desk, people, asked, end):
    scripted, _, approval = asked
    agree(people.reviewer, approval, "the code is", secret="482913")
    assert SecretNote.objects.exclude(sealed="").exists()
    if end == "elsewhere":
        scripted.resume("by somebody else")
        desk.follow(scripted)
    else:
        decisions.decide(people.admin, approval, end)
    assert not newest(approval.run).is_open
    assert not SecretNote.objects.exclude(sealed="").exists()


def test_a_yes_told_again_after_the_last_one_is_answered_as_before(people, asked):
    first = agree(people.reviewer, asked[2], idempotency_key="a")
    agree(people.admin, asked[2], idempotency_key="a")
    assert agree(people.reviewer, asked[2], idempotency_key="a") == first
    with pytest.raises(decisions.AlreadyDecided):
        agree(people.reviewer, asked[2], idempotency_key="b")


def test_a_page_decides_for_nobody_but_whom_it_was_drawn_for(client, people, asked):
    address = f"/approvals/{asked[2].pk}/"
    client.force_login(people.reviewer)
    assert f'data-person="{people.reviewer.pk}"' in client.get(address).content.decode()
    drawn = {"HX-Request": "true", "Drawn-For": str(people.reviewer.pk)}
    client.force_login(people.admin)  # in another tab of the same browser
    for act in ("decide", "withdraw", "claim", "recall"):
        assert client.post(f"{address}{act}/", {"verdict": "cancel"}, headers=drawn).status_code == 412
    assert Approval.objects.get(pk=asked[2].pk).is_open
    client.force_login(people.reviewer)
    assert client.post(f"{address}decide/", {"verdict": "cancel"}, headers=drawn).status_code == 200


def test_whoever_leaves_the_note_to_the_others_is_held_to_the_one_on_their_screen(desk, people, asked):
    scripted, _run, approval = asked
    agree(people.reviewer, approval, "the blue one")
    with pytest.raises(decisions.RunMoved):
        agree(people.admin, approval, seen_fallback="")  # the page was drawn before anybody had agreed
    agree(people.reviewer, approval, "the red one")
    with pytest.raises(decisions.RunMoved) as refused:
        agree(people.admin, approval, seen_fallback="the blue one")
    assert "another note" in refused.value.message
    assert [e.user for e in endorsements.shown(approval)] == [people.reviewer]
    decision = agree(people.admin, approval, seen_fallback="the red one")
    assert desk.deliver(decision).delivery == "delivered"
    assert resumed_notes(scripted) == [f"the red one [decision {decision.code}]"]
