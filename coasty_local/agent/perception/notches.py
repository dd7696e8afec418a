"""Closes frames that a floating label cuts open, so that the field behind it becomes an area of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coasty_local.agent.perception import regions
from coasty_local.agent.perception.page import Page, Word, alike
from coasty_local.agent.perception.strokes import rules
from coasty_local.agent.scene import Box


def areas(page: Page) -> list[regions.Region]:
    """The fields whose upper side is broken by a word, as areas that the page does not have yet."""
    lines = rules(page.edge, max(8, round(1.5 * page.unit)))
    out: list[regions.Region] = []
    for word in page.words:
        right = [r for r in lines if _continues(word, r, page.unit)]
        if right:
            area = _closed(page, word, min(right, key=lambda r: r.x))
            if area is not None and not any(alike(area.box, known.box) > 0.8 for known in [*page.regions, *out]):
                out.append(area)
    return out


def _continues(word: Word, rule: Box, unit: float) -> bool:
    """The line starts right behind the word, at half its height."""
    level = abs(rule.center[1] - word.box.center[1]) <= max(3.0, 0.5 * word.box.h)
    beyond = rule.right > word.box.right + 2 * unit  # the feet of letters make a line, too, but no longer one
    return level and beyond and word.box.center[0] <= rule.x <= word.box.right + 1.3 * unit and word.box.h <= 1.6 * unit


def _closed(page: Page, word: Word, rule: Box) -> regions.Region | None:
    """Draw the missing piece of the upper side and look for the area below it."""
    height, width = page.edge.shape
    unit = page.unit
    left, top = max(0, word.box.x - round(3 * unit)), max(0, min(word.box.y, rule.y) - 2)
    right, bottom = min(width, rule.right + 14), min(height, rule.y + round(7 * unit))
    edge = page.edge[top:bottom, left:right].copy()
    mark = Box(word.box.x, word.box.y, max(1, min(word.box.right, rule.x - 2) - word.box.x), word.box.h)
    edge[max(0, mark.y - top - 1) : mark.bottom - top + 1, mark.x - left - 1 : mark.right - left + 1] = 0
    start = word.box.x - round(1.1 * unit)
    row = edge[rule.y - top : rule.bottom - top, : word.box.x - left].any(axis=0)
    inked = np.flatnonzero(row)
    start = int(inked[0]) if len(inked) else max(0, start - left)
    edge[rule.y - top : max(rule.bottom - top, rule.y - top + 2), start : rule.x - left + 1] = 1
    found = regions.find(page.image[top:bottom, left:right], edge)
    fitting = [r for r in found if r.fill > 0.86 and _under(r.box, word, rule, left, top, unit)]
    if not fitting:
        return None
    area = max(fitting, key=lambda r: r.box.w * r.box.h)
    box = Box(area.box.x + left, area.box.y + top, area.box.w, area.box.h)
    return replace(area, box=box)


def _under(box: Box, word: Word, rule: Box, left: int, top: int, unit: float) -> bool:
    close = abs(box.y + top - rule.y) <= 5 and abs(box.right + left - rule.right) <= 16
    return close and box.x + left <= word.box.x and 1.3 * unit <= box.h <= 6 * unit and box.w > 3 * unit
