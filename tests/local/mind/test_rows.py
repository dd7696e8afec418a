"""Rows of wide tables, pagers, values that only begin alike: pure over scenes made by hand."""

from __future__ import annotations

from dataclasses import replace

from coasty_local.agent import contents, quest, reading, ways
from coasty_local.agent.planner.steps import Goal
from coasty_local.agent.scene import INPUT, PANEL, Box, Control, Line, Scene
from tests.local.mind.test_asking import scene


def framed(page: Scene) -> Scene:
    """The scene with one frame around all of it."""
    return replace(page, controls=(*page.controls, Control(PANEL, Box(5, 5, 1100, 400))))


def test_a_frame_around_a_table_is_no_place_of_one_record() -> None:
    rows = ("Ida Falk      open      [Close]", "Tim Rau       closed    [Close]", "Mia Sand      open      [Close]")
    page = framed(scene(*rows))
    [key] = reading.find(page, "Tim Rau")
    place = reading.record_box(page, key, "Tim Rau")
    assert [line.text for line in page.lines if place.contains(*line.box.center)] == ["Tim Rau", "closed", "Close"]
    assert [line.text for line in reading.record_lines(page, "Tim Rau")] == ["Tim Rau", "closed", "Close"]


def test_a_frame_around_one_card_stays_its_place() -> None:
    page = framed(scene("Ida Falk", "Status   open", "Phone    551"))
    [key] = reading.find(page, "Ida Falk")
    assert reading.record_box(page, key, "Ida Falk").h == 400


def test_a_pager_read_as_one_line_is_pressed_at_its_end() -> None:
    line = Line("< Prev Page 1 of 3 Next >", Box(10, 400, 250, 14))
    found = ways.next_page(Scene(1280, 800, (line,)))
    assert found is not None
    assert (found.text, found.box.right) == ("Next >", 260)
    assert found.box.x > 190
    assert ways.next_page(Scene(1280, 800, (replace(line, text="< Prev Page 3 of 3 Next >"),))) is None


def test_what_stood_in_a_field_before_must_be_gone() -> None:
    field = Control(INPUT, Box(10, 10, 300, 30), "Ines Duarte", "Display name")
    after = Scene(1280, 800, (), (replace(field, text="Ines DuarteInes D."),))
    assert contents.kept_old(after, field, "Ines D.")
    assert not contents.kept_old(replace(after, controls=(replace(field, text="Ines D."),)), field, "Ines D.")


def test_a_thing_named_by_a_plain_word_is_the_row_that_says_it() -> None:
    page = scene("Candle      [Remove]", "Notebook    [Remove]")
    found = quest._by_its_words(page, Goal(act="delete", noun="candle"))
    assert (found.key, found.noun) == ("candle", "")
    twice = scene("Candle      [Remove]", "Candle      [Remove]")
    assert quest._by_its_words(twice, Goal(act="delete", noun="candle")).key == ""
    assert ways.act_control(page, Goal(act="delete", noun="lamp")) is None  # one for each of two other things


def test_words_for_the_state_that_an_act_leads_to_name_its_control() -> None:
    page = scene("10233    open      [Mark shipped]", "10234    open      [Mark shipped]")
    found = ways.act_control(page, Goal(act="ship", noun="order", key="10233"))
    assert found is not None
    assert found.box.y < 50


def test_a_cell_that_was_read_in_two_is_one_value() -> None:
    def at(text: str, x: int, y: int, w: int) -> Line:
        return Line(text, Box(x, y, w, 12))

    page = Scene(
        1280,
        800,
        (
            at("Name", 40, 10, 40), at("Phone", 300, 10, 45), at("Room", 500, 10, 40),
            at("Ida Falk", 40, 50, 60), at("0221", 300, 50, 36), at("402", 342, 50, 26), at("12", 500, 50, 16),
        ),
    )  # fmt: skip
    assert reading.column_value(page, "Phone", "Ida Falk") == "0221 402"
    assert reading.column_value(page, "Room", "Ida Falk") == "12"
