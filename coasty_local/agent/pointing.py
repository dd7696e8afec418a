"""From the words of a description to one place in one picture: "the blue Submit button", "second result"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from coasty_local.agent import actuator, fields, grounder, hints, reading
from coasty_local.agent.grounder.finding import LEAST
from coasty_local.agent.planner import phrasing, targets
from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import CHECK, INPUT, PANEL, RADIO, SELECT, Candidate, Control, Scene, Target
from coasty_local.agent.sight import Eyes, seen

_NEAREST = 5  # places that a refusal names
_VERB = re.compile(
    r"(?:(?:left|right|double)[\s-])?(?:click|tap|press|find|locate|select|hover|point|choose|open)\s+(?:(?:on|at|over|to)\s+)?",
    re.IGNORECASE,
)
_LED = re.compile(
    r"(?:the\s+|an?\s+)?(?P<role>link|button|icon|tab|menu\s+item)\s+"
    r"(?:to|for|that\s+(?:opens?|leads?\s+to|goes\s+to)|which\s+(?:opens?|leads?\s+to))\s+(?:the\s+)?(?P<what>.+)",
    re.IGNORECASE,
)
_NOUN = re.compile(rf"(?:[Tt]he\s+)?(?:{'|'.join(sorted(targets.RECORDS))})\s+(?=[A-Z0-9#\ue000])")
_TAIL = re.compile(
    r"\s+(?:(?:column|table)\s+head(?:er|ing)|column|header|label|title|section|area|cell|element|control|widget)$",
    re.I,
)
_CELLS = (
    re.compile(r"(?:the\s+)?(?P<label>.+?)\s+(?:of|for)\s+(?:the\s+)?(?P<about>.+)", re.IGNORECASE),
    re.compile(r"(?:the\s+)?(?P<about>.+?)['’]s\s+(?P<label>.+)", re.IGNORECASE),
)


@dataclass(frozen=True)
class Place:
    """Where to press, and what is there."""

    x: int
    y: int
    name: str
    kind: str
    score: float


class Unclear(Exception):
    """Nothing fits, or several places fit alike; the message says which, `places` what comes nearest."""

    def __init__(self, message: str, places: Sequence[Place]) -> None:
        super().__init__(message)
        self.places = tuple(places)


def point(image: Image, element: str, eyes: Eyes) -> Place:
    """The place that the words mean. Raises Unclear, SightError."""
    scene = seen(eyes, image)
    rivals: tuple[Candidate, ...] = ()
    for target, told in readings(element):
        choice = grounder.settle(grounder.find(scene, target))
        fitting = hints.narrowed(image, scene, told, choice.candidates) if choice.kind == "tie" else choice.candidates
        if choice.kind != "none" and len(fitting) == 1 and not hints.denied(image, told, fitting[0].control.box):
            return _place(fitting[0])
        if choice.kind == "tie":
            rivals = rivals or fitting
        elif control := _beside_its_name(scene, target):
            return _place(Candidate(control, grounder.choosing.ACCEPT))
    if not rivals and (cell := _cell(scene, element)):
        return _place(Candidate(cell, grounder.choosing.ACCEPT))
    raise _unclear(scene, element, rivals)


def readings(element: str) -> Iterator[tuple[Target, hints.Hints]]:
    """The targets that the words may mean, the nearest to the letter first, each with what tells rivals apart."""
    text = Text.of(phrasing.kept(element))
    phrase = " ".join(text.sealed.split()).rstrip(" .!?,;:")
    bare, told = hints.taken(phrase)
    made: list[Target] = []
    for each in dict.fromkeys(part for part in [*_said(phrase), *_said(bare)] if part.strip()):
        target = targets.target(each, text)
        made.append(target)
        if not target.kinds or INPUT in target.kinds:
            field = targets.field(each, text)
            made.append(replace(field, kinds=target.kinds or (INPUT, SELECT)))
        if not target.kinds or CHECK in target.kinds:
            made.append(targets.mark(each, text))
    for target in dict.fromkeys(made):
        yield target, told


def _said(phrase: str) -> Iterator[str]:
    """The phrase, and the phrase without words that only lead to the name."""
    yield phrase
    if _VERB.match(phrase):
        yield (phrase := _VERB.sub("", phrase, count=1))
    if led := _LED.fullmatch(phrase):
        yield f"{_NOUN.sub('', led['what'], count=1)} {led['role']}"
    if _NOUN.match(phrase):
        yield _NOUN.sub("", phrase, count=1)
    if _TAIL.search(phrase):
        yield _TAIL.sub("", phrase)


def _cell(scene: Scene, element: str) -> Control | None:
    """The value that a table shows of something: "the status of INV-1043", "Tom Baker's email"."""
    for pattern in _CELLS:
        if said := pattern.fullmatch(element.strip().rstrip(".?!")):
            value = reading.column_value(scene, said["label"], said["about"])
            rows = [key.box for key in reading.find(scene, said["about"])]
            shown = [line for line in scene.lines if value and line.text == value]
            found = [line for line in shown if any(reading.on_row(scene, row, line.box) for row in rows)]
            if len(found) == 1:
                return reading.as_control(found[0])
    return None


def _beside_its_name(scene: Scene, target: Target) -> Control | None:
    """A field without a name of its own that stands beside the words."""
    if not target.words or target.row or target.ordinal is not None:
        return None
    return fields.by_label(scene, target.words) if set(target.kinds) & {INPUT, SELECT} else None


def _unclear(scene: Scene, element: str, rivals: Sequence[Candidate]) -> Unclear:
    if rivals:
        places = [_place(candidate) for candidate in rivals[:_NEAREST]]
        listed = "; ".join(f"“{place.name}” at {place.x}, {place.y}" for place in places)
        return Unclear(f"{len(rivals)} places fit “{_short(element)}” alike: {listed}. Say which one is meant.", places)
    places = _nearest(scene, element)
    if not scene.lines and not scene.controls:
        return Unclear(f"I can't find “{_short(element)}”: nothing can be read in the picture.", places)
    listed = ", ".join(f"“{place.name}”" for place in places)
    return Unclear(f"I can't find “{_short(element)}” in the picture. The nearest that I see: {listed}.", places)


def _nearest(scene: Scene, element: str) -> list[Place]:
    """What is named most like the words: what can be acted on before plain lines."""
    acting = [
        control for control in scene.controls if control.kind != PANEL and (control.text or control.label).strip()
    ]
    plain = [reading.as_control(line) for line in scene.lines if not any(c.box.overlap(line.box) > 0 for c in acting)]
    words = element.lower()
    alike = [(fuzz.token_ratio(words, reading.name(control).lower()) / 100, control) for control in (*acting, *plain)]
    best = sorted(alike, key=lambda pair: -pair[0])[:_NEAREST]
    return [_place(Candidate(control, round(score * LEAST, 2))) for score, control in best]


def _place(candidate: Candidate) -> Place:
    control = candidate.control
    x, y = control.box.center if control.kind in (CHECK, RADIO) else actuator.aim(control)
    return Place(x, y, reading.name(control), control.kind, candidate.score)


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
