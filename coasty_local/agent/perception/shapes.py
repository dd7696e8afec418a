"""Tells flat areas apart: fields, selects, buttons, icons and cards, by what is in them and around them."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from coasty_local.agent.perception.dots import mask_dots
from coasty_local.agent.perception.page import Page, Word, alike, covered, gap_y
from coasty_local.agent.perception.regions import Region, distance, luma, saturation
from coasty_local.agent.scene import BUTTON, ICON, INPUT, PANEL, SELECT, Box, Control

CHEVRONS = frozenset("vVuUwW∨⌄▼▾▿⌵✓√↓^~-_>")
EDGE = 5  # a line or fill must differ this much to bound a control
STRONG = 45  # a fill that differs this much from its surroundings calls for a click


def controls(page: Page) -> list[Control]:
    """The controls that flat areas are; marks the words which they own as taken."""
    areas = _distinct([r for r in page.regions if _bounded(r)])
    cells = _cells(areas)
    found = []
    for area in areas:
        control = _control(page, area, id(area) in cells, areas)
        if control is not None:
            found.append(control)
    return found


def _bounded(region: Region) -> bool:
    least = 0.8 if region.box.w > 1.25 * region.box.h else 0.74  # a pill, a circle
    return region.fill > least and (region.outlined >= EDGE or region.raised >= EDGE)


def _distinct(areas: list[Region]) -> list[Region]:
    """Of areas with nearly the same box (a frame and its inside) keep the inner one."""
    kept: list[Region] = []
    for area in sorted(areas, key=lambda r: r.box.w * r.box.h):
        if not any(alike(area.box, other.box) > 0.8 for other in kept):
            kept.append(area)
    return kept


def _cells(areas: list[Region]) -> set[int]:
    """Areas that share lines with neighbours above or below as well as beside them: cells of a table."""
    beside, stacked = set(), set()
    for i, a in enumerate(areas):
        for b in areas[i + 1 :]:
            level = abs(a.box.y - b.box.y) <= 2 and abs(a.box.h - b.box.h) <= 3
            if level and 0 <= max(a.box.x, b.box.x) - min(a.box.right, b.box.right) <= 3:
                beside |= {id(a), id(b)}
            upright = abs(a.box.x - b.box.x) <= 2 and abs(a.box.w - b.box.w) <= 3
            if upright and 0 <= max(a.box.y, b.box.y) - min(a.box.bottom, b.box.bottom) <= 3:
                stacked |= {id(a), id(b)}
    return beside & stacked


def _control(page: Page, area: Region, cell: bool, areas: list[Region]) -> Control | None:
    box, unit = area.box, page.unit
    if any(alike(box, tick.box) > 0.3 or covered(box, tick.box) > 0.8 for tick in page.ticks):
        return None
    if box.w >= page.image.shape[1] * 0.97 and box.h > 5 * unit:
        return None
    own = page.inside(box)
    if any(covered(box, word.box) > 0.6 and box.h < 0.85 * word.box.h for word in page.words):
        return None  # the inside of a letter
    holds = [
        a for a in areas if a is not area and a.box.w * a.box.h < 0.8 * box.w * box.h and covered(a.box, box) > 0.9
    ]
    big = [a for a in holds if a.box.w > 2.5 * unit and a.box.h > 1.2 * unit]
    if cell or (len(own) >= 2 and big) or len(big) >= 2:
        return Control(PANEL, box, score=0.6) if box.w > 8 * unit and box.h > 1.6 * unit else None
    if 1.05 * unit <= box.h <= 5.2 * unit and box.w >= 1.2 * unit:
        return _bar(page, area, own)
    if box.h > 5.2 * unit and box.w > 8 * unit:
        return _large(page, area, own)
    return None


def _large(page: Page, area: Region, own: list[int]) -> Control | None:
    """A textarea is an outlined, nearly empty area; everything else of its size is a card."""
    box, unit = area.box, page.unit
    words = [page.words[i] for i in own]
    first = all(w.box.y - box.y < 2 * unit and w.box.x - box.x < 2 * unit for w in words[:1])
    even = all(w.box.h <= 1.35 * unit for w in words)
    pale = len(words) <= 2 and all(w.contrast < 0.72 * _usual(page) for w in words)
    blank = area.solid > 0.9 and (not words or (first and even and (pale or _grip(page, box))))
    flat = area.raised < STRONG or (_paper(area) and not words)
    if blank and box.h < 28 * unit and _framed(area) and flat and not _busy(page, box, own):
        page.taken.update(own)
        return Control(INPUT, box, text=" ".join(w.text for w in words), score=0.8)
    return Control(PANEL, box, score=0.6)


def _paper(area: Region) -> bool:
    """White on something dark: a field of a dark page that kept the browser's own colours."""
    return luma(area.colour) > 235 and saturation(area.colour) < 14 and luma(area.outside) < 120


def _usual(page: Page) -> float:
    return float(np.median([w.contrast for w in page.words])) if page.words else 255.0


def _grip(page: Page, box: Box) -> bool:
    """The corner by which a textarea is resized: marks at the lower right that the upper right does not have."""
    reach = round(1.3 * page.unit)
    low = page.edge[box.bottom - reach : box.bottom - 2, box.right - reach : box.right - 2]
    high = page.edge[box.y + 2 : box.y + reach, box.right - reach : box.right - 2]
    return int(high.sum()) * 1.5 + 6 <= int(low.sum()) <= low.size // 2


def _framed(area: Region) -> bool:
    return area.outlined >= EDGE or area.raised >= EDGE


def _bar(page: Page, area: Region, own: list[int]) -> Control | None:
    """An area as high as a line or a few: field, list, button or icon."""
    box, unit = area.box, page.unit
    words = [page.words[i] for i in own]
    chevron = _chevron(page, area, words)
    if len(words) > 1 and len(words[-1].text) == 1 and words[-1].text in CHEVRONS and _last(box, words, unit):
        chevron, words = True, words[:-1]
    if not words:
        return _wordless(page, area, chevron)
    if len({round(w.box.center[1] / unit) for w in words}) > 1:
        return _stacked(page, area, own, words)
    wide = any(b.box.x - a.box.right > 1.1 * unit for a, b in pairwise(words))
    widest = 0.96 if len(words) == 1 and area.outlined >= EDGE and area.raised < STRONG else 0.92
    if (len(words) > 2 and wide and box.w > 20 * unit) or box.w > widest * page.image.shape[1]:
        return Control(PANEL, box, score=0.6)
    kind, score = _kind(page, area, words, chevron)
    if kind == BUTTON and box.h < 1.72 * words[0].size and distance(area.border, area.outside) < EDGE:
        return None  # a badge: too tight around its words for a button
    page.taken.update(own)
    text = " ".join(w.text for w in words)
    faint = kind == BUTTON and saturation(area.colour) < 25 and words[0].contrast < 75
    return Control(kind, box, text=text, enabled=not faint, score=score)


def _last(box: Box, words: list[Word], unit: float) -> bool:
    """The last word stands alone near the right end."""
    end, before = words[-1].box, words[-2].box
    return (
        box.right - end.right < max(1.8 * unit, 0.1 * box.w)
        and end.x - before.right > 0.6 * unit
        and end.w < 1.5 * unit
    )


def _kind(page: Page, area: Region, words: list[Word], chevron: bool) -> tuple[str, float]:
    box, unit = area.box, page.unit
    left, right = words[0].box.x - box.x, box.right - words[-1].box.right
    centred = abs(left - right) <= max(0.8 * unit, 0.08 * box.w)
    loud = area.raised >= STRONG and (saturation(area.colour) > 40 or abs(luma(area.colour) - luma(area.outside)) > 70)
    if centred and not loud and box.w < 16 * unit and _drawn_as_written(area, words[0]):
        return BUTTON, 0.85
    if chevron and not loud and (left < 2.2 * unit or not centred):
        return SELECT, 0.85
    if loud and _paper(area) and not centred and left <= max(3.4 * unit, 0.9 * box.h):
        return INPUT, 0.7
    if loud:
        return (BUTTON, 0.95) if centred or box.w < 16 * unit else (PANEL, 0.5)
    tinted = saturation(area.colour) > 12 and area.raised >= EDGE
    letters = sum(len(w.text) for w in words)
    if tinted and letters > 32:
        return PANEL, 0.5
    pale = words[0].contrast < 0.72 * _usual(page) and saturation(words[0].ink) < 60 and area.raised < STRONG
    if centred and not (pale and area.outlined >= EDGE):
        return (BUTTON, 0.9) if letters <= 40 else (PANEL, 0.5)
    if centred and pale:
        return INPUT, 0.65
    if left <= max(3.4 * unit, 0.9 * box.h) and right > left:
        if saturation(words[0].ink) > 90 and area.outlined >= EDGE:
            return BUTTON, 0.7
        frameless = distance(area.border, area.outside) < EDGE
        if tinted and frameless and words[0].contrast > 120 and not _labelled(page, box):
            return BUTTON, 0.6
        return INPUT, 0.8 if area.outlined >= EDGE else 0.7
    return BUTTON, 0.6


def _drawn_as_written(area: Region, word: Word) -> bool:
    """The frame has the colour of its words: so are buttons drawn beside the main one; that of a field is paler."""
    return area.outlined >= EDGE and distance(area.border, word.ink) < 40


def _labelled(page: Page, box: Box) -> bool:
    """A word stands above the left end of the box or left of it."""
    unit = page.unit
    above = (0 <= box.y - w.box.bottom < 1.6 * unit and abs(w.box.x - box.x) < 1.5 * unit for w in page.words)
    left = (0 <= box.x - w.box.right < 8 * unit and box.contains(box.x, w.box.center[1]) for w in page.words)
    return any(above) or any(left)


def _stacked(page: Page, area: Region, own: list[int], words: list[Word]) -> Control:
    """Two short lines in a field: the small upper one is its label, the lower one its value."""
    box, unit = area.box, page.unit
    low = words[0].box.bottom <= words[-1].box.y + 2
    flush = abs(words[0].box.x - words[-1].box.x) < 0.8 * unit and words[0].box.x - box.x < 2.5 * unit
    if len(words) == 2 and low and flush and box.w > 9 * unit and words[0].box.h <= words[1].box.h * 1.25:
        smaller = words[0].box.h < words[1].box.h * 0.95 or words[0].contrast < words[1].contrast * 0.8
        if smaller and box.h <= 4.8 * unit and area.raised < STRONG:
            page.taken.update(own)
            return Control(INPUT, box, text=words[1].text, label=words[0].text, score=0.75)
    return Control(PANEL, box, score=0.6)


def _wordless(page: Page, area: Region, chevron: bool) -> Control | None:
    box, unit = area.box, page.unit
    blots = _blots(page, box)
    squarish = box.w <= 1.7 * box.h
    if squarish and blots and box.h <= 4.5 * unit:
        return Control(ICON, box, score=0.7)
    if saturation(area.colour) > 60 and area.raised >= STRONG:
        return Control(BUTTON, box, score=0.5) if blots else None
    if box.h < 1.35 * unit or (squarish and (box.h < 1.8 * unit or not _framed(area))):
        return None
    if chevron and box.w > 2.5 * unit:
        return Control(SELECT, box, score=0.7)
    dots = mask_dots(page.image, area.box)
    return Control(INPUT, box, text="•" * dots, score=0.85 if area.outlined >= EDGE else 0.75)


def _blots(page: Page, box: Box) -> list[Box]:
    """Ink inside a box, away from its border."""
    margin = max(3, box.h // 9)
    part = page.edge[box.y + margin : box.bottom - margin, box.x + margin : box.right - margin]
    if part.size == 0:
        return []
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(part, np.ones((3, 3), np.uint8)), connectivity=8)
    return [
        Box(int(s[0]) + box.x + margin, int(s[1]) + box.y + margin, int(s[2]), int(s[3])) for s in stats[1:] if s[4] > 6
    ]


def _busy(page: Page, box: Box, own: list[int]) -> bool:
    """There is ink in the box besides its words."""
    loose = [b for b in _blots(page, box) if not any(covered(b, page.words[i].box) > 0.3 for i in own)]
    return len([b for b in loose if b.w > 0.9 * page.unit or b.h > 1.6 * page.unit]) > 1


def _chevron(page: Page, area: Region, words: list[Word]) -> bool:
    """A small mark, wider than high, at the right end and halfway up."""
    box, unit = area.box, page.unit
    blots = _blots(page, box)
    for blot in blots:
        from_right = box.right - blot.right
        low = 0.25 * unit <= blot.h - 2 <= 0.95 * unit and 0.35 * unit <= blot.w - 2 <= 1.25 * unit
        near = from_right < max(1.8 * unit, 0.1 * box.w) and blot.x > box.center[0]
        level = abs(blot.center[1] - box.center[1]) < 0.3 * unit + 1
        within = any(blot.overlap(w.box) for w in words if len(w.text) > 1)
        others = [b for b in blots if b is not blot and b.x < blot.x]
        apart = not within or (
            all(blot.x - b.right >= 1 for b in others) and blot.w - 2 >= 1.15 * (blot.h - 2) and bool(others)
        )
        if low and near and level and apart and blot.w >= blot.h * 0.95 and gap_y(blot, box) == 0:
            return True
    return False
