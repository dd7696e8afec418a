"""Scores every place of a scene for what a step asks for: its words, its role, its row, its number."""

from __future__ import annotations

from dataclasses import replace

from coasty_local.agent.grounder import listing, rows
from coasty_local.agent.grounder.wording import folded, likeness
from coasty_local.agent.scene import (
    BUTTON,
    CHECK,
    ICON,
    IMAGE,
    INPUT,
    LINK,
    PANEL,
    RADIO,
    SELECT,
    SLIDER,
    TEXT,
    Box,
    Candidate,
    Control,
    Scene,
    Target,
)

LEAST = 0.4  # candidates below are not worth showing
GUESSED = 0.6  # score of a place whose kind was told by where it stands
NUMBERED = 0.8  # places that count for "the second ..."
_CLICK = {
    BUTTON: 1.0,
    LINK: 0.97,
    ICON: 0.95,
    TEXT: 0.9,
    CHECK: 0.88,
    RADIO: 0.9,
    SELECT: 0.86,
    IMAGE: 0.85,
    INPUT: 0.6,
}
_AFFINITY: dict[str, dict[str, float]] = {  # wanted role -> how well another role can stand in for it
    BUTTON: _CLICK,
    LINK: {**_CLICK, LINK: 1.0, BUTTON: 0.94, TEXT: 0.92},
    ICON: {**_CLICK, ICON: 1.0, BUTTON: 0.97},
    INPUT: {INPUT: 1.0, SELECT: 0.86, SLIDER: 0.5, BUTTON: 0.55, TEXT: 0.3},
    SELECT: {SELECT: 1.0, INPUT: 0.92, BUTTON: 0.92, LINK: 0.7, TEXT: 0.6},
    CHECK: {CHECK: 1.0, RADIO: 0.94, BUTTON: 0.86, TEXT: 0.78, LINK: 0.6},
    RADIO: {RADIO: 1.0, CHECK: 0.94, BUTTON: 0.9, TEXT: 0.78, LINK: 0.7},
    SLIDER: {SLIDER: 1.0, INPUT: 0.8},
    PANEL: {PANEL: 1.0, TEXT: 0.8},
    IMAGE: {IMAGE: 1.0, ICON: 0.9, LINK: 0.8, BUTTON: 0.8},
    TEXT: {TEXT: 1.0, LINK: 0.97, BUTTON: 0.95, PANEL: 0.6, RADIO: 0.9, CHECK: 0.9, INPUT: 0.7, SELECT: 0.8, ICON: 0.7},
}
_ANY = {**_CLICK, INPUT: 0.96, SELECT: 0.96, CHECK: 1.0, RADIO: 1.0, SLIDER: 0.95, LINK: 0.96, PANEL: 0.4}
LATER = 0.06  # what each further role of `kinds` costs against the first


def find(scene: Scene, target: Target) -> list[Candidate]:
    """Every place that may be meant, best first."""
    if target.record and target.ordinal is not None:
        return _recorded(scene, target.ordinal)
    places = _places(scene)
    groups = rows.tiers(scene, places, target.row) if target.row else [places]
    scored: list[Candidate] = []
    for group in groups:
        scored = _ranked(scene, group, target) or scored
        if scored and scored[0].score >= NUMBERED:
            break
    if target.ordinal is not None:
        return _numbered(scored, target.ordinal, scene.text_height)
    return scored


def _recorded(scene: Scene, ordinal: int) -> list[Candidate]:
    """The n-th record of the page's list; none when it has not so many."""
    listed = listing.records(scene)
    index = ordinal - 1 if ordinal > 0 else len(listed) + ordinal
    if not 0 <= index < len(listed):
        return []
    return [Candidate(listed[index], 0.95, (f"record {index + 1} of {len(listed)}",))]


def _ranked(scene: Scene, places: list[Control], target: Target) -> list[Candidate]:
    scored = [c for c in (_score(scene, place, target) for place in places) if c is not None]
    return sorted(scored, key=lambda c: (-c.score, c.control.box.y, c.control.box.x))


def _places(scene: Scene) -> list[Control]:
    """The controls, and the lines that no control owns or is named by."""
    acting = [c for c in scene.controls if c.kind != PANEL]
    names = [(folded(c.label), c.box) for c in acting if c.label]
    reach = int(scene.text_height * 3)
    places = list(scene.controls)
    for line in scene.lines:
        owned = any(c.box.overlap(line.box) > 0.6 * line.box.w * line.box.h for c in acting)
        names_one = any(folded(line.text) == name and _near(line.box, box, reach) for name, box in names)
        if not owned and not names_one:
            places.append(Control(TEXT, line.box, text=line.text, score=line.score))
    return places


def _near(a: Box, b: Box, reach: int) -> bool:
    across = max(a.x, b.x) - min(a.right, b.right)
    down = max(a.y, b.y) - min(a.bottom, b.bottom)
    return across <= 5 * reach and down <= reach


def _score(scene: Scene, place: Control, target: Target) -> Candidate | None:
    words, why = _worded(place, target)
    role = _role(place, target.kinds)
    if role <= 0 or words <= 0:
        return None
    score, reasons = words * role, [why, f"a {place.kind}"]
    if place.kind == TEXT and place.box.h > 1.45 * scene.text_height and not set(target.kinds) & {TEXT, PANEL}:
        score *= 0.9
        reasons.append("looks like a heading")
    if place.kind == LINK and place.score <= GUESSED:
        score *= 0.93
        reasons.append("only looks like a link")
    if not place.enabled:
        score *= 0.97
        reasons.append("looks switched off")
    if score < LEAST:
        return None
    return Candidate(place, round(score, 4), tuple(r for r in reasons if r))


def _role(place: Control, kinds: tuple[str, ...]) -> float:
    if not kinds:
        return _ANY.get(place.kind, 0.5)
    best = 0.0
    for i, kind in enumerate(kinds):
        fit = _AFFINITY.get(kind, {kind: 1.0}).get(place.kind, 0.0)
        if place.kind == kind:
            fit = 1.0 - LATER * min(i, 2)
        elif i == 0 and place.kind in kinds:
            continue  # its own, later turn counts
        best = max(best, fit)
    return best


def _worded(place: Control, target: Target) -> tuple[float, str]:
    """The best likeness of any name that is asked for with any name that the place has."""
    if not target.words and not target.aliases:
        return (0.95, "") if not target.kinds or place.kind == target.kinds[0] else (0.6, "")
    best = (0.0, "")
    for i, wanted in enumerate([target.words, *target.aliases]):
        for seen, weight in _names(place):
            score, why = likeness(wanted, seen)
            best = max(best, (score * weight * (1.0 if i == 0 else 0.98), why))
    return best


def _names(place: Control) -> list[tuple[str, float]]:
    """What a place is called: its label first; a field's own text is a placeholder, or a value and no name."""
    if place.kind in (INPUT, SELECT):
        return [(place.label, 1.0), (place.text, 0.9 if place.label else 0.97)]
    return [(name, 1.0) for name in (place.label, place.text) if name]


def _numbered(scored: list[Candidate], ordinal: int, unit: float) -> list[Candidate]:
    """The n-th of the good places in reading order first; the others well behind it."""
    good = [c for c in scored if c.score >= NUMBERED]
    listed = rows.in_order(good, unit)
    index = ordinal - 1 if ordinal > 0 else len(listed) + ordinal
    if not 0 <= index < len(listed):
        return [replace(c, score=round(c.score * 0.7, 4)) for c in scored]
    chosen = listed[index]
    rest = [replace(c, score=round(c.score * 0.7, 4)) for c in scored if c is not chosen]
    return [replace(chosen, why=(*chosen.why, f"number {index + 1} of {len(listed)}")), *rest]
