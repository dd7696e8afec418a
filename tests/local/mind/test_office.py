"""Tasks as people of an office write them: pronouns, places named first, values told in a sentence of their own."""

# ruff: noqa: E501 (sentences)

from __future__ import annotations

from typing import Any

import pytest

from coasty_local.agent import asking
from coasty_local.agent.planner import read
from coasty_local.agent.planner.steps import Commit, Enter, Nothing, Read, Step
from tests.local.mind.test_sentences import shape


def shapes(task: str) -> list[tuple[Any, ...]]:
    """The steps in short; what only presses the end of a form is left out."""
    found = [step for step in read(task) if not isinstance(step, Nothing | Commit)]
    return [("enter", s.verb, s.noun, *s.slots) if isinstance(s, Enter) else shape(s) for s in found]


def click(words: str, row: str = "") -> tuple[Any, ...]:
    return ("click", words, None, row, 1, "left")


@pytest.mark.parametrize(
    ("task", "steps"),
    [
        # what was named before
        ("Open ticket 77 and set it to On hold.", [("open", "ticket", "77"), ("goal", "edit", "ticket", "77", ("status", "On hold"))]),
        ("Search for 'Kern Ltd', open it", [("search", "Kern Ltd"), ("open", "", "Kern Ltd")]),
        ("Open order 81 and mark it as shipped", [("open", "order", "81"), ("goal", "ship", "order", "81")]),
        ("Find Ida Falk and change her team to Blue", [("open", "", "Ida Falk"), ("type", "team", "Blue", False)]),
        # where it is, said first
        ("In the guest list, open Ida Falk", [("open", "guest list", ""), ("open", "", "Ida Falk")]),
        ("Under Team, choose Blue.", [("open", "Team", ""), ("choose", "Blue", "")]),
        ("Under Account > Privacy, turn off Ads", [("open", "Account", ""), click("Privacy"), ("check", "Ads", False)]),
        # values and messages as they are said
        ("could you add a new guest for me? name is Ida Falk, mail i@f.example, room 12. Thanks!!",
         [("enter", "add", "guest", ("name", "Ida Falk"), ("mail", "i@f.example"), ("room", "12"))]),
        ("Reply to Tim's message with: I'll call at 5.", [("open", "message", "Tim"), ("enter", "reply", "", ("message", "I'll call at 5"))]),
        ("leave a note for the porter: two cases", [("enter", "add", "note", ("note for the porter", "two cases"))]),
        # several at once
        ("Tick 'paid' for Ida Falk and Tim Rau", [("check", "paid", True), ("check", "paid", True)]),
        ("set the stock of the oak chair to 4 and of the oak table to 2",
         [("goal", "edit", "", "oak chair", ("stock", "4")), ("goal", "edit", "", "oak table", ("stock", "2"))]),
        ("approve requests R-1, R-2 and R-3", [("goal", "approve", "request", key) for key in ("R-1", "R-2", "R-3")]),
        # what is to stay, and what is to be seen
        ("Turn off News but leave Offers on", [("check", "News", False), ("check", "Offers", True)]),
        ("Archive the draft 'Old'. Don't touch anything else.", [("goal", "archive", "draft", "Old")]),
        ("Make sure it's saved.", [("verify", "saved", True, "", "")]),
        ("The cart should then show 3.", [("verify", "3", True, "cart", "")]),
        ("change the plan of Kern Ltd to Pro and save", [("goal", "edit", "", "Kern Ltd", ("plan", "Pro"))]),
        # other words for setting, opening and pressing
        ("Her new address is Mill Str. 4, 8000 Bern. Please store it.", [("type", "address", "Mill Str. 4, 8000 Bern", False), click("Store")]),
        ("Switch the currency to CHF and store it", [("type", "currency", "CHF", False), click("Store")]),
        ("Look up the guest with id G-22 and read me her email", [("open", "guest", "G-22"), ("read", "email", "")]),
        ("Turn the weekly digest off. It should say that it was updated.", [("check", "weekly digest", False), ("verify", "updated", True, "", "")]),
        ('Send a message to the parents of Ida Falk with the subject Trip and the text "Please sign."',
         [("enter", "send", "message", ("to the parents of", "Ida Falk"), ("subject", "Trip"), ("message", "Please sign."))]),
        # questions and times
        ("How many days does Ida Falk want off?", [("read", "days", "Ida Falk")]),
        ("open the report. what's the total of Ida Falk's order?", [("open", "report", ""), ("read", "total", "Ida Falk")]),
        ("click through to Reports and pick last month as the period", [("open", "Reports", ""), ("choose", "last month", "period")]),
    ],
)  # fmt: skip
def test_what_an_office_asks_for(task: str, steps: list[tuple[Any, ...]]) -> None:
    assert shapes(task) == steps


@pytest.mark.parametrize(
    "task",
    [
        "put the shop into maintenance mode",
        "Put 'urgent' as a tag on the two oldest requests",
        "note 'on request' as the reason",
        "Tell me the price of the fastest one.",
        "Export is not needed.",
        "Put Ida Falk on the guest list.",
        "Extend the loan of 'The Sea' by 14 days",
        "Write down the number of the cheapest supplier.",
        "send a message to the night team with the subject 'Drill' and ask them to come",
        "open it",
        "make it private",
    ],
)
def test_what_is_not_sure_is_asked(task: str) -> None:
    assert "unknown" in [step[0] for step in shapes(task)]


def test_whose_thing_it_is_leads_to_the_thing() -> None:
    [step] = read("Read the total of Ida Falk's order")
    assert isinstance(step, Read)
    assert (step.about, step.noun) == ("Ida Falk", "order")


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ("approve all requests except R-1", "one thing at a time"),
        ("book the cheapest room", "do not compare"),
        ("if it is open, close it", "decide between two ways"),
        ("make it private", "by its name"),
        ("click 'Delete all' gently", "Say it as steps"),
    ],
)
def test_the_question_says_what_could_not_be_read(clause: str, says: str) -> None:
    assert says in asking.help_with(clause)


@pytest.mark.parametrize(
    "task",
    [
        "Reset the password for user jkoch and make sure a green confirmation shows up.",
        "open " + "A" * 80 + "!",
        "open the " + "a  " * 40 + "B",
        "delete the " + "word " * 60,
    ],
)
def test_no_sentence_takes_long_to_read(task: str) -> None:
    found: list[Step] = read(task)
    assert found  # a pattern that tries all ways to cut the words would not come back
