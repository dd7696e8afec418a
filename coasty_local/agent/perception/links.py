"""Text that calls for a click without a frame: coloured or underlined words, alone or inside a sentence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coasty_local.agent.perception import lines
from coasty_local.agent.perception.page import Page, Word
from coasty_local.agent.perception.regions import saturation
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import LINK, Box, Control

COLOURED = 70  # saturation of letters that stand out


def controls(page: Page, memory: lines.Memory) -> list[Control]:
    """Links among the words that no other control owns."""
    free = [i for i in range(len(page.words)) if i not in page.taken]
    found = []
    for i in free:
        word = page.words[i]
        for box in _spans(page.image, word):
            whole = box.w > 0.92 * word.box.w
            text = word.text if whole else _read(page.image, word, box, memory)
            if text and any(c.isalnum() for c in text):
                found.append(Control(LINK, word.box if whole else box, text=text, score=0.9))
    return found


def _read(image: Image, word: Word, box: Box, memory: lines.Memory) -> str:
    line = lines.read(image, lines.Cut(box, word.paper, word.ink), memory)
    return line.text if line else ""


def _spans(image: Image, word: Word) -> list[Box]:
    """The parts of a line whose letters are coloured, or else underlined."""
    box = word.box
    low = min(image.shape[0], box.bottom + max(3, box.h // 3))
    part = image[box.y : low, box.x : box.right].astype(np.int16)
    ink = np.abs(part - np.array(word.paper, np.int16)).max(axis=2) > 60
    if saturation(word.paper) > 60 or not ink.any():
        return []
    lively = ink[: box.h] & (part[: box.h].max(axis=2) - part[: box.h].min(axis=2) > COLOURED)
    columns, coloured = ink[: box.h].any(axis=0), lively.sum(axis=0) > 0.5 * ink[: box.h].sum(axis=0)
    if (coloured & columns).sum() > 0.25 * box.h:
        return _runs(coloured & columns, columns, box)
    return _underlined(ink, box)


def _underlined(ink: npt.NDArray[np.bool_], box: Box) -> list[Box]:
    for row in range(round(box.h * 0.6), len(ink)):
        line = ink[row]
        if line.sum() < 1.2 * box.h:
            continue
        starts = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        lengths = starts[1::2] - starts[::2]
        k = int(lengths.argmax())
        if lengths[k] > 1.6 * box.h and lengths[k] <= box.w + 2:
            return [Box(box.x + int(starts[2 * k]), box.y, int(lengths[k]), box.h)]
    return []


def _runs(chosen: npt.NDArray[np.bool_], columns: npt.NDArray[np.bool_], box: Box) -> list[Box]:
    """Join chosen columns over blanks, not over other letters."""
    spans: list[list[int]] = []
    for x in np.flatnonzero(columns):
        if not chosen[x]:
            spans.append([])
        elif spans and spans[-1]:
            spans[-1][1] = int(x)
        else:
            spans.append([int(x), int(x)])
    solid = [s for s in spans if s and s[1] - s[0] > 0.7 * box.h]
    joined: list[list[int]] = []
    for span in solid:
        if joined and span[0] - joined[-1][1] < 0.5 * box.h:
            joined[-1][1] = span[1]
        else:
            joined.append(list(span))
    return [Box(box.x + a, box.y, b - a + 1, box.h) for a, b in joined]
