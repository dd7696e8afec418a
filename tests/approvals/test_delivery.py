"""A decision reaches upstream once, whatever is lost on the way, and the desk knows in the end what became of it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from approvals import decisions, recalls, tasks
from approvals.models import Decision
from runs import audit
from runs.models import Allowance, Run
from tests.approvals.desk import acts_in, code_in, newest, resumed_notes
from tests.approvals.test_decisions import in_the_same_instant
from tests.conftest import wait_until

pytestmark = pytest.mark.django_db


def test_a_resume_arrives_with_its_note_and_its_code(desk, people):
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "Use the blue card.")
    done = desk.deliver(decision)
    assert done.delivery == "delivered"
    assert done.delivered_at
    assert resumed_notes(scripted) == [f"Use the blue card. [decision {decision.code}]"]
    desk.follow(scripted)
    assert Run.objects.get(pk=run.pk).status == "running"
    assert acts_in(run) == ["approval.decided", "decision.delivered"]
    assert audit.verify() == (True, None)


def test_a_resume_without_a_note_still_carries_its_code(desk, people):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    desk.deliver(decision)
    assert resumed_notes(scripted) == [f"[decision {decision.code}]"]


@pytest.mark.parametrize("verdict", ["fail", "cancel"])
def test_fail_and_cancel_both_cancel_upstream_and_differ_here(desk, people, verdict):
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, verdict, "Not ours.")
    assert desk.deliver(decision).delivery == "delivered"
    assert scripted.status == "cancelled"
    assert decision.verdict == verdict
    assert desk.sent("cancel") == 1
    assert desk.sent("resume") == 0
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_delivering_again_sends_nothing(desk, people):
    _, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    for later in (0, 0, 60):
        desk.deliver(decision, later)
    assert desk.sent() == 1


@pytest.mark.parametrize("verdict", ["resume", "cancel"])
@pytest.mark.parametrize("times", [True, False])
def test_an_answer_lost_after_the_act_is_found_out_by_reading(desk, people, verdict, times):
    scripted, run, approval = desk.parked(times=times)
    desk.far.fail("POST", f"/{verdict}$", lose="after")
    decision = decisions.decide(people.reviewer, approval, verdict)
    done = desk.pursue(decision)
    assert done.delivery == "delivered"
    assert desk.sent() == 1
    assert scripted.status == {"resume": "running", "cancel": "cancelled"}[verdict]
    assert acts_in(run) == ["approval.decided", "decision.unsure", "decision.delivered"]


@pytest.mark.parametrize("verdict", ["resume", "cancel"])
@pytest.mark.parametrize("times", [True, False])
def test_a_request_lost_before_the_act_is_sent_again_but_not_at_once(desk, people, verdict, times):
    scripted, _, approval = desk.parked(times=times)
    desk.far.fail("POST", f"/{verdict}$", lose="before")
    decision = decisions.decide(people.reviewer, approval, verdict)
    assert desk.deliver(decision).delivery == "unsure"
    assert desk.deliver(decision, 5).delivery == "unsure"
    assert desk.sent() == 1
    assert desk.pursue(decision).delivery == "delivered"
    assert desk.sent() == 2
    assert scripted.status == {"resume": "running", "cancel": "cancelled"}[verdict]
    assert len(resumed_notes(scripted)) == (verdict == "resume")


def test_an_answer_that_comes_too_late_counts_once(desk, people, settings, until):
    settings.UPSTREAM_TIMEOUT_SECONDS = 0.3
    scripted, _, approval = desk.parked()
    desk.far.fail("POST", "/resume$", delay_seconds=0.8)
    decision = decisions.decide(people.reviewer, approval, "resume")
    assert desk.deliver(decision).delivery == "unsure"
    until(lambda: scripted.status == "running")
    assert desk.pursue(decision).delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1


def test_a_resume_that_landed_without_an_answer_is_not_sent_into_the_next_pause(desk, people):
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "first")
    scripted.resume(f"first [decision {decision.code}]")
    scripted.step()
    scripted.pause("And now?")
    type(decision).objects.filter(pk=decision.pk).update(
        delivery="sending", attempts=1, sending_since_at=decision.decided_at
    )
    assert desk.pursue(decision).delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1
    desk.follow(scripted)
    assert newest(run).reason == "And now?"
    assert newest(run).is_open


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_after_a_write_leaves_it_in_doubt_until_it_is_read(desk, people, status):
    scripted, _, approval = desk.parked()
    desk.far.fail("POST", "/resume$", status=status)
    decision = decisions.decide(people.reviewer, approval, "resume")
    assert desk.deliver(decision).delivery == "unsure"
    assert desk.pursue(decision).delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1


@pytest.mark.parametrize(("status", "code"), [(429, "RATE_LIMITED"), (401, "INVALID_API_KEY"), (402, "X"), (403, "X")])
def test_a_refusal_that_somebody_can_put_right_is_tried_again(desk, people, status, code):
    scripted, _, approval = desk.parked()
    desk.far.fail("POST", "/resume$", status=status, code=code)
    decision = decisions.decide(people.reviewer, approval, "resume")
    waiting = desk.deliver(decision)
    assert waiting.delivery == "pending"
    assert waiting.delivery_detail
    assert desk.pursue(decision).delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1


def test_it_waits_as_long_as_upstream_asks(desk, people):
    _, _, approval = desk.parked()
    desk.far.fail("POST", "/resume$", status=429, retry_after=40)
    decision = decisions.decide(people.reviewer, approval, "resume")
    desk.deliver(decision)
    assert desk.deliver(decision, 30).delivery == "pending"
    assert desk.sent() == 1
    for _try in range(8):
        waiting = desk.deliver(decision, 45)
        assert waiting.delivery == "pending", "by upstream's clock it is not over"
        assert waiting.attempts == 1, "it did not fail, so it need not wait longer than asked"
        Decision.objects.update(next_try_at=decision.decided_at)
    desk.deliver(decision, 45)
    assert timedelta(seconds=45) < Decision.objects.get().next_try_at - decision.decided_at < timedelta(seconds=88)
    Allowance.objects.update(held_until=0)
    assert desk.deliver(decision, 90).delivery == "delivered"


def test_an_upstream_that_is_down_is_waited_for(desk, people):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    desk.far.close()
    for later in (0, 5, 15, 60, 120):
        assert desk.deliver(decision, later).delivery == "pending"
    desk.far.listen()
    assert desk.pursue(decision).delivery == "delivered"
    assert desk.sent() == 1
    assert len(resumed_notes(scripted)) == 1


def test_a_pause_that_upstream_keeps_although_it_refuses_is_asked_again(desk, people):
    scripted, run, approval = desk.parked()
    desk.far.fail("POST", "/resume$", status=422, code="VALIDATION_ERROR")
    decision = decisions.decide(people.reviewer, approval, "resume")
    assert desk.deliver(decision).delivery == "refused"
    again = newest(run)
    if again == approval:
        from approvals import tasks

        tasks.sweep()
        again = newest(run)
    assert again != approval
    assert again.is_open
    assert (again.ask, again.pause_seq, again.reason) == (2, approval.pause_seq, approval.reason)
    assert desk.deliver(decisions.decide(people.reviewer, again, "resume", "again")).delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1


def test_a_conflict_while_the_run_still_waits_is_refused_not_repeated(desk, people):
    _, run, approval = desk.parked()
    desk.far.fail("POST", "/resume$", status=409, code="RESUME_CONFLICT")
    decision = decisions.decide(people.reviewer, approval, "resume")
    assert desk.deliver(decision).delivery == "refused"
    assert desk.deliver(decision, 100).delivery == "refused"
    assert desk.sent() == 1
    assert acts_in(run)[-1] == "decision.refused"


@pytest.mark.parametrize("verdict", ["resume", "fail", "cancel"])
def test_a_run_that_somebody_else_resumed_takes_no_decision(desk, people, verdict):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, verdict, "mine")
    scripted.resume("theirs")
    done = desk.deliver(decision)
    assert done.delivery == "refused"
    assert "running" in done.delivery_detail
    assert desk.sent() == 0
    assert scripted.status == "running"


@pytest.mark.parametrize("end", ["cancelled", "timed_out", "failed"])
@pytest.mark.parametrize("verdict", ["resume", "cancel"])
def test_a_run_that_has_ended_takes_no_decision(desk, people, verdict, end):
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, verdict)
    scripted.finish(end)
    done = desk.deliver(decision)
    assert done.delivery == "refused"
    assert end.replace("_", " ") in done.delivery_detail
    assert Run.objects.get(pk=run.pk).status == end


@pytest.mark.parametrize("times", [True, False])
@pytest.mark.parametrize("verdict", ["resume", "cancel"])
def test_a_decision_never_lands_in_a_later_pause(desk, people, verdict, times):
    scripted, run, approval = desk.parked("Pay 10?", times=times)
    decision = decisions.decide(people.reviewer, approval, verdict)
    scripted.resume("theirs")
    scripted.step()
    scripted.pause("Pay 10,000?")
    done = desk.deliver(decision)
    assert done.delivery == "refused"
    assert desk.sent() == 0
    desk.follow(scripted)
    assert newest(run).reason == "Pay 10,000?"
    assert newest(run).is_open
    assert newest(run).pk != approval.pk


@pytest.mark.parametrize(
    ("verdict", "rival"),
    [
        ("resume", "resume"),
        ("resume", "cancelled"),
        ("resume", "timed_out"),
        ("cancel", "cancelled"),
        ("cancel", "failed"),
    ],
)
def test_a_race_lost_between_reading_and_sending_is_told(desk, people, verdict, rival):
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, verdict)
    desk.far.fail("POST", f"/{verdict}$", delay_seconds=0.4)
    act = (lambda: scripted.resume("theirs")) if rival == "resume" else (lambda: scripted.finish(rival))
    waiting = threading.Thread(target=lambda: (wait_until(desk.sent), act()))
    waiting.start()
    done = desk.deliver(decision)
    waiting.join()
    assert done.delivery == "refused"
    assert (scripted.status if rival != "resume" else "running").replace("_", " ") in done.delivery_detail
    assert desk.sent() == 1
    desk.follow(scripted)
    assert Run.objects.get(pk=run.pk).status == scripted.status


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verdict", ["resume", "cancel"])
def test_many_workers_at_once_send_it_once(desk, people, verdict):
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, verdict)
    in_the_same_instant([lambda: desk.deliver(decision)] * 8)
    assert desk.pursue(decision).delivery == "delivered"
    assert desk.sent() == 1
    assert acts_in(run) == ["approval.decided", "decision.delivered"]
    assert scripted.status == {"resume": "running", "cancel": "cancelled"}[verdict]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_hangs_and_comes_back_spoils_nothing(desk, people, settings):
    settings.UPSTREAM_TIMEOUT_SECONDS = 8
    scripted, run, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    desk.far.fail("POST", "/resume$", delay_seconds=2.5)
    hanging = threading.Thread(target=lambda: (desk.deliver(decision), connection.close()))
    hanging.start()
    wait_until(desk.sent)
    assert desk.deliver(decision, 20).delivery == "unsure"
    assert desk.deliver(decision, 40).delivery == "delivered"
    assert desk.sent() == 2
    hanging.join()
    decision.refresh_from_db()
    assert decision.delivery == "delivered"
    assert len(resumed_notes(scripted)) == 1
    assert acts_in(run) == ["approval.decided", "decision.unsure", "decision.delivered"]


@pytest.mark.parametrize("has_landed", [True, False])
def test_a_row_whose_worker_died_is_read_before_anything_is_sent(desk, people, has_landed):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "go")
    type(decision).objects.filter(pk=decision.pk).update(
        delivery="sending", attempts=1, sending_since_at=decision.decided_at
    )
    if has_landed:
        scripted.resume(f"go [decision {decision.code}]")
    assert desk.deliver(decision, 5).delivery == "sending"
    assert desk.deliver(decision, 16).delivery == ("delivered" if has_landed else "unsure")
    assert desk.sent() == 0
    assert desk.pursue(decision).delivery == "delivered"
    assert desk.sent() == (0 if has_landed else 1)
    assert len(resumed_notes(scripted)) == 1
    assert code_in(resumed_notes(scripted)[0]) == decision.code


def test_a_decision_that_nobody_expects_any_more_is_given_up(desk, people):
    _, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    desk.far.close()
    assert desk.deliver(decision, 25 * 3600).delivery == "refused"
    desk.far.listen()
    assert desk.sent() == 0


@pytest.fixture
def told_late(desk, people, settings):
    """A pause that was decided, and is held, before the agent's reason came: (run upstream, its mirror, decision)."""
    settings.TWO_PEOPLE_KINDS = ["payment"]
    scripted, run = desk.run()
    scripted.state.update(status="awaiting_human")
    scripted.emit("status", {"status": "awaiting_human"})
    desk.follow(scripted)
    page = {"seen_seq": run.cursor + 1, "seen_reason": "", "seen_cost_cents": 0, "seen_frame_sha256": ""}
    decision = decisions.decide(people.reviewer, newest(run), "resume", hold_seconds=5, **page)
    scripted.state.update(awaiting_human_reason="May I pay 900 USD?")
    scripted.emit("awaiting_human", {"reason": "May I pay 900 USD?"})
    desk.follow(scripted)
    return scripted, run, decision


def test_a_held_resume_is_not_sent_on_other_words_than_were_seen(desk, told_late):
    scripted, run, decision = told_late
    assert desk.deliver(decision, 6).delivery == "refused"
    assert resumed_notes(scripted) == []
    tasks.ask_unasked()
    asked = newest(run)
    assert (asked.is_open, asked.ask, asked.reason) == (True, 2, "May I pay 900 USD?")


def test_what_is_asked_again_of_another_kind_needs_as_many_people_as_that_kind(people, told_late):
    *_, decision = told_late
    again = recalls.recall(people.reviewer, decision)
    assert (again.kind, again.people_needed) == ("payment", 2)
