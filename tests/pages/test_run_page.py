"""A run's own page in a browser: the film by keyboard, choosing and jumping, before and after, following, comparing."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.pages.test_looks import violations

HOSTILE = "<img src=x onerror='window.hacked = 1'>\u202egpj.exe\u200b\x1b[31m" + "A" * 2_000_000


@pytest.fixture(scope="module")
def told(people, upstream):
    """An ended run of thirty steps with an error, a pause and hostile acts, known to the console."""
    run = upstream.add(task="Replay me")
    run.go()
    for number in range(1, 31):
        run.step(f"I look at page {number}")
        if number == 4:
            run.emit("error", {"code": "ODD", "message": "The page did not load"})
        if number == 9:
            run.pause("Which of the two?")
            run.resume("the left one")
        if number == 12:
            run.emit("tool_call", {"step": 12, "action_type": "type", "params": {"text": HOSTILE}})
            run.emit("tool_call", json.dumps({"step": 12, "action_type": HOSTILE[:60], "params": {"x": 1e308, "y": 5}}))
    run.finish()
    page = people["viewer"].live("/runs/")
    expect(page.get_by_role("link", name="Replay me")).to_be_visible(timeout=8000)
    return run


def test_the_film_is_played_and_scrubbed_by_keyboard(people, told, until) -> None:
    page = people["viewer"].live(f"/runs/{told.id}/")
    slider = page.get_by_role("slider", name="Step shown")
    until(lambda: slider.evaluate("e => Number(e.max)") == 30)
    assert page.locator("[data-film-ticks] .tick-error, [data-film-ticks] .tick-pause").count() == 2
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    film = page.locator("#film")
    expect(film.locator("[data-film-said]")).to_contain_text("I look at page 2")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"Step 2 .*\$0\.10"))
    expect(film.locator("[data-film-past] img")).to_have_attribute("src", f"/runs/{told.id}/frames/1.jpg")
    expect(film.locator("[data-film-past] .marks")).to_have_count(1)
    page.keyboard.press("b")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    expect(film.get_by_role("button", name="Pause")).to_be_visible()
    expect(film.locator("[data-film-said]")).to_contain_text("I look at page 1")
    page.keyboard.press("Space")
    expect(film.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(e => e.name.includes('/frames/')).length") < 45
    )
    film.get_by_role("button", name="Newest").click()
    expect(film.locator("[data-film-past]")).to_be_hidden()
    assert not violations(page)
    assert not people["viewer"].noise


def test_a_reader_chooses_jumps_and_flips_and_hostile_acts_stay_text(people, told, until) -> None:
    page = people["viewer"].live(f"/runs/{told.id}/")
    page.get_by_role("button", name="Errors").click()
    expect(page.locator(".step:visible")).to_have_count(1)
    expect(page.locator(".line:visible")).to_contain_text("The page did not load")
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Next pause").click()
    expect(page.locator(".step:focus h3")).to_have_text("Step 9")
    expect(page.locator("#film [data-film-said]")).to_contain_text("Which of the two?")
    step = page.locator(".step[data-step='3']")
    before = step.locator("img").first.get_attribute("src")
    step.get_by_role("button", name="Frame 2: show the screen after it, frame 3").click()
    after = step.locator(".shot-after")
    expect(after).to_have_attribute("src", f"/runs/{told.id}/frames/3.jpg")
    assert before == f"/runs/{told.id}/frames/2.jpg"
    step.get_by_role("button", name="Frame 2").click()
    expect(after).to_have_count(0)
    step.hover()
    page.keyboard.down("b")
    expect(after).to_be_visible()
    page.keyboard.up("b")
    expect(after).to_have_count(0)
    long = page.locator(".line", has_text="characters")
    expect(long.first).to_contain_text("2,000,1")
    expect(long.first).to_contain_text("<img src=x onerror")
    assert page.evaluate("window.hacked") is None
    assert "\u202e" not in page.inner_text("body")
    assert len(page.content()) < 1_500_000
    assert not people["viewer"].noise
