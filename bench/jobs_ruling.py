"""The jobs around policies: write one, try it on history, switch it on, see it act; stop all that decide."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from bench.hands import Hands
from bench.jobs_deciding import LOST, PAYS, open_it, resume
from bench.jobs_desk import WAYS, Desk, Done

MOMENT = 10_000  # ms


def policy(desk: Desk) -> list[Done]:
    """Payments need two people, come to the reviewer first and are due in ten minutes; the next payment obeys."""
    found = []
    for way in WAYS:
        hands = desk.way("admin", way).begin()
        page = begin(hands, way)
        tick(hands, way, page.get_by_label("Payment", exact=True), 1)
        tick(hands, way, page.get_by_label("Two people have to agree"), 2)
        route = page.get_by_label("Ask first")
        if way == "keyboard":
            hands.tab_to(route)
            hands.page.keyboard.type("reviewer")
            hands.effort.fields += 1
        else:
            hands.choose(route, "reviewer")
        hands.enter(way, page.get_by_label("Answer wanted within, minutes"), "10")
        keep(hands, way, f"Payments need two, {way}")
        if way == "keyboard":
            hands.press("o", "Enter")
        else:
            hands.click(page.locator("button[name=mode][value=on]"))
        hands.see(page.locator("h1 .chip"), "on")
        found.append(Done("Make a policy, try it, switch it on", way, hands.effort))
        address = page.url
        found.append(agree(desk, way))
        remove(hands, address)
    return found


def agree(desk: Desk, way: str) -> Done:
    """The reviewer's yes counts as one, the admin's is the second; then it is paid."""
    before, asked = desk.paid(), desk.parked(PAYS)[0]
    reviewer, second = desk.way("reviewer", way).begin(), desk.person("admin").begin()
    for one, by in ((reviewer, way), (second, "mouse")):
        open_it(one, by, asked)
        expect(one.page.locator(".approval-state")).to_contain_text("2 people must agree", timeout=MOMENT)
        expect(one.page.locator(".approval-state")).to_contain_text("Due in", timeout=MOMENT)
        if by == "keyboard":
            one.press("r")
            one.focused(one.page.locator("#confirm"))
            one.press("Space", "r", "Enter")
        else:
            one.click(one.page.locator("#confirm"))
            one.click(resume(one.page))
        if one is reviewer:
            one.see(one.page.locator(".approval-state"), "You said resume")
            assert desk.run(asked["run_id"])["status"] == "awaiting_human"
            assert desk.approval(asked["id"])["people_needed"] == 2
    desk.becomes(asked["run_id"], "succeeded")
    assert desk.paid() == before + 1
    return Done("Agree as one of two", way, reviewer.effort)


def stop(desk: Desk) -> list[Done]:
    """A policy that decides, seen to decide, then stopped by a reviewer; what asks afterwards stays with people."""
    found = []
    for way in WAYS:
        hands = desk.way("admin", way).begin()
        page = begin(hands, way)
        hands.enter(way, page.get_by_label("Task contains"), "rocket", parts=1)
        ends = page.get_by_label("Fail it")
        if way == "keyboard":
            hands.press("Escape", "p", "p")
            while not ends.is_checked():
                hands.press("ArrowDown")
        else:
            hands.click(ends)
        hands.enter(way, page.get_by_label("Note", exact=True), "There is no rocket.")
        keep(hands, way, f"No rockets, {way}")
        if way == "keyboard":
            hands.press("o")
            hands.tab_to(page.get_by_role("button", name="Switch it on"))
            hands.press("Enter")
        else:
            hands.click(page.get_by_text("Switch on…"))
            hands.click(page.get_by_role("button", name="Switch it on"))
        hands.see(page.locator("h1 .chip"), "on")
        found.append(Done("Make a policy that decides", way, hands.effort))
        address = page.url
        decides(desk, page, f"No rockets, {way}")
        found.append(stopped(desk, way, page))
        remove(hands, address)
        page.goto(f"{desk.stack.console}/policies/")
        page.get_by_role("button", name="Let policies decide again").click()
        expect(page.locator("#stopped")).to_be_empty(timeout=MOMENT)
    return found


def decides(desk: Desk, page: Page, name: str) -> None:
    address, ended = page.url, desk.becomes(desk.starts(LOST)[0], "cancelled")
    page.goto(address)
    expect(page.locator(".done-rows .row-link").first).to_be_visible(timeout=MOMENT)
    shown = desk.client("admin").call("GET", f"/audit?run={ended['id']}").json()["data"]
    assert any(name in entry["actor"] or name in str(entry) for entry in shown), shown


def stopped(desk: Desk, way: str, page: Page) -> Done:
    """The reviewer stops them all; what asks from then on waits for a person, and the pages say why."""
    reviewer = desk.way("reviewer", way).begin()
    reviewer.go(way, "Policies", "y")
    if way == "keyboard":
        reviewer.press("s")
        reviewer.see(reviewer.page.locator(".kill-button"))
        reviewer.press("s", "Enter")
    else:
        reviewer.click(reviewer.page.get_by_role("link", name="Stop all that decide"))
        reviewer.click(reviewer.page.get_by_role("button", name="Stop them all now"))
    reviewer.see(reviewer.page.locator("#stopped"), "stopped them all")
    desk.audited("policies.stopped", "reviewer")
    asked = desk.parked(LOST)[0]
    expect(page.locator("#stopped")).to_contain_text("stopped them all", timeout=MOMENT)
    page.goto(f"{desk.stack.console}/approvals/{asked['id']}/")
    expect(page.locator(".applied")).to_contain_text("All policies that decide are stopped", timeout=MOMENT)
    assert desk.run(asked["run_id"])["status"] == "awaiting_human"
    desk.client("operator").call("POST", f"/runs/{asked['run_id']}/cancel")
    desk.becomes(asked["run_id"], "cancelled")
    return Done("Stop all policies that decide", way, reviewer.effort)


def begin(hands: Hands, way: str) -> Page:
    page = hands.page
    hands.go(way, "Policies", "y")
    if way == "keyboard":
        hands.press("n")
    else:
        hands.click(page.get_by_role("link", name="New policy"))
    hands.see(page.locator("main h1", has_text="New policy"))
    return page


def tick(hands: Hands, way: str, box: Locator, parts: int) -> None:
    if way == "keyboard":
        hands.reach(box, parts)
        hands.press("Space")
    else:
        hands.click(box)


def keep(hands: Hands, way: str, name: str) -> None:
    """Kept switched off, then tried on what people decided."""
    page = hands.page
    hands.enter(way, page.get_by_label("Name", exact=True), name, parts=1 if way == "keyboard" else 0)
    if way == "keyboard":
        hands.press("Enter")
        hands.see(page.locator("[data-key=t]"))
        hands.press("t")
    else:
        hands.click(page.get_by_role("button", name="Keep it, switched off"))
        hands.click(page.get_by_role("button", name="Try it"))
    hands.see(page.locator(".numbers"))


def remove(hands: Hands, address: str) -> None:
    """Cleared away, so that it touches no other job; not counted."""
    hands.page.goto(address)
    hands.page.get_by_text("Remove", exact=True).click()
    hands.page.get_by_role("button", name="Remove it").click()
    expect(hands.page.locator("main")).to_contain_text("was removed", timeout=MOMENT)
