"""The jobs of a reviewer: a payment, a code, a password, several at once, and a change of mind."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from bench.hands import Hands
from bench.jobs_desk import ADA, WAYS, Desk, Done

LOOKS = (0, 2, 5)  # of the practice site, so that what is decided one by one is not alike
PAYS = f"Go to {{practice}}, {ADA}, and pay invoice INV-1042."
CODE = (
    "Go to {practice}, sign in as grace@example.com with password hopper, and verify that the page says "
    "Welcome back, Grace."
)
PASSWORD = "Go to {practice}, sign in as ada@example.com, and verify that the page says Welcome back, Ada."
LOST = "Go to {practice} and press the Launch rocket button."


def pay(desk: Desk) -> list[Done]:
    """Read what the agent wants to pay, compare it with the picture, confirm the sum, let it go on."""
    before, found = desk.paid(), []
    for way, asked in zip(WAYS, ranked(desk, desk.parked(PAYS, len(WAYS))), strict=True):
        hands = desk.way("reviewer", way).begin()
        open_it(hands, way, asked)
        assert "1,250.00" in (hands.page.locator("#says").text_content() or "")
        confirm = hands.page.locator("#confirm")
        if way == "keyboard":
            hands.press("r")  # the confirmation is missing: the key leads to it
            hands.focused(confirm)
            hands.press("Space", "r", "Enter")
        else:
            hands.click(confirm)
            hands.click(resume(hands.page))
        found.append(sent(desk, hands, way, asked, "Approve a payment"))
    for _, asked in found:
        desk.becomes(asked["run_id"], "succeeded")
    assert desk.paid() == before + len(WAYS)
    return [done for done, _ in found]


def code(desk: Desk) -> list[Done]:
    """Type a one-time code into the masked field; it is kept nowhere."""
    return with_secret(desk, CODE, "123456", "Give a one-time code")


def password(desk: Desk) -> list[Done]:
    """Type the password that the task did not name; it is kept nowhere."""
    return with_secret(desk, PASSWORD, "lovelace", "Give a missing password")


def with_secret(desk: Desk, task: str, secret: str, job: str) -> list[Done]:
    found = []
    for way, asked in zip(WAYS, ranked(desk, desk.parked(task, len(WAYS), LOOKS)), strict=True):
        hands = desk.way("reviewer", way).begin()
        open_it(hands, way, asked)
        entry = hands.page.locator("#secret")
        assert entry.get_attribute("type") == "password"
        if way == "keyboard":
            hands.press("r")
            hands.focused(entry)
            hands.type(secret)
            hands.press("Enter")
        else:
            hands.fill(entry, secret)
            hands.click(resume(hands.page))
        found.append(sent(desk, hands, way, asked, job))
    runs = [asked["run_id"] for _, asked in found]
    for run_id in runs:
        desk.becomes(run_id, "succeeded")
    assert secret not in desk.said(runs)
    return [done for done, _ in found]


def alike(desk: Desk) -> list[Done]:
    """Three runs on three machines lack the same password: look at the pictures, give it to all with one gesture."""
    found = []
    for way in WAYS:
        asked = desk.parked(PASSWORD, 3)
        hands = desk.way("reviewer", way).begin()
        group, entry = hands.page.locator(".alike-row .row-link"), hands.page.locator("#secret")
        hands.see(group)
        if way == "keyboard":
            hands.press("j", "Enter")
            hands.see(entry)
            hands.press("r")
            hands.focused(entry)
            hands.type("lovelace")
            hands.press("Enter")
        else:
            hands.click(group)
            hands.fill(entry, "lovelace")
            hands.click(hands.page.locator(".alike-choices button[value=resume]"))
        hands.see(hands.page.locator("main h1"), "3")
        for one in asked:
            desk.becomes(one["run_id"], "succeeded")
            desk.delivered(one["id"], "resume", "reviewer")
        assert "lovelace" not in desk.said([one["run_id"] for one in asked])
        desk.audited("approvals.decided_alike", "reviewer")
        found.append(Done("Clear three that are alike", way, hands.effort))
    return found


def undo(desk: Desk) -> list[Done]:
    """Cancel by mistake, take it back while it is held; the run still waits and the approval is open anew."""
    found = []
    asked = desk.parked(LOST)[0]
    for way in WAYS:
        hands = desk.way("reviewer", way).begin()
        open_it(hands, way, asked)
        if way == "keyboard":
            hands.press("c", "Enter")
            hands.see(hands.page.locator(".undo").first)
            hands.press("u")
        else:
            hands.click(hands.page.locator("button.choice[value=cancel]"))
            hands.click(hands.page.locator(".undo button").first)
        hands.see(hands.page.locator("#decide fieldset:not([disabled])").first)
        assert desk.approval(asked["id"])["decision"]["delivery"] == "recalled"
        assert desk.run(asked["run_id"])["status"] == "awaiting_human"
        desk.audited("decision.recalled", "reviewer", asked["run_id"])
        found.append(Done("Take a decision back", way, hands.effort))
        asked = desk.client("reviewer").parked(asked["run_id"])
    desk.client("operator").call("POST", f"/runs/{asked['run_id']}/cancel")
    desk.becomes(asked["run_id"], "cancelled")
    return found


def ranked(desk: Desk, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the order of the queue, so that the one that is opened by keyboard is the first."""
    page = desk.way("reviewer", "keyboard").begin().page
    place = [page.locator(f"#queue-link-{one['id']}") for one in asked]
    for link in place:
        expect(link).to_be_visible(timeout=15_000)
    heights = {one["id"]: (link.bounding_box() or {})["y"] for one, link in zip(asked, place, strict=True)}
    return sorted(asked, key=lambda one: heights[one["id"]])


def open_it(hands: Hands, way: str, asked: dict[str, Any]) -> None:
    """From the overview to the approval, the way a person would, with the agent's words and its picture in sight."""
    link = hands.page.locator(f"#queue-link-{asked['id']}")
    hands.see(link)
    if way == "keyboard":
        while not hands.has_focus(link):
            hands.press("j")
        hands.press("Enter")
    else:
        hands.click(link)
    hands.see(hands.page.locator("#says"))
    hands.see(hands.page.locator(".approval-facts img").first)


def resume(page: Page) -> Locator:
    return page.locator("button.choice[value=resume]")


def sent(desk: Desk, hands: Hands, way: str, asked: dict[str, Any], job: str) -> tuple[Done, dict[str, Any]]:
    """The decision is told on the page as made by this person, then as confirmed by upstream."""
    state = hands.page.locator(".approval-state")
    hands.see(state, "You decided: resume")
    hands.watch(state, "Upstream confirmed it")
    desk.delivered(asked["id"], "resume", "reviewer")
    return Done(job, way, hands.effort), asked
