"""What a step means among what is seen, on scenes made by hand."""

from __future__ import annotations

import pytest

from coasty_local.agent import grounder
from coasty_local.agent.scene import BUTTON, CHECK, INPUT, LINK, SELECT, Box, Control, Line, Scene, Target

CLICK = (BUTTON, LINK)


def scene(*controls: Control, lines: tuple[Line, ...] = ()) -> Scene:
    return Scene(1280, 800, lines, controls, 12.0)


def button(text: str, x: int = 100, y: int = 100, kind: str = BUTTON) -> Control:
    return Control(kind, Box(x, y, 120, 36), text=text)


def field(label: str, y: int = 100, text: str = "", kind: str = INPUT) -> Control:
    return Control(kind, Box(100, y, 300, 36), text=text, label=label)


def settled(seen: Scene, target: Target) -> str:
    """The words of the one place that is meant, or "tie" or "none"."""
    choice = grounder.settle(grounder.find(seen, target))
    if choice.kind != "one":
        return choice.kind
    return choice.candidates[0].control.text or choice.candidates[0].control.label


def test_a_button_with_a_synonym_beats_a_heading_with_the_words():
    seen = scene(
        button("Log in", y=400), lines=(Line("Sign in", Box(100, 60, 200, 30)), Line("Log in", Box(130, 410, 50, 12)))
    )
    choice = grounder.settle(grounder.find(seen, Target("Sign in", CLICK)))
    assert (choice.kind, choice.candidates[0].control.kind) == ("one", BUTTON)


@pytest.mark.parametrize(
    ("wanted", "read"),
    [
        ("Log in", "L0g in"),
        ("Billing", "Bi11ing"),
        ("INV-1042", "INV-1O42"),
        ("Sign in", "SIGN IN"),
        ("Save changes", "Savechanges"),
    ],
)
def test_letters_that_readers_confuse_are_the_same(wanted, read):
    assert settled(scene(button(read)), Target(wanted, CLICK)) == read


@pytest.mark.parametrize(
    ("wanted", "other"),
    [
        ("INV-1042", "INV-1043"),
        ("Subscribe", "Unsubscribe"),
        ("Approve", "Disapprove"),
        ("Sign in", "Sign in with Google"),
        ("Sign in", "Sign up"),
        ("Continue", "Continue with Google"),
        ("Launch rocket", "Launch"),
        ("Log in", "Log out"),
    ],
)
def test_what_only_looks_alike_is_not_meant(wanted, other):
    assert settled(scene(button(other)), Target(wanted, CLICK)) == "none"


@pytest.mark.parametrize(
    ("wanted", "label"),
    [
        ("Email", "E-mail address *"),
        ("Email", "Work email"),
        ("Password", "Your password"),
        ("Zip code", "Postal code"),
        ("Phone", "Mobile number"),
    ],
)
def test_a_field_goes_by_the_names_people_give_it(wanted, label):
    assert settled(scene(field(label), field("Company", 200)), Target(wanted, (INPUT,))) == label


def test_password_and_its_repetition_are_never_mixed_up():
    seen = scene(field("Password", 100), field("Confirm password", 200))
    assert settled(seen, Target("Password", (INPUT,))) == "Password"
    assert settled(seen, Target("Confirm password", (INPUT,))) == "Confirm password"
    assert settled(scene(field("Confirm password")), Target("Password", (INPUT,))) == "none"
    assert settled(scene(field("Password")), Target("Confirm password", (INPUT,))) == "none"


def test_a_field_is_never_pressed_as_a_button_nor_typed_into_a_button():
    assert settled(scene(field("Search")), Target("Search", CLICK)) == "none"
    assert settled(scene(button("Search")), Target("Search", (INPUT,))) == "none"


def test_two_equal_places_are_a_tie():
    assert settled(scene(button("Edit", y=100), button("Edit", y=200)), Target("Edit", CLICK)) == "tie"


def test_a_row_tells_equal_buttons_apart():
    rows = [("INV-1041", 100), ("INV-1042", 140), ("INV-1043", 180)]
    lines = tuple(Line(key, Box(100, y, 80, 12)) for key, y in rows)
    seen = scene(*(Control(BUTTON, Box(700, y - 8, 60, 28), text="Pay") for _, y in rows), lines=lines)
    choice = grounder.settle(grounder.find(seen, Target("Pay", CLICK, row="INV-1042")))
    assert (choice.kind, choice.candidates[0].control.box.y) == ("one", 132)
    assert settled(seen, Target("Pay", CLICK, row="INV-1049")) == "none"


def test_a_card_tells_equal_buttons_apart():
    cards = [Control("panel", Box(x, 100, 200, 220)) for x in (50, 300, 550)]
    buttons = [Control(BUTTON, Box(x + 20, 270, 120, 36), text="Select") for x in (50, 300, 550)]
    lines = tuple(Line(name, Box(x + 20, 120, 80, 16)) for name, x in (("Starter", 50), ("Team", 300), ("Hobby", 550)))
    choice = grounder.settle(grounder.find(scene(*cards, *buttons, lines=lines), Target("Select", CLICK, row="Team")))
    assert (choice.kind, choice.candidates[0].control.box.x) == ("one", 320)


def test_ordinals_count_in_reading_order():
    links = [button("One", 300, 100, LINK), button("Two", 100, 200, LINK), button("Three", 400, 201, LINK)]
    seen = scene(*links, button("First", 10, 10))
    assert settled(seen, Target("", (LINK,), ordinal=1)) == "One"
    assert settled(seen, Target("", (LINK,), ordinal=3)) == "Three"
    assert settled(seen, Target("", (LINK,), ordinal=-1)) == "Three"
    assert settled(seen, Target("", (LINK,), ordinal=4)) == "none"


def test_aliases_count_like_the_words():
    assert (
        settled(scene(button("Proceed to step 2")), Target("Go ahead", CLICK, aliases=("Proceed to step 2",)))
        == "Proceed to step 2"
    )


def test_the_label_of_a_check_is_the_check():
    seen = scene(
        Control(CHECK, Box(100, 100, 16, 16), label="Remember me", checked=False),
        lines=(Line("Remember me", Box(124, 102, 90, 12)),),
    )
    choice = grounder.settle(grounder.find(seen, Target("Remember me", (CHECK,))))
    assert (choice.kind, choice.candidates[0].control.kind) == ("one", CHECK)


def test_a_list_goes_by_its_label_not_by_what_is_chosen():
    seen = scene(field("Country", 100, "Germany", SELECT), field("Language", 200, "German", SELECT))
    assert settled(seen, Target("Language", (SELECT,))) == "German"


def test_candidates_say_why():
    best = grounder.find(scene(button("Log in")), Target("Sign in", CLICK))[0]
    assert best.why == ("“Log in” means “Sign in”", "a button")
