"""What a person's note means, by what was asked."""

from __future__ import annotations

import pytest

from coasty_local.agent.planner import notes
from coasty_local.agent.planner.steps import Click, Goto

MEANT = [
    ("payment", "", notes.GO_ON),
    ("payment", "yes", notes.GO_ON),
    ("payment", "OK, pay it.", notes.GO_ON),
    ("payment", "go ahead", notes.GO_ON),
    ("payment", "Approved", notes.GO_ON),
    ("irreversible", "yes, delete it", notes.GO_ON),
    ("payment", "no", notes.REFUSE),
    ("payment", "no, don't pay", notes.REFUSE),
    ("payment", "stop", notes.REFUSE),
    ("payment", "paid it myself, done", notes.UNREAD),
    ("captcha", "done", notes.AGAIN),
    ("captcha", "solved it", notes.AGAIN),
    ("captcha", "I have solved the captcha", notes.AGAIN),
    ("no_progress", "try again", notes.AGAIN),
    ("not_understood", "skip", notes.SKIP),
    ("not_understood", "go on", notes.SKIP),
    ("target_not_found", "skip this step", notes.SKIP),
    ("not_understood", "click Save", notes.STEPS),
    ("target_not_found", "the button is called Proceed", notes.RENAME),
    ("target_not_found", "it is called Proceed", notes.RENAME),
    ("ambiguous_target", "2", notes.PICK),
    ("ambiguous_target", "the second one", notes.PICK),
    ("credential", "the password is lovelace", notes.TELL),
    ("one_time_code", "123456", notes.TELL),
    ("payment", "you may pay without asking", notes.TELL),
    ("verify_failed", "the weather is fine and the sea is green tonight", notes.UNREAD),
]


@pytest.mark.parametrize(("kind", "note", "meaning"), MEANT, ids=[f"{kind}: {note}" for kind, note, _ in MEANT])
def test_a_note_is_understood(kind: str, note: str, meaning: str) -> None:
    assert notes.understand(note, kind).meaning == meaning


FACTS = [
    ("credential", "the password is lovelace", {"password": "lovelace"}),
    ("credential", "password: lovelace", {"password": "lovelace"}),
    ("credential", 'My password is "love lace".', {"password": "love lace"}),
    ("credential", "lovelace", {"password": "lovelace"}),
    ("credential", "use password lovelace", {"password": "lovelace"}),
    ("credential", "email: a@b.c, password: x1y", {"email": "a@b.c", "password": "x1y"}),
    ("credential", "a@b.c / x1y", {"email": "a@b.c", "password": "x1y"}),
    ("credential", "log in as a@b.c with password x1y", {"email": "a@b.c", "password": "x1y"}),
    ("one_time_code", "the code is 123456", {"code": "123456"}),
    ("one_time_code", "The code is 123456.", {"code": "123456"}),
    ("one_time_code", "123 456", {"code": "123456"}),
    ("one_time_code", "It's 123456", {"code": "123456"}),
    ("missing_value", "the reason is broken lid", {"reason": "broken lid"}),
]


@pytest.mark.parametrize(("kind", "note", "facts"), FACTS, ids=[note for _, note, _ in FACTS])
def test_a_note_tells_facts(kind: str, note: str, facts: dict[str, str]) -> None:
    assert notes.understand(note, kind).facts == facts


def test_a_number_picks_one_of_the_candidates() -> None:
    assert notes.understand("3", "ambiguous_target").number == 3
    assert notes.understand("the last one", "ambiguous_target").number == -1


def test_a_note_with_steps_gives_them_in_order() -> None:
    answer = notes.understand("go to http://a.test/ and click Proceed", "target_not_found")
    assert [type(step) for step in answer.steps] == [Goto, Click]


def test_another_name_is_kept_as_it_was_written() -> None:
    assert notes.understand("the button is called 'Proceed to pay'", "target_not_found").name == "Proceed to pay"


@pytest.mark.parametrize(
    "note",
    [
        "checked against the order",
        "Amount matches the invoice.",
        "approved by finance, ticket 4711",
        "Ada says it is due",
    ],
)
def test_a_remark_beside_a_resume_does_not_hold_back_what_was_asked(note):
    assert notes.understand(note, "payment").meaning == notes.GO_ON


@pytest.mark.parametrize(
    "note",
    ["wait until Monday", "if the amount is right", "it isn't ours", "half of it", "is that right?", "up to $500.00"],
)
def test_a_note_that_sets_a_condition_is_never_taken_for_a_yes(note):
    assert notes.understand(note, "payment").meaning != notes.GO_ON
