"""The jobs around policies: write one, try it on history, switch it on, see it act; stop all that decide."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from bench.hands import Hands
from bench.jobs_deciding import LOST, PAYS, open_it, resume
from bench.jobs_desk import Desk, Done

MOMENT = 10_000  # ms


def policy(desk: Desk) -> list[Done]:
    """Payments need two people, come to the reviewer first and are due in ten minutes; the next payment obeys."""
    hands = desk.person("admin").begin()
    page = begin(hands)
    hands.click(page.get_by_label("Payment", exact=True))
    hands.click(page.get_by_label("Two people have to agree"))
    hands.choose(page.get_by_label("Ask first"), "reviewer")
    hands.fill(page.get_by_label("Answer wanted within, minutes"), "10")
    keep(hands, "Payments need two")
    hands.click(page.get_by_role("button", name="On", exact=True))
    hands.see(page.locator("h1 .chip"), "on")
    effort, address = hands.effort, page.url
    before, asked = desk.paid(), desk.parked(PAYS)[0]
    reviewer, second = desk.person("reviewer").begin(), desk.person("admin").begin()
    for one in (reviewer, second):
        open_it(one, "mouse", asked)
        expect(one.page.locator(".approval-state")).to_contain_text("2 people must agree", timeout=MOMENT)
        expect(one.page.locator(".approval-state")).to_contain_text("Due in", timeout=MOMENT)
        one.click(one.page.locator("#confirm"))
        one.click(resume(one.page))
        if one is reviewer:
            one.see(one.page.locator(".approval-state"), "You said resume")
            assert desk.run(asked["run_id"])["status"] == "awaiting_human"
            assert desk.approval(asked["id"])["people_needed"] == 2
    desk.becomes(asked["run_id"], "succeeded")
    assert desk.paid() == before + 1
    remove(hands, address)
    return [
        Done("Make a policy, try it, switch it on", "mouse", effort),
        Done("Agree as one of two", "mouse", reviewer.effort),
    ]


def stop(desk: Desk) -> list[Done]:
    """A policy that decides, seen to decide, then stopped by a reviewer; what asks afterwards stays with people."""
    hands = desk.person("admin").begin()
    page = begin(hands)
    hands.fill(page.get_by_label("Task contains"), "rocket")
    hands.click(page.get_by_label("Fail it"))
    hands.fill(page.get_by_label("Note", exact=True), "There is no rocket.")
    keep(hands, "No rockets")
    hands.click(page.get_by_text("Switch on…"))
    hands.click(page.get_by_role("button", name="Switch it on"))
    hands.see(page.locator("h1 .chip"), "on")
    effort, address = hands.effort, page.url
    ended = desk.becomes(desk.starts(LOST)[0], "cancelled")
    page.goto(address)
    expect(page.locator(".done-rows .row-link").first).to_be_visible(timeout=MOMENT)
    shown = desk.client("admin").call("GET", f"/audit?run={ended['id']}").json()["data"]
    assert any("No rockets" in entry["actor"] or "No rockets" in str(entry) for entry in shown), shown

    reviewer = desk.person("reviewer").begin()
    reviewer.click(reviewer.page.locator(".nav-minor a", has_text="Policies"))
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
    remove(hands, address)
    hands.begin("/policies/")
    hands.click(page.get_by_role("button", name="Let policies decide again"))
    return [
        Done("Make a policy that decides", "mouse", effort),
        Done("Stop all policies that decide", "mouse", reviewer.effort),
    ]


def begin(hands: Hands) -> Page:
    page = hands.page
    hands.click(page.locator(".nav-minor a", has_text="Policies").first)
    hands.click(page.get_by_role("link", name="New policy"))
    return page


def keep(hands: Hands, name: str) -> None:
    """Kept switched off, then tried on what people decided."""
    page = hands.page
    hands.fill(page.get_by_label("Name", exact=True), name)
    hands.click(page.get_by_role("button", name="Keep it, switched off"))
    hands.click(page.get_by_role("button", name="Try it"))
    hands.see(page.locator(".numbers"))


def remove(hands: Hands, address: str) -> None:
    """Cleared away, so that it touches no other job; not counted."""
    hands.page.goto(address)
    hands.page.get_by_text("Remove", exact=True).click()
    hands.page.get_by_role("button", name="Remove it").click()
    expect(hands.page.locator("main")).to_contain_text("was removed", timeout=MOMENT)
