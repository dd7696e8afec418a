"""A browser page as a screen with mouse and keyboard: the display of the agent and of people."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from coasty_local.agent.ports import Dialog, DisplayError, Image
from coasty_local.machines import cdp, keyboard
from coasty_local.machines.address import AddressBar
from coasty_local.machines.tabs import Tab, Tabs

WIDTH, HEIGHT = 1280, 800
ANSWER_SECONDS = 15.0
CAPTURE_SECONDS = 0.6  # a picture takes some 40 ms; one that takes this long mostly never comes
LOAD_SECONDS = 30.0
SWAP_SECONDS = 5.0
_SWAPPING = "Not attached to an active page"
DRAG_POINTS = 12
BLOCKED = "a dialog of the page is open: answer it first"

_REASONS = {
    "net::ERR_CONNECTION_REFUSED": "nothing answers at {url}",
    "net::ERR_CONNECTION_RESET": "the site at {url} closed the connection",
    "net::ERR_EMPTY_RESPONSE": "the site at {url} answered nothing",
    "net::ERR_NAME_NOT_RESOLVED": "no site is known under the name {host}",
    "net::ERR_INTERNET_DISCONNECTED": "this machine has no network, so {url} can't be reached",
    "net::ERR_CONNECTION_TIMED_OUT": "the site at {url} did not answer in time",
    "net::ERR_ADDRESS_UNREACHABLE": "the machine behind {host} can't be reached",
    "net::ERR_ABORTED": "{url} is not a page (a download, or an empty answer)",
    "net::ERR_UNSAFE_PORT": "browsers refuse the port of {url}",
    "net::ERR_SSL_PROTOCOL_ERROR": "{url} does not speak https",
}


def _proceed() -> None:
    """Nobody stops us."""


class BrowserDisplay:
    """Implements `Display` on one browser context. One act at a time: whoever acts holds `lock`."""

    width, height = WIDTH, HEIGHT

    def __init__(self, connection: cdp.Connection, context: str) -> None:
        self.lock = threading.RLock()
        self._cdp = connection
        self._context = context
        self._tabs = Tabs(connection, context, WIDTH, HEIGHT)
        self.bar = AddressBar()
        self._last: Image | None = None
        self._shut = False
        self._drag: cdp.Answer | None = None

    def on_event(self, method: str, params: dict[str, Any], session: str) -> None:
        if method == "Input.dragIntercepted":
            self._drag = params.get("data")
        self._tabs.on_event(method, params, session)

    def open(self) -> None:
        """Make a first, empty page when there is none. Raises DisplayError."""
        params = {"url": "about:blank", "browserContextId": self._context, "width": WIDTH, "height": HEIGHT}
        self._guard(lambda: self._cdp.post("Target.createTarget", params).result(ANSWER_SECONDS))
        self._front()

    def shut(self) -> None:
        """The context is gone: every later use fails at once."""
        self._shut = True

    def grab(self) -> Image:
        tab = self._front()
        if tab.dialog is not None and self._last is not None:
            return self._last
        answer = self._capture(tab)
        if "data" in answer:
            raw = np.frombuffer(base64.b64decode(answer["data"]), dtype=np.uint8)
            picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)
            self._last = None if picture is None else picture.astype(np.uint8, copy=False)
        if self._last is None:
            raise DisplayError("the page shows a dialog and has never been seen")
        return self._last

    def _capture(self, tab: Tab) -> cdp.Answer:
        """A picture. One that is asked for while the page is being replaced is refused or never comes: ask again."""
        options = {"format": "png", "optimizeForSpeed": True}
        deadline, patience = time.monotonic() + ANSWER_SECONDS, CAPTURE_SECONDS
        while True:
            try:
                return self._ask(tab, "Page.captureScreenshot", options, patience)
            except DisplayError:
                if self._shut or tab.crashed or self._cdp.closed or time.monotonic() > deadline:
                    raise
                with self._tabs.changed:
                    self._tabs.changed.wait(0.05)
                tab, patience = self._front(), patience * 2

    def goto(self, url: str, check: Callable[[], None] = _proceed) -> None:
        url = allowed_address(url)
        tab, answer = self._navigate(url, check)
        if reason := answer.get("errorText"):
            raise DisplayError(_in_words(reason, url))
        if loader := answer.get("loaderId"):
            self._wait(tab, lambda: loader in tab.loaded, check)

    def _navigate(self, url: str, check: Callable[[], None]) -> tuple[Tab, cdp.Answer]:
        """Ask for the page; the lock is free while its site thinks, so that the run can end meanwhile."""
        with self.lock:
            tab = self._front()
            if tab.dialog is not None:
                raise DisplayError(BLOCKED)
            future: Future[cdp.Answer] = self._guard(lambda: self._cdp.post("Page.navigate", {"url": url}, tab.session))
        self._wait(tab, future.done, check)
        if not future.done():
            if tab.dialog is not None:
                return tab, {}
            raise DisplayError(_in_words("net::ERR_CONNECTION_TIMED_OUT", url))
        return tab, self._guard(future.result)

    def back(self, check: Callable[[], None] = _proceed) -> None:
        with self.lock:
            tab = self._front()
            history = self._ask(tab, "Page.getNavigationHistory", {})
            index, loads = history.get("currentIndex", 0), tab.loads
            if index < 1:
                raise DisplayError("there is no page to go back to")
            self._ask(tab, "Page.navigateToHistoryEntry", {"entryId": history["entries"][index - 1]["id"]})
        self._wait(tab, lambda: tab.loads > loads, check, seconds=5)

    def reload(self, check: Callable[[], None] = _proceed) -> None:
        with self.lock:
            tab = self._front()
            loads = tab.loads
            self._ask(tab, "Page.reload", {})
        self._wait(tab, lambda: tab.loads > loads, check)

    def move(self, x: int, y: int) -> None:
        self._mouse("mouseMoved", x, y)

    def click(self, x: int, y: int, button: str = "left", clicks: int = 1, modifiers: Sequence[str] = ()) -> None:
        held = keyboard.mask(modifiers)
        with self.lock:
            self._mouse("mouseMoved", x, y, modifiers=held)
            for count in range(1, clicks + 1):
                self._mouse("mousePressed", x, y, button=button, clickCount=count, modifiers=held)
                self._mouse("mouseReleased", x, y, button=button, clickCount=count, modifiers=held)

    def drag(self, x1: int, y1: int, x2: int, y2: int) -> None:
        with self.lock:
            self._drag = None
            self._mouse("mouseMoved", x1, y1)
            self._mouse("mousePressed", x1, y1, button="left", buttons=1, clickCount=1)
            for part in range(1, DRAG_POINTS + 1):
                x, y = x1 + (x2 - x1) * part // DRAG_POINTS, y1 + (y2 - y1) * part // DRAG_POINTS
                if self._drag is None:
                    self._mouse("mouseMoved", x, y, button="left", buttons=1)
                else:
                    self._carry("dragEnter" if part < DRAG_POINTS else "dragOver", x, y)
            if self._drag is not None:
                self._carry("dragOver", x2, y2)
                self._carry("drop", x2, y2)
            self._mouse("mouseReleased", x2, y2, button="left", clickCount=1)

    def scroll(self, x: int, y: int, dx: int, dy: int) -> None:
        self._mouse("mouseWheel", x, y, deltaX=dx, deltaY=dy)

    def type_text(self, text: str, check: Callable[[], None] = _proceed) -> None:
        with self.lock:
            for sign in text.replace("\r\n", "\n"):
                check()
                tab = self._front()
                events = keyboard.typed(sign)
                for event in events:
                    self._ask(tab, "Input.dispatchKeyEvent", event)
                if not events:
                    self._ask(tab, "Input.insertText", {"text": sign})

    def press(self, keys: Sequence[str]) -> None:
        try:
            events = keyboard.pressed(keys)
        except ValueError as error:
            raise DisplayError(str(error)) from error
        with self.lock:
            tab = self._front()
            for event in events:
                self._ask(tab, "Input.dispatchKeyEvent", event)

    def dialog(self) -> Dialog | None:
        return self._front().dialog

    def answer_dialog(self, accept: bool, text: str | None = None) -> None:
        params: dict[str, Any] = {"accept": accept}
        if text is not None:
            params["promptText"] = text
        with self.lock:
            tab = self._front()
            if tab.dialog is None:
                raise DisplayError("the page shows no dialog")
            self._guard(lambda: self._cdp.call("Page.handleJavaScriptDialog", params, tab.session))
            self._wait(tab, lambda: tab.dialog is None, _proceed, seconds=2, stop_at_dialog=False)

    def _mouse(self, kind: str, x: int, y: int, **more: Any) -> None:
        with self.lock:
            self._ask(self._front(), "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})

    def _carry(self, kind: str, x: int, y: int) -> None:
        params = {"type": kind, "x": x, "y": y, "data": self._drag}
        self._ask(self._front(), "Input.dispatchDragEvent", params)

    def _front(self) -> Tab:
        """The page in front, ready for use; a new empty one when a page has closed itself."""
        deadline = time.monotonic() + ANSWER_SECONDS
        with self._tabs.changed:
            while (tab := self._tabs.front()) is None:
                if self._shut or self._cdp.closed or time.monotonic() > deadline:
                    raise DisplayError("the browser has no page open" if not self._shut else "this page was closed")
                if not self._tabs.changed.wait(1.0):
                    self._cdp.post("Target.createTarget", {"url": "about:blank", "browserContextId": self._context})
        if self._shut:
            raise DisplayError("this page was closed: its run is over")
        self._guard(lambda: tab.ready.result(ANSWER_SECONDS))
        if tab.crashed:
            raise DisplayError("the page has crashed")
        return tab

    def _ask(self, tab: Tab, method: str, params: cdp.Answer, seconds: float = ANSWER_SECONDS) -> cdp.Answer:
        """`_send`, again while one document takes the place of another: a refusal then means that nothing was done."""
        deadline = time.monotonic() + SWAP_SECONDS
        while True:
            try:
                return self._send(tab, method, params, seconds)
            except DisplayError as error:
                if _SWAPPING not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
            tab = self._front()

    def _send(self, tab: Tab, method: str, params: cdp.Answer, seconds: float) -> cdp.Answer:
        """Send and wait; an empty answer when a dialog opens meanwhile, which holds real answers back."""
        future: Future[cdp.Answer] = self._guard(lambda: self._cdp.post(method, params, tab.session))
        with self._tabs.changed:
            tab.waiting.add(future)
            blocked = tab.dialog is not None
        try:
            if blocked:
                raise DisplayError(BLOCKED)
            return self._guard(lambda: future.result(seconds))
        finally:
            with self._tabs.changed:
                tab.waiting.discard(future)

    def _wait(
        self, tab: Tab, condition: Callable[[], bool], check: Callable[[], None], *, seconds: float = LOAD_SECONDS,
        stop_at_dialog: bool = True,
    ) -> None:  # fmt: skip
        """Until the condition holds, the time is over, or a dialog or another page has come in front."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            check()
            with self._tabs.changed:
                if condition() or (stop_at_dialog and tab.dialog) or self._tabs.front() is not tab or self._cdp.closed:
                    return
                self._tabs.changed.wait(0.2)

    def _guard(self, call: Callable[[], Any]) -> Any:
        """Turn what can go wrong on the socket into words for a person."""
        try:
            return call()
        except cdp.Closed as error:
            raise DisplayError("the browser has ended") from error
        except cdp.Refused as error:
            raise DisplayError(f"the browser refused: {error}") from error
        except TimeoutError as error:
            raise DisplayError("the browser did not answer in time") from error


def allowed_address(url: str) -> str:
    """The address if a run may open it: http, https and about:blank only. Raises DisplayError."""
    url = url.strip()
    parts = urlsplit(url)
    if url != "about:blank" and (parts.scheme.lower() not in ("http", "https") or not parts.hostname):
        raise DisplayError(f"only http and https addresses can be opened, not {url[:200]!r}")
    return url


def _in_words(reason: str, url: str) -> str:
    sentence = _REASONS.get(reason, "{url} could not be opened ({reason})")
    return sentence.format(url=url, host=urlsplit(url).hostname, reason=reason.removeprefix("net::ERR_").lower())
