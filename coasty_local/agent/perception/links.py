"""Text that calls for a click without a frame: coloured or underlined words, alone or inside a sentence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coasty_local.agent.perception import lines
from coasty_local.agent.perception.page import Page, Word
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import LINK, Box, Control

LIVELY = 0.36  # how unevenly a letter differs from its paper over the channels, against how much


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
    """The parts of a line that are underlined, or else whose letters are coloured."""
    box = word.box
    low = min(image.shape[0], box.bottom + max(3, box.h // 3))
    off = image[box.y : low, box.x : box.right].astype(np.int16) - np.array(word.paper, np.int16)
    far = np.abs(off).max(axis=2)
    ink = far > max(30, 0.35 * float(far.max()))
    lines_below = _underlined(ink, box)
    if lines_below or not ink.any():
        return lines_below
    lively = ink & (off.max(axis=2) - off.min(axis=2) > LIVELY * far)
    columns = ink[: box.h].any(axis=0)
    chosen = columns & (lively[: box.h].sum(axis=0) > 0.5 * ink[: box.h].sum(axis=0))
    return _runs(chosen, columns, box) if chosen.sum() > 0.25 * box.h else []


def _underlined(ink: npt.NDArray[np.bool_], box: Box) -> list[Box]:
    """Runs of a straight line under letters; letters that hang through it part it by a pixel or two only."""
    best: list[Box] = []
    for row in range(max(3, round(box.h * 0.6)), len(ink)):
        strokes = _stretches(np.asarray(ink[row : row + 3 if row + 3 <= len(ink) else row + 1].any(axis=0)))
        long = [a for a, b in _stretches(ink[row]) if b - a > 0.9 * box.h]
        if not long:
            continue
        runs = _joined(strokes, max(2, round(0.2 * box.h)))
        straight = [r for r in runs if any(r[0] <= a < r[1] for a in long) and _clear(ink, row, *r)]
        straight = [r for r in (_trimmed(ink[row], *r) for r in straight) if r[1] - r[0] > 1.1 * box.h]
        found = [Box(box.x + a, box.y, b - a, box.h) for a, b in straight]
        if sum(b.w for b in found) > sum(b.w for b in best):
            best = found
    return best


def _trimmed(row: npt.NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    inked = np.flatnonzero(row[start:end])
    return start + int(inked[0]), start + int(inked[-1]) + 1


def _clear(ink: npt.NDArray[np.bool_], row: int, start: int, end: int) -> bool:
    """Between the line and the feet of the letters is a row with little ink."""
    return bool(ink[row, start:end].mean() > 0.6 and ink[row - 3 : row, start:end].mean(axis=1).min() < 0.34)


def _stretches(row: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    turns = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in turns.reshape(-1, 2)]


def _joined(runs: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for a, b in runs:
        if out and a - out[-1][1] <= gap:
            out[-1] = out[-1][0], b
        else:
            out.append((a, b))
    return out


def _runs(chosen: npt.NDArray[np.bool_], columns: npt.NDArray[np.bool_], box: Box) -> list[Box]:
    """The chosen columns, joined over blanks but not over other letters."""
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
