"""One look: from a picture to a scene. Runs inside the worker process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from coasty_local.agent.perception import lines, links, names, notches, regions, shapes, strokes, ticks
from coasty_local.agent.perception.changes import changed
from coasty_local.agent.perception.page import Page, Word, covered, reading_order
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import PANEL, Box, Control, Line, Scene

SCENES = 96  # whole pictures remembered: runs of one task meet the same pages
RUNS = 12  # pictures kept for the next look, one a pair of eyes
AROUND = 24  # pixels around a change that are searched again


@dataclass(frozen=True)
class Last:
    """What the last look of one pair of eyes saw."""

    image: Image
    cuts: list[lines.Cut]


@dataclass(frozen=True)
class Seen:
    """What one picture shows, and what the next look needs of it."""

    scene: Scene
    cuts: list[lines.Cut]
    marks: list[ticks.Tick]


class Looker:
    """Looks at pictures and remembers lines by their pixels and each eyes' last picture. Safe in threads."""

    def __init__(self) -> None:
        self._memory = lines.Memory()
        self._scenes: lines.Kept[Seen] = lines.Kept(SCENES)
        self._last: OrderedDict[str, Last] = OrderedDict()
        self._lock = threading.Lock()

    def see(self, who: str, image: Image) -> Scene:
        """Everything found in the picture; `who` looks, and what changed since their last look is searched first."""
        seen = self._scenes.get(image, 0, lambda: self._look(who, image))
        with self._lock:
            self._last[who] = Last(ticks.erase(image, seen.marks), seen.cuts)
            self._last.move_to_end(who)
            while len(self._last) > RUNS:
                self._last.popitem(last=False)
        return seen.scene

    def _look(self, who: str, image: Image) -> Seen:
        edge = regions.edges(image)
        areas, marks = regions.find(image, edge), ticks.find(image, edge)
        clean = ticks.erase(image, marks)
        cuts = self._cuts(who, clean, edge, areas, marks)
        words = self._words(clean, cuts)
        page = Page(image, edge, areas, _plausible(marks, words), words, unit(words))
        page.regions += notches.areas(page)
        found = shapes.controls(page)
        found += strokes.controls(page, found)
        found += [Control(t.kind, t.box, checked=t.checked, score=0.9) for t in page.ticks]
        found += links.controls(page, self._memory)
        return Seen(_scene(page, names.label(page, found)), cuts, marks)

    def read(self, image: Image) -> str:
        """The text in one small picture, lines joined by blanks."""
        cuts = lines.find(image, [Box(0, 0, image.shape[1], image.shape[0])], 1.0, [], self._memory)
        words = self._words(image, cuts)
        order = reading_order([w.box for w in words], unit(words))
        return " ".join(words[i].text for i in order)

    def _words(self, image: Image, cuts: list[lines.Cut]) -> list[Word]:
        read = zip(cuts, lines.POOL.map(lambda cut: lines.read(image, cut, self._memory), cuts), strict=True)
        return [Word(line, cut.paper, cut.ink) for cut, line in read if line is not None]

    def _cuts(
        self, who: str, image: Image, edge: regions.Mask, areas: list[regions.Region], marks: list[ticks.Tick]
    ) -> list[lines.Cut]:
        """Where lines are: searched only around what changed since this pair of eyes looked last."""
        fences = [a.box for a in areas if a.fill > 0.8] + [t.box for t in marks]
        places = lines.blocks(edge)
        with self._lock:
            last = self._last.get(who)
        kept: list[lines.Cut] = []
        if last is not None and last.image.shape == image.shape:
            places, kept = _stale(last, image, places)
        return kept + lines.find(image, places, lines.scale(edge, places), fences, self._memory)


def _stale(last: Last, image: Image, places: list[Box]) -> tuple[list[Box], list[lines.Cut]]:
    """The boxes to search anew and the lines outside of them, which stand as they were."""
    height, width = image.shape[:2]
    boxes = changed(last.image, image)
    if sum(b.w * b.h for b in boxes) > 0.5 * height * width:
        return places, []
    kept = list(last.cuts)
    while True:
        wide = lines.merged([lines.grown(b, AROUND, AROUND, width, height) for b in boxes])
        hit = [c for c in kept if any(c.box.overlap(b) for b in wide)]
        if not hit:
            return wide, kept
        kept = [c for c in kept if c not in hit]
        boxes = boxes + [c.box for c in hit]


def unit(words: list[Word]) -> float:
    """0.85 of the usual size of type, worked out from the letters of each line; 12 when there are none."""
    sizes = [w.size for w in words if sum(c.isalnum() for c in w.text) > 1]
    return float(np.clip(np.median(sizes), 7, 40)) if sizes else 12.0


def _plausible(marks: list[ticks.Tick], words: list[Word]) -> list[ticks.Tick]:
    """Marks of a size that fits the text."""
    size = unit(words)
    return [m for m in marks if 0.62 * size <= m.box.h <= 2.4 * size]


def _scene(page: Page, controls: list[Control]) -> Scene:
    height, width = page.image.shape[:2]
    kept = [c for c in controls if not any(_hides(o, c) for o in controls if o is not c)]
    order = reading_order([c.box for c in kept], page.unit)
    read: list[Line] = [w.line for w in page.words]
    rows = reading_order([line.box for line in read], page.unit)
    return Scene(width, height, tuple(read[i] for i in rows), tuple(kept[i] for i in order), page.unit)


def _hides(outer: Control, inner: Control) -> bool:
    """Inside of an acting control there is no second one."""
    return outer.kind != PANEL and outer.box != inner.box and covered(inner.box, outer.box) > 0.9
