"""Every page in both themes, wide and narrow: no accessibility violation, nothing cut off."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

THEMES = ("light", "dark")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def pages(people, upstream):
    """The address of each page, with something on it."""
    ended, run = upstream.add(task="It ended"), upstream.add(task="It waits", metadata={"ticket": "A-17"})
    for each in (ended, run):
        each.go()
        each.step()
    ended.finish("failed", error={"code": "MAX_STEPS_REACHED", "message": "Out of steps."})
    run.emit("unheard_of", {"a": 1})
    run.pause("Which of the two?")
    page = people["admin"].live("/approvals/")
    link = page.locator(".queue-row", has_text="Which of the two?").locator("a").first
    expect(link).to_be_visible(timeout=8000)
    approval = link.get_attribute("href")
    people["admin"].go("/runs/")
    expect(page.locator(f'a[href="/runs/{ended.id}/"]')).to_be_visible(timeout=8000)
    return [
        "/", "/approvals/", approval, "/runs/", "/runs/?q=nothing-like-this", f"/runs/{run.id}/", f"/runs/{ended.id}/",
        "/runs/new/", "/audit/", "/people/", f"/runs/{ended.id}/takeover/", f"/runs/{run.id}/takeover/", "/nowhere/",
        "/settings/", "/settings/password/", "/settings/team/", "/figures/", "/approvals/notes/",
        f"/runs/{run.id}/compare/?with={ended.id}", f"/runs/new/?from={run.id}",
    ]  # fmt: skip


def violations(page, options=RULES) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {n['target']}" for v in found for n in v["nodes"]]


def too_wide(page) -> list[int]:
    """The widths of the window at which the page scrolls sideways."""
    found = []
    for width in (1440, 768, 360):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(width)
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


def test_no_page_has_an_accessibility_violation_in_either_theme_or_scrolls_sideways(people, pages) -> None:
    person, found = people["admin"], {}
    for path in pages:
        person.page.emulate_media(color_scheme="light")
        person.go(path)
        wide = too_wide(person.page)
        unfold = "all => all.forEach(e => { if (!e.closest('.confirm')) e.open = true; })"
        person.page.locator("details").evaluate_all(unfold)
        wrong = violations(person.page)
        person.page.emulate_media(color_scheme="dark")  # only colours differ
        wrong += violations(person.page, {"runOnly": ["color-contrast"]})
        if wrong or wide:
            found[path] = wrong, wide
    person.noise.clear()
    assert not found


@pytest.mark.parametrize("theme", THEMES)
def test_the_sign_in_page_has_no_accessibility_violation_and_says_what_was_wrong(site, browser, theme) -> None:
    page = browser.new_page(color_scheme=theme)
    page.goto(site.url + "/sign-in/")
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.press("#id_password", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("don't go together")
    assert not violations(page)
    page.close()


def test_the_theme_can_be_chosen_and_stays(people) -> None:
    person = people["admin"]
    person.page.emulate_media(color_scheme="light")
    page = person.go("/runs/")
    light = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    page.get_by_role("button", name="Theme").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") != light
    page.get_by_role("button", name="Theme").click()
    page.evaluate("localStorage.removeItem('theme')")
