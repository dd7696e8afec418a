"""From upstream's event to pixels in a real browser: the console's page beside a bare page with an EventSource."""

from __future__ import annotations

import os
import shutil
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.crowd_upstream import run_id
from bench.lab import Options, Row, Stage, percentile, stage

_RATE = 6.0  # events a second on the page: below its ten updates a second
# Painted: the frame after the one in which the browser was asked for an animation frame has begun.
_CLOCK = """
window.delays = [];
window.painted = (moment) => requestAnimationFrame(() => setTimeout(
  () => window.delays.push(performance.timeOrigin + performance.now() - Date.parse(moment)), 0));
"""
_BARE = """
<!doctype html><title>bare</title><ol id="log"></ol>
"""
_LISTEN = """(address) => {
  const source = new EventSource(address), log = document.getElementById("log");
  for (const kind of ["text", "tool_call", "tool_result", "step", "billing"])
    source.addEventListener(kind, (event) => {
      const row = document.createElement("li"), told = JSON.parse(event.data);
      row.textContent = event.data;
      log.append(row);
      if (told.at) window.painted(told.at);
    });
  return new Promise((resolve) => { source.onopen = () => resolve(true); });
}"""
_OBSERVE = """() => {
  const timeline = document.querySelector(".timeline");
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      if (node.nodeType !== 1) continue;
      const lines = node.matches(".line") ? [node] : node.querySelectorAll(".line");
      for (const line of lines) window.painted(line.querySelector("time").dateTime);
    }
  }).observe(timeline, { childList: true, subtree: true });
}"""


def paint(options: Options) -> list[Row]:
    with stage(20, options.seed) as made:
        made.console()
        made.wait_until_followed()
        delays: dict[str, list[float]] = {"console": [], "bare": []}
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or os.environ.get("CHROMIUM")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for _turn in range(options.size(2, 1)):
                for name, open_page in (("bare", _bare), ("console", _console)):
                    context = browser.new_context()
                    delays[name] += _seen(made, open_page(made, context), options.size(12, 3))
                    context.close()
            browser.close()
    p99 = {name: percentile(found, 0.99) for name, found in delays.items()}
    detail = {
        "p50_ms": {name: round(percentile(found, 0.5), 1) for name, found in delays.items()},
        "p99_ms": {name: round(value, 1) for name, value in p99.items()},
        "painted": {name: len(found) for name, found in delays.items()}, "events_a_second": _RATE,
    }  # fmt: skip
    name = "p99 event to painted through the console, over a bare EventSource page"
    return [Row(name, round(p99["console"] / p99["bare"], 2), 4, 2, True, "x", detail)]


def _seen(made: Stage, page: Page, seconds: float) -> list[float]:
    made.pace(_RATE, seconds, runs=1)
    page.wait_for_timeout((seconds + 1) * 1000)
    found: list[float] = page.evaluate("window.delays")
    return found


def _bare(made: Stage, context: Any) -> Page:
    page: Page = context.new_page()
    page.add_init_script(_CLOCK)
    page.route("**/bare", lambda route: route.fulfill(body=_BARE, content_type="text/html"))
    page.goto(f"{made.upstream_url}/bare")
    page.evaluate(_LISTEN, f"{made.upstream_url}/v1/runs/{_spoken(made)}/events?after=now")
    return page


def _console(made: Stage, context: Any) -> Page:
    context.add_cookies([{"name": "sessionid", "value": made.sessions[0], "url": made.url}])
    page: Page = context.new_page()
    page.add_init_script(_CLOCK)
    page.goto(f"{made.url}/runs/{_spoken(made)}/")
    page.evaluate(_OBSERVE)
    page.wait_for_timeout(2500)  # the socket has said hello and got what was missing
    page.evaluate("window.delays = []")
    return page


def _spoken(made: Stage) -> str:
    """The run that `pace(runs=1)` lets speak."""
    return run_id(0)
