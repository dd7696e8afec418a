"""A policy in a browser: built as a sentence, tried, switched on, it decides; the kill switch stops it everywhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.test_looks import violations

ASKS = "A captcha asks to select all images with bicycles."


@pytest.fixture
def task(request):
    return f"Only of {request.node.name}"


def park(upstream, task):
    run = upstream.add(task=task)
    run.go()
    run.step()
    run.pause(ASKS)
    return run


def test_a_policy_is_built_tried_switched_on_decides_and_is_stopped(people, upstream, until, task) -> None:
    admin, wrong = people["admin"], []
    page = admin.go("/policies/new/")
    page.get_by_label("Captcha").check()
    page.get_by_label("Task contains").fill(task)
    page.get_by_label("Resume it").check()
    page.get_by_label("Waits longer than, minutes").fill("10")
    expect(page.locator("#policy-sentence .problems")).to_contain_text("A time-out never approves")
    wrong += violations(page)
    page.get_by_label("Waits longer than, minutes").fill("")
    page.get_by_label("Note", exact=True).fill("Solve it")
    said = f"When a captcha with “{task}” in its task waits, resume it with the note “Solve it”."
    expect(page.locator("#policy-sentence .said")).to_have_text(said)
    page.get_by_label("Name", exact=True).fill("Captchas of a test")
    page.get_by_role("button", name="Keep it, switched off").click()
    expect(page.locator(".sentence-card .said")).to_have_text(said)
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".numbers")).to_contain_text("It would have decided")
    address = page.url
    page.get_by_text("Switch on…").click()
    expect(page.locator(".popover .said")).to_have_text(said)
    wrong += violations(page)
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("h1 .chip")).to_have_text("on")
    run = park(upstream, task)
    until(lambda: run.status == "running", seconds=20)
    page.goto(address)
    page.locator(".done-rows .row-link").click()
    expect(page.locator(".approval-state")).to_contain_text("policy “Captchas of a test” decided: resume")
    run.finish()
    stop_and_allow_again(people, upstream, task, wrong)
    page.goto(address)
    page.get_by_text("Remove", exact=True).click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("main")).to_contain_text("was removed")
    assert not wrong
    assert not admin.noise


def stop_and_allow_again(people, upstream, task, wrong) -> None:
    watching = people["admin"].live("/runs/")
    page = people["reviewer"].go("/policies/")
    wrong += violations(page)
    page.get_by_role("link", name="Stop all that decide").click()
    wrong += violations(page)
    page.get_by_role("button", name="Stop them all now").click()
    expect(watching.locator("#stopped")).to_contain_text("reviewer stopped them all", timeout=9000)
    run = park(upstream, task)
    page = people["reviewer"].live("/approvals/")
    link = page.locator(".queue-row", has_text=task).locator("a").first
    expect(link).to_be_visible(timeout=9000)
    link.click()
    expect(page.locator(".applied")).to_contain_text("All policies that decide are stopped", timeout=9000)
    assert run.status == "awaiting_human"
    run.finish("cancelled")
    page = people["admin"].go("/policies/")
    page.emulate_media(color_scheme="dark")
    wrong += violations(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Let policies decide again").click()
    expect(page.locator("#stopped")).not_to_contain_text("stopped them all")
