"""Acts said as verb, object and values: what a sentence becomes, and which control on a screen belongs to it."""

from __future__ import annotations

from typing import Any

import pytest

from coasty_local.agent import contents, dates, evidence, fields, paying, reading, relations, verifier, ways
from coasty_local.agent.planner import read
from coasty_local.agent.planner.facts import likely_secrets
from coasty_local.agent.planner.steps import Again, Commit, Enter, Goal, Nothing, Read, Step
from coasty_local.agent.scene import CHECK, INPUT, Box, Control, Scene
from tests.local.mind.test_asking import scene
from tests.local.mind.test_sentences import shape, verify


def short(step: Step) -> tuple[Any, ...]:
    match step:
        case Enter(verb=v, noun=n, slots=s):
            return ("enter", v, n, *s)
        case Commit(verb=v, noun=n):
            return ("commit", v, n)
        case Again():
            return ("again",)
    return shape(step)


ADA = (("name", "Ada King"), ("email", "a@b.example"), ("password", "sesame77"))
DEEDS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("Book a Double room for 2 guests under the name Mia Chen, arrival 2027-05-03, departure 2027-05-06, "
     "with breakfast",
     [("enter", "book", "room", ("", "Double room"), ("guests", "2"), ("name", "Mia Chen"), ("arrival", "2027-05-03"),
       ("departure", "2027-05-06"), ("breakfast", "yes")), ("commit", "book", "room")]),
    ("Book the Suite for 3 guests without breakfast",
     [("enter", "book", "suite", ("", "Suite"), ("guests", "3"), ("breakfast", "no")), ("commit", "book", "suite")]),
    ("Reserve a table for 4 people at 19:00 on 2027-05-03 under the name Chen",
     [("enter", "reserve", "table", ("people", "4"), ("time", "19:00"), ("date", "2027-05-03"), ("name", "Chen")),
      ("commit", "reserve", "table")]),
    ("Book an appointment with Dr. Lee on 2027-05-03",
     [("enter", "book", "appointment", ("", "Dr. Lee"), ("date", "2027-05-03")), ("commit", "book", "appointment")]),
    ("request Vacation from 2027-05-03 to 2027-05-07 with the reason 'family visit'",
     [("enter", "request", "vacation", ("", "Vacation"), ("from", "2027-05-03"), ("to", "2027-05-07"),
       ("reason", "family visit")), ("commit", "request", "vacation")]),
    ("Reply with 'Thank you, that is fine'",
     [("enter", "reply", "", ("message", "Thank you, that is fine")), ("commit", "reply", "")]),
    ("send a message to Mia Chen saying 'Hi'",
     [("enter", "send", "message", ("recipient", "Mia Chen"), ("message", "Hi")), ("commit", "send", "message")]),
    ("add the comment 'On its way' to ticket 4711",
     [("open", "ticket", "4711"), ("enter", "add", "comment", ("comment", "On its way")),
      ("commit", "add", "comment")]),
    ("Sign up with name Ada King, email a@b.example, password sesame77 and accept the terms",
     [("enter", "sign up", "", *ADA), ("check", "terms", True), ("commit", "sign up", "")]),
    ("Create an account: name Ada King, email a@b.example, password sesame77. Repeat the password.",
     [("enter", "create", "account", *ADA), ("again",), ("commit", "create", "account")]),
    ("Reserve the book 'Dune'", [("goal", "reserve", "book", "Dune")]),
    ("Reset the password of Nora Walsh", [("goal", "reset", "password", "Nora Walsh")]),
    ("Check in Ana Flores", [("goal", "check in", "", "Ana Flores")]),
    ("check out 'Dune'", [("goal", "check out", "", "Dune")]),
    ("cancel my hold on 'Night Ferry'", [("goal", "cancel", "hold", "Night Ferry")]),
    ("redeem the code LH-2288", [("enter", "redeem", "code", ("code", "LH-2288")), ("commit", "redeem", "code")]),
    ("place the order", [("commit", "place", "order")]),
    ("book and pay", [("commit", "book and pay", "")]),
    ("place a hold on it", [("commit", "place", "hold")]),
    ("archive it", [("commit", "archive", "")]),
    ("remove the Oak Stool from the cart", [("goal", "delete", "cart", "Oak Stool")]),
    ("Type Mia Chen into Name and mia@chen.example into Email",
     [("type", "Name", "Mia Chen", False), ("type", "Email", "mia@chen.example", False)]),
    ("fill in the form with name Ada, date of birth 1988-02-11",
     [("fill", ("name", "Ada"), ("date of birth", "1988-02-11"))]),
    ("set the number of tickets to 3", [("type", "number of tickets", "3", False)]),
    ("make sure that The Seagull is sold out", [verify("sold out", True, "Seagull")]),
    ("tell me when 'Salt Roads' is due", [("read", "due", "Salt Roads")]),
    # what is not to be done
    ("Book a Double room for 2 guests but do not confirm it",
     [("enter", "book", "room", ("", "Double room"), ("guests", "2"))]),
    ("Sign up with email a@b.example. Do not subscribe to the newsletter.",
     [("enter", "sign up", "", ("email", "a@b.example")), ("commit", "sign up", "")]),
    ("Delete invoice INV-5 but don't notify the customer",
     [("goal", "delete", "invoice", "INV-5"), ("unknown", "don't notify the customer")]),
    # what says too little, or too much, is not guessed at
    *[(text, [("unknown", text)]) for text in (
        "remove Bob from the admins", "generate a summary of the page", "book a flight to Paris or Rome",
        "upgrade to Pro", "create the ticket", "place the cat on it", "sign up for something", "renew all my books",
        "buy the cheapest ticket for Hamlet",
    )],
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "expected"), DEEDS, ids=[sentence[:60] for sentence, _ in DEEDS])
def test_a_deed_becomes_what_to_enter_and_what_to_press(sentence: str, expected: list[tuple[Any, ...]]) -> None:
    assert [short(step) for step in read(sentence) if not isinstance(step, Nothing)] == expected


def test_the_owner_of_a_password_is_no_secret_but_the_password_is() -> None:
    assert likely_secrets("reset the password of Nora Walsh") == ()
    assert likely_secrets("change the password to Willow-22") == ("Willow-22",)


@pytest.mark.parametrize(
    ("verb", "noun", "page", "pressed"),
    [
        ("place", "order", scene("{Name|Ada}", "[Back] [Buy now]"), "Buy now"),
        ("book", "room", scene("{Name|Ada}", "[Book another room] [Confirm booking]"), "Confirm booking"),
        ("sign up", "", scene("{Email|a@b.c}", "[Sign up with Google] [Create account]"), "Create account"),
        ("reply", "", scene("{Message|Hi}", "[Save draft] [Send]"), "Send"),
    ],
)
def test_the_control_below_a_filled_form_is_found_by_its_words(verb: str, noun: str, page: Scene, pressed: str) -> None:
    field = next(c for c in page.controls if c.kind == INPUT)
    assert [c.text for c in relations.finals(page, verb, noun, field.box)] == [pressed]


def test_words_that_only_end_a_form_count_for_nothing_without_one() -> None:
    page = scene("# Delete the account?", "[Yes] [OK] [Continue]")
    assert relations.finals(page, "finish", "onboarding", None) == []


def test_every_control_that_says_the_act_is_offered_when_no_form_tells_which() -> None:
    page = scene("Single  [Book]", "Double  [Book]")
    assert len(relations.finals(page, "book", "", None)) == 2


def test_no_door_pays_or_destroys() -> None:
    assert relations.doors(scene("[Buy now]", "[Order now]"), "order", "pizza", set()) == []
    assert [c.text for c in relations.doors(scene("[New ticket]"), "create", "ticket", set())] == ["New ticket"]


@pytest.mark.parametrize(
    ("verb", "noun", "page", "asks"),
    [
        ("order", "pizza", scene("# Menu"), True),
        ("place", "order", scene("# Summary"), True),
        ("book and pay", "", scene("# Summary"), True),
        ("book", "room", scene("Total  $240.00"), True),
        ("book", "room", scene("# Your stay"), False),
        ("reply", "", scene("Total  $240.00"), False),
        ("approve", "order", scene("Total  $240.00"), False),
    ],
)
def test_an_act_moves_money_by_its_name_or_by_a_sum_on_the_page(verb: str, noun: str, page: Scene, asks: bool) -> None:
    assert paying.buys(verb, noun, page) is asks


@pytest.mark.parametrize(
    ("words", "box", "meant"),
    [
        ("accept the terms", "I agree to the Terms of Service", True),
        ("breakfast", "With breakfast", True),
        ("send me offers", "Do not send me offers", False),
        ("accept the terms", "Accept marketing mails", False),
        ("include travel insurance", "Include a travel bag", False),
    ],
)
def test_a_box_is_ticked_only_if_it_says_all_and_denies_nothing(words: str, box: str, meant: bool) -> None:
    page = Scene(1280, 800, (), (Control(CHECK, Box(20, 20, 14, 14), "", box, checked=False),), 14.0)
    assert (fields.marked(page, words) is not None) is meant


VISITS = ("# Today", "09:15 Ana Flores  [Check in]", "10:00 Priya Nair  [Check in]")


def test_an_act_is_over_when_its_control_has_left_the_record() -> None:
    before = scene(*VISITS)
    after = scene("# Today", "Ana Flores has arrived", "09:15 Ana Flores", "10:00 Priya Nair  [Check in]")
    goal = Goal(act="check in", key="Ana Flores")
    assert evidence.moved(after, goal, before) == "Ana Flores has arrived"
    assert evidence.moved(before, goal, before) == ""
    assert ways.act_control(after, goal) is None  # the next row is that of another


def test_the_entry_of_a_menu_that_the_record_has_opened_is_its_own() -> None:
    before = scene("# Users", "Ada King  [More]", "Bob Ray  [More]")
    opened = scene("# Users", "Ada King  [More]", "Bob Ray  [More]", "Make admin", "Deactivate")
    goal = Goal(act="deactivate", key="Ada King")
    entry = ways.from_menu(opened, goal, before)
    assert entry is not None
    assert entry.text == "Deactivate"
    assert ways.from_menu(opened, goal, opened) is None  # it stood there before: whose it is nobody knows


def test_a_place_is_never_reached_by_a_button_that_makes_something() -> None:
    page = scene("<New ticket>", "[Create ticket]", "<My tickets>")
    assert [c.text for c in [ways.way_to(page, ways.places("", "ticket"), set())] if c] == ["My tickets"]


def test_a_value_is_read_from_the_row_that_was_asked_for() -> None:
    page = scene("# My loans", "The Tin Garden  due 2027-04-02", "Salt Roads  due 2027-04-09")
    assert verifier._of_record(page, Read(words="due", about="Salt Roads")).endswith("2027-04-09")
    assert verifier._of_record(page, Read(words="due", about="Night Ferry")) == ""


@pytest.mark.parametrize(
    ("value", "pattern", "typed"),
    [("2027-05-03", "mm/dd/yyyy", "05/03/2027"), ("3 May 2027", "DD.MM.YYYY", "03.05.2027")],
)
def test_a_date_is_spelled_as_the_field_wants_it(value: str, pattern: str, typed: str) -> None:
    control = Control(INPUT, Box(0, 0, 200, 30), pattern, "Day")
    assert dates.hint(control) == pattern
    day = dates.meant(value)
    assert day is not None
    assert dates.spelled(day, pattern) == typed
    assert dates.meant("03/05/2027") is None


@pytest.mark.parametrize(
    ("shown", "ok"), [("05/03/2027", True), ("05032027", False), ("05/08/2027", False), ("05/03/2027|", True)]
)
def test_a_date_counts_only_as_it_reads_in_the_field(shown: str, ok: bool) -> None:
    assert fields._dated(shown, "05/03/2027") is ok


def test_numbers_are_never_read_nearly() -> None:
    assert contents._reads("1,250.00", "1250.00")
    assert not contents._reads("20270520", "20270502")


def test_short_words_side_by_side_at_the_top_are_a_menu_but_no_head_of_a_table() -> None:
    menu = reading.with_menu(scene("Today   Patients   Log out", "", "", "# Visits"))
    assert [c.text for c in menu.controls] == ["Today", "Patients", "Log out"]
    assert reading.with_menu(scene("Name   Phone   City", "Ada    555     Bern")).controls == ()
