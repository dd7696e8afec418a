"""Controls that are drawn with a line or a blot: fields with an underline only, sliders, icons."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from coasty_local.agent.perception.dots import mask_dots
from coasty_local.agent.perception.page import Page, Word, covered, gap_y
from coasty_local.agent.perception.regions import Mask
from coasty_local.agent.scene import ICON, INPUT, SELECT, SLIDER, Box, Control

EVEN = (0.75, 1.33)  # a line midway between the texts above and below it, by this ratio, only separates them


def controls(page: Page, found: Sequence[Control]) -> list[Control]:
    """Underlined fields, sliders and icons besides the controls that were found as areas."""
    out = _underlined(page, found)
    out += _sliders(page, [*found, *out])
    return out + _icons(page, [*found, *out])


def rules(edge: Mask, least: int) -> list[Box]:
    """Straight level lines of at least `least` pixels, a few pixels thick."""
    opened = cv2.morphologyEx(edge, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    return [Box(*(int(v) for v in s[:4])) for s in stats[1:] if s[3] <= 4]


def _underlined(page: Page, found: Sequence[Control]) -> list[Control]:
    unit = page.unit
    free = [rule for rule in rules(page.edge, round(4 * unit)) if _loose(page, rule)]
    out: list[Control] = []
    for rule in sorted(free, key=lambda r: (r.y, r.x)):
        field = _field(page, rule, free, found)
        if field is not None:
            out.append(field)
    return out


def _loose(page: Page, rule: Box) -> bool:
    """The line is no side of an area and underlines no letters."""
    for area in page.regions:
        flush = abs(area.box.x - rule.x) <= 12 and abs(area.box.right - rule.right) <= 12
        low = area.box.h <= 6 * page.unit and area.box.x - 12 <= rule.x and rule.right <= area.box.right + 12
        near = min(abs(area.box.y - rule.center[1]), abs(area.box.bottom - rule.center[1])) <= 4
        if area.fill > 0.8 and (flush or low) and near:
            return False
    return not any(_under(word, rule, page.unit) for word in page.words)


def _under(word: Word, rule: Box, unit: float) -> bool:
    shared = min(rule.right, word.box.right) - max(rule.x, word.box.x)
    if shared > 0.5 * rule.w and word.box.y <= rule.y < word.box.bottom:
        return True  # a stroke of the letters themselves
    inside = rule.x >= word.box.x - 3 and rule.right <= word.box.right + 3
    return inside and -0.6 * unit <= rule.y - word.box.bottom <= 0.3 * unit


def _field(page: Page, rule: Box, rules_: Sequence[Box], found: Sequence[Control]) -> Control | None:
    """A field stands on the line when the texts around it say so."""
    unit = page.unit
    if not 4 * unit <= rule.w <= 75 * unit:
        return None
    over = [w for w in page.words if _stands_over(w, rule) and rule.y - w.box.bottom < _reach(page, w, rule) * unit]
    beside = [
        w for w in page.words if 0 <= rule.x - w.box.right < 9 * unit and 0 <= rule.y - w.box.center[1] < 2 * unit
    ]
    if not over and not beside:
        return None
    if any(t.box.overlap(_above(rule, 2.2 * unit)) for t in page.ticks):
        return None  # the last line of a group of choices, and a line below it
    value = [w for w in over if rule.y - w.box.bottom < 1.15 * unit]
    columns = {round(w.box.x / unit) for w in value}
    if len(value) > 2 or len(columns) > 2 or any(w.box.h > 1.5 * unit for w in over[-1:]):
        return None
    if any(
        abs(c.box.bottom - rule.y) < 4 * unit and c.box.y < rule.y and covered(c.box, _above(rule, 4 * unit)) > 0.5
        for c in found
    ):
        return None
    if any(len(w.text) > 40 or (len(w.text) > 20 and w.text[-1] in ".!?") for w in over):
        return None
    if not beside and not _has_label(page, value, over) and _separates(page, rule, over):
        return None
    return _built(page, rule, value, over)


def _reach(page: Page, word: Word, rule: Box) -> float:
    """How far above the line its words may stand: a short name flush with it a little further than others."""
    flush = abs(word.box.x - rule.x) < 0.4 * page.unit and rule.w < 0.6 * page.image.shape[1]
    return 4.4 if flush and len(word.text) <= 26 and word.size < 1.25 * page.unit else 3.6


def _has_label(page: Page, value: Sequence[Word], over: Sequence[Word]) -> bool:
    """One value on the line, and close above it a short line, flush with it, no larger: a label."""
    if len(value) not in (1, 2):
        return False
    first = value[0]
    labels = [w for w in over if w not in value and 0 <= first.box.y - w.box.bottom < 1.9 * page.unit]
    return any(
        abs(w.box.x - first.box.x) < 1.1 * page.unit and len(w.text) <= 26 and w.size < 1.25 * page.unit for w in labels
    )


def _stands_over(word: Word, rule: Box) -> bool:
    return (
        word.box.bottom <= rule.y + 2
        and word.box.x < rule.right
        and word.box.right > rule.x
        and (word.box.x >= rule.x - 0.6 * word.box.h and word.box.right <= rule.right + 0.6 * word.box.h)
    )


def _above(rule: Box, height: float) -> Box:
    return Box(rule.x, rule.y - round(height), rule.w, round(height))


def _separates(page: Page, rule: Box, over: Sequence[Word]) -> bool:
    """The line lies midway between two texts, or wider than any text: it parts them and holds nothing."""
    near = min(rule.y - w.box.bottom for w in over)
    under = [
        w.box.y - rule.bottom
        for w in page.words
        if w.box.y >= rule.bottom - 1 and w.box.x < rule.right and w.box.right > rule.x
    ]
    if not under:
        return not 1.2 * page.unit <= near <= 3.4 * page.unit or any(
            len(w.text) > 26 or w.text[-1] in ".!?" for w in over
        )
    ratio = max(near, 1) / max(1, min(under))
    return EVEN[0] <= ratio <= EVEN[1] or (near > 1.15 * page.unit and ratio < 1)


def _built(page: Page, rule: Box, value: Sequence[Word], over: Sequence[Word]) -> Control:
    unit = page.unit
    lowest = max((w.box.y for w in value), default=rule.y - round(1.6 * unit))
    box = Box(rule.x, lowest - round(0.5 * unit), rule.w, rule.y - lowest + round(0.5 * unit) + rule.h)
    owned = [i for i, w in enumerate(page.words) if w in value and covered(w.box, box) > 0.6]
    text = [page.words[i] for i in owned]
    arrow = len(text) > 1 and len(text[-1].text) == 1
    own = text[:-1] if arrow else text
    labelled = [w for w in over if w not in text]
    if not own and not labelled:
        return Control(INPUT, box, text="•" * mask_dots(page.image, box), score=0.6)
    page.taken.update(owned)
    dots = "" if own else "•" * mask_dots(page.image, box)
    kind = SELECT if arrow or _arrow(page, box) else INPUT
    return Control(kind, box, text=" ".join(w.text for w in own) or dots, score=0.7)


def _arrow(page: Page, box: Box) -> bool:
    """A small mark, wider than high, at the right end."""
    unit = page.unit
    end = page.edge[box.y : box.bottom - 4, max(0, box.right - round(2.4 * unit)) : box.right]
    if end.size == 0:
        return False
    stats = cv2.connectedComponentsWithStats(end, connectivity=8)[2][1:]
    marks = [s for s in stats if 0.3 * unit <= s[2] <= 1.4 * unit and 0.2 * unit <= s[3] <= 0.95 * unit and s[2] > s[3]]
    return len(marks) == 1


def _sliders(page: Page, found: Sequence[Control]) -> list[Control]:
    """A level track with one knob on it that is higher than the track."""
    unit = page.unit
    _, labels, stats, _ = cv2.connectedComponentsWithStats(page.edge, connectivity=8)
    wide = (stats[:, 2] > 5 * unit) & (stats[:, 3] >= 9) & (stats[:, 3] <= 2.6 * unit) & (stats[:, 2] > 4 * stats[:, 3])
    out = []
    for i in np.flatnonzero(wide):
        x, y, w, h = (int(v) for v in stats[i][:4])
        box = Box(x, y, w, h)
        if i == 0 or any(covered(box, c.box) > 0.5 for c in found if c.kind != "panel"):
            continue
        if any(covered(box, word.box) > 0.5 for word in page.words):
            continue  # letters with a line through them
        shape = labels[y : y + h, x : x + w] == i
        top, bottom = shape.argmax(axis=0), h - shape[::-1].argmax(axis=0)
        height = np.where(shape.any(axis=0), bottom - top, 0)
        knob = np.flatnonzero(height > 0.8 * h)
        thin = float((height[height > 0] < 0.72 * h).mean()) if (height > 0).any() else 0.0
        if len(knob) and knob[-1] - knob[0] < 1.5 * h and thin > 0.6:
            out.append(Control(SLIDER, box, score=0.75))
    return out


def _icons(page: Page, found: Sequence[Control]) -> list[Control]:
    """Compact blots of ink that are neither text nor part of a control."""
    unit = page.unit
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(page.edge, np.ones((3, 3), np.uint8)), connectivity=8)
    out: list[Control] = []
    for s in stats[1:]:
        box = Box(int(s[0]) + 1, int(s[1]) + 1, int(s[2]) - 2, int(s[3]) - 2)
        compact = (
            0.75 * unit <= box.h <= 3.4 * unit
            and 0.75 * unit <= box.w <= 3.4 * unit
            and max(box.w, box.h) < 1.8 * min(box.w, box.h)
        )
        if not compact or any(box.overlap(w.box) > 0.15 * box.w * box.h for w in page.words):
            continue
        if any(t.box.overlap(box) for t in page.ticks) or any(
            covered(box, c.box) > 0.5 for c in found if c.kind != "panel"
        ):
            continue
        if not any(gap_y(box, o.box) == 0 and covered(box, o.box) > 0.5 for o in out):
            out.append(Control(ICON, box, score=0.5))
    return out
