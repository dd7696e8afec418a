"""The first minutes on a fresh console beside a practice site: every page says what to do next, the tour leads on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.site import Site, sign_in
from tests.upstreams import Upstream

# What an empty page says is next, by its address: a link there, or words where the way on is on the page itself.
OFFERS = {
    "/approvals/": "See the runs",
    "/approvals/history/": "To the queue",
    "/runs/": "Start the first run",
    "/batches/": "Start from a table",
    "/figures/": "To the queue",
    "/policies/": "Write the first",
}
WORDS = {
    "/templates/": "Write the first one below",
    "/budgets/": "Write the first one below",
}
FOR_OTHERS = {"/runs/": "An operator starts them", "/policies/": "needs the role admin"}

PAYS_ON = "Open Chrome, go to "
AND_THEN = ", sign in as ada@example.com with password lovelace, and pay invoice INV-1042."


class Fresh(Site):
    """A console that takes the scripted upstream for the local platform, as `make up` leaves it to be found."""

    def environment(self) -> dict[str, str]:
        set_up = super().environment()
        del set_up["COASTY_BASE_URL"]
        return set_up | {"LOCAL_PORT": str(self.upstream.port)}


@pytest.fixture(scope="module")
def far():
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def fresh(far, tmp_path_factory):
    running = Fresh(tmp_path_factory.mktemp("fresh"), far).prepare().start()
    yield running
    running.stop()


def mark(page: Page, number: int) -> str:
    """How the tour's step stands: done, next, or neither."""
    return page.locator("#tour li").nth(number - 1).get_attribute("class") or ""


def test_every_page_of_a_fresh_console_says_what_to_do_next_and_the_tour_leads_to_the_end(
    fresh, far, browser, until
) -> None:
    admin, viewer = sign_in(fresh, browser, "admin"), sign_in(fresh, browser, "viewer")
    for path, said in OFFERS.items():
        main = admin.go(path).locator("main")
        assert main.locator(".button.primary:visible").count() <= 1, f"{path}: one next step, not several"
        main.get_by_role("link", name=said).first.click()
        expect(admin.page.locator("main h1")).not_to_have_text("There is nothing here")
        assert admin.page.url != fresh.url + path
    for path, said in WORDS.items():
        expect(admin.go(path).locator(".empty")).to_contain_text(said)
        expect(admin.page.locator("main form").last).to_be_visible()
    for path, said in FOR_OTHERS.items():
        expect(viewer.go(path).locator(".empty")).to_contain_text(said)
    expect(viewer.go("/").locator("#tour")).to_contain_text("Ask an operator")
    admin.page.goto(fresh.url + "/")
    assert [mark(admin.page, number) for number in (1, 2, 3, 4)] == ["next", "", "", ""]
    follow_the_tour(admin.page, fresh, far, until)
    assert not admin.noise
    assert not viewer.noise


def follow_the_tour(page: Page, fresh: Site, far: Upstream, until) -> None:
    page.locator("#tour-link-1").click()
    expect(page.locator("#id_task")).to_have_value(f"{PAYS_ON}http://127.0.0.1:{far.port}/practice/{AND_THEN}")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator(".run-head")).to_be_visible()
    run = next(iter(far.runs.values()))
    run.go()
    run.step()
    run.pause("I am about to pay $1,250.00 to Northwind Traders. Shall I?")
    expect(page.locator(".run-head")).to_contain_text("It waits for a person", timeout=8000)
    page.goto(fresh.url + "/")
    assert [mark(page, number) for number in (1, 2, 3, 4)] == ["done", "done", "next", ""]
    page.locator("#tour-link-3").click()
    expect(page.locator("#says")).to_contain_text("Northwind Traders")
    page.wait_for_function("document.querySelector('#decide [name=seen_frame_sha256]').value")
    page.keyboard.press("r")  # a yes to a payment lacks its confirmation: the key leads there first
    expect(page.locator("#confirm")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    until(lambda: run.status == "running")
    run.finish()
    page.goto(fresh.url + "/")
    until(lambda: page.reload() and mark(page, 4) == "done")
    page.goto(fresh.url + "/runs/")
    page.keyboard.press("2")  # the second tab: those that succeeded
    page.wait_for_url("**/runs/?status=succeeded")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".run-head")).to_contain_text("Succeeded")
    page.keyboard.press("a")
    expect(page.locator("#id_task")).to_be_focused()
    page.keyboard.press("Control+Enter")
    until(lambda: len(far.runs) == 2)
