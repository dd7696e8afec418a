"""The eight stories, over HTTP against everything for real: console, platform, Chromium, an agent that only sees."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.driver import Stack, words

VARIANTS = PLAIN, ORCHARD = 0, 5  # a story is told in one or both; `tests/local/mind/test_stories.py` tells others


class Story:
    """Runs of one task, one per layout variant, each on a machine of its own."""

    def __init__(self, stack: Stack, callers: SimpleNamespace, task: str, only: int | None = None, **more: Any) -> None:
        self.stack, self.callers = stack, callers
        machines = stack.machines(len(VARIANTS))
        told = [one for one in zip(VARIANTS, machines, strict=True) if only is None or one[0] == only]
        self.runs = [
            callers.operator.start(task.format(practice=stack.practice(variant)), machine_id=machine, **more)
            for variant, machine in told
        ]

    def parked(self) -> list[dict[str, Any]]:
        return [self.callers.reviewer.parked(run) for run in self.runs]

    def resume(self, note: str = "") -> list[dict[str, Any]]:
        approvals = self.parked()
        for approval in approvals:
            self.callers.reviewer.resume(approval, note)
        return approvals

    def succeed(self) -> None:
        for run in self.runs:
            ended = self.callers.operator.ended(run)
            assert ended["status"] == "succeeded", (ended["result"], ended["error"])
            assert ended["result"]["passed"] is True

    def said(self) -> str:
        return str([self.callers.operator.events(run) for run in self.runs])


@pytest.fixture
def story(stack: Stack, callers: SimpleNamespace) -> Any:
    return lambda task, only=None, **more: Story(stack, callers, task, only, **more)


SIGN_IN = "Open Chrome, go to {practice}, sign in as ada@example.com with password lovelace, "


def test_a_sign_in_with_everything_stated_succeeds_by_itself(story: Any) -> None:
    told = story(SIGN_IN + "and verify that the page says Welcome back, Ada.", ORCHARD)
    told.succeed()
    assert "lovelace" not in told.said()


def test_a_missing_password_is_asked_for_and_the_note_brings_it(story: Any) -> None:
    task = "Go to {practice}, sign in as ada@example.com, and verify that the page says Welcome back, Ada."
    told = story(task, PLAIN)
    for approval in told.resume("the password is lovelace"):
        assert "password" in words(approval["reason"])
    told.succeed()
    assert "lovelace" not in told.said()


def test_a_one_time_code_is_asked_for_and_a_wrong_one_is_noticed(story: Any) -> None:
    told = story(
        "Go to {practice}, sign in as grace@example.com with password hopper, "
        "and verify that the page says Welcome back, Grace.",
        ORCHARD,
    )
    for approval in told.resume("the code is 999999"):
        assert "code" in words(approval["reason"])
    for approval in told.resume("the code is 123456"):
        assert "code" in words(approval["reason"])
        assert any(word in words(approval["reason"]) for word in ("not right", "wrong", "not accepted", "refused"))
    told.succeed()


def paid(stack: Stack) -> int:
    return sum(entry["act"] == "pay_invoice" for entry in stack.ledger())


def test_a_payment_parks_before_the_click_and_is_paid_when_approved(story: Any, stack: Stack) -> None:
    before = paid(stack)
    told = story(SIGN_IN + "and pay invoice INV-1042.")
    for approval in told.parked():
        assert "northwind traders" in words(approval["reason"])
        assert "1,250.00" in approval["reason"]
    assert paid(stack) == before
    told.resume()
    told.succeed()
    assert paid(stack) == before + len(told.runs)


def test_a_payment_that_is_failed_or_cancelled_stays_unpaid(story: Any, stack: Stack, callers: SimpleNamespace) -> None:
    before = paid(stack)
    told = story(SIGN_IN + "and pay invoice INV-1042.")
    for approval, action in zip(told.parked(), ("fail", "cancel"), strict=True):
        assert callers.reviewer.decide(approval, action, "not ours").status_code == 200
    for run in told.runs:
        assert callers.operator.reaches(run, {"cancelled"})["status"] == "cancelled"
    assert paid(stack) == before


def test_acts_that_the_task_spells_out_are_done_without_asking(story: Any, stack: Stack) -> None:
    before = len([entry for entry in stack.ledger() if entry["act"] in {"refund_order", "add_customer"}])
    refund = story(SIGN_IN + "and refund order 7001 with the reason 'damaged in transit'.", PLAIN)
    add = story(SIGN_IN + "and add the customer Grace Hopper, grace@example.com, plan Pro.", ORCHARD)
    refund.succeed()
    add.succeed()
    after = [entry for entry in stack.ledger() if entry["act"] in {"refund_order", "add_customer"}]
    assert len(after) == before + 2


def test_the_first_link_of_a_page_is_clicked(story: Any) -> None:
    story("Open Chrome, navigate to {practice}, and click the first link.", ORCHARD).succeed()


def test_what_it_cannot_do_parks_with_an_honest_reason_and_a_frame(
    story: Any, stack: Stack, callers: SimpleNamespace
) -> None:
    told = story("Go to {practice} and press the Launch rocket button.", PLAIN)
    for approval in told.parked():
        assert "launch rocket" in words(approval["reason"])
    for run, approval in zip(told.runs, told.parked(), strict=True):
        frames = stack.platform("GET", f"/runs/{run}/screenshots?include_image=1").json()["data"]
        assert frames[-1]["image_b64"]
        callers.reviewer.decide(approval, "cancel")


def test_a_sentence_it_cannot_read_parks_quoting_it(callers: SimpleNamespace, stack: Stack) -> None:
    run = callers.operator.start(f"Go to {stack.practice()} and ponder the meaning of procurement.")
    approval = callers.reviewer.parked(run)
    assert "ponder the meaning of procurement" in words(approval["reason"])
    callers.reviewer.decide(approval, "cancel")


@pytest.mark.parametrize(
    ("limits", "status", "code"),
    [
        ({"max_steps": 1}, "failed", "MAX_STEPS_REACHED"),
        ({"deadline_seconds": 2}, "timed_out", "DEADLINE_EXCEEDED"),
        ({"on_awaiting_human": "fail"}, "failed", "AWAITING_HUMAN"),
        ({"on_awaiting_human": "cancel"}, "cancelled", "AWAITING_HUMAN"),
        ({"awaiting_human_timeout_seconds": 1}, "timed_out", "AWAITING_HUMAN_TIMEOUT"),
    ],
)
def test_a_run_ends_by_its_limits_in_the_state_that_the_contract_names(
    callers: SimpleNamespace, stack: Stack, limits: dict[str, Any], status: str, code: str
) -> None:
    task = f"Go to {stack.practice()}, sign in as ada@example.com, and verify that the page says Welcome back, Ada."
    run = callers.operator.reaches(
        callers.operator.start(task, **limits), {"succeeded", "failed", "cancelled", "timed_out"}
    )
    assert (run["status"], run["error"]["code"]) == (status, code)
