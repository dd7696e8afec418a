"""A real browser that renders small pages for the eyes; boxes of the truth come from the page, for tests only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from coasty_local.agent.perception import Eyes
from coasty_local.agent.scene import Box, Control, Scene

BODY = "<!doctype html><meta charset=utf-8><body style=\"margin:40px;font:16px 'Liberation Sans'\">"
BOXES = """() => Object.fromEntries([...document.querySelectorAll('[data-t]')].map(e => {
  const r = e.getBoundingClientRect(); return [e.dataset.t, [r.x, r.y, r.width, r.height]] }))"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 900, "height": 600})
        browser.close()


@pytest.fixture
def shot(page: Page) -> Callable[..., np.ndarray]:
    """The picture of some markup, as a display would grab it."""

    def take(html: str = "", whole: str = "") -> np.ndarray:
        if html or whole:
            page.set_content(whole or BODY + html)
        return cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)

    return take


@pytest.fixture
def boxes(page: Page) -> Callable[[], dict[str, Box]]:
    def read() -> dict[str, Box]:
        return {key: Box(*(round(v) for v in box)) for key, box in page.evaluate(BOXES).items()}

    return read


@pytest.fixture
def look(shot: Callable[..., np.ndarray]) -> Callable[[str], Scene]:
    return lambda html: Eyes().see(shot(html))


def only(scene: Scene, kind: str) -> Control:
    """The one control of a kind."""
    found = [c for c in scene.controls if c.kind == kind]
    assert len(found) == 1, (kind, scene.controls)
    return found[0]


def kinds(scene: Scene) -> list[str]:
    return [c.kind for c in scene.controls if c.kind != "panel"]
