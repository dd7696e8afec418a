"""Numbered marks on a picture, so that a person can say which place is meant."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box

RED, WHITE = (40, 30, 200), (255, 255, 255)


def number(image: Image, boxes: Sequence[Box]) -> Image:
    """A copy of the picture with a frame around each box and its number, from 1, beside it."""
    out = image.copy()
    height, width = out.shape[:2]
    for count, box in enumerate(boxes, start=1):
        cv2.rectangle(out, (box.x - 2, box.y - 2), (box.right + 2, box.bottom + 2), RED, 2)
        side = 20 + 9 * (len(str(count)) - 1)
        x = box.x - side - 4 if box.x >= side + 4 else min(box.right + 4, width - side)
        y = min(max(0, box.center[1] - 10), height - 20)
        cv2.rectangle(out, (x, y), (x + side, y + 20), RED, cv2.FILLED)
        cv2.putText(out, str(count), (x + 5, y + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.5, WHITE, 2, cv2.LINE_AA)
    return out
