"""What a field holds, as it is read back from the screen."""

from __future__ import annotations

import re
from dataclasses import replace

from rapidfuzz import fuzz

from coasty_local.agent import reading
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import PANEL, TEXT, Box, Control, Scene
from coasty_local.agent.session import Session
from coasty_local.agent.sight import Look

_ALIKE = 80.0  # how alike (of 100) what is read back must be to what was typed


def now_at(scene: Scene, control: Control) -> Control:
    """The same control in a later scene, by its place and size; the old one, emptied, when nothing like it is there."""
    alike = [other for other in scene.controls if other.kind != PANEL and _shared(other.box, control.box) > 0.5]
    return max(alike, key=lambda other: _shared(other.box, control.box), default=replace(control, text="", kind=TEXT))


def _shared(a: Box, b: Box) -> float:
    """Shared area over united area."""
    shared = a.overlap(b)
    return shared / max(1, a.w * a.h + b.w * b.h - shared)


def holds(session: Session, look: Look, control: Control, text: str) -> bool:
    """Whether the field shows the text (a long one may show only a part of it)."""
    there = now_at(look.scene, control)
    if _reads(there.text, text) or _reads(session.eyes.read(look.image, control.box), text):
        return True
    near = [c.text for c in look.scene.controls if c.text and _beside(look.scene, c.box, control.box)]
    near += [line.text for line in look.scene.lines if _beside(look.scene, line.box, control.box)]
    return len(text) > 2 and any(reading.folded(words) == reading.folded(text) for words in near)


def says_just(session: Session, look: Look, control: Control, text: str) -> bool:
    """Whether the field holds the text and nothing else: "Ines Duarte" does not say "Ines D."."""
    there, wanted = now_at(look.scene, control), reading.folded(text)
    if re.search(r"\d", text) and reading.digits(there.text) != reading.digits(text):
        return False
    near = [line.text for line in look.scene.lines if _beside(look.scene, line.box, control.box)]
    if len(text) > 2 and any(reading.folded(words) == wanted for words in near):
        return True
    shown = (there.text, session.eyes.read(look.image, control.box))
    return any(abs(len(reading.folded(words)) - len(wanted)) <= 1 and _reads(words, text) for words in shown)


def kept_old(scene: Scene, control: Control, text: str) -> bool:
    """What stood in the field before still stands beside what was typed."""
    old, new, wanted = (reading.folded(words) for words in (control.text, now_at(scene, control).text, text))
    return bool(control.label) and len(old) > 2 and old in new and len(new) >= len(old) + len(wanted) - 1


def shows(session: Session, control: Control, text: str, image: Image) -> bool:
    return _reads(session.eyes.read(image, control.box), text)


def _beside(scene: Scene, box: Box, field: Box) -> bool:
    """In or right below the place taken for a field: its frame may be seen a little off."""
    gap = max(box.y - field.bottom, field.y - box.bottom)
    return gap < scene.text_height * 3 and field.x - 4 <= box.x < field.right


CARET = re.compile(r"(?<=\d)\s*[|lI!]$")  # the mark of the place to type, read as a letter behind the digits


def _reads(shown: str, text: str) -> bool:
    given, wanted = reading.folded(shown), reading.folded(text)
    if not wanted:
        return not given
    if re.fullmatch(r"[\d\s./:,+()$€£%-]*\d[\d\s./:,+()$€£%-]*", text):  # numbers are never read nearly
        return reading.digits(CARET.sub("", shown.strip())) == reading.digits(text)
    if wanted in given:
        return len(wanted) > 2 or given == wanted
    if len(given) < 3:
        return False
    if len(wanted) <= 5:
        one = len(given) == len(wanted) >= 4 and sum(a != b for a, b in zip(given, wanted, strict=True)) == 1
        return one or fuzz.ratio(given, wanted) >= 85
    return fuzz.partial_ratio(given, wanted) >= _ALIKE and len(given) >= min(6, len(wanted) - 1)


def has_value(session: Session, look: Look, control: Control) -> bool:
    """Whether the field holds something typed: text that is neither its label nor pale placeholder text can be told
    only by trying, so any text counts unless it is the label."""
    there = now_at(look.scene, control)
    return bool(there.text.strip()) and not reading.same(there.text, there.label)
