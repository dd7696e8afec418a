"""A raw socket to the browser that can carry nothing but pictures, input, navigation and tabs."""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

log = logging.getLogger(__name__)

# All that may ever be asked of a browser: nothing here reads a document, runs a script or sees the network.
ALLOWED = frozenset({
    "Browser.setDownloadBehavior",
    "Emulation.setDeviceMetricsOverride", "Emulation.setFocusEmulationEnabled",
    "Input.dispatchDragEvent", "Input.dispatchKeyEvent", "Input.dispatchMouseEvent", "Input.insertText",
    "Input.setInterceptDrags",
    "Page.captureScreenshot", "Page.enable", "Page.getNavigationHistory", "Page.handleJavaScriptDialog",
    "Page.navigate", "Page.navigateToHistoryEntry", "Page.reload", "Page.setLifecycleEventsEnabled",
    "Target.activateTarget", "Target.closeTarget", "Target.createBrowserContext", "Target.createTarget",
    "Target.disposeBrowserContext", "Target.setAutoAttach", "Target.setDiscoverTargets",
})  # fmt: skip

Answer = dict[str, Any]
OnEvent = Callable[[str, Answer, str], None]


class Refused(Exception):
    """The browser answered a command with an error."""


class Closed(Exception):
    """The browser's socket has closed."""


class NotAllowed(Exception):
    """A command outside the white list: it is never sent."""


class Connection:
    """One socket to one browser. Answers arrive on futures, events on `on_event(method, params, session_id)`."""

    def __init__(self, url: str, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._pending: dict[int, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._closed = False
        opening = connect(url, max_size=None, compression=None, open_timeout=10, ping_interval=None, proxy=None)
        self._stack = ExitStack()
        self._socket: ClientConnection = self._stack.enter_context(opening)
        threading.Thread(target=self._read, name="cdp", daemon=True).start()

    @property
    def closed(self) -> bool:
        return self._closed

    def post(self, method: str, params: Answer | None = None, session: str = "") -> Future[Answer]:
        """Send a command without waiting. Raises NotAllowed before anything is sent, Closed on a dead socket."""
        if method not in ALLOWED:
            raise NotAllowed(method)
        message: Answer = {"id": next(self._ids), "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        future: Future[Answer] = Future()
        with self._lock:
            if self._closed:
                raise Closed
            self._pending[message["id"]] = future
        try:
            self._socket.send(json.dumps(message))
        except (OSError, WebSocketException) as error:
            raise Closed from error
        return future

    def call(self, method: str, params: Answer | None = None, session: str = "", timeout: float = 15) -> Answer:
        """Send a command and wait. Raises NotAllowed, Refused, Closed or TimeoutError (seconds)."""
        return self.post(method, params, session).result(timeout)

    def close(self) -> None:
        try:
            self._stack.close()
        except OSError:
            pass

    def _read(self) -> None:
        try:
            for text in self._socket:
                self._take(json.loads(text))
        except (OSError, WebSocketException):
            pass
        finally:
            self._fail_all()

    def _take(self, message: Answer) -> None:
        if "id" not in message:
            try:
                self._on_event(message["method"], message.get("params", {}), message.get("sessionId", ""))
            except Closed:
                pass
            except Exception:
                log.exception("an event of the browser could not be handled: %s", message["method"])
            return
        with self._lock:
            future = self._pending.pop(message["id"], None)
        if future is not None:
            settle(future, message.get("result", {}), message.get("error"))

    def _fail_all(self) -> None:
        with self._lock:
            self._closed = True
            pending, self._pending = list(self._pending.values()), {}
        for future in pending:
            settle(future, {}, {"message": "closed"}, Closed)
        self._on_event("closed", {}, "")


def settle(
    future: Future[Answer], result: Answer, error: Answer | None = None, kind: type[Exception] = Refused
) -> None:
    """Give a future its end, unless it has one already."""
    if future.done():
        return
    try:
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(kind(str(error.get("message", "refused"))))
    except Exception:
        log.debug("a command ended twice")
