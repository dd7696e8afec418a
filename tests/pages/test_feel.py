"""How the pages feel: a click is answered at once however slow the server is, and live updates push nothing about."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.test_deciding import open_approval

UPDATES = 20
MOST_SHIFT = 0.02
# The seconds that a reader sees: from the click until the next picture in which the word stands.
CLICK = """new Promise((done) => {
  const began = performance.now(), word = document.querySelector('#decide .sending');
  const look = () => getComputedStyle(word).visibility === 'visible'
    ? done(performance.now() - began) : performance.now() - began > 2000 ? done(Infinity) : requestAnimationFrame(look);
  document.querySelector('#decide [value=resume]').click();
  requestAnimationFrame(look);
})"""
WATCH = """() => { window.shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => one.hadRecentInput || shifts.push(
    [one.value, one.sources.map((s) => s.node?.id || s.node?.className || s.node?.nodeName).join(' ')])))
    .observe({ type: 'layout-shift' }); }"""


@pytest.fixture
def waiting(upstream, request):
    run = upstream.add(task=f"Task of {request.node.name}")
    run.go()
    run.step()
    run.pause("Is this the right customer?")
    yield run
    if not run.is_over:
        run.finish("cancelled")


def shifted(page: Page) -> float:
    """All that has moved by itself since the page is watched, as browsers count it."""
    found = page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(shifts))))")
    return sum(value for value, _nodes in found)


def test_a_click_shows_that_it_is_being_sent_within_a_tenth_of_a_second_while_the_server_is_slow(
    people, waiting, until
) -> None:
    page = open_approval(people["reviewer"], waiting, until)
    held = []
    page.route("**/decide/", lambda route: held.append(route))  # the server answers when the test lets it
    took = page.evaluate(CLICK)
    until(lambda: page.locator("#decide .sending").is_visible() and held)
    held[0].continue_()
    page.unroute("**/decide/")
    expect(page.locator(".approval-state")).to_contain_text("You decided: resume")
    assert took < 100, took


def test_twenty_live_updates_push_nothing_about_on_an_approval_the_queue_and_a_run(
    people, upstream, waiting, until
) -> None:
    working = upstream.add(task="Goes on and on")
    working.go()
    working.step()
    approval = open_approval(people["reviewer"], waiting, until)
    run = people["viewer"].live(f"/runs/{working.id}/")
    expect(run.locator(".line").first).to_be_visible()
    queue = people["second"].live("/approvals/")
    pages = {"approval": approval, "queue": queue, "run": run}
    for page in pages.values():
        page.evaluate(WATCH)
    for n in range(UPDATES):  # each of them is news for the three pages
        waiting.emit("text", {"text": f"I still wait, {n}"})
        # Few steps: a run that repeats itself for longer is flagged, which is to be seen.
        working.step(f"I read page {n}") if n % 7 == 0 else working.emit("text", {"text": f"I read page {n}"})
        expect(run.locator(".line", has_text=f"I read page {n}")).to_have_count(1, timeout=8000)
    others = [upstream.add(task=f"Other {n}") for n in range(4)]
    for other in others:
        other.go()
        other.pause("Which of the two?")
    for other in others:
        expect(queue.locator(".queue-row", has_text=other.fields["task"])).to_have_count(1, timeout=8000)
        other.finish("cancelled")
    expect(queue.locator(".queue-row", has_text="Other ")).to_have_count(0, timeout=8000)
    found = {name: shifted(page) for name, page in pages.items()}
    working.finish()
    assert all(value < MOST_SHIFT for value in found.values()), (found, [p.evaluate("shifts") for p in pages.values()])
