"""What a field holds, without reading it: mask dots, letters or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box

PALE = 30  # difference from the paper that makes a pixel of a placeholder
DARK = 60  # the same for a typed letter or dot
ROUND = (0.75, 1.3)  # spread of a blot against that of a disc of its area: a ring has 1.6, a star 1.4
LEAST = 2.4  # diameter of the smallest dot in pixels; full stops of small type stay below

Depth = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Blot:
    """One patch of ink by its moments: middle, diameter of a disc of its ink, roundness, in pixels."""

    x: float
    y: float
    side: float
    spread: float  # against a disc of the same area
    skew: float  # 0 as wide as high, 1 a line
    left: int
    right: int
    height: int

    @property
    def round(self) -> bool:
        return ROUND[0] <= self.spread <= ROUND[1] and self.skew <= (
            0.36 if self.side < 4 else 0.2
        )  # neighbours blur small dots

    @property
    def cut(self) -> bool:
        """A dot that the caret covers in part."""
        return ROUND[0] <= self.spread <= ROUND[1] and self.skew <= 0.4


def _depth(image: Image, box: Box) -> Depth:
    """How far each pixel of a field is from its paper, 0 where its frame, ring or the label on its frame is."""
    part = image[max(0, box.y) : box.bottom, max(0, box.x) : box.right]
    if min(part.shape[:2]) < 8:
        return np.zeros((1, 1), np.float32)
    middle = part[part.shape[0] // 4 : -(part.shape[0] // 4)]
    far = np.abs(part.astype(np.int16) - np.median(middle.reshape(-1, 3), axis=0)).max(axis=2).astype(np.float32)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((far > PALE * 0.6).astype(np.uint8), connectivity=8)
    frame = _frame(stats, *far.shape)
    frame[0] = False
    return np.where(frame[labels], np.float32(0), far)


def _frame(stats: npt.NDArray[np.int32], height: int, width: int) -> Flags:
    """Which patches are no content: what spans the field, cuts its corners, or hangs in from above."""
    x, y, w, h, _ = stats.T
    sides = (x <= 1) | (x + w >= width - 1)
    ends = (y <= 1) | (y + h >= height - 1)
    spans = (w > 0.6 * width) | (h > 0.92 * height) | (ends & (w > max(height, 0.3 * width)))
    above = (y <= 1) & (y + h < 0.42 * height)
    below = (y + h >= height - 1) & (y > 0.75 * height)
    flags: Flags = spans | (sides & ends) | (sides & (h > 0.5 * height)) | above | below
    return flags


def _caret(ink: Flags) -> tuple[int, int, int, int] | None:
    """The tallest upright bar, at most two pixels wide: its columns and rows. None if there is no bar."""
    runs = np.zeros(ink.shape[1], np.int32)
    ends, run = runs.copy(), runs.copy()
    for row in range(ink.shape[0]):
        run = np.where(ink[row], run + 1, 0)
        ends = np.where(run >= runs, row + 1, ends)
        runs = np.maximum(runs, run)
    if not runs.size or runs.max() < max(9, 0.22 * ink.shape[0]):
        return None
    columns = np.flatnonzero(runs >= runs.max() - 1)
    left = right = int(columns[-1])
    if left - 1 in columns:
        left -= 1
    if left - 1 in columns:
        return None  # three columns: a letter or a picture
    return left, right + 1, int(ends[right] - runs[right]), int(ends[right])


def _blots(depth: Depth, ink: Flags, strongest: float) -> list[_Blot]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    out = []
    for i in range(1, count):
        x, y, w, h, _ = (int(v) for v in stats[i])
        top, left = max(0, y - 1), max(0, x - 1)
        near = labels[top : y + h + 1, left : x + w + 1]
        soft = np.where((near == i) | (near == 0), depth[top : y + h + 1, left : x + w + 1] / strongest, 0)
        soft = np.where(soft < 0.12, 0, np.minimum(soft, 1)).astype(np.float64)
        out.append(_blot(soft, left, top, Box(x, y, w, h)))
    return out


def _blot(soft: npt.NDArray[np.float64], left: int, top: int, box: Box) -> _Blot:
    area = float(soft.sum())
    ys, xs = np.mgrid[: soft.shape[0], : soft.shape[1]]
    x, y = float((soft * xs).sum()) / area, float((soft * ys).sum()) / area
    across, down = float((soft * (xs - x) ** 2).sum()) / area, float((soft * (ys - y) ** 2).sum()) / area
    spread = (across + down) / 2 / (area / (4 * np.pi))
    skew = abs(across - down) / max(1e-6, across + down)
    return _Blot(x + left, y + top, 2 * float(np.sqrt(area / np.pi)), spread, skew, box.x, box.right, box.h)


def mask_dots(image: Image, box: Box) -> int:
    """How many mask dots a field shows: solid discs of one size, halfway up the line, nothing among them; else 0."""
    depth = _depth(image, box)
    strongest = float(depth.max())
    if strongest < DARK:
        return 0
    ink: Flags = depth > 0.5 * strongest
    caret = _caret(ink)
    middle, sides = depth.shape[0] / 2 - 0.5, (LEAST, 0.3 * depth.shape[0])
    if caret is not None:
        left, right, top, bottom = caret
        depth = depth.copy()
        depth[:, left:right] = 0
        ink = depth > 0.5 * strongest
        ink[:top] = ink[bottom:] = False  # a small label above the line
        middle, sides = (top + bottom - 1) / 2, (max(1.9, 0.16 * (bottom - top)), 0.37 * (bottom - top))
    return _counted(_blots(depth, ink, strongest), middle, sides, caret)


def _counted(
    blots: list[_Blot], middle: float, sides: tuple[float, float], caret: tuple[int, int, int, int] | None
) -> int:
    """The dots among the blots, or 0 when anything else stands among them."""

    def dot(blot: _Blot) -> bool:
        touches = caret is not None and (blot.right == caret[0] or blot.left == caret[1])
        level = abs(blot.y - middle) <= max(1.2, 0.7 * blot.side)
        return (blot.cut if touches else blot.round) and level and sides[0] <= blot.side <= sides[1]

    dots = [b for b in blots if dot(b)]
    if not dots:
        return 0
    side, row = float(np.median([b.side for b in dots])), float(np.median([b.y for b in dots]))
    end = max(b.right for b in dots) + 3 * side
    others = [b for b in blots if b not in dots and b.left < end]  # further right stands a button, such as an eye
    runs = [b for b in others if abs(b.y - row) <= 1 and b.height <= side + 2 and b.right - b.left > 1.6 * side]
    even = all(abs(b.side - side) <= max(0.8, 0.25 * side) and abs(b.y - row) <= 1 for b in dots)
    if len(runs) < len(others) or not even:
        return 0
    return len(dots) + sum(round((b.right - b.left + 1) / (side + 1)) for b in runs)


def shows_ink(image: Image, box: Box) -> bool:
    """There are letters in the field, be it a pale placeholder; a caret alone is none."""
    depth = _depth(image, box)
    ink = (depth > max(PALE, 0.4 * float(depth.max()))).astype(np.uint8)
    stats = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]
    caret = (stats[:, 2] <= 2) & (stats[:, 3] >= min(16, 6.5 + 0.2 * ink.shape[0]))  # taller than the letter l
    return bool((~caret & (stats[:, 4] >= 3) & (stats[:, 2:4].max(axis=1) >= 2)).any())
