"""Gives controls their labels: the words above, left, on the frame of, or right of them."""

from __future__ import annotations

from dataclasses import replace

from coasty_local.agent.perception.page import Page, Word, gap_x, same_row
from coasty_local.agent.scene import CHECK, ICON, INPUT, RADIO, SELECT, SLIDER, Box, Control

FIELDS = (INPUT, SELECT, SLIDER)


def label(page: Page, controls: list[Control]) -> list[Control]:
    """The same controls, with labels where the page has them."""
    out, used = [], set(page.taken)
    for control in controls:
        if control.kind in (CHECK, RADIO):
            out.append(_mark(page, control, controls))
        elif control.kind in FIELDS and not control.label:
            out.append(_field(page, control, controls, used))
        else:
            out.append(control)
    return out


def _mark(page: Page, control: Control, controls: list[Control]) -> Control:
    """A check or radio is named by what starts right of it, else by what ends left of it, else by its row."""
    box, unit = control.box, page.unit
    row = [
        w for w in page.words if same_row(w.box, box) and abs(w.box.center[1] - box.center[1]) < 0.9 * max(unit, box.h)
    ]
    right = [w for w in row if 0 <= w.box.x - box.right + 2 <= 2.6 * unit]
    left = [w for w in row if 0 <= box.x - w.box.right + 2 <= 2.6 * unit]
    if right:
        best = min(right, key=lambda w: w.box.x)
        return replace(control, label=" ".join([best.text, *_below(page, best, controls)]))
    if left:
        return replace(control, label=max(left, key=lambda w: w.box.right).text)
    far = [w for w in row if box.x > w.box.right and not _between(w.box, box, controls)]
    if far:  # a switch at the right end of its row
        return replace(control, label=_topmost(far, min(w.box.x for w in far)).text)
    return control


def _topmost(words: list[Word], x: int) -> Word:
    """The upper one of those that start here: what stands under a name only explains it."""
    return min((w for w in words if w.box.x - x <= 4), key=lambda w: w.box.y)


def _below(page: Page, first: Word, controls: list[Control]) -> list[str]:
    """A second line of the same label: flush, close below, no control beside it."""
    for word in page.words:
        close = 0 < word.box.y - first.box.bottom < 0.75 * page.unit
        flush = abs(word.box.x - first.box.x) <= 3
        beside = any(c.kind in (CHECK, RADIO) and same_row(c.box, word.box) for c in controls)
        if close and flush and not beside and first.box.w > 14 * page.unit:
            return [word.text]
    return []


def _field(page: Page, control: Control, controls: list[Control], used: set[int]) -> Control:
    box = control.box
    if control.kind == SELECT and (before := _run_in(page, box)):
        return replace(control, label=before)
    free = [(i, w) for i, w in enumerate(page.words) if i not in used]
    on_frame = [
        w for _, w in free if abs(w.box.center[1] - box.y) <= 0.6 * page.unit and box.x < w.box.x < box.center[0]
    ]
    if on_frame:
        return replace(control, label=on_frame[0].text)
    above, left = _above(page, box, free, controls), _left(page, box, free, controls)
    if above and left:
        tight = box.y - above.box.bottom <= 1.3 * page.unit and abs(above.box.x - box.x) <= 0.8 * page.unit
        return replace(control, label=above.text if tight else _wrapped(page, left, free, controls))
    if left:
        return replace(control, label=_wrapped(page, left, free, controls))
    return replace(control, label=above.text) if above else control


def _run_in(page: Page, box: Box) -> str:
    """A name right before the list that was read as one line with what the list shows: "Status: Open"."""
    for word in page.words:
        name, mark, _ = word.text.partition(":")
        begins = 2 * page.unit < box.x - word.box.x and word.box.right > box.x + page.unit
        if mark and name and begins and same_row(word.box, box) and abs(word.box.center[1] - box.center[1]) < page.unit:
            return name
    return ""


def _wrapped(page: Page, word: Word, free: list[tuple[int, Word]], controls: list[Control]) -> str:
    """A label at the left with its other lines: flush with it and close to each other."""
    parts = [word]
    for _, other in free:
        flush = abs(other.box.x - word.box.x) <= 3 and other is not word
        gaps = [max(other.box.y - p.box.bottom, p.box.y - other.box.bottom) for p in parts]
        if flush and min(gaps) < 0.55 * page.unit and abs(other.box.center[1] - word.box.center[1]) < 3 * page.unit:
            parts.append(other)
    return " ".join(p.text for p in sorted(parts, key=lambda p: p.box.y))


def _above(page: Page, box: Box, free: list[tuple[int, Word]], controls: list[Control]) -> Word | None:
    unit = page.unit
    near = []
    for _, word in free:
        rise = box.y - word.box.bottom
        flush = -1.2 * unit <= word.box.x - box.x <= max(1.6 * unit, 0.5 * box.w)
        fits = -0.3 * unit <= rise <= 2.1 * unit and flush and word.box.x < box.right and word.box.h <= 1.9 * unit
        if fits and not any(c.box != box and c.kind in FIELDS and _parted(word.box, c.box, box) for c in controls):
            near.append((rise + abs(word.box.x - box.x) * 0.4, word))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _parted(label_box: Box, other: Box, box: Box) -> bool:
    """The other field is on the label's row right of it, or between the label and the field."""
    beside = same_row(label_box, other) and 0 <= other.x - label_box.right < 200 and other.x <= box.right
    between = label_box.bottom <= other.center[1] <= box.y and gap_x(other, box) == 0
    return beside or between


def _left(page: Page, box: Box, free: list[tuple[int, Word]], controls: list[Control]) -> Word | None:
    near = []
    for _, word in free:
        away = box.x - word.box.right
        level = abs(word.box.center[1] - box.center[1]) <= 0.9 * page.unit
        level = level or (box.h > 4 * page.unit and box.y <= word.box.center[1] <= box.bottom + 0.5 * page.unit)
        if -2 <= away <= 14 * page.unit and level and not _between(word.box, box, controls):
            near.append((away, word))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _between(a: Box, b: Box, controls: list[Control]) -> bool:
    """Another control stands between a (left) and b (right) on their row."""
    named = (INPUT, SELECT, CHECK, RADIO, ICON)
    return any(
        c.kind in named and c.box != b and same_row(c.box, b) and a.right - 2 <= c.box.center[0] <= b.x
        for c in controls
    )
