"""Which machine has a browser now: started when first needed, replaced when it died, ended with its machine."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from coasty_local.agent.ports import DisplayError
from coasty_local.machines import browser
from coasty_local.machines.display import BrowserDisplay


class Fleet:
    """The browsers of all machines. Safe to use from any thread; machines do not wait for each other."""

    def __init__(self, program: str, folder: Path, runs: Callable[[str], bool]) -> None:
        """`runs` answers whether a machine may have a browser now; `folder` is swept of what a crash has left."""
        self._program = program
        self._folder = folder
        self._runs = runs
        self._browsers: dict[str, browser.Browser] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._closed = False
        shutil.rmtree(folder, ignore_errors=True)
        browser.start_thread()

    def fresh(self, machine_id: str) -> BrowserDisplay:
        """A display with nothing in it from before. Raises DisplayError naming the machine."""
        with self._locks[machine_id]:
            if alive := self._alive(machine_id):
                try:
                    return alive.fresh()
                except DisplayError:  # it is dying or hangs: a new one does not
                    self._drop(machine_id)
            return self._launch(machine_id).display

    def display(self, machine_id: str) -> BrowserDisplay:
        """What the machine shows now. Raises DisplayError naming the machine."""
        with self._locks[machine_id]:
            alive = self._alive(machine_id)
            return alive.display if alive else self._launch(machine_id).display

    def close(self, machine_id: str) -> None:
        """End the machine's browser, if it has one."""
        with self._locks[machine_id]:
            self._drop(machine_id)

    def close_all(self) -> None:
        """End every browser, side by side; none starts afterwards."""
        self._closed = True
        threads = [threading.Thread(target=self.close, args=(machine_id,)) for machine_id in list(self._browsers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    def pid(self, machine_id: str) -> int | None:
        """The process id of the machine's browser."""
        running = self._browsers.get(machine_id)
        return running.pid if running else None

    def _alive(self, machine_id: str) -> browser.Browser | None:
        running = self._browsers.get(machine_id)
        if running is None or running.alive:
            return running
        self._drop(machine_id)
        return None

    def _drop(self, machine_id: str) -> None:
        if running := self._browsers.pop(machine_id, None):
            running.close()

    def _launch(self, machine_id: str) -> browser.Browser:
        if self._closed or not self._runs(machine_id):
            raise DisplayError(f"machine {machine_id} is not running")
        try:
            # a profile of its own each time: what is left of a killed browser may still write into the last one
            profile = self._folder / f"{machine_id}-{secrets.token_hex(4)}"
            started = browser.Browser(self._program, profile)
        except DisplayError as error:
            raise DisplayError(f"the browser of machine {machine_id} did not start: {error}") from error
        self._browsers[machine_id] = started
        return started
