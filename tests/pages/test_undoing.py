"""With the hold as it is by default: a decision counts down, can be undone from any page, and goes out on time."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.pages.site import Site, sign_in
from tests.pages.test_deciding import open_approval
from tests.pages.test_looks import violations


@pytest.fixture(scope="module")
def reviewer(upstream, browser, tmp_path_factory):
    held = Site(tmp_path_factory.mktemp("held"), upstream, hold_seconds="").prepare().start()
    yield sign_in(held, browser, "reviewer")
    held.stop()


def test_a_decision_is_undone_by_one_key_and_sent_on_time_when_it_is_not(reviewer, upstream, until) -> None:
    runs = [upstream.add(task=f"Held run {number}") for number in (1, 2)]
    # Not alike, or the queue would show them as a group.
    for run, reason in zip(
        runs, ("Is this the right customer?", "I can't find a button called “Proceed”."), strict=True
    ):
        run.go()
        run.step()
        run.pause(reason)
    page = open_approval(reviewer, runs[0], until)
    first = page.url
    page.fill("#note", "half a thought")
    page.get_by_role("button", name="Resume").click()
    state = page.locator(".approval-state")
    expect(state).to_contain_text("nothing has gone out yet")
    until(lambda: page.evaluate("document.activeElement.id") == "next-approval")
    assert not violations(page)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first)
    until(reviewer.is_live)
    expect(page.locator("#held")).to_contain_text("Resume of approval")
    page.keyboard.press("u")
    expect(page.locator("#note")).to_have_value("half a thought")
    assert page.url != first
    assert runs[0].status == "awaiting_human"
    for place in (3, 30):  # a hand that comes from elsewhere: one that stayed would be taken for a double click
        page.mouse.move(place, place)
    page.get_by_role("button", name="Resume").click()
    expect(state).to_contain_text("nothing has gone out yet")
    began = time.monotonic()
    # Nothing, where a live swap takes the notice away in mid-look.
    place = until(lambda: state.locator(".notice").bounding_box())
    until(lambda: state.locator(".countdown").text_content() == "2 s")
    assert until(lambda: state.locator(".notice").bounding_box()) == place
    until(lambda: runs[0].status == "running", seconds=8)
    assert 4.5 < time.monotonic() - began < 6.5
    expect(state).to_contain_text("Upstream confirmed it")
    notes = [raw for _, kind, raw, _ in runs[0].log if kind == "resumed"]
    assert len(notes) == 1
    assert not reviewer.noise
    for run in runs:
        run.finish()
