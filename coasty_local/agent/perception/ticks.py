"""Check boxes, radio rings and switches: small free marks, found before reading so that no ring is read as O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from coasty_local.agent.perception.regions import Mask
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import CHECK, RADIO, Box

SIDE = (8, 34)  # sides of a mark, in pixels
RING = 10  # smallest ring: smaller round things are asterisks and letters
FLAT = 26  # difference of colours that still counts as one colour inside a mark


@dataclass(frozen=True)
class Tick:
    """A mark with its state; `kind` is CHECK or RADIO."""

    kind: str
    box: Box
    checked: bool


def find(image: Image, edge: Mask) -> list[Tick]:
    """Every mark of the picture, in no order."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(edge, connectivity=8)
    w, h = stats[:, 2], stats[:, 3]
    square = (
        (w >= SIDE[0]) & (w <= SIDE[1]) & (h >= SIDE[0]) & (h <= SIDE[1]) & (np.abs(w - h) <= np.maximum(1, w // 9))
    )
    pill = (h >= 12) & (h <= SIDE[1]) & (w >= 1.5 * h) & (w <= 2.4 * h)
    ticks = []
    for i in np.flatnonzero(square | pill):
        if i == 0:
            continue
        x, y, wide, tall = (int(v) for v in stats[i][:4])
        shape = (labels[y : y + tall, x : x + wide] == i).astype(np.uint8)
        if not _alone(edge, stats[i], bool(pill[i]) or _filled(shape) > 0.94):
            continue
        tick = _tick(image, Box(x, y, wide, tall), shape) if square[i] else _switch(image, Box(x, y, wide, tall), shape)
        if tick is not None:
            ticks.append(tick)
    return ticks


def _alone(edge: Mask, stats: npt.NDArray[np.int32], angular: bool) -> bool:
    """Nothing within a third of its side, so that it is no letter of a word; two pixels do for what is no letter O."""
    x, y, w, h = (int(v) for v in stats[:4])
    gap, far = 2 if angular else max(3, round(h * 0.3)), round(h * 0.9)
    inside = edge[y : y + h, x : x + w].any()
    left, right = edge[y : y + h, max(0, x - far) : x], edge[y : y + h, x + w : x + w + far]
    if left[:, -gap:].any() or right[:, :gap].any() or edge[max(0, y - 2) : y, x : x + w].any():
        return False
    return bool(inside) and (angular or not (left.any() and right.any()))  # ink on both sides: a letter between words


def _filled(shape: Mask) -> float:
    outlines = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    whole = cv2.drawContours(np.zeros_like(shape), outlines, -1, 1, cv2.FILLED)
    return cv2.countNonZero(whole) / whole.size


def _tick(image: Image, box: Box, shape: Mask) -> Tick | None:
    fill = _filled(shape)
    if fill > 0.91:
        kind = CHECK
    elif 0.68 <= fill <= 0.89 and min(box.w, box.h) >= RING and _round(shape):
        kind = RADIO
    else:
        return None
    patch = image[box.y : box.bottom + 1, box.x : box.right + 1].astype(np.int16)
    if kind == RADIO:
        return _ring(box, patch[:-1, :-1], image[max(0, box.y - 2), max(0, box.x - 2)])
    inner = _inner(patch, 0.24)
    middle = np.median(inner.reshape(-1, 3), axis=0)
    varied = float((np.abs(inner - middle).max(axis=2) > FLAT).mean())
    if varied < 0.05:
        rim = np.abs(patch[1:3, patch.shape[1] // 2] - middle).max()
        around = np.abs(middle - image[max(0, box.y - 2), max(0, box.x - 2)]).max()
        empty = rim > 10 and (middle.max() - middle.min() < 40 or around < 20)
        return Tick(CHECK, box, False) if empty else None
    return Tick(CHECK, box, True) if _ticked(patch) else None


def _inner(patch: npt.NDArray[np.int16], margin: float) -> npt.NDArray[np.int16]:
    dy, dx = max(2, round(patch.shape[0] * margin)), max(2, round(patch.shape[1] * margin))
    return patch[dy:-dy, dx:-dx]


def _round(shape: Mask) -> bool:
    """The corners are free and the middles of the sides are not."""
    n = max(1, shape.shape[0] // 7)
    corners = shape[:n, :n].sum() + shape[:n, -n:].sum() + shape[-n:, :n].sum() + shape[-n:, -n:].sum()
    mid = shape.shape[0] // 2
    sides = (shape[: n + 1, mid], shape[-n - 1 :, mid], shape[mid, : n + 1], shape[mid, -n - 1 :])
    return bool(corners <= 2 and all(side.any() for side in sides))


def _ring(box: Box, patch: npt.NDArray[np.int16], paper: npt.NDArray[np.uint8]) -> Tick | None:
    """Unchecked: one colour up to the rim. Checked: a dot, a gap, a rim. A dot without a rim is no radio."""
    rows, columns = patch.shape[:2]
    y, x = np.mgrid[:rows, :columns]
    away = np.hypot((y - (rows - 1) / 2) / (rows / 2), (x - (columns - 1) / 2) / (columns / 2))
    centre = np.median(patch[away < 0.3], axis=0)
    off = np.abs(patch - centre).max(axis=2)
    if float((off[away < 0.76] <= FLAT).mean()) < 0.83:
        return Tick(RADIO, box, True)
    rim = float(np.median(off[(away > 0.82) & (away < 0.98)]))
    plain = centre.max() - centre.min() <= 60 or np.abs(centre - paper).max() < 20
    return Tick(RADIO, box, False) if rim > 10 and plain else None


def _ticked(patch: npt.NDArray[np.int16]) -> bool:
    """The rim is one line or one colour all around."""
    rim = np.concatenate([patch[1, 3:-3], patch[-2, 3:-3], patch[3:-3, 1], patch[3:-3, -2]])
    even = np.abs(rim - np.median(rim, axis=0)).max(axis=1)
    return float((even < 60).mean()) > 0.6


def _switch(image: Image, box: Box, shape: Mask) -> Tick | None:
    if not 0.82 <= _filled(shape) <= 0.985 or not _straight(shape):
        return None
    patch = image[box.y : box.bottom, box.x : box.right].astype(np.int16)
    mid, edge = box.h // 2, max(3, box.h // 6)
    left, right = patch[mid, box.h // 2], patch[mid, box.w - box.h // 2]
    track = patch[2, box.w // 2]
    one, other = np.abs(left - right).max(), shape[edge:-edge, edge:-edge].any(axis=0)
    if one < 40 or not other.any():
        return None
    knob_right = np.abs(right - track).max() > np.abs(left - track).max()
    column = patch[edge + 1 : -edge - 1, box.w - box.h // 2 if knob_right else box.h // 2]
    if np.abs(column - np.median(column, axis=0)).max() > FLAT:
        return None  # a letter, not a knob
    return Tick(CHECK, box, bool(knob_right))


def _straight(shape: Mask) -> bool:
    """Top and bottom run straight between the round ends: the letters of a short word ("Call", "402") do not."""
    end = shape.shape[0] // 2
    sides = (shape[:2, end:-end], shape[-2:, end:-end])
    return all(side.size > 0 and float(side.any(axis=0).mean()) > 0.9 for side in sides)


def erase(image: Image, ticks: Sequence[Tick]) -> Image:
    """A copy in which the marks have the colour of what is around them."""
    out = image.copy()
    for tick in ticks:
        x, y = max(0, tick.box.x - 2), max(0, tick.box.y - 2)
        out[y : tick.box.bottom + 3, x : tick.box.right + 3] = image[y, x]
    return out
