"""The records of a list by number: "the second result" is none of the menu's links, nor the second link of a record."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from coasty_local.agent.grounder.wording import folded
from coasty_local.agent.scene import BUTTON, LINK, PANEL, TEXT, Control, Scene

_ONWARD = re.compile(
    r"(?:\d+|next|previous|prev|first|last|back|older|newer|(?:(?:show|load) )?more|see all|home|[<>«»‹›]+)\W*",
    re.IGNORECASE,
)
_LEADS = re.compile(r"(?:view|open|details?|see|show|read|more|go|select|choose|visit|learn)\b", re.IGNORECASE)


def records(scene: Scene) -> list[Control]:
    """What opens each record of the page's list, in reading order; [] when it shows none."""
    links = [c for c in scene.controls if c.kind in (LINK, BUTTON) and folded(c.text) and _inside(scene, c)]
    links = [c for c in links if not _ONWARD.fullmatch(c.text.strip())]
    unlike = [c for c in links if c.kind == LINK and _single(c, links)]
    named = max(_columns(unlike, scene.text_height), key=len, default=[])
    alike = max(_repeated(links), key=len, default=[])
    if len(named) >= 2 and len(named) >= len(alike):
        return named
    if len(alike) >= 2:
        return alike
    if cards := _cards(scene):
        return cards
    alone = [c for c in unlike if not any(_row(c, other, scene.text_height) for other in links if other is not c)]
    return alone if len(alone) == 1 else []  # a list of one


def _row(one: Control, other: Control, unit: float) -> bool:
    return abs(one.box.center[1] - other.box.center[1]) <= unit


def _inside(scene: Scene, control: Control) -> bool:
    """In the page's own part: below its heading, and not in a menu beside it."""
    head = _heading(scene)
    if head is None:
        return control.box.y > scene.height * 0.12
    top, left = head
    return control.box.y >= top and control.box.right > left


def _heading(scene: Scene) -> tuple[int, int] | None:
    """Bottom and left of the page's heading: the largest letters in its upper half."""
    tall = [x for x in scene.lines if x.box.h >= scene.text_height * 1.3 and x.box.y < scene.height * 0.5]
    head = max(tall, key=lambda x: (x.box.h, -x.box.y), default=None)
    return None if head is None else (head.box.bottom, head.box.x)


def _single(control: Control, among: Sequence[Control]) -> bool:
    return sum(folded(c.text) == folded(control.text) for c in among) == 1


def _columns(links: Sequence[Control], unit: float) -> list[list[Control]]:
    """Links of one left edge below each other; columns whose tops agree are one grid, read row by row."""
    columns: list[list[Control]] = []
    for link in sorted(links, key=lambda c: c.box.y):
        column = next((found for found in columns if abs(found[0].box.x - link.box.x) <= 0.6 * unit), None)
        if column is None:
            columns.append([link])
        elif link.box.y - column[-1].box.y > unit:
            column.append(link)
    grids: list[list[Control]] = []
    for column in sorted(columns, key=lambda found: -len(found)):
        grid = next((found for found in grids if _level(found, column, unit)), None)
        if grid is None:
            grids.append(list(column))
        else:
            grid += column
    return [_read(grid, unit) if _apart(grid, unit) else _firsts(grid, unit) for grid in grids if len(grid) >= 2]


def _level(grid: Sequence[Control], column: Sequence[Control], unit: float) -> bool:
    return all(any(abs(c.box.y - other.box.y) <= 0.6 * unit for other in grid) for c in column)


def _apart(grid: Sequence[Control], unit: float) -> bool:
    """The columns stand so far from each other that they are cards: in a table a row is one record."""
    rows = [[c for c in grid if abs(c.box.y - first.box.y) <= 0.6 * unit] for first in grid]
    widest = max(rows, key=len)
    if len(widest) < 2:
        return True
    steps = [b - a for a, b in itertools.pairwise(sorted(c.box.x for c in widest))]
    deep = min((abs(a.box.y - b.box.y) for a in grid for b in grid if abs(a.box.y - b.box.y) > 0.6 * unit), default=0)
    return min(steps) > 9 * unit and (deep == 0 or deep > 4.5 * unit)


def _firsts(grid: Sequence[Control], unit: float) -> list[Control]:
    """The leftmost of each row."""
    read = _read(grid, unit)
    return [c for at, c in enumerate(read) if at == 0 or abs(c.box.y - read[at - 1].box.y) > 0.6 * unit]


def _repeated(links: Sequence[Control]) -> list[list[Control]]:
    """Controls with the same words, one for each record: those that lead to it before those that act on it."""
    words = dict.fromkeys(folded(c.text) for c in links)
    groups = [[c for c in links if folded(c.text) == word] for word in words]
    groups = [sorted(group, key=lambda c: (c.box.y, c.box.x)) for group in groups if len(group) >= 2]
    return [group for group in groups if _LEADS.match(group[0].text.strip())]


def _cards(scene: Scene) -> list[Control]:
    """Panels of one size: the first link in each, else its first words."""
    panels = [c for c in scene.controls if c.kind == PANEL and c.box.h < scene.height * 0.6]
    for first in panels:
        like = [c for c in panels if abs(c.box.w - first.box.w) <= 8 and abs(c.box.h - first.box.h) <= 8]
        if len(like) >= 2:
            found = [_opener(scene, card) for card in _read(like, scene.text_height)]
            return [c for c in found if c is not None]
    return []


def _opener(scene: Scene, card: Control) -> Control | None:
    inner = [c for c in scene.controls if c.kind == LINK and card.box.contains(*c.box.center)]
    if inner:
        return inner[0]
    lines = [x for x in scene.lines if card.box.contains(*x.box.center)]
    return Control(TEXT, lines[0].box, lines[0].text) if lines else None


def _read(found: Sequence[Control], unit: float) -> list[Control]:
    """In reading order: by rows, each from the left."""
    rows: list[list[Control]] = []
    for control in sorted(found, key=lambda c: c.box.y):
        if rows and control.box.y - rows[-1][0].box.y <= 0.6 * unit:
            rows[-1].append(control)
        else:
            rows.append([control])
    return [c for row in rows for c in sorted(row, key=lambda c: c.box.x)]
