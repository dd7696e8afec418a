"""What is a field and what is not: blanks that only a line on the paper marks, found by the well-known label above or
left of the line; and names between two frames, which look like a field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coasty_local.agent import reading
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import INPUT, PANEL, SELECT, Box, Control, Line, Scene

_LABELS = (
    *lexicon.USER_LABELS,
    *lexicon.PASSWORD_LABELS,
    *lexicon.CODE_LABELS,
    *lexicon.FIELDS,
    *lexicon.FIELD_ALIASES,
)
_LABELS += tuple(alias for aliases in lexicon.FIELD_ALIASES.values() for alias in aliases)
_EDGE = 5  # pixels by which the frames of a field and of the strip above it may differ
_INK = 40  # difference from the paper that makes a pixel of a line


def with_titles(scene: Scene) -> Scene:
    """The scene without fields that are none: the strip between two framed fields, which holds the lower one's name."""
    titles = [(strip, field) for strip in scene.controls if (field := _field_below(scene, strip)) is not None]
    if not titles:
        return scene
    named = {field: replace(field, label=strip.text) for strip, field in titles}
    strips = [strip for strip, _ in titles]
    return replace(scene, controls=tuple(named.get(c, c) for c in scene.controls if c not in strips))


def _field_below(scene: Scene, strip: Control) -> Control | None:
    """The nameless field that stands right below a lower strip of the same width with a text in it."""
    if strip.kind != INPUT or not strip.text.strip() or strip.label:
        return None
    for field in scene.controls:
        if field.kind not in (INPUT, SELECT) or field.label or strip.box.h > 0.75 * field.box.h:
            continue
        edges = max(abs(field.box.x - strip.box.x), abs(field.box.right - strip.box.right))
        if edges < _EDGE and 0 <= field.box.y - strip.box.bottom < scene.text_height * 0.8:
            return field
    return None


def with_blanks(image: Image, scene: Scene) -> Scene:
    """The scene with a field for each known label that has none but has a line to write on."""
    found = []
    for line in scene.lines:
        words = line.text.split("(")[0].rstrip(" :*")
        if len(words) > 30 or not any(reading.same(label.replace("_", " "), words) for label in _LABELS):
            continue
        box = _line_of(image, scene, line)
        if (
            box is not None
            and not _edge(scene, box)
            and not any(c.box.overlap(box) > 0 for c in scene.controls if c.kind in (INPUT, SELECT))
        ):
            value = " ".join(
                other.text for other in scene.lines if other is not line and box.contains(*other.box.center)
            )
            found.append(Control(INPUT, box, value, words, score=0.6))
    return replace(scene, controls=(*scene.controls, *found)) if found else scene


def _edge(scene: Scene, box: Box) -> bool:
    """The line is the lower edge of a card or a menu, in whose last entry the word stands."""
    return any(
        c.kind == PANEL and abs(c.box.bottom - box.bottom) <= 5 and c.box.h > 2 * box.h and c.box.overlap(box) > 0
        for c in scene.controls
    )


def _line_of(image: Image, scene: Scene, label: Line) -> Box | None:
    """The blank above the first long level line that starts under the label, else right of it on its row."""
    unit, box = scene.text_height, label.box
    under = _first_line(image, box.x + 4, range(box.bottom + int(unit), box.bottom + int(unit * 5)), unit)
    if under is not None:
        left, right, y = under
        top = max(box.bottom + 2, y - int(unit * 2.9))
        return Box(left, top, right - left, y - top) if abs(left - box.x) < unit * 2 else None
    for start in range(box.right + int(unit), min(scene.width - 1, box.right + int(unit * 12)), int(unit)):
        beside = _first_line(
            image, start, range(box.center[1] + int(unit * 0.4), box.center[1] + int(unit * 4.5)), unit
        )
        if beside is not None:
            left, right, y = beside
            top = box.center[1] - (y - box.center[1])
            return Box(left, top, right - left, y - top) if left > box.right else None
    return None


def _first_line(image: Image, x: int, rows: range, unit: float) -> tuple[int, int, int] | None:
    """Left, right and y of the first thin line through column x in these rows that is at least ten letters long."""
    for y in rows:
        if not 4 <= y < image.shape[0] - 4 or not 0 <= x < image.shape[1]:
            return None
        row = image[y].astype(np.int16)
        paper = image[y - 4].astype(np.int16)
        ink = np.abs(row - paper).max(axis=1) > _INK
        if not ink[x] or np.abs(image[y + 4].astype(np.int16) - paper).max(axis=1)[x] > _INK:
            continue
        gaps = np.flatnonzero(~ink)
        left = int(gaps[gaps < x].max(initial=-1)) + 1
        right = int(gaps[gaps > x].min(initial=len(ink)))
        return (left, right, y) if unit * 10 <= right - left <= unit * 75 else None
    return None
