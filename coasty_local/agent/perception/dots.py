"""What a field holds, without reading it: mask dots, letters or nothing."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from coasty_local.agent.perception.regions import Mask
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box

DARK = 60  # difference from the paper that makes a pixel of a typed letter or dot
PALE = 30  # the same for a placeholder


def _ink(image: Image, box: Box, contrast: int) -> Mask:
    """1 where the inside of a field differs from its paper by `contrast` and half of the strongest difference."""
    inner = image[max(0, box.y + 3) : max(0, box.bottom - 3), max(0, box.x + 3) : max(0, box.right - 3)]
    if inner.size == 0:
        return np.zeros((1, 1), np.uint8)
    paper = np.median(inner.reshape(-1, 3), axis=0)
    far = np.abs(inner.astype(np.int16) - paper).max(axis=2)
    return (far > max(contrast, 0.5 * float(far.max()))).astype(np.uint8)


def _blots(ink: Mask) -> npt.NDArray[np.int32]:
    """Separate patches of ink as rows of x, y, w, h, area; without the caret and the border."""
    stats = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]
    caret = (stats[:, 2] <= 2) & (stats[:, 3] >= 6.5 + 0.2 * ink.shape[0])  # taller than the letter l
    frame = (stats[:, 2] > 0.9 * ink.shape[1]) | (stats[:, 3] > 0.92 * ink.shape[0])
    return stats[~caret & ~frame & (stats[:, 4] >= 3)]


def _without_caret(ink: Mask) -> Mask:
    """The last upright bar taken out: after one character it touches the dot, and both would be one blot."""
    tall = (ink[2:-2].sum(axis=0) >= max(9, 0.3 * ink.shape[0])) & (ink[1] == 0) & (ink[-2] == 0)
    bars = np.flatnonzero(tall)
    if len(bars) and (len(bars) == 1 or bars[-1] - bars[-2] > 1 or (len(bars) == 2 and bars[-1] - bars[0] == 1)):
        ink = ink.copy()
        ink[:, bars[-1]] = 0
        if len(bars) > 1 and bars[-1] - bars[-2] == 1:
            ink[:, bars[-2]] = 0
    return ink


def mask_dots(image: Image, box: Box) -> int:
    """How many mask dots a field shows: solid round blots of one size in one row and nothing among them; else 0."""
    ink = _without_caret(_ink(image, box, DARK))
    blots, height = _blots(ink), ink.shape[0]
    if not len(blots):
        return 0
    x, y, w, h, _ = blots.T
    level = np.abs(y + h / 2 - height / 2) <= max(2.5, height * 0.12)
    dot = level & (np.abs(w - h) <= 1) & (w >= 3) & (w <= 0.42 * height)
    dot &= np.array([_solid(ink, blot) for blot in blots])
    if not dot.any():
        return 0
    side, row = int(np.median(h[dot])), int(np.median(y[dot]))
    touching = (
        level & (np.abs(h - side) <= 1) & (np.abs(y - row) <= 1) & (w > side + 1)
    )  # dots that run into each other
    end = int((x + w)[dot].max()) + 3 * side
    others = ~dot & ~touching & (x < end)  # what stands right of the dots is a button of the field, such as an eye
    if others.any() or int(w[dot].max()) - int(w[dot].min()) > 1:
        return 0
    return int(dot.sum()) + int(np.round((w[touching] + 1) / (side + 1)).sum())


def _solid(ink: Mask, blot: npt.NDArray[np.int32]) -> bool:
    """The middle half is filled: letters have holes or notches there."""
    x, y, w, h, area = (int(v) for v in blot)
    dx, dy = w // 4, h // 4
    middle = ink[y + dy : y + h - dy, x + dx : x + w - dx]
    return bool(middle.all()) and area >= 0.6 * w * h


def shows_ink(image: Image, box: Box) -> bool:
    """There are letters in the field, be it a pale placeholder."""
    blots = _blots(_ink(image, box, PALE))
    return bool((blots[:, 3] >= 2).any())
