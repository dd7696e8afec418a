"""The display against a real page in real Chromium; and what the driver refuses to ask of a browser."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from coasty_local import settings
from coasty_local.agent.ports import DisplayError
from coasty_local.machines import cdp
from coasty_local.machines.browser import Browser
from coasty_local.machines.display import BrowserDisplay
from tests.local.running import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(settings.find_chromium(""), tmp_path_factory.mktemp("browser") / "profile")
    yield started
    started.close()


@pytest.fixture
def display(browser: Browser, page: str) -> BrowserDisplay:
    fresh = browser.fresh()
    fresh.goto(page)
    return fresh


def colour(display: BrowserDisplay, x: int = 1200, y: int = 700) -> tuple[int, int, int]:
    """Red, green, blue of one pixel (by default of the page's ground)."""
    blue, green, red = (int(part) for part in display.grab()[y, x])
    return red, green, blue


def turns(display: BrowserDisplay, wanted: tuple[int, int, int], x: int = 1200, y: int = 700) -> None:
    until(lambda: colour(display, x, y) == wanted, 5, f"the pixel to be {wanted}, not {colour(display, x, y)}")


@pytest.mark.parametrize(
    "method",
    [
        "Runtime.evaluate", "Runtime.enable", "DOM.getDocument", "DOMSnapshot.captureSnapshot",
        "Accessibility.getFullAXTree", "Network.enable", "Network.getCookies", "Page.addScriptToEvaluateOnNewDocument",
        "Page.getResourceContent", "Page.captureSnapshot", "CSS.enable", "Debugger.enable", "Storage.getCookies",
        "Fetch.enable", "IO.read", "Target.sendMessageToTarget", "Browser.close", "Page.setDocumentContent",
    ],
)  # fmt: skip
def test_the_driver_can_ask_for_nothing_but_pictures_input_and_navigation(browser: Browser, method: str) -> None:
    with pytest.raises(cdp.NotAllowed):
        browser._cdp.post(method)


def test_the_white_list_holds_no_domain_that_reads_documents() -> None:
    assert {name.split(".")[0] for name in cdp.ALLOWED} == {"Browser", "Emulation", "Input", "Page", "Target"}
    assert not [name for name in cdp.ALLOWED if "Content" in name or "Snapshot" in name or "NewDocument" in name]


def test_a_picture_has_the_size_of_the_screen_and_comes_quickly(display: BrowserDisplay) -> None:
    times = []
    for _ in range(10):
        began = time.monotonic()
        picture = display.grab()
        times.append(time.monotonic() - began)
    assert (picture.shape, picture.dtype) == ((800, 1280, 3), np.uint8)
    assert sorted(times)[5] < 0.5


def test_typing_and_clicking_reach_the_page(display: BrowserDisplay) -> None:
    display.click(100, 115)
    display.type_text("rgb(1, 2, 3)")
    display.click(100, 170)
    turns(display, (1, 2, 3))


def test_select_all_and_typing_replace_what_was_there(display: BrowserDisplay) -> None:
    display.click(100, 115)
    display.type_text("rgb(9, 9, 9) Größe €")
    display.press(["Control", "a"])
    display.type_text("rgb(4, 5, 6)")
    display.press(["Tab"])
    display.press(["Enter"])
    turns(display, (4, 5, 6))


def test_the_wheel_scrolls(display: BrowserDisplay) -> None:
    display.scroll(640, 600, 0, 1800)
    turns(display, (255, 0, 255), 640, 500)


@pytest.mark.parametrize(("accept", "wanted"), [(True, (0, 255, 0)), (False, (255, 0, 0))])
def test_a_dialog_is_told_and_answered(display: BrowserDisplay, accept: bool, wanted: tuple[int, int, int]) -> None:
    before = display.grab()
    display.click(400, 170)
    dialog = until(display.dialog, 5)
    assert (dialog.kind, dialog.message) == ("confirm", "Sure?")
    assert np.array_equal(display.grab().shape, before.shape)
    with pytest.raises(DisplayError, match="dialog"):
        display.click(10, 10)
    display.answer_dialog(accept)
    assert display.dialog() is None
    turns(display, wanted)


def test_a_new_tab_comes_in_front_and_goes_again(display: BrowserDisplay) -> None:
    display.click(70, 230)
    turns(display, (10, 20, 30))
    display.click(100, 125)
    turns(display, (255, 255, 255))


def test_dragging_drops_and_moves_sliders(display: BrowserDisplay) -> None:
    display.drag(100, 330, 500, 350)
    turns(display, (0, 0, 255), 500, 350)
    display.drag(708, 308, 850, 308)
    until(lambda: 120 < colour(display)[1] < 180, 5)


def test_back_and_reload(display: BrowserDisplay, page: str) -> None:
    display.goto(page + "second")
    turns(display, (10, 20, 30))
    display.back()
    turns(display, (255, 255, 255))
    display.click(100, 115)
    display.type_text("red")
    display.click(100, 170)
    turns(display, (255, 0, 0))
    display.reload()
    turns(display, (255, 255, 255))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/", "browsers refuse the port"), ("http://127.0.0.1:59999/", "nothing answers at http://"),
        ("file:///etc/passwd", "only http and https"), ("chrome://version", "only http and https"),
        ("javascript:alert(1)", "only http and https"), ("view-source:http://x/", "only http and https"),
        ("data:text/html,x", "only http and https"), ("", "only http and https"),
    ],
)  # fmt: skip
def test_an_address_that_can_not_be_opened_says_why(display: BrowserDisplay, url: str, reason: str) -> None:
    with pytest.raises(DisplayError, match=reason):
        display.goto(url)


def test_downloads_are_denied(display: BrowserDisplay, page: str) -> None:
    with pytest.raises(DisplayError, match="not a page"):
        display.goto(page + "file")


def test_an_unknown_key_is_refused_by_name(display: BrowserDisplay) -> None:
    with pytest.raises(DisplayError, match="Hyper"):
        display.press(["Hyper"])


def test_a_fresh_context_ends_the_old_display(browser: Browser, display: BrowserDisplay) -> None:
    browser.fresh()
    with pytest.raises(DisplayError, match="closed"):
        display.grab()


def test_a_dead_browser_is_an_error_not_a_hang(tmp_path: Path) -> None:
    started = Browser(settings.find_chromium(""), tmp_path / "profile")
    display = started.display
    started._process.kill()
    until(lambda: not started.alive, 10)
    with pytest.raises(DisplayError):
        display.grab()
    started.close()
    assert not (tmp_path / "profile").exists()


def test_a_check_stops_long_typing(display: BrowserDisplay) -> None:
    display.click(100, 115)
    checks = iter(range(5))
    stop: Callable[[], None] = lambda: next(checks) and None  # noqa: E731 raises StopIteration at the sixth sign
    with pytest.raises(StopIteration):
        display.type_text("x" * 1000, stop)


def test_a_site_that_never_answers_does_not_hold_the_run(display: BrowserDisplay) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        checks = iter(range(3))
        began = time.monotonic()
        with pytest.raises(StopIteration):
            display.goto(f"http://127.0.0.1:{silent.getsockname()[1]}/", lambda: next(checks) and None)
    assert time.monotonic() - began < 10
