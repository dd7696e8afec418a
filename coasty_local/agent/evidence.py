"""Signs that a goal is reached, as the screen shows them: a status, an entry in a list, no question left open. Pure."""

from __future__ import annotations

import re

from coasty_local.agent import reading, verifier, ways
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import Goal, Verify
from coasty_local.agent.scene import INPUT, SELECT, Scene


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


def asks(scene: Scene) -> bool:
    return any(
        line.text.rstrip().endswith("?")
        or re.search(r"are you sure|can.?t be undone|cannot be undone|please confirm", line.text, re.IGNORECASE)
        for line in scene.lines
    )
