"""A console before a scripted upstream, once for all page tests, and a browser for each module."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tests.pages.site import Person, Site, sign_in
from tests.upstreams import Upstream


@pytest.fixture(scope="session")
def upstream():
    with Upstream() as far:
        yield far


@pytest.fixture(scope="session")
def site(upstream, tmp_path_factory):
    running = Site(tmp_path_factory.mktemp("pages"), upstream).prepare().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser():
    """Closed after each module: Playwright's loop, left running, would stop every asynchronous test after it."""
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def people(site, browser) -> dict[str, Person]:
    """Signed-in browsers, made once for each name and module."""

    class People(dict):
        def __missing__(self, name):
            self[name] = sign_in(site, browser, name)
            return self[name]

    return People()


@pytest.fixture
def parked(upstream, request):
    """A run that waits for a person after two steps; its task names the test."""
    run = upstream.add(task=f"Pay the invoice of {request.node.name}")
    run.go()
    run.step()
    run.step()
    run.pause("I am about to pay $1,240.00 to Nordwind GmbH. Shall I?")
    return run


def pytest_collection_modifyitems(items):
    for item in items:
        if "/pages/" in str(item.path) and "local" not in str(item.path):
            item.add_marker(pytest.mark.xdist_group("pages"))
            item.add_marker(pytest.mark.browser)
