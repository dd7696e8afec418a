"""One Chromium process: started with its own profile, ended with everything that it left."""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from coasty_local.agent.ports import DisplayError
from coasty_local.machines import cdp
from coasty_local.machines.display import HEIGHT, WIDTH, BrowserDisplay

log = logging.getLogger(__name__)

START_SECONDS = 30.0
SWITCHES = (
    "--headless=new", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-breakpad", "--disable-client-side-phishing-detection",
    "--disable-component-update", "--disable-default-apps", "--disable-dev-shm-usage", "--disable-domain-reliability",
    "--disable-extensions", "--disable-gpu", "--disable-quic", "--disable-smooth-scrolling", "--disable-sync",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication,PasswordLeakDetection",
    "--force-prefers-reduced-motion", "--lang=en-US", "--metrics-recording-only", "--mute-audio", "--no-pings",
    "--password-store=basic", "--use-mock-keychain", f"--window-size={WIDTH},{HEIGHT}",
)  # fmt: skip
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
# The kernel ends a child with the *thread* that started it, so one thread that lives as long as we do starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


class Browser:
    """A running Chromium with one context at a time: that of the latest run."""

    def __init__(self, program: str, profile: Path) -> None:
        """Start it. Raises DisplayError when it does not come up."""
        self._profile = profile
        self._displays: dict[str, BrowserDisplay] = {}
        self._lock = threading.Lock()
        self._process = self._start(program)
        self._cdp = cdp.Connection(self._address(), self._on_event)
        self._cdp.call("Target.setDiscoverTargets", {"discover": True})
        attach = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True}
        self._cdp.call("Target.setAutoAttach", attach)
        self.display = self.fresh()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None and not self._cdp.closed

    @property
    def pid(self) -> int:
        return self._process.pid

    def fresh(self) -> BrowserDisplay:
        """A display in a new, empty browser context; the one before is closed with its pages. Raises DisplayError."""
        old = dict(self._displays)
        try:
            context = self._cdp.call("Target.createBrowserContext", {"disposeOnDetach": True})["browserContextId"]
            self._cdp.call("Browser.setDownloadBehavior", {"behavior": "deny", "browserContextId": context})
            display = BrowserDisplay(self._cdp, context)
            with self._lock:
                self._displays[context] = display
            display.open()
            for stale in old:
                self._dispose(stale)
        except (cdp.Closed, cdp.Refused, TimeoutError) as error:
            raise DisplayError("the browser could not open a fresh window") from error
        self.display = display
        return display

    def close(self) -> None:
        """End the process and everything under it, and remove its profile."""
        self._cdp.close()
        _end(self._process)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _dispose(self, context: str) -> None:
        with self._lock:
            display = self._displays.pop(context, None)
        if display is not None:
            display.shut()
        self._cdp.call("Target.disposeBrowserContext", {"browserContextId": context})

    def _start(self, program: str) -> subprocess.Popen[bytes]:
        """The process, with the sandbox unless we are root or the sandbox can't start here."""
        attempts = [["--no-sandbox"]] if os.geteuid() == 0 else [[], ["--no-sandbox"]]
        for extra in attempts:
            process = _starter.submit(self._spawn, program, extra).result()
            if self._comes_up(process):
                return process
            _end(process)
            log.warning("Chromium did not start%s", " without its sandbox" if extra else " inside its sandbox")
        raise DisplayError(f"{program} did not start; run it by hand to see why")

    def _spawn(self, program: str, extra: list[str]) -> subprocess.Popen[bytes]:
        shutil.rmtree(self._profile, ignore_errors=True)
        self._profile.mkdir(parents=True, exist_ok=True)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("COASTY_", "SECRET_"))}
        env |= {"XDG_CONFIG_HOME": str(self._profile), "XDG_CACHE_HOME": str(self._profile)}
        command = [program, *SWITCHES, *extra, f"--user-data-dir={self._profile.resolve()}", "about:blank"]
        return subprocess.Popen(
            command, env=env, start_new_session=True, preexec_fn=_die_with_us,  # noqa: PLW1509 calls one C function
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _comes_up(self, process: subprocess.Popen[bytes]) -> bool:
        _until(lambda: self._port_file().exists() or process.poll() is not None)
        return self._port_file().exists() and process.poll() is None

    def _port_file(self) -> Path:
        return self._profile / "DevToolsActivePort"

    def _address(self) -> str:
        _until(lambda: self._port_file().read_text().count("\n") >= 1)
        port, path = self._port_file().read_text().split("\n")[:2]
        return f"ws://127.0.0.1:{port}{path}"

    def _on_event(self, method: str, params: dict[str, Any], session: str) -> None:
        with self._lock:
            displays = list(self._displays.values())
        for display in displays:
            display.on_event(method, params, session)


def start_thread() -> None:
    """Make the starting thread now, while the caller is alone."""
    done: Future[None] = _starter.submit(lambda: None)
    done.result()


def _die_with_us() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    try:  # children that outlived their browser
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _until(condition: Callable[[], bool], seconds: float = START_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
