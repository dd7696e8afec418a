"""What is known of one picture before controls are told apart: flat areas, marks, read words, the unit of size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from coasty_local.agent.perception.regions import Colour, Mask, Region, distance
from coasty_local.agent.perception.ticks import Tick
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box, Line


@dataclass(frozen=True)
class Word:
    """A line that was read, with the colours of its paper and its letters."""

    line: Line
    paper: Colour
    ink: Colour

    @property
    def box(self) -> Box:
        return self.line.box

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def size(self) -> float:
        """0.85 of the size of type, from the ink's height and whether letters rise above and hang below."""
        high = any(c.isupper() or c.isdigit() or c in "bdfhkltij$@()[]|/" for c in self.text)
        low = any(c in "gjpqyQ,;$@()[]|/" for c in self.text)
        return 0.85 * self.box.h / (0.53 + 0.19 * high + 0.21 * low)

    @property
    def contrast(self) -> int:
        return distance(self.paper, self.ink)


@dataclass
class Page:
    """One picture on its way to a scene. `unit`: 0.85 of its usual size of type, in pixels."""

    image: Image
    edge: Mask
    regions: list[Region]
    ticks: list[Tick]
    words: list[Word]
    unit: float
    taken: set[int] = field(default_factory=set)  # indices of words that a control has as its own text

    def inside(self, box: Box) -> list[int]:
        """Indices of the words that lie in a box, top to bottom and left to right."""
        hits = [i for i, word in enumerate(self.words) if covered(word.box, box) > 0.7]
        return sorted(hits, key=lambda i: (round(self.words[i].box.center[1] / self.unit), self.words[i].box.x))


def covered(inner: Box, outer: Box) -> float:
    """The share of `inner` that lies in `outer`."""
    return inner.overlap(outer) / max(1, inner.w * inner.h)


def alike(a: Box, b: Box) -> float:
    """Shared area over united area."""
    shared = a.overlap(b)
    return shared / max(1, a.w * a.h + b.w * b.h - shared)


def gap_x(a: Box, b: Box) -> int:
    """Blank between two boxes sideways, 0 when they overlap there."""
    return max(0, max(a.x, b.x) - min(a.right, b.right))


def gap_y(a: Box, b: Box) -> int:
    return max(0, max(a.y, b.y) - min(a.bottom, b.bottom))


def same_row(a: Box, b: Box) -> bool:
    """The middle of one lies within the height of the other."""
    return a.y <= b.center[1] <= a.bottom or b.y <= a.center[1] <= b.bottom


def reading_order(boxes: Iterable[Box], unit: float) -> list[int]:
    """Indices of boxes as a person reads them: rows from the top, each from the left."""
    listed = list(boxes)
    order = sorted(range(len(listed)), key=lambda i: listed[i].center[1])
    rows: list[list[int]] = []
    for i in order:
        if rows and listed[i].center[1] - listed[rows[-1][0]].center[1] <= unit * 0.8:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda j: listed[j].x)]
