"""What came of a decision is written down once it is known, and only then."""

from __future__ import annotations

import pytest

from approvals import decisions, outcomes
from approvals.models import Decision
from approvals.states import Outcome
from runs.models import Run
from runs.plain import plain

pytestmark = pytest.mark.django_db(transaction=True)


def resumed(desk, people, **how):
    scripted, _run, approval = desk.parked(**how)
    decision = decisions.decide(people.reviewer, approval, "resume", "go on")
    decision = desk.pursue(decision)
    desk.follow(scripted)
    return scripted, decision


def fresh(decision):
    outcomes.settle()
    return Decision.objects.get(pk=decision.pk)


def test_while_the_run_goes_on_nothing_is_said(desk, people):
    scripted, decision = resumed(desk, people)
    scripted.step()
    desk.follow(scripted)
    assert fresh(decision).outcome == ""


@pytest.mark.parametrize(
    ("end", "outcome"),
    [("succeeded", Outcome.FINISHED), ("failed", Outcome.FAILED), ("timed_out", Outcome.STOPPED)],
)
def test_the_end_of_the_run_is_the_outcome_with_the_steps_until_then(desk, people, end, outcome):
    scripted, decision = resumed(desk, people)
    scripted.step()
    scripted.step()
    scripted.finish(end)
    desk.follow(scripted)
    found = fresh(decision)
    assert (found.outcome, found.outcome_steps) == (outcome, 2)


def test_waiting_again_is_the_outcome_of_the_first_and_not_of_the_second(desk, people):
    scripted, decision = resumed(desk, people)
    scripted.step()
    scripted.pause("And now?")
    desk.follow(scripted)
    found = fresh(decision)
    assert (found.outcome, found.outcome_steps) == (Outcome.PARKED, 1)
    second = decision.approval.run.approvals.order_by("-id").first()
    assert second.pk != decision.approval_id
    last = desk.pursue(decisions.decide(people.reviewer, second, "resume", ""))
    scripted.finish()
    desk.follow(scripted)
    assert fresh(last).outcome == Outcome.FINISHED
    assert fresh(decision).outcome == Outcome.PARKED


def test_a_cancel_ends_the_run(desk, people):
    scripted, _run, approval = desk.parked()
    decision = desk.pursue(decisions.decide(people.reviewer, approval, "cancel", "not today"))
    desk.follow(scripted)
    assert fresh(decision).outcome == Outcome.STOPPED


def test_what_upstream_refused_took_no_effect(desk, people):
    scripted, _run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "")
    scripted.resume("somebody else")
    assert desk.pursue(decision).delivery == "refused"
    assert fresh(decision).outcome == Outcome.VOID


def test_the_pages_say_who_decided_and_what_came_of_it(desk, people, client):
    scripted, run, approval = desk.parked()
    client.force_login(people.reviewer)

    def heads():
        pages = client.get(f"/approvals/{approval.pk}/"), client.get(f"/runs/{run.upstream_id}/"), client.get("/")
        return [" ".join(page.content.decode().split()) for page in pages]

    about, of_run, overview = heads()
    assert "The agent needs a person" in about
    assert "It waits for a person" in of_run
    assert f'href="/approvals/{approval.pk}/"' in overview
    assert run.upstream_id not in overview.partition('id="board"')[2], "what waits is in the queue, and there alone"
    decision = desk.pursue(decisions.decide(people.reviewer, approval, "resume", "go on"))
    desk.follow(scripted)
    about, of_run, overview = heads()
    assert "<h1>Decided by you: resume" in about
    assert "The agent needs a person" not in about
    assert "reviewer decided: resume" in of_run
    assert "the run goes on" in about.partition("<h1>")[2].partition("</div>")[0]
    assert "the run goes on" in of_run
    assert f'href="/runs/{run.upstream_id}/"' in overview.partition('id="board"')[2]
    scripted.step()
    scripted.finish()
    desk.follow(scripted)
    fresh(decision)
    client.force_login(people.admin)
    about, of_run, _overview = heads()
    assert "<h1>Decided by reviewer: resume" in about
    for page in (about, of_run):
        assert "<strong>The run succeeded</strong>, after 1 more step" in page
    scripted, run, approval = desk.parked()
    scripted.finish("cancelled")
    desk.follow(scripted)
    assert "<h1>Ended without a decision here" in heads()[0]


def test_a_queued_run_says_which_run_is_under_way_on_its_machine(desk, people, client):
    _, parked, _ = desk.parked()
    queued = Run.objects.create(
        connection=desk.connection, upstream_id="next", status="queued", machine_id=parked.machine_id, task="Then this"
    )
    client.force_login(people.reviewer)
    said = f'Another run is under way on it: <a href="/runs/{parked.upstream_id}/">'
    assert said in client.get("/runs/next/").content.decode()
    Run.objects.filter(pk=queued.pk).update(machine_id="another")
    assert said not in client.get("/runs/next/").content.decode()
    Run.objects.filter(pk=queued.pk).update(machine_id=parked.machine_id, status="running")
    assert said not in client.get("/runs/next/").content.decode()


def test_a_text_is_not_cut_for_less_than_the_word_of_it():
    assert "not shown" not in plain("x" * 165, 160)
    assert "41 more characters are not shown" in plain("x" * 201, 160)
