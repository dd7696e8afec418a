"""Signs that a goal is reached, as the screen shows them: a status, an entry in a list, no question left open. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coasty_local.agent import asking, reading, verifier, ways
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import Goal, Verify
from coasty_local.agent.scene import INPUT, SELECT, Control, Line, Scene


def state(scene: Scene, goal: Goal) -> str:
    """The word that says the act is done, where it stands for this record."""
    if not goal.key or not (ways.alone(scene, goal.key) or _in_table(scene, goal.key)):
        return ""
    for word in lexicon.done_words(goal.act):
        if verifier.holds(scene, Verify(words=word, about=goal.key)):
            cells = [line.text for line in scene.lines if reading.within(word, line.text) and len(line.text) < 60]
            return cells[0] if len(cells) == 1 else word.capitalize()
    return ""


def _in_table(scene: Scene, key: str) -> bool:
    """The key stands alone on a row of several cells."""
    rows = [reading.record_box(scene, line, key) for line in reading.find(scene, key)]
    return len(rows) == 1 and rows[0].w > scene.width * 0.5 and rows[0].h < scene.text_height * 5


def listed(scene: Scene, goal: Goal) -> bool:
    """The new thing stands on a page that is not its form."""
    typed = [
        c
        for c in scene.controls
        if c.kind in (INPUT, SELECT) and any(reading.within(value, c.text) for _, value in goal.slots)
    ]
    return bool(reading.find(scene, goal.key)) and not typed


_NOT_YET = re.compile(
    r"\b(?:will|would|shall|sure|not|yet|once|when|if|to be|cannot)\b|\?\s*$|can.?t be|n['’]t\b",
    re.IGNORECASE,
)


def message(new: Sequence[Line], done: Sequence[str], key: str = "") -> str:
    """The line among new ones that reports the act as done: with its own words, else any success."""
    told = [line for line in new if not _NOT_YET.search(line.text) and len(line.text) < 140]
    named = [line for line in told if reading.any_word(done, line.text)]
    about = next((line.text for line in named if key and reading.within(key, line.text)), "")
    return about or (named[0].text if named else "") or asking.success([x for x in told if len(x.text.split()) >= 2])


def another(scene: Scene, control: Control) -> bool:
    """The page has the same control more than once: one for each of several records."""
    return sum(reading.same(control.text, other.text) for other in scene.controls if other.kind == control.kind) > 1


def moved(scene: Scene, goal: Goal, before: Scene) -> str:
    """What the page newly says of the record once the control for the act has gone from it; "" while it has not."""
    if not goal.key or asks(scene) or goal.act == "edit" or reading.title(before) != reading.title(scene):
        return ""
    if ways.act_control(before, goal) is None or ways.act_control(scene, goal) is not None:
        return ""
    if not ways.keyed(scene, goal.key):
        return ""
    new = [line for line in reading.new_lines(before, scene) if not _NOT_YET.search(line.text)]
    about = [line for line in new if reading.within(goal.key, line.text) and not asking.trouble(None, _only(line))]
    rows = reading.record_lines(scene, goal.key)
    return next((line.text for line in [*about, *(line for line in new if line in rows)]), "")


def _only(line: Line) -> Scene:
    return Scene(0, 0, (line,))


def vanished(scene: Scene, goal: Goal, before: Scene) -> bool:
    """The thing stood on the page before the press, and the same page shows it no more."""
    same = reading.title(before) == reading.title(scene) and not asks(scene)
    return same and bool(goal.key) and ways.keyed(before, goal.key) and not ways.keyed(scene, goal.key)


def asks(scene: Scene) -> bool:
    """Whether the page wants to know something; what stands in an empty field is no question."""
    held = [c.box for c in scene.controls if c.kind == INPUT]
    return any(
        line.text.rstrip().endswith("?")
        or re.search(
            r"\w\? [A-Z]|are you sure|can.?t be undone|cannot be undone|please confirm", line.text, re.IGNORECASE
        )
        for line in scene.lines
        if not any(box.contains(*line.box.center) for box in held)
    )
