"""The API's description in a real browser, under the same strict policy as every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tests.api.test_served import console, far  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


def test_the_docs_page_draws_every_route_and_breaks_no_policy(console, browser):  # noqa: F811
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    answer = page.goto(f"{console.base}/api/docs")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page.wait_for_selector("text=/api/approvals/{approval_id}/decision")
    assert page.locator(".opblock").count() == 9
    page.click("text=Decide an approval")
    page.wait_for_selector("text=seen_seq")
    assert [text for text in said if "Content Security Policy" in text or "Error" in text] == []
    assert {request.split("/")[2] for request in requested(page)} == {console.base.split("/")[2]}


def requested(page):
    found = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    return [name for name in found if name.startswith("http")]
