"""Fixtures of the agent's tests: one Chromium and one practice portal a session, a fresh display a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coasty_local.machines.browser import Browser
from coasty_local.machines.display import BrowserDisplay
from tests.local.mind import driver


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next(
        (path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), "chromium"
    )
    started = Browser(program, tmp_path_factory.mktemp("mind") / "profile")
    yield started
    started.close()


@pytest.fixture
def display(browser: Browser) -> BrowserDisplay:
    return browser.fresh()


@pytest.fixture(scope="session")
def practice() -> Iterator[tuple[str, Any]]:
    """The address of the practice portal and its ledger."""
    with driver.practice() as served:
        yield served
