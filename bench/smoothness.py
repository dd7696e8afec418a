"""How smooth the pages feel in a real Chromium: a 500-step run, what live updates move, a word after a click.

    python -m bench.smoothness              under two minutes; writes bench/out/smoothness.json
    python -m bench.smoothness --quick      fewer steps and shorter scrolls

Moments are taken in the page itself: from the event of a key or a click to the frame after the one that shows it.
Layout shift counts every entry, also those within half a second of a key, which the usual score leaves out.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

import tests.early  # noqa: F401  (a data folder that is not the user's, before anything reads it)
from bench.__main__ import OUT, table, write
from bench.lab import Options, Row, percentile
from tests.conftest import wait_until
from tests.pages.site import Person, Site, sign_in
from tests.scripted_runs import ScriptedRun
from tests.upstreams import Upstream

UPDATES = 20
NOTCH = 240
STAYS = ".queue-row:has-text('$1001.00')"  # of a run that waits all the time
NOTE = "The customer is Nordwind GmbH, pay from the second account"
_WATCH = """() => {
  const seen = window.watched = { frames: [], shift: 0, moved: [], last: 0, heard: 0 };
  const tick = (now) => {
    if (seen.last) seen.frames.push(now - seen.last);
    seen.last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  document.addEventListener("htmx:wsAfterMessage", () => { seen.heard += 1; });
  const name = (node) => node?.id || node?.className || node?.parentElement?.className || node?.nodeName || "gone";
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) {
    seen.shift += entry.value;
    for (const source of entry.sources) seen.moved.push(`${entry.value.toFixed(4)} ${name(source.node)}`);
  } }).observe({ type: "layout-shift" });
}"""
# Resolves with the milliseconds from the next `kind` of event until `holds()` is true and painted.
_TIMED = """(kind) => { window.timed = new Promise((resolve) => addEventListener(kind, () => {
  const began = performance.now(), is = () => { HOLDS };
  const look = () => is() ? setTimeout(() => resolve(performance.now() - began), 0) : requestAnimationFrame(look);
  requestAnimationFrame(look);
  setTimeout(() => resolve(null), 10000);
}, { capture: true, once: true })); }"""
_AT_TEN = """const step = document.querySelector('.step[data-step="10"]')?.getBoundingClientRect();
  return step && step.top >= 0 && step.top < innerHeight && step.height > 20;"""
_SENDING = "return getComputedStyle(document.querySelector('.sending')).visibility === 'visible';"


def timed(page: Page, kind: str, holds: str) -> None:
    page.evaluate(_TIMED.replace("HOLDS", holds), kind)


def took(page: Page) -> float:
    """Infinite where it was not seen within ten seconds."""
    milliseconds = page.evaluate("() => Promise.race([window.timed, new Promise((done) => setTimeout(done, 12000))])")
    return float("inf") if milliseconds is None else float(milliseconds)


def watch(page: Page) -> None:
    page.evaluate(_WATCH)


def seen(page: Page) -> dict[str, Any]:
    page.wait_for_timeout(400)
    found: dict[str, Any] = page.evaluate("window.watched")
    return found


def pictures(browser: Browser) -> list[bytes]:
    """Screens as a machine has them: a page of text and boxes, each a little different."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    found = []
    for number in range(8):
        rows = "".join(f"<tr><td>INV-10{n}{number}<td>Customer {n * number}<td><button>Pay</button>" for n in range(18))
        page.set_content(f"<h1>Invoices, page {number}</h1><table border=1 cellpadding=6 width=90%>{rows}</table>")
        found.append(page.screenshot(type="jpeg", quality=70))
    page.close()
    return found


def step(run: ScriptedRun, shots: list[bytes]) -> None:
    number = run.state["steps_completed"]
    run.step(f"I see a list of invoices, page {number}. I look for the one that the task names and open it.")
    run.frames[-1] = shots[number % len(shots)]
    if number == 9:
        run.emit("error", {"code": "SLOW", "message": "The page took long."})


def long_run(person: Person, far: Upstream, shots: list[bytes], steps: int) -> ScriptedRun:
    """A run that goes on, mirrored with all its pictures. They are fetched as steps come, 200 at most for one event."""
    run = far.add(task="Pay each invoice of the list and check that it says Paid", max_steps=600)
    run.go()
    for number in range(1, steps + 1):
        step(run, shots)
        if not number % 100:
            newest = f"{person.site.url}/runs/{run.id}/frames/{number - 1}.jpg"
            wait_until(partial(_is_there, person, newest), 30)
    return run


def _is_there(person: Person, address: str) -> bool:
    return person.page.request.get(address).ok


def jump(person: Person, run: ScriptedRun) -> list[Row]:
    """From Enter in the field of a step's number to that step on screen, with the newest steps drawn only."""
    all_ms = []
    for _ in range(3):
        page = person.live(f"/runs/{run.id}/")
        page.wait_for_function("() => document.querySelector('[data-to-step]')?.disabled === false")
        page.fill("[data-to-step]", "10")
        timed(page, "keydown", _AT_TEN)
        page.press("[data-to-step]", "Enter")
        all_ms.append(took(page))
    middle = round(sorted(all_ms)[1], 1)
    return [Row("jump to step 10 of a long run, painted", middle, 500, 200, True, "ms", {"all_ms": all_ms})]


def scrolling(person: Person, run: ScriptedRun, turns: int) -> list[Row]:
    """Every step drawn, then the wheel towards the first and back, 240 px a frame: faster than anybody reads."""
    page = person.live(f"/runs/{run.id}/")
    began = time.monotonic()
    while (button := page.locator(".earlier button")).count():
        before = page.locator(".step").count()
        button.first.click()
        page.wait_for_function("n => document.querySelectorAll('.step').length > n", arg=before)
    drawn = {"steps": page.locator(".step").count(), "drawn_in_s": round(time.monotonic() - began, 1)}
    page.mouse.move(300, 600)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(500)
    watch(page)
    for way in (-1, 1):
        for _ in range(turns):
            page.mouse.wheel(0, way * NOTCH)
            page.wait_for_timeout(16)
    return _frames("scrolling all steps of it", seen(page), drawn)


def scrubbing(person: Person, run: ScriptedRun, turns: int) -> list[Row]:
    """The film's slider pulled from one end to the other with the mouse, and back."""
    page = person.live(f"/runs/{run.id}/")
    page.wait_for_function("() => Number(document.querySelector('[data-film-slider]').max) > 100")
    box: Any = page.locator("[data-film-slider]").bounding_box()
    left, right, y = box["x"] + 8, box["x"] + box["width"] - 8, box["y"] + box["height"] / 2
    page.mouse.move(right, y)
    page.mouse.down()
    watch(page)
    for share in [1 - n / turns for n in range(turns)] + [n / turns for n in range(turns)]:
        page.mouse.move(left + (right - left) * share, y)
        page.wait_for_timeout(16)
    page.mouse.up()
    return _frames("scrubbing its film", seen(page), {})


def _frames(what: str, found: dict[str, Any], detail: dict[str, Any]) -> list[Row]:
    frames = found["frames"]
    detail |= {"frames": len(frames), "most_ms": round(max(frames)), "shift": round(found["shift"], 4)}
    p50, p95 = (round(percentile(frames, share), 1) for share in (0.5, 0.95))
    return [
        Row(f"{what}: frame p50", p50, 20, 17, True, "ms", detail),
        Row(f"{what}: frame p95", p95, 50, 34, True, "ms"),
    ]


def typing(person: Person, name: str, path: str, field: str, update: Any) -> list[Row]:
    """Twenty live updates while somebody types: what moved, and what is left of the words and the cursor."""
    page = person.live(path)
    page.wait_for_timeout(600)
    page.locator(field).focus()
    is_text = page.locator(field).evaluate("e => 'value' in e && !e.type.startsWith('radio')")
    text = NOTE if is_text and "step" not in field else "123456" if is_text else ""
    row = page.locator(STAYS)
    under = row.get_attribute("id") if row.count() else None
    y = (row.bounding_box() or {"y": 0.0})["y"] + 12 if under else 0
    if under:
        page.mouse.move(600, y)
    top = "id => document.getElementById(id)?.getBoundingClientRect().top ?? -1"
    before = page.evaluate(top, under) if under else 0
    watch(page)
    marked = page.evaluate("document.activeElement.id")
    for at in range(UPDATES):
        update(at)
        if under:  # a hand on the mouse is never quite still
            page.mouse.move(600 + at % 2, y)
        page.keyboard.type(text[at * 3 : at * 3 + 3])
        page.wait_for_timeout(120)
    page.keyboard.type(text[UPDATES * 3 :])
    page.wait_for_timeout(900)
    found = seen(page)
    kept = page.evaluate("document.activeElement.id") == marked and (not text or page.input_value(field) == text)
    drift = abs(page.evaluate(top, under) - before) if under else 0
    detail = {"messages": found["heard"], "moved": found["moved"][:12], "row_under_pointer_moved_px": drift}
    return [
        Row(f"{name}: layout shift of {UPDATES} live updates", round(found["shift"], 4), 0.1, 0.02, True, "", detail),
        Row(f"{name}: focus and words kept", float(kept and drift < 2), 1, 1, False, "", {"drift": drift}),
    ]


def sending(person: Person, path: str) -> list[Row]:
    """From a click on Resume to its word on screen, while the console answers nobody."""
    page, process = person.live(path), person.site.process
    assert process is not None
    for box in page.locator("#decide input[required]").all():
        box.check()
    process.send_signal(signal.SIGSTOP)
    try:
        timed(page, "click", _SENDING)
        page.click("#decide button[value=resume]", no_wait_after=True)
        waited = took(page)
    finally:
        process.send_signal(signal.SIGCONT)
    return [Row("“sending” after a click, the console held", round(waited, 1), 100, 50, True, "ms")]


def parked(far: Upstream, number: int) -> ScriptedRun:
    run = far.add(task=f"Pay invoice INV-{number} of the list")
    run.go()
    run.step("I look at the invoice.")
    run.pause(f"I am about to pay ${number}.00 to Nordwind GmbH. Shall I?")
    return run


def measure(options: Options) -> list[Row]:
    with ExitStack() as ends:
        far, folder = ends.enter_context(Upstream()), ends.enter_context(tempfile.TemporaryDirectory())
        driver = ends.enter_context(sync_playwright())
        site = Site(Path(folder), far).prepare().start()
        ends.callback(site.stop)
        chromium = shutil.which("chromium") or os.environ.get("CHROMIUM")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        ends.callback(browser.close)
        shots, steps, turns = pictures(browser), options.size(500, 200), options.size(120, 40)
        person = sign_in(site, browser, "reviewer")
        run, waiting = long_run(person, far, shots, steps), [parked(far, 1000 + n) for n in range(12)]
        page = person.live("/approvals/")
        wait_until(lambda: page.locator(STAYS).count(), 20)
        path = page.locator(f"{STAYS} a").first.get_attribute("href") or ""
        parts: list[Callable[[], list[Row]]] = [
            lambda: jump(person, run),
            lambda: scrolling(person, run, turns),
            lambda: scrubbing(person, run, turns),
            lambda: typing(person, "run", f"/runs/{run.id}/", "[data-to-step]", lambda _at: step(run, shots)),
            lambda: typing(person, "approval", path, "#note", lambda at: parked(far, 2000 + at)),
            lambda: typing(person, "queue", "/approvals/", f"{STAYS} a", partial(_come_or_go, far, waiting)),
            lambda: sending(person, path),
        ]
        rows: list[Row] = []
        for part in parts:
            rows += part()
            print(rows[-1].name, rows[-1].value, file=sys.stderr, flush=True)
        return rows


def _come_or_go(far: Upstream, waiting: list[ScriptedRun], at: int) -> None:
    if at % 2:
        waiting.pop().resume()
    else:
        parked(far, 3000 + at)


def main() -> int:
    options = Options(quick="--quick" in sys.argv[1:])
    began, rows = time.monotonic(), measure(options)
    about = {"cores": os.cpu_count(), "quick": options.quick, "load": round(os.getloadavg()[0], 1)}
    print(table(rows))
    print(f"{write(rows, OUT, 'smoothness', dict(about))}: {time.monotonic() - began:.0f} s, load {about['load']}")
    return 1 if any(row.verdict == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
