"""What readers and outlines are known to get wrong."""

from __future__ import annotations

import re

import cv2
import numpy as np

from coasty_local.agent.perception import Eyes
from coasty_local.agent.scene import Box
from tests.local.eyes.conftest import kinds, only


def test_an_empty_box_is_a_check_and_no_letter(look):
    scene = look("<p><input type=checkbox> Remember me</p>")
    assert [line.text for line in scene.lines] == ["Remember me"]
    assert (only(scene, "check").label, only(scene, "check").checked) == ("Remember me", False)


def test_a_radio_ring_is_not_read_as_the_letter_o(look):
    scene = look(
        "<p><label><input type=radio> Standard</label></p><p><label><input type=radio checked> Express</label></p>"
    )
    assert [line.text for line in scene.lines] == ["Standard", "Express"]
    assert [(c.kind, c.label, c.checked) for c in scene.controls] == [
        ("radio", "Standard", False),
        ("radio", "Express", True),
    ]


def test_letters_are_neither_checks_nor_rings(look):
    scene = look("<h1>IN OUR BOOK OF DOORS</h1><p>LOG IN to go on: Off, On, 0 of 10</p><p>Work email *</p>")
    assert not {"check", "radio", "input", "button"} & set(kinds(scene))


def test_a_short_word_is_no_switch(look):
    scene = look("<p style='font:16px Arial'>Call me back</p><p style='font:16px Arial'>0221 402</p>")
    assert [line.text for line in scene.lines] == ["Call me back", "0221 402"]
    assert "check" not in kinds(scene)


def test_two_columns_on_one_row_are_two_lines(look):
    scene = look("<div style='display:flex;gap:60px'><span>Invoice total</span><span>Due date</span></div>")
    assert [line.text for line in scene.lines] == ["Invoice total", "Due date"]


def test_two_buttons_close_together_are_two(look):
    scene = look("<button>Edit</button> <button>Delete</button>")
    assert [(c.kind, c.text) for c in scene.controls] == [("button", "Edit"), ("button", "Delete")]


def test_lines_that_nearly_touch_stay_apart(look):
    scene = look("<div style='line-height:1'><a href=#>Data export</a><div>Updated 7 days ago</div></div>")
    assert [re.sub(r"\s", "", line.text) for line in scene.lines] == ["Dataexport", "Updated7daysago"]


def test_cells_of_a_table_are_no_fields(look):
    cell = "style='border:1px solid #999;padding:8px'"
    rows = "".join(f"<tr><td {cell}>INV-{n}</td><td {cell}>Ada</td><td {cell}>$5</td></tr>" for n in (1, 2, 3))
    assert "input" not in kinds(look(f"<table style='border-collapse:collapse'>{rows}</table>"))


def test_a_card_with_text_is_no_text_area(look):
    card = "border:1px solid #ccc;border-radius:10px;padding:20px;height:200px;width:500px"
    assert "input" not in kinds(look(f"<div style='{card}'><h2>Projects</h2><p>All that you made.</p></div>"))


def test_a_badge_is_no_button(look):
    badge = "background:#dde;border-radius:99px;padding:1px 8px;font-size:13px"
    assert "button" not in kinds(look(f"<p>INV-1042 <span style='{badge}'>Paid</span></p>"))


def test_a_line_between_paragraphs_is_no_field(look):
    scene = look("<div style='width:400px'><p>First thing to say.</p><hr><p>Second thing to say.</p></div>")
    assert "input" not in kinds(scene)


def test_a_password_shows_dots_and_a_typed_letter_does_not(look, shot, page):
    shot("<input id=a type=password style='font:16px sans-serif;padding:8px'>")
    eyes, box = Eyes(), Box(*(round(v) for v in page.locator("#a").bounding_box().values()))
    seen = {}
    for text in ("", "h", "hunter2"):
        page.fill("#a", text)
        picture = shot()
        seen[text] = eyes.masked(picture, box), eyes.read(picture, box)
    assert seen == {"": (None, ""), "h": (True, "•"), "hunter2": (True, "•" * 7)}
    page.locator("#a").evaluate("e => e.type = 'text'")
    for letter in "oeas.0lQ*-;:!":
        page.fill("#a", letter)
        assert eyes.masked(shot(), box) is False, letter


def test_dots_are_told_from_letters_inside_of_dark_rings_and_round_corners(shot, page):
    wrong = []
    for style in (
        "border-radius:99px;outline:3px solid #111;background:#f8e8f2",
        "border-radius:10px;outline:3px solid #111;background:#0d2417;color:#efe;zoom:.8",
        "border:0;border-bottom:1px solid #888;outline:auto",
        "color:#666;outline:2px solid #06f;font-family:Liberation Serif;zoom:1.25",
    ):
        shot(f"<input id=a style='font:16px Liberation Sans;padding:9px;{style}'>")
        box = Box(*(round(v) for v in page.locator("#a").bounding_box().values()))
        for kind, texts in (
            ("password", ("q", "quartz!river")),
            ("text", ("q", "o", ".", "*", "l", "0", "-", "..", "i")),
        ):
            page.locator("#a").evaluate("(e, kind) => e.type = kind", kind)
            for text in texts:
                page.fill("#a", text)
                for caret in ("initial", "hide"):
                    picture = cv2.imdecode(np.frombuffer(page.screenshot(caret=caret), np.uint8), cv2.IMREAD_COLOR)
                    if (Eyes().masked(picture, box) is True) != (kind == "password"):
                        wrong.append((style, text, caret))
    assert not wrong
