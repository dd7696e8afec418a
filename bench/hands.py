"""A person at a page of the console: what they click, press and type is counted, what they wait for is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.driver import PASSWORD, Stack

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
PAGE_SLOW = 15_000  # ms; a page that takes longer is a fault
AGENT_SLOW = 90_000
MOST_TABS = 60


@dataclass
class Effort:
    """What it took: a field is a text typed or a thing chosen from a list, however long."""

    clicks: int = 0
    keys: int = 0
    fields: int = 0
    waited: float = 0.0  # seconds for the pages to show what came of the person's act
    agent: float = 0.0  # seconds for the agent, and for upstream's word on a decision


@dataclass
class Hands:
    """One signed-in person; taps on a phone, clicks with a mouse, or uses keys only."""

    stack: Stack
    page: Page
    is_phone: bool = False
    effort: Effort = field(default_factory=Effort)
    noise: list[str] = field(default_factory=list)

    def begin(self, path: str = "/") -> Hands:
        """Where the job begins, its counts at nought."""
        self.page.goto(self.stack.console + path)
        self.page.mouse.move(0, 0)
        self.effort = Effort()
        return self

    def click(self, target: Locator) -> None:
        with self._waiting("waited"):
            expect(target).to_be_visible(timeout=PAGE_SLOW)
            expect(target).to_be_enabled(timeout=PAGE_SLOW)
            target.tap(timeout=PAGE_SLOW) if self.is_phone else target.click(timeout=PAGE_SLOW)
            self.page.wait_for_load_state()
        self.effort.clicks += 1

    def choose(self, target: Locator, label: str) -> None:
        self.effort.clicks += 1
        self.effort.fields += 1
        target.select_option(label=label)

    def fill(self, target: Locator, text: str) -> None:
        """Into a field that is clicked first, unless the cursor is there already."""
        if not self.has_focus(target):
            self.click(target)
        self.page.keyboard.press("ControlOrMeta+a")  # what stands there is replaced, as a triple click would
        self.type(text)

    def type(self, text: str) -> None:
        self.effort.fields += 1
        self.page.keyboard.insert_text(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            before = self.page.url
            self.page.keyboard.press(key)
            self.effort.keys += 1
            if key == "Enter":
                self._settle(before)

    def tab_to(self, target: Locator, key: str = "Tab") -> None:
        for _ in range(MOST_TABS):
            if self.has_focus(target):
                return
            self.press(key)
        raise AssertionError(f"{target} was not reached by {MOST_TABS} times {key}")

    def go(self, way: str, words: str, letter: str) -> None:
        """To a place of the menu: by its letter, by its link, or on a phone by what stands under More."""
        if way == "keyboard":
            self.press("g", letter)
        elif way == "phone" and not self.page.locator(".nav > a", has_text=words).count():
            self.click(self.page.locator(".nav-more summary"))
            self.click(self.page.locator(".nav-more a", has_text=words))
        else:
            self.click(self.page.locator(".nav > a, .nav-minor > a", has_text=words).first)
        self.see(self.page.locator("main h1", has_text=words).first)

    def enter(self, way: str, target: Locator, text: str, parts: int = 0) -> None:
        """A text into a field; by keyboard it is reached by Tab, after so many times to the next part of the form."""
        if way != "keyboard":
            return self.fill(target, text)
        self.reach(target, parts)
        self.page.keyboard.press("ControlOrMeta+a")
        return self.type(text)

    def reach(self, target: Locator, parts: int = 0) -> None:
        if parts and self.page.evaluate(
            "document.activeElement.matches('input:not([type=checkbox], [type=radio]), select, textarea')"
        ):
            self.press("Escape")
        self.press(*["p"] * parts)
        self.tab_to(target)

    def has_focus(self, target: Locator) -> bool:
        return target.count() == 1 and bool(target.evaluate("e => e === document.activeElement"))

    def focused(self, target: Locator) -> None:
        expect(target).to_be_focused(timeout=PAGE_SLOW)

    def see(self, target: Locator, text: str = "") -> None:
        """Something that the page shows at once."""
        with self._waiting("waited"):
            _expect(target, text, PAGE_SLOW)
            self.page.wait_for_load_state()  # keys mean something once the page's scripts have run

    def watch(self, target: Locator, text: str = "") -> None:
        """Something that the agent or upstream has to do first."""
        with self._waiting("agent"):
            _expect(target, text, AGENT_SLOW)

    def _settle(self, before: str) -> None:
        with self._waiting("waited"):
            self.page.wait_for_timeout(30)
            if self.page.url != before:
                self.page.wait_for_load_state()

    def _waiting(self, name: str) -> Any:
        return _Timed(lambda took: setattr(self.effort, name, getattr(self.effort, name) + took))


class _Timed:
    def __init__(self, add: Callable[[float], None]) -> None:
        self._add = add

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._add(time.monotonic() - self._began)


def _expect(target: Locator, text: str, most: int) -> None:
    if text:
        expect(target).to_contain_text(text, timeout=most)
    else:
        expect(target).to_be_visible(timeout=most)


def sign_in(stack: Stack, browser: Browser, name: str, size: str = "desktop") -> Hands:
    """A browser of its own; signing in is not counted. Whatever its console calls an error is kept as noise."""
    width, height = SIZES[size]
    is_phone = size == "phone"
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=is_phone, is_mobile=is_phone, accept_downloads=True
    )
    page = context.new_page()
    hands = Hands(stack, page, is_phone)
    page.on("console", lambda said: hands.noise.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: hands.noise.append(str(error)))
    page.goto(f"{stack.console}/sign-in/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{stack.console}/")
    return hands
