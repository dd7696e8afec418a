"""What must be true on screen: the checks that a task states, and the values it asks to be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from coasty_local.agent import asking, reading
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import Read, Verify
from coasty_local.agent.scene import BUTTON, CHECK, INPUT, LINK, RADIO, Scene
from coasty_local.agent.session import Session
from coasty_local.agent.sight import Look

PATIENCE_SECONDS = 3.0


def holds(scene: Scene, step: Verify, heard: tuple[str, ...] = ()) -> bool:
    """Whether the screen (or a dialog that spoke on it) shows what the step wants."""
    if step.state:
        return _state(scene, step)
    if step.about:
        return _about(scene, step) is step.present
    said = reading.says(scene, step.words) or any(reading.within(step.words, words) for words in heard)
    return said is step.present


def _about(scene: Scene, step: Verify) -> bool:
    """The words stand with the record that the step is about, beside it as a label, or on a page that is all
    about it."""
    cells = [line for line in reading.record_lines(scene, step.about) if not reading.same(step.about, line.text)]
    if any(_affirms(step.words, line.text.replace(step.about, " ")) for line in cells):
        return True
    fields = [c for c in scene.controls if reading.same(step.about, c.label)]
    if any(reading.within(step.words, c.text) for c in fields):
        return True
    if not re.search(r"\d", step.about) and _affirms(step.words, reading.value_of(scene, step.about)):
        return True
    heads = reading.headings(scene)
    named = any(reading.within(step.about, line.text) for line in heads[:2])
    if named and not any(reading.rivals(step.about, line.text) for line in heads):
        return _page_says(scene, step.words)
    return False


def _page_says(scene: Scene, words: str) -> bool:
    """A page about one record: its status if it names one, else any short line."""
    status = reading.value_of(scene, "status")
    if status:
        return _affirms(words, status)
    return any(_affirms(words, line.text) for line in scene.lines if len(line.text) < 60)


def _affirms(words: str, text: str) -> bool:
    """The text says the words, and not their opposite."""
    return reading.within(words, text) and not reading.within(f"not {words}", text)


def _state(scene: Scene, step: Verify) -> bool:
    if step.state in ("checked", "unchecked"):
        marks = [
            c
            for c in scene.controls
            if c.kind in (CHECK, RADIO) and (reading.within(step.words, c.label) or reading.within(step.words, c.text))
        ]
        return bool(marks) and marks[0].checked is (step.state == "checked")
    out = any(reading.any_word(lexicon.SIGN_OUT, c.text) for c in scene.controls if c.kind in (BUTTON, LINK))
    if step.state == "signed_in":
        named = reading.says(scene, step.words) if step.words else out
        return (named or out or _greeted(scene)) and not asking.password_fields(scene)
    if step.state == "signed_out":
        return not out
    return bool(asking.success(scene.lines)) and not asking.standing_trouble(scene)


def _greeted(scene: Scene) -> bool:
    """The page greets a person by name, or says that they are signed in."""
    return any(
        re.match(r"(?i:welcome(?: back)?|hello|hi|good (?:morning|afternoon|evening)),? [A-Z]\w+", line.text)
        or re.search(r"\b(?:you are|you're|you’re|now) (?:signed|logged) in\b", line.text, re.IGNORECASE)
        for line in scene.lines
        if len(line.text) < 60
    )


def wanted(step: Verify) -> str:
    """What is to be seen, for people."""
    if step.state == "success":
        return "a sign that it worked"
    if step.state:
        return f"{step.words or 'the user'} {step.state.replace('_', ' ')}".strip()
    about = f" for “{step.about}”" if step.about else ""
    return f"{'' if step.present else 'no '}“{step.words}”{about}"


def verify(session: Session, step: Verify) -> bool:
    """Look, wait a little, look further down; whether the screen shows it. The last look is the one it was seen in."""
    heard = tuple(session.memory.heard)

    def seen(look: Look) -> bool:
        return holds(look.scene, step, heard)

    if seen(session.look()) or session.sight.until(seen, PATIENCE_SECONDS):
        return True
    session.obstacles()
    return step.present and not step.state and _further_down(session, seen)


_COMPLAINS = re.compile(
    r"\b(?:wrong|incorrect|invalid|failed|error|expired|denied|declined|try\s+again|required|unavailable|unable|timed\s+out)\b",
    re.IGNORECASE,
)


def hindrance(session: Session, step: Verify) -> Stuck | None:
    """What stands in the way of what should be seen, so that a person can help; None when the screen just differs."""
    scene, missing = session.scene, f"The screen does not show {wanted(step)}: "
    if not scene.lines:
        return Stuck(asking.VERIFY_FAILED, f"{missing}it is empty. Resume to look again.")
    if wrong := asking.error_page(scene):
        return Stuck(asking.VERIFY_FAILED, f"{missing}it is an error page, “{asking.short(wrong, 80)}”. Please look.")
    says = asking.standing_trouble(scene)
    if says and _COMPLAINS.search(says) and not reading.within(step.words, says):
        return Stuck(asking.VERIFY_FAILED, f"{missing}the page says “{asking.short(says, 100)}”. Please look.")
    return None


def _further_down(session: Session, seen: Callable[[Look], bool]) -> bool:
    moved = 0
    for _ in range(3):
        if not session.scroll("down"):
            break
        moved += 1
        if seen(session.look()):
            return True
    for _ in range(moved):
        session.scroll("up")
    return False


def read(session: Session, step: Read) -> str:
    """What stands there, as read; "" when it is not found."""
    scene = session.scene
    if not step.words:
        return asking.short("\n".join(line.text for line in scene.lines), 900)
    found = _read(scene, step)
    bare = _IDLE.sub("", step.words)
    return found or (_read(scene, replace(step, words=bare)) if bare and bare != step.words else "")


_IDLE = re.compile(
    r"^(?:current|present|exact|full|total)\s+(?=\w)|\s+(?:number|no\.?|code|address|date|name)$", re.IGNORECASE
)


def _read(scene: Scene, step: Read) -> str:
    """The value under these very words."""
    if step.about:
        found = reading.column_value(scene, step.words, step.about)
        if found:
            return found
        return _of_record(scene, step)
    return _of_page(scene, step)


_SORTS = (
    (re.compile(r"\b(?:price|cost|amount|total|sum|fee)\b", re.IGNORECASE), lexicon.MONEY),
    (
        re.compile(r"\b(?:due|date|day|when)\b", re.IGNORECASE),
        re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}"),
    ),
)


def _of_record(scene: Scene, step: Read) -> str:
    """The value on the row or card of the record; on the whole page only when that is about nothing else."""
    if not reading.says(scene, step.about):
        return ""
    lines = reading.record_lines(scene, step.about)
    found = reading.value_of(replace(scene, lines=tuple(lines), controls=()), step.words)
    if found:
        return found
    for asked, sort in _SORTS:
        values = [value for line in lines for value in sort.findall(line.text)] if asked.search(step.words) else []
        if len(values) == 1:
            return str(values[0])
    heads = reading.headings(scene)[:2]
    return reading.value_of(scene, step.words) if any(reading.within(step.about, h.text) for h in heads) else ""


def _of_page(scene: Scene, step: Read) -> str:
    fields = [c for c in scene.controls if c.kind == INPUT and reading.same(step.words, c.label)]
    if fields:
        return fields[0].text
    named = {
        "heading": reading.title(scene),
        "title": reading.title(scene),
        "headline": reading.title(scene),
        "page title": reading.title(scene),
    }
    return named.get(step.words.lower()) or reading.value_of(scene, step.words)
