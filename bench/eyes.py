"""Measures the eyes on generated pages: controls found, places found, wrong places, time a look.

    python bench/eyes.py 5000 5100          seeds from, to
    python bench/eyes.py 0 100 --show       and every miss

Boxes of the truth are read from the page by Playwright; the agent itself never sees them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from coasty_local.agent import grounder
from coasty_local.agent.perception import Eyes, warm
from coasty_local.agent.scene import Box, Control, Scene, Target
from tests.local.pages import Truth, generate

WIDTH, HEIGHT = 1280, 800
SLACK = 4  # pixels beside a small mark that still press it
BOXES = """() => Object.fromEntries([...document.querySelectorAll('[data-t]')].map(e => {
  const r = e.getBoundingClientRect(); return [e.dataset.t, [r.x, r.y, r.width, r.height]] }))"""


def render(page: Page, html: str) -> tuple[np.ndarray, dict[str, Box]]:
    """The picture of a page and the boxes of its items."""
    page.set_content(html)
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    return picture, {key: Box(*(round(v) for v in box)) for key, box in page.evaluate(BOXES).items()}


def visible(box: Box) -> bool:
    return box.x >= 0 and box.y >= 0 and box.right <= WIDTH + 2 and box.bottom <= HEIGHT + 2


def hits(control: Control, box: Box) -> bool:
    x, y = control.box.center
    return Box(box.x - SLACK, box.y - SLACK, box.w + 2 * SLACK, box.h + 2 * SLACK).contains(x, y)


class Tally:
    """Counts over all pages."""

    def __init__(self) -> None:
        self.asks: dict[str, Counter[str]] = defaultdict(Counter)
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self.names: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.ms: dict[str, list[float]] = defaultdict(list)
        self.misses: list[str] = []


def judge(seed: int, scene: Scene, truth: Truth, boxes: dict[str, Box], tally: Tally) -> None:
    seen = {i.id: i for i in truth.items if visible(boxes[i.id])}
    for item in seen.values():
        found = [c for c in scene.controls if c.kind == item.kind and hits(c, boxes[item.id])]
        tally.kinds[item.kind]["all"] += 1
        tally.kinds[item.kind]["found"] += bool(found)
        if not found:
            others = [c.kind for c in scene.controls if c.kind != "panel" and hits(c, boxes[item.id])]
            tally.misses.append(f"{seed} {truth.name} no {item.kind} {item.label or item.text!r} but {others}")
        elif item.checked is not None:
            tally.states["all"] += 1
            tally.states["right"] += found[0].checked == item.checked
            if found[0].checked != item.checked:
                tally.misses.append(f"{seed} {truth.name} state {item.label!r} should be {item.checked}")
    for control in scene.controls:
        if control.kind in tally.kinds or control.kind in ("input", "select", "check", "radio", "button", "link"):
            right = any(i.kind == control.kind and hits(control, boxes[i.id]) for i in truth.items)
            tally.kinds[control.kind]["seen"] += 1
            tally.kinds[control.kind]["right"] += right
            if not right:
                tally.misses.append(
                    f"{seed} {truth.name} extra {control.kind} {control.text!r} {control.label!r} {control.box}"
                )
    for ask in truth.asks:
        if ask.expects is None or ask.expects in seen:
            judge_ask(seed, scene, truth, boxes, ask, tally)


def judge_ask(seed: int, scene: Scene, truth: Truth, boxes: dict[str, Box], ask, tally: Tally) -> None:
    target = Target(ask.words, ask.kinds, ask.ordinal, ask.row)
    choice = grounder.settle(grounder.find(scene, target))
    if choice.kind == "one":
        right = ask.expects is not None and hits(choice.candidates[0].control, boxes[ask.expects])
        result = "hit" if right else "wrong"
    else:
        result = "hit" if choice.kind == "none" and ask.expects is None else choice.kind
    tally.asks[truth.name][result] += 1
    if result != "hit":
        got = [(c.control.kind, c.control.text, c.control.label, c.score) for c in choice.candidates[:3]]
        tally.misses.append(f"{seed} {truth.name} ask {result} {ask.words!r} {ask.kinds[0]} row={ask.row!r} got {got}")


def pictures(first: int, last: int, cache: Path | None):
    """Each seed's truth, picture and boxes, from the cache where it has them."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for seed in range(first, last):
            html, truth = generate(seed)
            name = cache / f"{seed}" if cache else None
            if name and name.with_suffix(".png").exists():
                picture = cv2.imread(str(name.with_suffix(".png")))
                boxes = {k: Box(*v) for k, v in json.loads(name.with_suffix(".json").read_text()).items()}
            else:
                picture, boxes = render(page, html)
                if name:
                    cv2.imwrite(str(name.with_suffix(".png")), picture)
                    plain = {k: [b.x, b.y, b.w, b.h] for k, b in boxes.items()}
                    name.with_suffix(".json").write_text(json.dumps(plain))
            yield seed, truth, picture, boxes
        browser.close()


def report(tally: Tally, pages: int) -> None:
    print(f"pages: {pages}")
    print(f"{'kind':10}{'there':>7}{'recall':>9}{'seen':>7}{'precision':>11}")
    for kind, n in sorted(tally.kinds.items()):
        recall, precision = n["found"] / max(1, n["all"]), n["right"] / max(1, n["seen"])
        print(f"{kind:10}{n['all']:7}{recall:9.3f}{n['seen']:7}{precision:11.3f}")
    print(f"states right: {tally.states['right']}/{tally.states['all']}")
    print(f"{'page':10}{'asks':>7}{'hit':>8}{'wrong':>8}{'tie':>7}{'none':>7}")
    total: Counter[str] = sum(tally.asks.values(), Counter())
    for name, n in [*sorted(tally.asks.items()), ("all", total)]:
        count = sum(n.values())
        print(f"{name:10}{count:7}{n['hit'] / count:8.3f}{n['wrong'] / count:8.4f}{n['tie']:7}{n['none']:7}")
    for what, values in tally.ms.items():
        print(f"{what}: p50 {np.percentile(values, 50):.0f} ms, p95 {np.percentile(values, 95):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--show", action="store_true", help="print every miss")
    parser.add_argument("--cache", type=Path, help="keep pictures here")
    options = parser.parse_args()
    warm()
    tally = Tally()
    Eyes().see(np.zeros((64, 64, 3), np.uint8))
    for seed, truth, picture, boxes in pictures(options.first, options.last, options.cache):
        begun = time.perf_counter()
        scene = Eyes().see(picture)
        tally.ms["look"].append((time.perf_counter() - begun) * 1000)
        judge(seed, scene, truth, boxes, tally)
    if options.show:
        print("\n".join(tally.misses))
    report(tally, options.last - options.first)


if __name__ == "__main__":
    main()
