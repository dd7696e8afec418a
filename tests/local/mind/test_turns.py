"""The same things said in other words: questions, lists in a line, conditions, places on the page."""

from __future__ import annotations

from typing import Any

import pytest

from coasty_local.agent.planner import read
from coasty_local.agent.planner.steps import Click, Nothing
from tests.local.mind.test_sentences import shape

PAGE = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("task", "steps"),
    [
        (f"1. Go to {PAGE} 2. Click 'Orders' 3. Press Save", [("goto", PAGE), "Orders", "Save"]),
        (
            "Click Next, choose Garden, click Next and click Finish",
            ["Next", ("choose", "Garden", ""), "Next", "Finish"],
        ),
        ("First, click Start. Second, click Stop. Third, click End.", ["Start", "Stop", "End"]),
        ("Click Next twice", ["Next", "Next"]),
        (f"At {PAGE} click About", [("goto", PAGE), "About"]),
        (f"Starting from {PAGE}, click About.", [("goto", PAGE), "About"]),
        (f"Visit {PAGE}; once it's loaded, click 'Start'.", [("goto", PAGE), "Start"]),
        ("Log in (user: bob, password: hunter2).", [("sign in", "bob", "hunter2")]),
        ("How much is the total?", [("read", "total", "")]),
        ("How much does the Blue kettle cost?", [("read", "price", "Blue kettle")]),
        ("Who is the owner of ticket T-301?", [("read", "owner", "T-301")]),
        ("When is invoice INV-1042 due?", [("read", "due", "INV-1042")]),
        ("You should end up on a page titled Dashboard.", [("verify", "Dashboard", True, "", "")]),
        ("The page should then show Saved.", [("verify", "Saved", True, "", "")]),
        ("Check the heading is Dashboard.", [("verify", "Dashboard", True, "", "")]),
        ("Check whether order 7001 has been shipped.", [("verify", "shipped", True, "7001", "")]),
        ("Enter your name as Ada.", [("type", "name", "Ada", False)]),
        ("Apply the coupon code SAVE10.", [("type", "coupon", "SAVE10", False), "Apply"]),
        ("Expand the section Details.", ["Details"]),
        ("Open Settings → Notifications.", [("open", "Settings", ""), "Notifications"]),
        ("Use the search bar to find lamp.", [("search", "lamp")]),
        ("Filter by status Open.", [("choose", "Open", "status")]),
        ("Press Tab and then Enter.", [("press", "Tab"), ("press", "Enter")]),
        ("Click OK in the dialog.", ["OK"]),
        ("Follow the link in the text that says terms of use", ["terms of use"]),
        ("Click the link about refunds", ["refunds"]),
    ],
)
def test_other_words_for_plain_steps(task: str, steps: list[Any]) -> None:
    found = [shape(step) for step in read(task) if not isinstance(step, Nothing)]
    assert found == [("click", step, None, "", 1, "left") if isinstance(step, str) else step for step in steps]


def test_a_row_may_be_named_before_what_is_pressed_in_it() -> None:
    for task in ("In the row for INV-1042, click View.", "In the row of INV-1042 press View"):
        assert [shape(step) for step in read(task)] == [("click", "View", None, "INV-1042", 1, "left")]


@pytest.mark.parametrize(
    ("task", "number"),
    [
        ("Open the second result", 2),
        ("Click the first article.", 1),
        ("Open the third order in the list.", 3),
        ("Click the last item in the list.", -1),
        ("Open the top story.", 1),
    ],
)
def test_a_number_with_a_kind_of_thing_means_a_record_of_the_list(task: str, number: int) -> None:
    [step] = read(task)
    assert isinstance(step, Click)
    assert (step.target.record, step.target.ordinal, step.target.words) == (True, number, "")


def test_a_banner_that_may_not_come_is_dismissed_once() -> None:
    for task in ("If a cookie banner appears, reject it.", "Dismiss the cookie banner if there is one."):
        assert [type(step).__name__ for step in read(task)] == ["Dismiss"]


def test_credentials_for_a_sign_in_that_may_come_are_facts() -> None:
    told = [shape(step) for step in read("If you are asked to sign in, use ada@example.com / lovelace.")]
    assert told == [("fact", "email", "ada@example.com"), ("fact", "password", "lovelace")]


def test_how_often_is_not_guessed() -> None:
    assert [type(step).__name__ for step in read("Click Next until you reach the summary")] == ["Unknown"]
