"""The main job as people do it: an operator's and a reviewer's browser, and nobody reloads a page."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from coasty_local.agent.perception import Eyes
from coasty_local.agent.scene import INPUT, Box
from coasty_local.practice import puzzle
from tests.e2e.driver import PASSWORD, Stack

SOON = 60_000  # ms


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def sign_in(browser: Browser, stack: Stack) -> Iterator[object]:
    contexts = []

    def enter(name: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(f"{stack.console}/sign-in/")
        page.locator("#id_username").fill(name)
        page.locator("#id_password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{stack.console}/")
        return page

    yield enter
    for context in contexts:
        context.close()


def start(page: Page, stack: Stack, task: str) -> None:
    page.goto(f"{stack.console}/runs/new/")
    page.get_by_label("Task").fill(task)
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url(lambda url: "/runs/" in url and not url.endswith("/new/"))


def test_a_payment_goes_from_the_form_to_the_queue_to_its_end(sign_in, stack: Stack) -> None:
    operator, reviewer = sign_in("operator"), sign_in("reviewer")
    reviewer.goto(f"{stack.console}/approvals/")
    pay = "sign in as ada@example.com with password lovelace, and pay invoice INV-1042."
    start(operator, stack, f"Go to {stack.practice()}, {pay}")
    state = operator.locator(".run-head")
    expect(state).to_contain_text("It waits for a person", timeout=SOON)
    expect(operator.locator(".line").first).to_be_visible()
    assert operator.locator(".step img").count() > 0

    waiting = reviewer.get_by_role("link", name="Northwind Traders").first
    expect(waiting).to_be_visible(timeout=SOON)
    waiting.click()
    expect(reviewer.locator("#says")).to_contain_text("1,250.00")
    expect(reviewer.locator(".approval-facts img").first).to_be_visible()
    reviewer.get_by_label("Note").fill("checked against the order")
    reviewer.check("#confirm")
    reviewer.get_by_role("button", name="Resume").click()
    expect(reviewer.locator(".approval-state")).to_contain_text("Upstream confirmed it", timeout=SOON)

    expect(state).to_contain_text("Succeeded", timeout=SOON)
    assert stack.ledger()[-1]["act"] == "pay_invoice"


def field(picture: bytes) -> Box:
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    fields = [control for control in Eyes().see(image).controls if control.kind == INPUT]
    return fields[-1].box


def test_a_captcha_is_solved_by_a_person_on_the_machine(sign_in, stack: Stack) -> None:
    operator, reviewer = sign_in("operator"), sign_in("reviewer")
    entry = "sign in as ada@example.com with password lovelace, open the reports page"
    start(operator, stack, f"Go to {stack.practice()}, {entry}, and verify that it says Quarterly report.")
    expect(operator.locator(".run-head")).to_contain_text("It waits for a person", timeout=SOON)
    machine = operator.locator(".facts code").first.text_content()

    reviewer.goto(f"{stack.console}/approvals/")
    reviewer.locator(".queue-row a").filter(has_text="aptcha").first.click()
    reviewer.get_by_role("button", name="Take over the machine").click()
    screen = reviewer.locator("#machine-image")
    expect(screen).to_be_visible(timeout=SOON)
    shot = stack.platform("GET", f"/machines/{machine}/screenshot").json()
    x, y = field(base64.b64decode(shot["image_b64"])).center
    shown = screen.bounding_box()
    assert shown
    scale = shown["width"] / shot["width"]
    reviewer.mouse.click(shown["x"] + x * scale, shown["y"] + y * scale)
    with reviewer.expect_response(lambda answer: "takeover/act" in answer.url and "type" in answer.request.post_data):
        reviewer.keyboard.type(puzzle.letters(0))
    with reviewer.expect_response(lambda answer: "takeover/act" in answer.url and "Enter" in answer.request.post_data):
        reviewer.keyboard.press("Enter")
    reviewer.keyboard.press("Shift+Escape")
    reviewer.get_by_role("button", name="Hand back…").click()
    reviewer.get_by_label("What has changed?").fill("I solved the captcha.")
    reviewer.get_by_role("button", name="Hand back and resume").click()
    expect(operator.locator(".run-head")).to_contain_text("Succeeded", timeout=SOON)
