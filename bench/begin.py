"""How long it takes from nothing to a run that waits on screen: starts, steps, park to the queue, stop.

    python -m bench.begin    from an empty data folder, packages installed already; under two minutes

The whole product is started twice in one folder as `make up` starts it. A run goes to the practice site and parks
before it pays, while a reviewer's browser has the queue open. Prints seconds, and what they are held to.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.hands import sign_in
from tests.conftest import wait_until
from tests.e2e.driver import Stack

TASK = "Open Chrome, go to {site}, sign in as ada@example.com with password lovelace, and pay invoice INV-1042."
SECOND_START_SECONDS = 10.0  # at most, as the README says of a second start
RUNS = 3


def took(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def watched(stack: Stack, page: Page) -> tuple[float, list[float]]:
    """From upstream's own moment of a pause to its row in an open queue; and the steps of that run, in seconds."""
    operator, reviewer = stack.client("operator"), stack.client("reviewer")
    known = page.locator(".queue-row").count()
    run = operator.start(TASK.format(site=stack.practice()))
    wait_until(lambda: page.locator(".queue-row").count() > known, 90, every=0.005)
    seen_at = time.time()
    parked = reviewer.parked(run)
    events = stack.platform("GET", f"/runs/{run}/events?after=0", stream=True)
    moments: dict[str, list[float]] = {}
    kind = ""
    for line in events.iter_lines(decode_unicode=True):
        if line.startswith("event:"):
            kind = line.partition(":")[2].strip()
        elif line.startswith("created_at:"):
            moments.setdefault(kind, []).append(datetime.fromisoformat(line.partition(":")[2].strip()).timestamp())
            if kind == "awaiting_human":
                break
    events.close()
    reviewer.decide(parked, "cancel")
    operator.reaches(run, {"cancelled"})
    steps = moments["step"]
    return seen_at - moments["awaiting_human"][0], [later - earlier for earlier, later in pairwise(steps)]


def main() -> int:
    with ExitStack() as ends, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        stack = Stack(Path(folder))
        first = took(stack.start)
        stopped = took(stack.stop)
        second = took(stack.start)
        ends.callback(stack.stop)
        driver = ends.enter_context(sync_playwright())
        chromium = shutil.which("chromium") or os.environ.get("CHROMIUM")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        ends.callback(browser.close)
        page = sign_in(stack, browser, "reviewer").page
        page.goto(f"{stack.console}/approvals/")
        page.wait_for_function("document.querySelector('[data-socket]')?.['htmx-internal-data']?.webSocket")
        waits, steps = [], []
        for _ in range(RUNS):
            wait, between = watched(stack, page)
            waits.append(wait)
            steps += between
        print(f"first start            {first:5.1f} s")
        print(f"second start           {second:5.1f} s  (at most {SECOND_START_SECONDS:.0f})")
        print(f"stop                   {stopped:5.1f} s")
        print(f"a step                 {sorted(steps)[len(steps) // 2]:5.2f} s  (median of {len(steps)})")
        print("park to queue on screen", "  ".join(f"{wait * 1000:.0f} ms" for wait in waits))
        return 0 if second < SECOND_START_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
