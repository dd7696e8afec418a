"""Whether the eyes tell mask dots from letters in random sign-in pages: `python -m bench.dots --seeds 0-23`."""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from coasty_local.agent.perception import Eyes
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import INPUT, Box
from tests.local.sites import corpus
from tests.local.sites.street import Street

OUT = Path(__file__).parent / "out"
TYPED = ("q", "quartz!river")


def grab(page: Page) -> Image:
    picture = cv2.imdecode(np.frombuffer(page.screenshot(caret="initial"), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8)


def exact(page: Page, field: str) -> Box:
    found = page.locator(field).bounding_box()
    assert found is not None
    return Box(*(round(found[side]) for side in ("x", "y", "width", "height")))


def judge(eyes: Eyes, page: Page, field: str, text: str) -> tuple[str, str, Image]:
    """What the eyes say of the field's true box, and of the field as they found it: dots, letters, empty, no field."""
    page.fill(f"[name={field}]", text)
    image, box = grab(page), exact(page, f"[name={field}]")
    found = next((c.box for c in eyes.see(image).controls if c.kind == INPUT and c.box.contains(*box.center)), None)
    cut = image[max(0, box.y - 10) : box.bottom + 10, max(0, box.x - 10) : box.right + 10]
    words = {True: "dots", False: "letters", None: "empty"}
    return words[eyes.masked(image, box)], words[eyes.masked(image, found)] if found else "no field", cut


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dots", description=__doc__)
    parser.add_argument("--seeds", default="0-23")
    first, _, last = parser.parse_args().seeds.partition("-")
    OUT.mkdir(exist_ok=True)
    counts: Counter[tuple[str, str, str]] = Counter()
    site, eyes = corpus.SITES["sign_in"], Eyes()
    with sync_playwright() as play, Street() as street:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for seed in range(int(first), int(last or first) + 1):
            world, url = street.open(site.tasks(seed)[0], site)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            for field, right in (("password", "dots"), ("email", "letters")):
                for text in TYPED:
                    said, seen, cut = judge(eyes, page, field, text)
                    counts[field, "true box", said] += 1
                    counts[field, "found box", seen] += 1
                    if (said, seen) != (right, right):
                        look = world.look
                        dress = f"{look.theme} {look.font} {look.size}px x{look.zoom} {look.labels} {look.fields}"
                        print(f"seed {seed} {dress}: {field} {text!r}: true box {said}, found box {seen}")
                        cv2.imwrite(str(OUT / f"dots-{seed}-{field}-{len(text)}.png"), cut)
            page.close()
        browser.close()
    for key, count in sorted(counts.items()):
        print(*key, count)


if __name__ == "__main__":
    main()
