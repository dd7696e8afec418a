"""The pages of one browser context: which one is in front, what each is loading, which dialog blocks it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from coasty_local.agent.ports import Dialog
from coasty_local.machines import cdp


@dataclass
class Tab:
    """One page. `loaded` holds the loader ids whose load event has come."""

    target: str
    session: str
    ready: Future[cdp.Answer]
    dialog: Dialog | None = None
    crashed: bool = False
    loads: int = 0
    loaded: set[str] = field(default_factory=set)
    waiting: set[Future[cdp.Answer]] = field(default_factory=set)


class Tabs:
    """The open pages, the newest last: that one is the display. Fed by the socket's thread, read by any other."""

    def __init__(self, connection: cdp.Connection, context: str, width: int, height: int) -> None:
        self._cdp = connection
        self._context = context
        self._size = (width, height)
        self._tabs: list[Tab] = []
        self.changed = threading.Condition()

    def front(self) -> Tab | None:
        with self.changed:
            return self._tabs[-1] if self._tabs else None

    def on_event(self, method: str, params: dict[str, Any], session: str) -> None:
        """Take one event of the browser; events of other contexts are passed over."""
        if method == "Target.attachedToTarget":
            self._attached(params["targetInfo"], params["sessionId"])
        elif method in ("Target.targetDestroyed", "Target.targetCrashed"):
            self._gone(params["targetId"], crashed=method.endswith("Crashed"))
        elif method == "Target.detachedFromTarget":
            self._gone(params.get("targetId", ""), crashed=False)
        elif method == "closed":
            self._wake()
        elif tab := self._by_session(session):
            self._page_event(tab, method, params)

    def _attached(self, info: dict[str, Any], session: str) -> None:
        if info.get("browserContextId") != self._context or info.get("type") != "page":
            return
        width, height = self._size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._cdp.post("Page.enable", {}, session)
        self._cdp.post("Page.setLifecycleEventsEnabled", {"enabled": True}, session)
        self._cdp.post("Emulation.setFocusEmulationEnabled", {"enabled": True}, session)
        self._cdp.post("Input.setInterceptDrags", {"enabled": True}, session)
        ready = self._cdp.post("Emulation.setDeviceMetricsOverride", metrics, session)
        with self.changed:
            self._tabs.append(Tab(info["targetId"], session, ready))
            self.changed.notify_all()

    def _gone(self, target: str, crashed: bool) -> None:
        with self.changed:
            tab = next((tab for tab in self._tabs if tab.target == target), None)
            if tab is None:
                return
            if crashed:
                tab.crashed = True
            else:
                self._tabs.remove(tab)
            back = self._tabs[-1] if self._tabs else None
            self._let_go(tab)
            self.changed.notify_all()
        if back is not None and not crashed:
            self._cdp.post("Target.activateTarget", {"targetId": back.target})

    def _page_event(self, tab: Tab, method: str, params: dict[str, Any]) -> None:
        with self.changed:
            if method == "Page.lifecycleEvent" and params.get("name") == "load":
                tab.loaded.add(params.get("loaderId", ""))
                tab.loads += 1
            elif method == "Page.frameNavigated" and params.get("type") == "BackForwardCacheRestore":
                tab.loads += 1  # a page out of the cache is complete and tells of no load
            elif method == "Page.javascriptDialogOpening":
                tab.dialog = Dialog(params.get("type", "alert"), params.get("message", ""))
                self._let_go(tab)
            elif method == "Page.javascriptDialogClosed":
                tab.dialog = None
            else:
                return
            self.changed.notify_all()

    def _let_go(self, tab: Tab) -> None:
        """What waits on a page that is blocked or gone gets an empty answer: the page gives none."""
        for future in tab.waiting:
            cdp.settle(future, {})

    def _by_session(self, session: str) -> Tab | None:
        with self.changed:
            return next((tab for tab in self._tabs if tab.session == session), None)

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify_all()
