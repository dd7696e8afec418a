"""From a person's click in a takeover to the machine's new picture on their page, with the local platform as it is."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.lab import Options, Row, percentile
from tests.conftest import wait_until
from tests.e2e.driver import PASSWORD, Stack

# Each press of a button or a key paints the whole page anew, at once: what is measured is the way there and back.
_PAGE = b"""<!doctype html><title>Colours</title><body style="margin:0;height:100vh"><script>
let turn = 0;
const paint = () => { document.body.style.background = `hsl(${(turn += 67) % 360} 70% 60%)`; };
addEventListener("mousedown", paint); addEventListener("keydown", paint); paint();
</script>"""
_TASK = "Go to {url}, sign in as ada@example.com with password lovelace, and open the reports page."


def driving(options: Options) -> list[Row]:
    count = options.size(25, 3)
    with tempfile.TemporaryDirectory() as folder, _colours() as address, _stack(Path(folder)) as stack:
        operator = stack.client("operator")
        run_id = operator.start(_TASK.format(url=stack.practice()), machine_id=stack.machines(1)[0])
        operator.parked(run_id)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or os.environ.get("CHROMIUM")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = _driver(browser.new_page(viewport={"width": 1440, "height": 900}), stack, run_id)
            page.evaluate("url => takeover.act('browser_navigate', { url })", address)
            page.wait_for_function("() => document.getElementById('takeover').dataset.acts === '1'")
            box = page.locator("#machine-screen").bounding_box() or {}
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            clicks = _took(page, count, lambda: page.mouse.click(x, y))
            keys = _took(page, count, lambda: page.keyboard.press("a"))
            browser.close()
    return [_row("a click", clicks, 800, 500), _row("a key", keys, 600, 350)]


def _row(what: str, took: list[float], must: float, aim: float) -> Row:
    detail = {
        "p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95), "most_ms": max(took), "acts": len(took),
    }  # fmt: skip
    return Row(f"p50 {what} on the machine to its new picture", percentile(took, 0.5), must, aim, True, "ms", detail)


def _driver(page: Page, stack: Stack, run_id: str) -> Page:
    page.goto(f"{stack.console}/sign-in/")
    page.fill("#id_username", "reviewer")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    page.goto(f"{stack.console}/runs/{run_id}/takeover/")
    page.locator("form .button.primary").click()
    page.locator("#machine-image").wait_for()
    return page


def _took(page: Page, count: int, do: object) -> list[float]:
    """How long each act took until its picture, as the page itself has measured; one after the other."""
    assert callable(do)
    found: list[float] = []
    for _ in range(count):
        before = page.evaluate("document.getElementById('takeover').dataset.acts || '0'")
        do()
        page.wait_for_function("n => (document.getElementById('takeover').dataset.acts || '0') !== n", arg=before)
        found.append(float(page.evaluate("document.getElementById('takeover').dataset.took.split(' ').pop()")))
        page.wait_for_timeout(400)  # a person looks before the next
    return found


@contextmanager
def _stack(folder: Path) -> Iterator[Stack]:
    stack = Stack(folder).start()
    try:
        wait_until((folder / "local" / "api_key").exists)
        yield stack
    finally:
        stack.stop()


@contextmanager
def _colours() -> Iterator[str]:
    class Colours(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(_PAGE)))
            self.end_headers()
            self.wfile.write(_PAGE)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Colours)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
