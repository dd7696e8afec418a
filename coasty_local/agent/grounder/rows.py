"""What stands on the same row or card as given words, and in what order a person reads."""

from __future__ import annotations

from collections.abc import Sequence

from coasty_local.agent.grounder.wording import folded, likeness
from coasty_local.agent.scene import PANEL, Box, Candidate, Control, Scene

FITS = 0.79  # how well a line must say the words of the row


def tiers(scene: Scene, places: Sequence[Control], words: str) -> list[list[Control]]:
    """Places that belong to the words of a row, nearest relation first: same row, same card, next row below."""
    row: list[Control] = []
    card: list[Control] = []
    below: list[Control] = []
    for anchor in _anchors(scene, words):
        others = [p for p in places if p.kind != PANEL]
        row += [p for p in others if _level(p.box, anchor, scene.text_height)]
        around = _card(scene, anchor)
        card += [p for p in others if around is not None and _holds(around, p.box)]
        below += _beneath(others, anchor, scene)
    return [row, card, below]


def _anchors(scene: Scene, words: str) -> list[Box]:
    """The boxes of the lines that say the words best: exactly, else as a part."""
    texts = [*((line.text, line.box) for line in scene.lines), *((c.text, c.box) for c in scene.controls if c.text)]
    scored = [(_says(words, text), box) for text, box in texts]
    best = max((score for score, _ in scored), default=0.0)
    if best < FITS:
        return []
    found: list[Box] = []
    for score, box in scored:
        if score >= max(FITS, best - 0.04) and not any(box.overlap(other) > 0.5 * other.w * other.h for other in found):
            found.append(box)
    return found


def _says(words: str, text: str) -> float:
    score, _ = likeness(words, text)
    if score < FITS and len(folded(words)) >= 4 and folded(words) in folded(text):
        return 0.8
    return score


def _level(box: Box, anchor: Box, unit: float) -> bool:
    tall = max(1.1 * unit, 0.5 * min(box.h, 3 * unit))
    return abs(box.center[1] - anchor.center[1]) <= tall


def _holds(outer: Box, inner: Box) -> bool:
    return outer.overlap(inner) > 0.9 * inner.w * inner.h


def _card(scene: Scene, anchor: Box) -> Box | None:
    """The smallest panel around the words, unless it is as large as the page."""
    around = [c.box for c in scene.controls if c.kind == PANEL and _holds(c.box, anchor)]
    small = [b for b in around if b.w * b.h < 0.35 * scene.width * scene.height]
    return min(small, key=lambda b: b.w * b.h) if small else None


def _beneath(places: Sequence[Control], anchor: Box, scene: Scene) -> list[Control]:
    """The nearest row of places below the words, for cards without a visible frame."""
    reach = 9 * scene.text_height
    below = [
        p
        for p in places
        if 0 < p.box.y - anchor.bottom < reach
        and p.box.x < anchor.right + reach
        and p.box.right > anchor.x - scene.text_height
    ]
    acting = [p for p in below if p.kind != "text"]
    if not acting:
        return []
    top = min(acting, key=lambda p: p.box.y).box
    row = [p for p in acting if _level(p.box, top, scene.text_height)]
    return [] if _of_another(scene, row, anchor) else row


def _of_another(scene: Scene, row: Sequence[Control], anchor: Box) -> bool:
    """Words of its own stand at the head of the row, flush with those above: it is the row of another thing."""
    for line in scene.lines:
        flush = abs(line.box.x - anchor.x) < 2 * scene.text_height
        own = any(p.box.overlap(line.box) > 0 for p in row)
        if flush and not own and line.box != anchor and any(_level(p.box, line.box, scene.text_height) for p in row):
            return True
    return False


def in_order(candidates: Sequence[Candidate], unit: float) -> list[Candidate]:
    """Reading order: rows from the top, each from the left."""
    listed: list[list[Candidate]] = []
    for candidate in sorted(candidates, key=lambda c: c.control.box.center[1]):
        middle = candidate.control.box.center[1]
        if listed and middle - listed[-1][0].control.box.center[1] <= 0.8 * unit:
            listed[-1].append(candidate)
        else:
            listed.append([candidate])
    return [c for row in listed for c in sorted(row, key=lambda c: c.control.box.x)]
