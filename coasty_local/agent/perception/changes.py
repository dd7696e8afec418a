"""What differs between two pictures."""

from __future__ import annotations

import cv2
import numpy as np

from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box


def changed(before: Image, after: Image, slack: int = 8) -> list[Box]:
    """Boxes around what differs between two pictures of one size, near ones united."""
    if before.shape != after.shape:
        return [Box(0, 0, after.shape[1], after.shape[0])]
    differs = (cv2.absdiff(before, after).max(axis=2) > 6).astype(np.uint8)
    if not differs.any():
        return []
    grown = cv2.dilate(differs, np.ones((2 * slack + 1, 2 * slack + 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    return [_shrunk(Box(*(int(v) for v in s[:4])), slack, after) for s in stats[1:]]


def _shrunk(box: Box, slack: int, image: Image) -> Box:
    height, width = image.shape[:2]
    x, y = 0 if box.x == 0 else box.x + slack, 0 if box.y == 0 else box.y + slack
    right = width if box.right >= width else box.right - slack
    bottom = height if box.bottom >= height else box.bottom - slack
    return Box(x, y, max(1, right - x), max(1, bottom - y))
