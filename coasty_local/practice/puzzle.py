"""The captcha's letters and their distorted picture."""

from __future__ import annotations

import random

import cv2
import numpy as np

ALPHABET = "ACEFHJKLMNPRTUWXY34679"  # nothing that looks like something else
WIDTH, HEIGHT, COUNT = 300, 90, 5


def letters(number: int) -> str:
    """The letters of the n-th picture: the same series in every visit, so that a rehearsal can be repeated."""
    return "".join(random.Random(f"larkfield {number}").choices(ALPHABET, k=COUNT))  # noqa: S311 - no secret


def picture(word: str) -> bytes:
    """A PNG of the word, turned, bent and crossed by lines; people can read it."""
    dice = random.Random(word)  # noqa: S311
    image = np.full((HEIGHT, WIDTH, 3), 244, np.uint8)
    for place, letter in enumerate(word):
        image = np.minimum(image, _letter(letter, 34 + place * 56, dice))
    image = _bend(image, dice)
    for _ in range(3):
        start, end = (0, dice.randrange(HEIGHT)), (WIDTH, dice.randrange(HEIGHT))
        cv2.line(image, start, end, _ink(dice), 2, cv2.LINE_AA)
    speckle = np.random.default_rng(dice.randrange(9999)).integers(0, 60, image.shape, dtype=np.uint8)
    _, png = cv2.imencode(".png", cv2.subtract(image, speckle))
    return png.tobytes()


def _letter(letter: str, x: int, dice: random.Random) -> np.ndarray:
    layer = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    font = dice.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX))
    cv2.putText(layer, letter, (x - 18, 62), font, dice.uniform(1.6, 2.0), _ink(dice), 4, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((x, HEIGHT // 2), dice.uniform(-24, 24), 1.0)
    return cv2.warpAffine(layer, turn, (WIDTH, HEIGHT), borderValue=(255, 255, 255))


def _bend(image: np.ndarray, dice: random.Random) -> np.ndarray:
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    lift = 6 * np.sin(x / dice.uniform(18, 26) + dice.uniform(0, 6))
    shift = 4 * np.sin(y / dice.uniform(12, 18))
    maps = (x + shift).astype(np.float32), (y + lift).astype(np.float32)
    return cv2.remap(image, *maps, cv2.INTER_LINEAR, borderValue=(244, 244, 244))


def _ink(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(110), dice.randrange(80), dice.randrange(110)
