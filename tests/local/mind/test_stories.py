"""The agent's stories on the practice portal, by sight, in layouts that `tests/e2e/test_stories.py` does not tell."""

from __future__ import annotations

from typing import Any

import pytest

from coasty_local.agent.perception import Eyes
from coasty_local.agent.scene import INPUT
from coasty_local.machines.display import BrowserDisplay
from coasty_local.practice import puzzle
from tests.local.mind.driver import play

pytestmark = pytest.mark.browser
ADA = "go to {site}, sign in as ada@example.com with password lovelace, "


def looks(first: int, *others: int) -> pytest.MarkDecorator:
    """The layouts that a story is told in; only the captcha's, which takes a person, needs three here."""
    return pytest.mark.parametrize("look", [first, *(pytest.param(n, marks=pytest.mark.slow) for n in others)])


def at(practice: tuple[str, Any], look: int, task: str) -> str:
    return task.replace("{site}", f"{practice[0]}?variant={look}")


def acts(practice: tuple[str, Any], act: str) -> list[str]:
    return [entry["what"] for entry in practice[1].entries() if entry["act"] == act]


@looks(4)
def test_signing_in_succeeds_by_itself(display: BrowserDisplay, practice: tuple[str, Any], look: int) -> None:
    story = play(
        display, at(practice, look, "Open Chrome, " + ADA + "and verify that the page says Welcome back, Ada.")
    )
    assert story.passed
    assert story.kinds == []
    assert story.desk.steps <= 7
    assert "lovelace" not in story.desk.told()


@looks(3)
def test_a_missing_password_is_asked_for_and_taken_from_the_note(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    task = at(
        practice, look, "go to {site}, sign in as ada@example.com, and verify that the page says Welcome back, Ada."
    )
    story = play(display, task, "the password is lovelace")
    assert story.kinds == ["credential"]
    assert "password" in story.desk.asked[0][1].lower()
    assert "ada@example.com" in story.desk.asked[0][1]
    assert story.passed
    assert "lovelace" not in story.desk.told()


@looks(1)
def test_a_one_time_code_is_asked_for_and_a_wrong_one_said_to_be_wrong(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    task = at(
        practice,
        look,
        "go to {site}, sign in as grace@example.com with password hopper, and verify that it says Welcome back, Grace",
    )
    story = play(display, task, "the code is 999999", "the code is 123456")
    assert story.kinds == ["one_time_code", "one_time_code"]
    assert "code" in story.desk.asked[0][1].lower()
    assert "not accepted" in story.desk.asked[1][1]
    assert story.passed


@looks(3)
def test_a_payment_is_asked_for_with_payee_and_amount_then_made_and_verified(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    before = acts(practice, "pay_invoice")
    unpaid: list[bool] = []

    def approve(_: object) -> str:
        unpaid.append(acts(practice, "pay_invoice") == before)
        return ""

    story = play(display, at(practice, look, ADA + "pay invoice INV-1042"), approve)
    assert story.kinds == ["payment"]
    assert "Northwind Traders" in story.desk.asked[0][1]
    assert "1,250.00" in story.desk.asked[0][1]
    assert unpaid == [True]
    assert story.passed
    assert len(acts(practice, "pay_invoice")) == len(before) + 1


@looks(1)
def test_a_payment_that_nobody_approves_is_not_made(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    before = acts(practice, "pay_invoice")
    story = play(display, at(practice, look, ADA + "pay invoice INV-1042"), "no, don't pay")
    assert story.outcome is not None
    assert not story.passed
    assert acts(practice, "pay_invoice") == before


@pytest.mark.slow
def test_a_payment_that_the_instructions_allow_is_made_without_asking(
    display: BrowserDisplay, practice: tuple[str, Any]
) -> None:
    story = play(display, at(practice, 7, ADA + "pay invoice INV-1042"), instructions="You may pay without asking.")
    assert story.kinds == []
    assert story.passed


@looks(4)
def test_a_refund_that_the_task_spells_out_needs_nobody(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    story = play(display, at(practice, look, ADA + "then refund order 7001 with the reason 'damaged in transit'"))
    assert story.kinds == []
    assert story.passed
    assert acts(practice, "refund_order")[-1].endswith("damaged in transit")


@looks(6)
def test_a_customer_is_added_as_the_task_says(display: BrowserDisplay, practice: tuple[str, Any], look: int) -> None:
    story = play(display, at(practice, look, ADA + "then add the customer Grace Hopper, grace@example.com, plan Pro"))
    assert story.kinds == []
    assert story.passed
    assert acts(practice, "add_customer")[-1] == "Grace Hopper grace@example.com Pro"


@looks(1, 2, 4)
def test_a_captcha_waits_for_a_person_and_the_run_goes_on_from_there(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    def take_over(screen: BrowserDisplay) -> str:
        eyes = Eyes()
        scene = eyes.see(eyes.still(screen.grab, lambda: None))
        fields = [c for c in scene.controls if c.kind == INPUT and c.box.h < 60]  # the picture may have a frame, too
        if fields:
            screen.click(*next((c for c in fields if "letters" in c.label.lower()), fields[0]).box.center)
        else:  # a mere line below its name, which a person still sees
            name = next(line.box for line in scene.lines if line.text == "Letters")
            screen.click(name.x + 20, name.bottom + int(1.6 * scene.text_height))
        screen.type_text(puzzle.letters(0))
        screen.press(["Enter"])
        return "done"

    task = at(practice, look, ADA + "open the Reports page and verify that it says Quarterly report")
    story = play(display, task, "", take_over)
    assert story.kinds == ["captcha", "captcha"]
    assert story.passed


@looks(6)
def test_the_first_link_is_clicked(display: BrowserDisplay, practice: tuple[str, Any], look: int) -> None:
    story = play(display, at(practice, look, "Open Chrome, navigate to {site}, and click the first link."))
    assert story.passed
    assert story.kinds == []


@looks(1)
def test_a_button_that_does_not_exist_parks_with_a_frame(
    display: BrowserDisplay, practice: tuple[str, Any], look: int
) -> None:
    story = play(display, at(practice, look, "go to {site} and click the Frobnicate button"))
    assert story.kinds == ["target_not_found"]
    assert "Frobnicate" in story.desk.asked[0][1]
    assert story.desk.frames


def test_a_clause_that_can_not_be_read_parks_before_anything_is_done(display: BrowserDisplay) -> None:
    story = play(display, "go to http://127.0.0.1:9/ and frobnicate the gizmo")
    assert story.kinds == ["not_understood"]
    assert "frobnicate the gizmo" in story.desk.asked[0][1]
    assert story.desk.acts == []


def test_a_check_that_does_not_hold_ends_the_run_as_not_passed(
    display: BrowserDisplay, practice: tuple[str, Any]
) -> None:
    story = play(
        display, at(practice, 0, "go to {site}, click Help and verify that the page says Nonsense at midnight")
    )
    assert story.kinds == []
    assert story.outcome is not None
    assert not story.passed
    assert "Nonsense at midnight" in story.outcome.summary


def test_a_sign_in_that_hides_what_should_be_seen_is_asked_about_and_passed(
    display: BrowserDisplay, practice: tuple[str, Any]
) -> None:
    task = at(practice, 0, "go to {site} and verify that the page says Welcome back, Ada")
    story = play(display, task, "email: ada@example.com, password: lovelace")
    assert story.kinds == ["credential"]
    assert story.passed


def test_a_blank_screen_starts_at_the_home_page_and_says_so(display: BrowserDisplay, practice: tuple[str, Any]) -> None:
    story = play(display, "Click Help", home=practice[0])
    assert story.passed
    assert any("start at" in said for said in story.desk.said)


def test_without_a_home_page_a_blank_screen_asks_where_to_start(
    display: BrowserDisplay, practice: tuple[str, Any]
) -> None:
    story = play(display, "Click Help", f"go to {practice[0]}")
    assert story.kinds == ["ambiguous_target"]
    assert story.passed


def test_an_address_that_nothing_answers_at_parks_with_the_reason(display: BrowserDisplay) -> None:
    story = play(display, "go to http://127.0.0.1:9/nothing")
    assert story.kinds == ["target_not_found"]
    assert "can't open" in story.desk.asked[0][1]
