"""A run's eyes: what a picture shows, what a field reads, what changed, and when a screen has come to rest."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import numpy as np

from coasty_local.agent.perception import office
from coasty_local.agent.perception.changes import changed
from coasty_local.agent.perception.dots import mask_dots, shows_ink
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box, Scene

PAUSE_S = 0.08  # between two grabs that must be equal
CARET = (5, 60)  # a change of at most this width and height is a blinking caret


class Eyes:
    """One run's eyes; cheap to make. Every method may be called from any thread and raises office.SightError."""

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex
        self._last: tuple[Image, Scene] | None = None

    def see(self, image: Image) -> Scene:
        """Everything found in a picture (height x width x 3, BGR). An unchanged picture costs nothing."""
        last = self._last
        if last is not None and last[0].shape == image.shape and np.array_equal(last[0], image):
            return last[1]
        scene: Scene = office.ask("see", self._name, np.ascontiguousarray(image))
        self._last = image.copy(), scene
        return scene

    def read(self, image: Image, box: Box) -> str:
        """The text inside one box, read anew; mask dots come as "•"."""
        dots = mask_dots(image, box)
        if dots:
            return "•" * dots
        part = image[max(0, box.y) : box.bottom, max(0, box.x) : box.right]
        if part.size == 0 or not shows_ink(image, box):
            return ""
        text: str = office.ask("read", np.ascontiguousarray(part))
        return text

    def masked(self, image: Image, box: Box) -> bool | None:
        """True: the field shows mask dots. False: it shows letters. None: it looks empty."""
        if mask_dots(image, box):
            return True
        return False if shows_ink(image, box) else None

    def changed(self, before: Image, after: Image) -> list[Box]:
        """Boxes around what differs; the whole picture when the sizes differ."""
        return changed(before, after)

    def still(self, grab: Callable[[], Image], check: Callable[[], None], timeout_s: float = 3.0) -> Image:
        """Grab until two pictures in a row are equal but for a caret, or the time is up; the last picture."""
        end = time.monotonic() + timeout_s
        before = grab()
        while True:
            check()
            time.sleep(PAUSE_S)
            after = grab()
            if _rests(before, after) or time.monotonic() >= end:
                return after
            before = after


def _rests(before: Image, after: Image) -> bool:
    if before.shape == after.shape and np.array_equal(before, after):
        return True
    boxes = changed(before, after)
    return len(boxes) <= 1 and all(b.w <= CARET[0] and b.h <= CARET[1] for b in boxes)
