"""The queue in a browser: what is alike is one row and one gesture, rows leave at once, keys alone clear it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.test_looks import violations
from tests.scripted_runs import picture


@pytest.fixture
def park(upstream, request):
    """Parks runs that look the same: one task each, the same picture."""
    made = []

    def run(reason, number=4):
        one = upstream.add(task=f"Row {len(made)} of {request.node.name}")
        one.go()
        one.frames.append(picture(number))
        one.emit("text", {"text": "I look", "step": 1})
        one.pause(reason)
        made.append(one)
        return one

    yield run
    for one in made:
        if not one.is_over:
            one.finish()


def test_what_is_alike_is_one_row_decided_by_one_gesture_and_leaves_everybody_at_once(people, park, until) -> None:
    runs = [park(f"I can't find parcel {n} on this page.") for n in range(5)]
    first, second = people["reviewer"], people["second"]
    watched = second.live("/approvals/?kind=error")
    page = first.live("/approvals/")
    row = page.locator(".alike-row", has_text="I can't find parcel")
    expect(row).to_contain_text("5 alike", timeout=15_000)
    expect(watched.locator(".queue-row", has_text="I can't find parcel")).to_have_count(1)
    count = int(page.locator("#nav-counts").get_attribute("data-count"))
    assert page.locator("#queue-title .count").inner_text() == str(count), "the badge is the list's"
    row.locator("a").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".alike-card")).to_have_count(5)
    assert not violations(page)
    card = [page.locator(".alike-card", has_text=f"Row {n} of") for n in range(5)]
    card[2].locator("input").uncheck()
    page.fill("#note", "no such parcels")
    # One is ended elsewhere, one goes on by itself: both lose their ticks and say why, and nothing else moves.
    until(first.is_live)
    runs[3].finish("cancelled")
    runs[4].step("It changed by itself")
    expect(card[3]).to_contain_text("cancelled elsewhere", timeout=8000)
    expect(card[4].locator("[data-differs=cost]")).to_be_visible(timeout=8000)
    expect(page.get_by_role("button", name="Cancel 2")).to_be_visible()
    assert [box.is_checked() for box in page.locator("[name=member]").all()].count(True) == 2
    assert page.input_value("#note") == "no such parcels"
    assert not violations(page)
    card[4].get_by_role("button", name="Show them").click()
    expect(card[4].locator("input")).to_be_enabled()
    expect(card[4].locator("input")).not_to_be_checked()
    expect(card[4].locator("input")).to_be_focused()
    until(lambda: page.locator("[name=looked_at]").input_value().count(",") >= 2)  # three pictures were on screen
    runs[4].finish("cancelled")
    expect(page.locator("h1")).to_have_text("3 that look alike: Error", timeout=8000)
    # One more arrives: nothing moves, nothing is chosen; asked for, it is drawn unticked and as live as the others.
    stood = page.locator(".alike-grid").bounding_box()
    runs.append(park("I can't find parcel 5 on this page."))
    expect(page.locator("#alike-more")).to_contain_text("1 more like these waits", timeout=8000)
    assert page.locator(".alike-grid").bounding_box() == stood
    expect(page.locator(".alike-card")).to_have_count(5)
    page.get_by_role("button", name="Show it").click()
    late = page.locator(".alike-card").nth(5)
    expect(late.locator("input")).to_be_focused()
    expect(late.locator("input")).not_to_be_checked()
    expect(page.locator("h1")).to_have_text("4 that look alike: Error", timeout=8000)
    expect(page.get_by_role("button", name="Cancel 2")).to_be_visible()
    assert page.input_value("#note") == "no such parcels"
    assert not violations(page)
    runs[5].finish("cancelled")
    expect(late).to_contain_text("cancelled elsewhere", timeout=8000)
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Cancel: 2 of 2 done")
    assert not violations(page)
    expect(watched.locator(".alike-row", has_text="I can't find parcel")).to_have_count(0)
    expect(watched.locator(".queue-row", has_text="I can't find parcel")).to_have_count(1)
    until(lambda: sorted(run.status for run in runs) == ["awaiting_human", *["cancelled"] * 5])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(first.site.url + "/approvals/")
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(first.site.url + "/approvals/history/?how=cancel&kind=error")
    expect(page.locator(".past-rows .row", has_text="I can't find parcel")).to_have_count(2)
    assert not violations(page)
    assert not first.noise
    assert not second.noise


def decided_by(page, key) -> bool:
    """Whether it is over; else the key once more: it waits a moment where facts were drawn anew just now."""
    if page.locator(".approval-state[data-over]").count():
        return True
    page.keyboard.press(key)
    return False


def stays_under_the_hand(page, gone, until) -> None:
    """A row above another leaves while the mouse moves over that one: it stays where it is, then the list settles."""
    row = page.locator(".queue-row", has_text="red parcel")
    expect(page.locator(".queue-row", has_text="grey parcel")).to_have_count(1, timeout=8000)
    page.set_viewport_size({"width": 1440, "height": 6000})  # in a page that is scrolled the browser itself holds it
    row.scroll_into_view_if_needed()
    box, top = row.bounding_box(), "id => document.getElementById(id).getBoundingClientRect().top"
    name = row.get_attribute("id")
    page.mouse.move(box["x"] + 200, box["y"] + 20)
    gone.finish("cancelled")

    def left() -> bool:
        for x in (200, 201):
            page.mouse.move(box["x"] + x, box["y"] + 20)
        return not page.locator(".queue-row", has_text="grey parcel").count()

    until(left, 8)
    assert abs(page.evaluate(top, name) - box["y"]) < 2
    until(lambda: page.evaluate(top, name) < box["y"] - 20, 8)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_three_approvals_are_cleared_by_keys_alone(people, park, until) -> None:
    """3 keys each: r and Enter decide, Enter opens the next one; one key each where single keys decide."""
    reasons = ["Is the blue parcel right?", "Is the green parcel right?", "Is the red parcel right?"]
    gone = park("Is the grey parcel right?", 9)
    page = people["reviewer"].live("/approvals/?kind=other")
    # Known first, it stands above the others.
    expect(page.locator(".queue-row", has_text="grey parcel")).to_have_count(1, timeout=15_000)
    runs = {reason: park(reason, 5 + n) for n, reason in enumerate(reasons)}
    press = page.keyboard.press
    for reason in reasons:
        expect(page.locator(".queue-row", has_text=reason)).to_have_count(1, timeout=15_000)
    stays_under_the_hand(people["second"].live("/approvals/?kind=other"), gone, until)
    expect(page.locator(".queue-row", has_text="grey parcel")).to_have_count(0, timeout=8000)
    page.evaluate(
        "document.querySelectorAll('.queue-row').forEach(r => r.textContent.includes('parcel right') || r.remove())"
    )
    press("j")
    press("Enter")
    expect(page.locator("#says")).to_have_text(re.compile("parcel right"))
    before = page.url
    press("]")  # leaves it as it is
    page.wait_for_url(lambda url: url != before and "next" not in url)
    press("g")
    press("a")
    page.wait_for_url("**/approvals/")
    press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.locator("#keys-decide").focus()
    press("Space")
    press("Escape")
    for reason in reasons[:2]:
        page.locator(".queue-row", has_text=reason).locator("a").focus()
        press("Enter")
        expect(page.locator("#says")).to_have_text(reason)
        until(people["reviewer"].is_live)
        page.wait_for_function("document.querySelector('#decide [name=seen_frame_sha256]').value")
        page.focus("#note")
        page.keyboard.type("r is no command here")
        expect(page.locator(".approval-state")).not_to_have_attribute("data-over", "")
        press("Escape")
        until(lambda: decided_by(page, "r"), seconds=12, every=0.5)
        page.goto(people["reviewer"].site.url + "/approvals/?kind=other")
    page.evaluate("localStorage.removeItem('keys-decide')")
    page.reload()
    page.locator(".queue-row", has_text=reasons[2]).locator("a").focus()
    press("Enter")
    expect(page.locator("#says")).to_have_text(reasons[2])
    until(people["reviewer"].is_live)
    press("r")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    expect(page.locator(".approval-state")).not_to_have_attribute("data-over", "")
    press("Enter")
    expect(page.locator(".approval-state")).to_have_attribute("data-over", "", timeout=8000)
    expect(page.locator("#next-approval")).to_be_focused()
    press("Enter")
    until(lambda: all(run.status == "running" for run in runs.values()), 15)
    assert not people["reviewer"].noise
