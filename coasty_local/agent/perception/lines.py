"""Lines of text in a picture: where they are, cut apart where columns meet, read once and remembered."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from coasty_local.agent.perception import models
from coasty_local.agent.perception.regions import Colour, Mask, distance
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box, Line

INK = 24  # difference from the background that makes a pixel ink
DEAREST = 350_000  # pixels that the finder may look at in full size; above, it looks at three quarters of the size
SMALL = 9.0  # median height of letters, in pixels, below which it always looks in full size
GAP = 1.25  # a blank wider than this many letter heights parts two columns
POOL = ThreadPoolExecutor(
    2, thread_name_prefix="lines"
)  # two lines at a time: the networks run outside the lock of Python
KEPT = 6000  # lines remembered by their pixels


T = TypeVar("T")


@dataclass(frozen=True)
class Cut:
    """The tight box of one line, its background and the colour of its letters."""

    box: Box
    paper: Colour
    ink: Colour


class Kept(Generic[T]):
    """What was worked out from pixels, by these pixels: the newest answers; safe in threads."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._known: OrderedDict[bytes, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, pixels: Image, more: float, work: Callable[[], T]) -> T:
        """The answer for these pixels (and one number that it depends on), from before or by working it out now."""
        salt = pixels.shape[1].to_bytes(4, "big") + round(more * 100).to_bytes(4, "big")
        key = hashlib.blake2b(pixels.tobytes(), digest_size=16, salt=salt).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = work()
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found


class Memory:
    """Lines that were read, and where lines were found, by their pixels; shared by all threads."""

    def __init__(self) -> None:
        self._read: Kept[tuple[str, float]] = Kept()
        self._found: Kept[list[Box]] = Kept()

    def read(self, crop: Image) -> tuple[str, float]:
        return self._read.get(crop, 0, lambda: models.read(crop))

    def find(self, part: Image, size: float) -> list[Box]:
        """The cores of the lines of a part of a picture: the head of a site is the same on many of its pages."""
        return self._found.get(part, size, lambda: models.find(part, size))


def blocks(edge: Mask) -> list[Box]:
    """Boxes, few and apart from each other, that hold everything which is not blank."""
    height, width = edge.shape
    small = cv2.resize(edge * 255, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    spread = cv2.dilate((small > 0).astype(np.uint8), np.ones((5, 9), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(spread, connectivity=8)
    boxes = [grown(Box(*(int(v) * 8 for v in s[:4])), 8, 8, width, height) for s in stats[1:]]
    return merged(boxes)


def _halved(places: Sequence[Box]) -> list[Box]:
    """Part one large place in two, with an overlap higher than a line, so that both cores of a small machine work."""
    if len(places) != 1 or places[0].h < 256:
        return list(places)
    box, middle = places[0], places[0].h // 2
    return [Box(box.x, box.y, box.w, middle + 24), Box(box.x, box.y + middle - 24, box.w, box.h - middle + 24)]


def merged(boxes: Sequence[Box]) -> list[Box]:
    """Unite boxes that overlap until none do."""
    rest, out = sorted(boxes, key=lambda b: (b.y, b.x)), []
    while rest:
        box = rest.pop(0)
        hit = next((other for other in rest if box.overlap(other)), None)
        if hit is None:
            out.append(box)
            continue
        rest.remove(hit)
        rest.insert(0, _union(box, hit))
    return out


def _union(a: Box, b: Box) -> Box:
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.right, b.right) - x, max(a.bottom, b.bottom) - y)


def _common(a: Box, b: Box) -> Box:
    x, y = max(a.x, b.x), max(a.y, b.y)
    return Box(x, y, min(a.right, b.right) - x, min(a.bottom, b.bottom) - y)


def grown(box: Box, dx: int, dy: int, width: int, height: int) -> Box:
    x, y = max(0, box.x - dx), max(0, box.y - dy)
    return Box(x, y, min(width, box.right + dx) - x, min(height, box.bottom + dy) - y)


def scale(edge: Mask, places: Sequence[Box]) -> float:
    """1.0 when the blank-free area is small or the letters are; else 0.75, which costs half."""
    if sum(b.w * b.h for b in places) <= DEAREST:
        return 1.0
    _, _, stats, _ = cv2.connectedComponentsWithStats(edge, connectivity=8)
    heights = stats[1:, 3][(stats[1:, 3] >= 5) & (stats[1:, 3] <= 40) & (stats[1:, 2] <= 3 * stats[1:, 3])]
    return 1.0 if len(heights) and float(np.median(heights)) < SMALL else 0.75


def find(image: Image, places: Sequence[Box], size: float, fences: Sequence[Box], memory: Memory) -> list[Cut]:
    """The lines inside `places`, each with a tight box. A line never runs across the side of a box in `fences`."""
    cuts: list[Cut] = []
    for found in POOL.map(lambda place: _cores(image, place, size, memory), _halved(places)):
        for core in found:
            for piece in _fenced(core, fences):
                cuts.extend(_cut(image, piece, _around(piece, fences)))
    return _joined(_single(cuts), fences)


def _cores(image: Image, place: Box, size: float, memory: Memory) -> list[Box]:
    found = memory.find(image[place.y : place.bottom, place.x : place.right], size)
    return [Box(core.x + place.x, core.y + place.y, core.w, core.h) for core in found]


def _joined(cuts: list[Cut], fences: Sequence[Box]) -> list[Cut]:
    """Unite words of one line that were found apart: close, on one row, of one colour, with no fence between."""
    rest, out = sorted(cuts, key=lambda c: c.box.x), []
    while rest:
        cut = rest.pop(0)
        near = next((other for other in rest if _follows(cut, other) and _free(cut.box, other.box, fences)), None)
        if near is None:
            out.append(cut)
            continue
        rest.remove(near)
        rest.insert(0, Cut(_union(cut.box, near.box), cut.paper, cut.ink))
    return out


def _follows(cut: Cut, other: Cut) -> bool:
    a, b = cut.box, other.box
    row = min(a.bottom, b.bottom) - max(a.y, b.y) > 0.6 * min(a.h, b.h) and max(a.h, b.h) < 1.7 * min(a.h, b.h)
    alike = distance(cut.paper, other.paper) < 14 and distance(cut.ink, other.ink) < 70
    return row and alike and 0 <= b.x - a.right < 0.75 * max(a.h, b.h)


def _free(a: Box, b: Box, fences: Sequence[Box]) -> bool:
    """No side of a fence lies in the gap between two boxes."""
    y = a.center[1]
    return not any(
        f.y <= y <= f.bottom and (a.right <= f.x + 1 <= b.x + 2 or a.right - 2 <= f.right <= b.x) for f in fences
    )


def _single(cuts: list[Cut]) -> list[Cut]:
    """Drop what was found twice: a line that lies mostly in another one."""
    kept: list[Cut] = []
    for cut in sorted(cuts, key=lambda c: -c.box.w * c.box.h):
        if not any(cut.box.overlap(other.box) > 0.6 * cut.box.w * cut.box.h for other in kept):
            kept.append(cut)
    return kept


def _fenced(core: Box, fences: Sequence[Box]) -> list[Box]:
    """Part a core where a side of a fence crosses it."""
    stops = {core.x, core.right}
    for fence in fences:
        reaches = fence.y <= core.y + core.h * 0.3 and fence.bottom >= core.bottom - core.h * 0.3
        if reaches and fence.h >= 1.4 * core.h and fence.w >= 1.3 * core.h:  # lower areas are the insides of letters
            stops |= {x for x in (fence.x, fence.right) if core.x + core.h * 0.6 < x < core.right - core.h * 0.6}
    edge = sorted(stops)
    return [Box(a, core.y, b - a, core.h) for a, b in itertools.pairwise(edge) if b - a > 2]


def _around(core: Box, fences: Sequence[Box]) -> Box | None:
    """The lowest fence that the core lies in: its border is no ink."""
    x, y = core.center
    holding = [
        f for f in fences if f.contains(x, y) and f.h >= 1.3 * core.h and f.overlap(core) > 0.9 * core.w * core.h
    ]
    return min(holding, key=lambda f: f.h * f.w) if holding else None


def _cut(image: Image, core: Box, fence: Box | None) -> list[Cut]:
    """Tighten a core to its ink, inside its fence, and part it at wide blanks."""
    height, width = image.shape[:2]
    reach = max(4, round(core.h * 1.1))
    frame = grown(core, reach, reach, width, height)
    if fence is not None:
        core = _common(core, Box(fence.x + 1, fence.y + 1, fence.w - 2, fence.h - 2))
        frame = _common(frame, Box(fence.x + 1, fence.y + 1, fence.w - 2, fence.h - 2))
    if core.w < 2 or core.h < 2:
        return []
    crop = image[frame.y : frame.bottom, frame.x : frame.right]
    top, left = core.y - frame.y, core.x - frame.x
    paper = _mode(crop[top : top + core.h, left : left + core.w])
    ink = np.abs(crop.astype(np.int16) - np.array(paper, np.int16)).max(axis=2) > INK
    first, last = _rows(ink[:, left : left + core.w], top, core.h)
    if last <= first:
        return []
    blank = _blank_row(ink[first:last, left : left + core.w])
    if blank:
        y = frame.y + first
        halves = Box(core.x, y, core.w, blank), Box(core.x, y + blank + 1, core.w, last - first - blank - 1)
        return [cut for half in halves for cut in _cut(image, half, half)]
    columns = _columns(ink, first, last, left, core.w)
    return [
        Cut(Box(frame.x + a, frame.y + first, b - a, last - first), paper, _ink_colour(crop[first:last, a:b], paper))
        for a, b in columns
    ]


def _mode(pixels: Image) -> Colour:
    """The commonest colour, to 3 bits a channel, as the median of the pixels that have it."""
    flat = pixels.reshape(-1, 3)
    codes = (flat >> 5).astype(np.int32) @ np.array([64, 8, 1], np.int32)
    b, g, r = np.median(flat[codes == np.bincount(codes).argmax()], axis=0)
    return int(b), int(g), int(r)


def _rows(ink: npt.NDArray[np.bool_], top: int, height: int) -> tuple[int, int]:
    """First and last row of the letters: from the core outward over rows with ink, small gaps allowed."""
    full = ink.mean(axis=1)
    inked = (full > 0) & (full < 0.93)
    first, last = top, top + height
    slack = max(1, height // 5)
    while first > 0 and inked[max(0, first - slack) : first].any():
        first -= 1
    while last < len(inked) and inked[last : last + slack].any():
        last += 1
    rows = np.flatnonzero(inked[first:last])
    return (first + int(rows[0]), first + int(rows[-1]) + 1) if len(rows) else (0, 0)


def _blank_row(ink: npt.NDArray[np.bool_]) -> int:
    """A row without ink that parts two lines which were found as one; 0 if there is none."""
    least = max(5, round(0.3 * len(ink)))
    rows = np.flatnonzero(~ink[least:-least].any(axis=1)) if len(ink) > 2 * least else np.zeros(0, int)
    return int(rows[len(rows) // 2]) + least if len(rows) else 0


def _columns(ink: npt.NDArray[np.bool_], first: int, last: int, left: int, width: int) -> list[tuple[int, int]]:
    """The runs of columns with letters, parted at blanks wider than GAP letter heights."""
    tall = last - first
    share = ink[first:last].mean(axis=0)
    above = ink[max(0, first - 3) : first].all(axis=0) & ink[last : last + 3].all(axis=0)
    inked = (share > 0) & ~((share > 0.97) & above)
    start, end = left, left + width
    slack = max(2, round(tall * 0.35))
    while start > 0 and inked[max(0, start - slack) : start].any():
        start -= 1
    while end < len(inked) and inked[end : end + slack].any():
        end += 1
    places = np.flatnonzero(inked[start:end]) + start
    if not len(places):
        return []
    parts = np.split(places, np.flatnonzero(np.diff(places) > max(6, GAP * tall)) + 1)
    return [(int(p[0]), int(p[-1]) + 1) for p in parts if len(p) > 1]


def _ink_colour(crop: Image, paper: Colour) -> Colour:
    """The colour of the letters: the median of the pixels that differ most from the paper."""
    flat = crop.reshape(-1, 3).astype(np.int16)
    far = np.abs(flat - np.array(paper, np.int16)).max(axis=1)
    b, g, r = np.median(flat[far >= far.max() * 0.8], axis=0)
    return int(b), int(g), int(r)


def crop(image: Image, box: Box) -> Image:
    """The pixels of a line with the small margin that reading needs."""
    height, width = image.shape[:2]
    frame = grown(box, max(2, round(box.h * 0.25)), max(2, round(box.h * 0.3)), width, height)
    return image[frame.y : frame.bottom, frame.x : frame.right]


def read(image: Image, cut: Cut, memory: Memory) -> Line | None:
    """Read one line; None when it is no text (a mark, an empty box, noise)."""
    text, score = memory.read(crop(image, cut.box))
    text = text.strip()
    if not text or score < 0.5 or (len(text) == 1 and (score < 0.8 or ord(text) > 0x2E00 or text in "□■○●◯")):
        return None
    return Line(text, cut.box, round(score, 3))
