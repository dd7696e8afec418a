"""What stands on the screen at 1280x800: an agent that only sees must find it without scrolling."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from coasty_local.practice.variants import VARIANTS

pytestmark = pytest.mark.browser
PAGES = (
    "/dashboard", "/invoices", "/invoices/INV-1042", "/invoices/INV-1042/pay", "/orders", "/orders/7001/refund",
    "/customers", "/customers/new", "/captcha", "/settings", "/settings/delete", "/help/two-factor-codes",
)  # fmt: skip
OUTSIDE = """() => {
  const bar = document.querySelector(".cookies"), top = bar ? bar.getBoundingClientRect().top : innerHeight;
  const wanted = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")];
  const low = wanted.filter(e => !bar?.contains(e) && e.getBoundingClientRect().bottom > top);
  const small = [...document.querySelectorAll("main *")].filter(e => e.childElementCount == 0 && e.innerText?.trim())
    .filter(e => parseFloat(getComputedStyle(e).fontSize) * (parseFloat(getComputedStyle(document.documentElement).zoom) || 1) < 12.9);
  return {wide: document.documentElement.scrollWidth > innerWidth, low: low.map(e => e.outerHTML.slice(0, 80)),
          small: small.map(e => e.innerText)};
}"""  # noqa: E501


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("number", range(len(VARIANTS)))
def test_every_control_is_on_the_first_screen_and_every_word_can_be_read(portal, chromium, number):
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    strange = []
    page.on("console", lambda told: strange.append(told.text))
    page.on("request", lambda asked: None if asked.url.startswith(portal.base) else strange.append(asked.url))
    page.goto(f"{portal.base}/?variant={number}")
    assert page.evaluate(OUTSIDE) == {"wide": False, "low": [], "small": []}
    page.fill("[name=email]", "ada@example.com")
    page.fill("[name=password]", "lovelace")
    page.press("[name=password]", "Enter")
    page.wait_for_selector("text=Welcome back, Ada")
    for path in PAGES:
        page.goto(portal.base + path)
        assert page.evaluate(OUTSIDE) == {"wide": False, "low": [], "small": []}, path
    context.close()
    assert strange == []


def test_a_cookie_banner_that_is_dismissed_leaves_what_was_typed(portal, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{portal.base}/?variant=4")
    page.fill("[name=email]", "ada@example.com")
    page.click("text=Decline")
    page.wait_for_selector(".cookies", state="detached")
    assert page.input_value("[name=email]") == "ada@example.com"
    page.reload()
    assert page.query_selector(".cookies") is None
