"""What a description says beside the name, colour, size and corner, and which of several places it fits best."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box, Candidate, Scene

_COLOUR = re.compile(
    r"\b(?:(?:light|dark|bright|pale|deep)[\s-]+)?"
    r"(?P<colour>red|orange|yellow|green|teal|cyan|turquoise|blue|purple|violet|pink|magenta|brown|black|white|gr[ae]y)"
    r"(?:[\s-]colou?red)?\s+",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"\b(?P<size>big|large|huge|small|little|tiny|bigger|larger|smaller|biggest|largest|smallest)\s+", re.I
)
_CORNER = re.compile(
    r",?\s*\b(?:at|in|on|near|to|towards?)\s+the\s+(?:very\s+)?"
    r"(?P<corner>(?:top|bottom|upper|lower|left|right|middle|cent(?:er|re))(?:[\s-]+(?:left|right|top|bottom))?)"
    r"(?:[\s-]+hand)?(?:\s+(?:corner|side|edge|part|half|end))?(?:\s+of\s+(?:the|this)\s+(?:page|screen|window|picture))?",
    re.IGNORECASE,
)
_SMALL = frozenset("small little tiny smaller smallest".split())
_LEAST_SHARE = 0.05  # of the pixels of a place that have the colour: the letters of a link are no more
_FILLED = 0.4  # of the pixels of a button that is painted
_NEAR_HUES = 12  # people differ on where green ends and yellow begins
_CLEARLY = 1.5  # how much more of it the best place has than the next

# hues as OpenCV counts them (0 to 179)
_HUES: dict[str, tuple[tuple[int, int], ...]] = {
    "red": ((0, 9), (170, 179)), "orange": ((8, 22),), "brown": ((5, 22),), "yellow": ((20, 34),), "green": ((35, 88),),
    "teal": ((80, 100),), "cyan": ((82, 102),), "turquoise": ((80, 100),), "blue": ((96, 130),),
    "purple": ((124, 156),), "violet": ((122, 156),), "pink": ((150, 176),), "magenta": ((145, 170),),
}  # fmt: skip
_GREYS = {"black": (0, 70), "gray": (70, 215), "white": (225, 255)}


@dataclass(frozen=True)
class Hints:
    """Empty strings where nothing was said."""

    colour: str = ""
    size: str = ""
    corner: str = ""


def taken(phrase: str) -> tuple[str, Hints]:
    """The phrase without these words, and what they said. Quoted words are sealed and stay."""
    colour, size, corner = _COLOUR.search(phrase), _SIZE.search(phrase), _CORNER.search(phrase)
    for pattern in (_COLOUR, _SIZE, _CORNER):
        phrase = pattern.sub("", phrase, count=1)
    told = Hints(
        colour["colour"].lower().replace("grey", "gray") if colour else "",
        size["size"].lower() if size else "",
        corner["corner"].lower().replace("-", " ") if corner else "",
    )
    return phrase.strip(), told


def narrowed(image: Image, scene: Scene, told: Hints, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The one of the candidates that the hints single out; all of them when they do not."""
    rules: list[Callable[[Box], float]] = []
    if told.colour:
        rules.append(lambda box: _share(image, box, told.colour))
    if told.corner:
        rules.append(lambda box: _toward(scene, box, told.corner))
    if told.size:
        rules.append(lambda box: 1 / (box.w * box.h + 1) if told.size in _SMALL else float(box.w * box.h))
    for fits in rules:
        ranked = sorted(candidates, key=lambda candidate: -fits(candidate.control.box))
        best, next_best = (fits(candidate.control.box) for candidate in ranked[:2])
        if best > next_best * _CLEARLY:
            return (ranked[0],)
    return tuple(candidates)


def denied(image: Image, told: Hints, box: Box) -> bool:
    """Whether a place has another colour than was said: it is filled with one, and the said one is not in it."""
    if told.colour not in _HUES or _share(image, box, told.colour, _NEAR_HUES):
        return False
    return any(_share(image, box, other) > _FILLED for other in _HUES)


def _share(image: Image, box: Box, colour: str, slack: int = 0) -> float:
    """The share of the pixels of a box that have the colour, or one next to it; 0 where too few have it to say so."""
    part = image[max(0, box.y) : max(0, box.bottom), max(0, box.x) : max(0, box.right)]
    if part.size == 0:
        return 0.0
    hue, strength, light = cv2.split(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2HSV))
    if colour in _GREYS:
        low, high = _GREYS[colour]
        return _enough((strength < 40) & (light >= low) & (light <= high))
    of_hue = np.zeros(hue.shape, bool)
    for low, high in _HUES[colour]:
        of_hue |= (hue >= max(0, low - slack)) & (hue <= high + slack)
    lit = (light < 170) & (light > 40) if colour == "brown" else light > 70
    return _enough(of_hue & lit & (strength > 80))


def _enough(pixels: npt.NDArray[np.bool_]) -> float:
    share = float(pixels.mean())
    return share if share >= _LEAST_SHARE else 0.0


def _toward(scene: Scene, box: Box, corner: str) -> float:
    """How far a box lies toward the corner: a twenty-fifth of the width nearer is clearly nearer."""
    x, y = box.center
    words = set(corner.split())
    middle = bool(words & {"middle", "center", "centre"})
    at_x = 0 if "left" in words else scene.width if "right" in words else scene.width / 2 if middle else x
    high, low = words & {"top", "upper"}, words & {"bottom", "lower"}
    at_y = 0 if high else scene.height if low else scene.height / 2 if middle else y
    return math.exp(-10 * (abs(x - at_x) + abs(y - at_y)) / scene.width)
