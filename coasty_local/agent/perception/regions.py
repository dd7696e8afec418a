"""Flat areas of one colour: the insides of fields, buttons, boxes, rings and cards, found without reading anything."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box

Mask = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
STEP = 4  # a change of colour between neighbours that is an edge; gradients and shadows stay below
NOISY_STEP = 16  # the same in a picture with compression noise
SMALLEST = 5  # side of the smallest area looked at, in pixels


@dataclass(frozen=True)
class Region:
    """One flat area. `fill`: its share of its box, holes counted (1 rectangle, 0.79 circle)."""

    box: Box
    fill: float
    colour: Colour
    outside: Colour
    border: Colour
    solid: float  # share of the box that has the area's own colour: text and marks are the rest

    @property
    def outlined(self) -> int:
        """How much the line around it differs from the inside, 0 to 255."""
        return distance(self.border, self.colour)

    @property
    def raised(self) -> int:
        """How much the area differs from what is around it, 0 to 255."""
        return distance(self.colour, self.outside)


def distance(a: Colour, b: Colour) -> int:
    """The largest difference of a channel, 0 to 255."""
    return max(abs(a[0] - b[0]), abs(a[1] - b[1]), abs(a[2] - b[2]))


def luma(colour: Colour) -> float:
    return 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]


def saturation(colour: Colour) -> int:
    return max(colour) - min(colour)


def edges(image: Image) -> Mask:
    """1 where a pixel differs from its right or lower neighbour, else 0."""
    right = _strongest(cv2.absdiff(image[:, :-1], image[:, 1:]))
    down = _strongest(cv2.absdiff(image[:-1], image[1:]))
    faint = cv2.countNonZero(cv2.inRange(right, np.array([1]), np.array([STEP])))
    step = NOISY_STEP if faint > 0.15 * right.size else STEP
    out = np.zeros(image.shape[:2], np.uint8)
    out[:, :-1] = cv2.threshold(right, step, 1, cv2.THRESH_BINARY)[1]
    out[:-1] |= cv2.threshold(down, step, 1, cv2.THRESH_BINARY)[1]
    return out


def _strongest(channels: Image) -> Mask:
    b, g, r = cv2.split(channels)
    return cv2.max(cv2.max(b, g), r)


def find(image: Image, edge: Mask) -> list[Region]:
    """All flat areas of at least SMALLEST pixels a side whose outline is a rectangle, a pill or a circle."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - edge, connectivity=4)
    w, h, area = stats[:, 2], stats[:, 3], stats[:, 4]
    big = (w >= SMALLEST) & (h >= SMALLEST) & (area >= 0.18 * w * h) & (area < 0.98 * edge.size)
    found = []
    for i in np.flatnonzero(big):
        if i == 0:
            continue
        region = _region(image, labels, int(i), stats[i])
        if region is not None:
            found.append(region)
    return found


def _region(image: Image, labels: npt.NDArray[np.int32], i: int, stats: npt.NDArray[np.int32]) -> Region | None:
    x, y, w, h, area = (int(v) for v in stats)
    pace = max(1, min(int((w * h / 40_000) ** 0.5), h // 24))  # large areas need no look at every pixel
    mask = (labels[y : y + h : pace, x : x + w : pace] == i).astype(np.uint8)
    outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    whole = max(1, (mask.shape[0] - 1) * (mask.shape[1] - 1))
    fill = cv2.contourArea(outline) / whole
    if w > 2 * h and fill > 0.25:  # letters that touch the border bite into the outline
        fill = max(fill, cv2.contourArea(cv2.convexHull(outline)) / whole)
    if fill < 0.6:
        return None
    colour = _median(image[y : y + h : pace, x : x + w : pace][mask > 0])
    box = Box(x, y, w + 1, h + 1)
    border, outside = _around(image, box, colour)
    return Region(box, fill, colour, outside, border, area / (w * h))


def _median(pixels: npt.NDArray[np.uint8]) -> Colour:
    step = max(1, len(pixels) // 400)
    b, g, r = np.median(pixels[::step], axis=0)
    return int(b), int(g), int(r)


_SHARES = np.array([0.3, 0.5, 0.7])
_REACH = np.arange(6)


def _around(image: Image, box: Box, colour: Colour) -> tuple[Colour, Colour]:
    """The colour of the line around a box and of what lies beyond it, from probes across its four sides."""
    height, width = image.shape[:2]
    across, down = box.x + (box.w * _SHARES).astype(int), box.y + (box.h * _SHARES).astype(int)
    xs = np.concatenate(
        [_probe(3, box.x - _REACH), _probe(3, box.right - 1 + _REACH), np.tile(across, 2)[:, None] + 0 * _REACH]
    )
    ys = np.concatenate(
        [np.tile(down, 2)[:, None] + 0 * _REACH, _probe(3, box.y - _REACH), _probe(3, box.bottom - 1 + _REACH)]
    )
    inside = (xs[:, -1] >= 0) & (xs[:, -1] < width) & (ys[:, -1] >= 0) & (ys[:, -1] < height)
    if not inside.any():
        return colour, colour
    probes = image[ys[inside], xs[inside]].astype(np.int16)  # probes x 6 x 3
    differs = np.abs(probes[:, :4] - np.array(colour, np.int16)).max(axis=2).argmax(axis=1)
    return _middle(probes[np.arange(len(probes)), differs]), _middle(probes[:, -1])


def _probe(count: int, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.tile(places, (count, 1))


def _middle(colours: npt.NDArray[np.int16]) -> Colour:
    b, g, r = np.median(colours, axis=0)
    return int(b), int(g), int(r)
