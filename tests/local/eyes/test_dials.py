"""Steppers, sliders, boxes that pick rows and menus of dots, on scenes made by hand."""

from __future__ import annotations

from coasty_local.agent import dials, reading, ways
from coasty_local.agent.scene import BUTTON, CHECK, ICON, INPUT, LINK, SLIDER, Box, Control, Line, Scene

LESS, MORE = Control(ICON, Box(300, 200, 34, 34)), Control(ICON, Box(390, 200, 34, 34))


def scene(*controls: Control, lines: tuple[Line, ...] = ()) -> Scene:
    return Scene(1280, 800, lines, controls)


def test_a_number_between_two_small_controls_is_a_stepper() -> None:
    lines = (Line("Guests", Box(200, 210, 60, 14)), Line("2", Box(356, 210, 9, 14)))
    found = dials.stepper(scene(LESS, MORE, lines=lines), "guests")
    assert found is not None
    assert (found.number, found.less, found.more) == (2, LESS, MORE)
    assert dials.stepper(scene(LESS, MORE, lines=lines), "rooms") is None
    assert dials.stepper(scene(LESS, lines=lines), "guests") is None


def test_a_price_between_buttons_with_words_is_no_stepper() -> None:
    words = (Control(BUTTON, Box(300, 200, 50, 34), "Back"), Control(BUTTON, Box(390, 200, 50, 34), "Next"))
    lines = (Line("Guests", Box(200, 210, 60, 14)), Line("2", Box(356, 210, 9, 14)))
    assert dials.stepper(scene(*words, lines=lines), "guests") is None


def test_a_slider_is_known_by_its_label() -> None:
    two = [Control(SLIDER, Box(300, y, 400, 16), label=name) for y, name in ((200, "Volume: 40"), (300, "Contrast"))]
    assert dials.slider(scene(*two), "volume") == two[0]
    assert dials.slider(scene(*two), "") is None


HEADS = tuple(Line(name, Box(x, 100, 60, 12)) for x, name in ((60, "Number"), (200, "Customer"), (400, "Status")))
ROWS = (Line("INV-1", Box(60, 140, 50, 12)), Line("INV-2", Box(60, 180, 50, 12)))


def boxes(*checked: bool) -> list[Control]:
    return [Control(CHECK, Box(20, 138 + 40 * at, 14, 14), checked=on) for at, on in enumerate(checked)]


def test_a_box_picks_a_row_under_the_heads_of_a_table() -> None:
    marks = boxes(False, False)
    assert ways.row_box(scene(*marks, lines=HEADS + ROWS), "INV-2") == marks[1]


def test_a_box_of_a_plain_list_or_beside_others_that_are_ticked_is_left_alone() -> None:
    assert ways.row_box(scene(*boxes(False, False), lines=ROWS), "INV-2") is None
    assert ways.row_box(scene(*boxes(True, False), lines=HEADS + ROWS), "INV-2") is None


def test_dots_at_the_end_of_a_row_are_its_menu() -> None:
    dots = [Control(BUTTON, Box(900, 136 + 40 * at, 38, 20), "。…。") for at in range(2)]
    assert ways.row_menu(scene(*dots, lines=ROWS), "INV-2") == dots[1]
    plus = Control(BUTTON, Box(900, 136, 38, 20), "+")
    assert ways.row_menu(scene(plus, lines=ROWS), "INV-1") is None


def test_a_search_field_is_not_called_as_the_place_of_the_menu_before_it() -> None:
    names = tuple(Line(name, Box(20 + 90 * at, 16, 50, 12)) for at, name in enumerate(("Home", "Leads", "Images")))
    field = Control(INPUT, Box(300, 10, 160, 24), "Filter by name", "Images")
    shown = reading.with_menu(Scene(1280, 800, names, (field,), 12.0))
    assert [(c.kind, c.label) for c in shown.controls] == [(INPUT, ""), *[(LINK, "")] * 3]


def test_a_field_is_called_by_its_label_and_a_button_by_its_words() -> None:
    assert reading.name(Control(INPUT, Box(0, 0, 9, 9), "English", "Language")) == "Language"
    assert reading.name(Control(BUTTON, Box(0, 0, 9, 9), "Save", "Form")) == "Save"
