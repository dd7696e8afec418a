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
    """An ended run of seventy steps with an error, a pause and hostile acts, known to the console."""
    run = upstream.add(task="Replay me")
    run.go()
    for number in range(1, 71):
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
    until(lambda: slider.evaluate("e => Number(e.max)") == 70)
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
    shown = "nodes => nodes.map(node => Number(node.dataset.step))"
    here = page.locator(".step").evaluate_all(shown)
    assert here == sorted(set(here))
    assert here[:10] == list(range(10))
    assert len(here) < 71, "a jump fetches what stands around its step, not all that stands between"
    between = page.get_by_role("button", name="Show the steps between")
    while between.count():
        before = page.locator(".step").count()
        between.first.click()
        until(lambda before=before: page.locator(".step").count() > before)
    assert page.locator(".step").evaluate_all(shown) == list(range(71))
    page.get_by_label("Step number, then Enter").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator(".step:focus h3")).to_have_text("Step 12")
    page.get_by_role("button", name="Next pause").click()
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


def test_a_live_run_is_followed_until_the_reader_scrolls_up_and_nothing_moves_under_the_pointer(
    people, upstream, told, until
) -> None:
    run = upstream.add(task="Watch me")
    run.go()
    for number in range(12):
        run.step(f"I look at page {number}")
    page = people["operator"].live("/runs/")
    page.get_by_role("link", name="Watch me").click()
    until(people["operator"].is_live)
    expect(page.locator(".step")).to_have_count(13)
    page.evaluate("scrollTo(0, 300)")
    page.mouse.move(400, 400)
    where = "() => { const e = document.elementFromPoint(400, 400).closest('main [id]'); window.under ??= e.id;"
    where += " return [under, Math.round(document.getElementById(under).getBoundingClientRect().top)]; }"
    before = page.evaluate(where)
    run.pause("Shall I go on?")
    expect(page.locator(".parked")).to_be_visible()
    assert page.evaluate(where) == before
    run.resume("yes")
    follow = page.get_by_role("button", name="Follow")
    follow.click()
    run.step("The newest")
    expect(page.locator(".line", has_text="The newest")).to_be_in_viewport()
    page.mouse.wheel(0, -600)
    expect(follow).to_have_attribute("aria-pressed", "false")
    run.step("Not to be scrolled to")
    expect(page.locator(".line", has_text="Not to be scrolled to")).to_have_count(1)
    expect(page.locator(".line", has_text="Not to be scrolled to")).not_to_be_in_viewport()
    page.get_by_role("button", name="Live", exact=True).click()
    expect(page.locator("#film canvas")).to_be_visible()
    run.finish()
    expect(page.locator("#film canvas")).to_be_hidden(timeout=8000)
    assert not people["operator"].noise


def test_a_case_file_is_taken_from_the_page_and_runs_are_compared(people, site, told, tmp_path) -> None:
    page = people["operator"].live(f"/runs/{told.id}/")
    page.locator("summary", has_text="Take away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Case file (ZIP)").click()
    download.value.save_as(tmp_path / "case.zip")
    assert "SEALED" in site.manage("verify_case", str(tmp_path / "case.zip"))
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("h1")).to_have_text("Compare with another run")
    page.goto(f"{site.url}/runs/{told.id}/")
    page.get_by_role("link", name="Run again…").click()
    expect(page.locator("#id_task")).to_have_value("Replay me")
    assert not people["operator"].noise
