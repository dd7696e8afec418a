"""The pages in German: what comes over the socket too, nothing wider than a phone, no accessibility violation."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.site import sign_in
from tests.pages.test_looks import violations


@pytest.fixture
def person(site, browser):
    signed_in = sign_in(site, browser, "admin", locale="de-DE", has_touch=True)
    yield signed_in
    signed_in.context.close()


def test_german_pages_fit_a_phone_and_stay_german_when_the_socket_speaks(person, parked) -> None:
    page = person.live("/approvals/")
    page.set_viewport_size({"width": 390, "height": 844})
    row = page.locator(".queue-row", has_text="Nordwind").first
    expect(row).to_be_visible(timeout=8000)
    expect(row).to_contain_text("Zahlung")
    expect(page.locator("#approval-queue, #queue").first).not_to_contain_text("Every kind")
    approval = row.locator("a").first.get_attribute("href")
    assert not violations(page)
    person.live(approval)
    expect(page.get_by_role("button", name="Scheitern lassen")).to_be_visible()
    expect(page.locator(".approval-state")).to_contain_text("Wartet")
    page.set_viewport_size({"width": 1280, "height": 900})  # a tablet; a phone has no room for them either
    hints = page.locator(":is(.button, .quiet) kbd, .by-key, [data-keys-help]")
    assert set(hints.evaluate_all("all => all.map(e => e.checkVisibility())")) == {False}, "a finger is told of keys"
    page.set_viewport_size({"width": 390, "height": 844})
    assert not violations(page)
    run = f"/runs/{parked.id}/"
    paths = [approval, "/", "/approvals/", "/runs/", run, "/runs/new/", "/settings/", "/policies/new/", "/figures/"]
    wide = {}
    for path in paths:
        person.go(path)
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            wide[path] = over
        if path == approval:
            cut = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
            assert not page.locator(".decide .choice").evaluate_all(cut)
    assert not wide
    assert not person.noise
