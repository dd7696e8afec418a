"""Filling fields by sight: text, secrets, lists, ticks; each value is read back before it counts."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np
from rapidfuzz import fuzz

from coasty_local.agent import asking, reading
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import grammar
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import CHECK, INPUT, PANEL, RADIO, SELECT, TEXT, Box, Control, Scene, Target
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


def _beside(scene: Scene, box: Box, field: Box) -> bool:
    """In or right below the place taken for a field: its frame may be seen a little off."""
    gap = max(box.y - field.bottom, field.y - box.bottom)
    return gap < scene.text_height * 3 and field.x - 4 <= box.x < field.right


def _reads(shown: str, text: str) -> bool:
    given, wanted = reading.folded(shown), reading.folded(text)
    if not wanted:
        return not given
    if wanted in given:
        return len(wanted) > 2 or given == wanted
    if len(given) < 3:
        return False
    if len(wanted) <= 5:
        return fuzz.ratio(given, wanted) >= 85
    return fuzz.partial_ratio(given, wanted) >= _ALIKE and len(given) >= min(6, len(wanted) - 1)


def put(session: Session, control: Control, text: str, secret: bool, name: str) -> None:
    """Put a value into whatever kind of field this is. Raises Stuck when it does not end up there."""
    if control.kind == SELECT and not secret:
        pick_from(session, control, Target(text), name)
    elif control.kind in (CHECK, RADIO):
        tick(session, control, text.lower() not in ("no", "off", "false", "0"), name)
    elif secret or text in session.vault or grammar.secret_name(f"{control.label}"):
        put_secret(session, control, text, name)
    else:
        put_text(session, control, text, name)


def put_text(session: Session, control: Control, text: str, name: str) -> None:
    """Click, empty what is there, type, read back; a second try, then a person."""
    if holds(session, session.look(), control, text):
        session.desk.say(f"{name.capitalize()} already says “{asking.short(text, 60)}”.")
        return
    for _ in range(2):
        with session.turn(f"I type “{asking.short(text, 60)}” into {name}."):
            _enter(session, control, text, name)
            look = session.look()
        if holds(session, look, control, text):
            return
    there = now_at(session.scene, control)
    raise Stuck(
        asking.NO_PROGRESS,
        f"I typed into {name}, but it reads “{asking.short(there.text, 60)}”. Please check the field; resume to go on.",
    )


def _enter(session: Session, control: Control, text: str, name: str) -> None:
    before = session.look()
    session.hands.click(control, name)
    if reading.folded(control.text) and (has_value(session, before, control)):
        session.hands.clear()
    session.hands.type_text(text, f"Type into {name}")


def has_value(session: Session, look: Look, control: Control) -> bool:
    """Whether the field holds something typed: text that is neither its label nor pale placeholder text can be told
    only by trying, so any text counts unless it is the label."""
    there = now_at(look.scene, control)
    return bool(there.text.strip()) and not reading.same(there.text, there.label)


def put_secret(session: Session, control: Control, text: str, name: str) -> None:
    """Type a secret only where it shows as dots: one character, look, then the rest."""
    session.vault.learn([text])
    before = session.look()
    if masked(session, before.image, control.box) is True and control.box in session.memory.secret_boxes:
        return
    for attempt in range(2):
        shown: list[bool | None] = []
        with session.turn(f"I type the secret into {name}."):
            session.hands.click(control, name)
            if attempt or masked(session, before.image, control.box) is True:
                session.hands.clear()
            look = partial(_dots, session, control, shown)
            typed = session.hands.type_secret(text, f"Type a secret into {name}", look)
        if typed and masked(session, session.look().image, control.box) is True:
            session.memory.secret_boxes.append(control.box)
            return
        if shown and shown[-1] is False:
            break
    raise Stuck(
        asking.CREDENTIAL,
        f"Password not typed: {name} shows what is typed in clear letters, so I erased it. Please take "
        f"over and type it yourself.",
    )


def masked(session: Session, image: Image, box: Box) -> bool | None:
    """Whether the field shows dots; looked at once more a little further in, where round corners do not reach."""
    seen = session.eyes.masked(image, box)
    inner = Box(box.x + 4, box.y + 4, max(1, box.w - 8), max(1, box.h - 8))
    return seen if seen is True else session.eyes.masked(image, inner)


def _dots(session: Session, control: Control, shown: list[bool | None]) -> bool:
    """Whether the first character shows as a dot; some fields show it for a moment in clear, so one more look
    is taken."""
    for _ in range(3):
        image = session.eyes.still(session.sight.grab, session.desk.check, 1.0)
        shown.append(masked(session, image, control.box))
        if shown[-1] is True:
            return True
    return False


def tick(session: Session, control: Control, on: bool, name: str) -> None:
    """Set a check box or a radio button; nothing is done when it already is so."""
    if control.checked is on:
        session.desk.say(f"{name.capitalize()} is already {'ticked' if on else 'not ticked'}.")
        return
    for _ in range(2):
        with session.turn(f"I {'tick' if on else 'untick'} {name}."):
            before = session.look()
            session.hands.click(control, name)
            there = now_at(session.scene, control)
        if there.kind in (CHECK, RADIO) and there.checked is on:
            return
        after = session.look()
        if control.checked is None and session.sight.changed(before, after):
            return
        # a filled mark may no longer be told from its words: then its ink says whether it is set
        more = _ink(after.image, control.box) - _ink(before.image, control.box)
        if there.kind not in (CHECK, RADIO) and (more > 0.1 if on else more < -0.1):
            return
    raise Stuck(asking.NO_PROGRESS, f"I clicked {name}, but it does not show as {'ticked' if on else 'not ticked'}.")


def _ink(image: Image, box: Box) -> float:
    """The share of a small box that differs from the paper around it."""
    around = image[max(0, box.y - 3) : box.bottom + 3, max(0, box.x - 3) : box.right + 3].reshape(-1, 3)
    paper = np.median(np.concatenate([around[:20], around[-20:]]), axis=0)
    inner = image[max(0, box.y) : box.bottom, max(0, box.x) : box.right].astype(np.int16)
    return float((np.abs(inner - paper).max(axis=2) > 60).mean()) if inner.size else 0.0


def pick_from(session: Session, control: Control, option: Target, name: str) -> None:
    """Pick an option of a list: by keyboard, as the browser's own lists take it, else from the list as it opens."""
    words = option.words
    if reading.within(words, now_at(session.scene, control).text):
        session.desk.say(f"{name.capitalize()} already says “{words}”.")
        return
    before = session.look()
    for by_hand in (False, True):
        with session.turn(f"I choose “{words}” in {name}{' from the open list' if by_hand else ''}."):
            line = _offered(before.scene, session.scene, words) if by_hand else None
            if line is None:
                session.hands.click(control, name)
            if by_hand:
                line = line or _offered(before.scene, session.scene, words)
                if line is not None:
                    session.hands.click(line, f"“{words}”")
            else:
                session.hands.type_text(words, f"Type “{words}” to find it in the list")
                session.hands.press(["Enter"])
            after = session.look()
        if _shows(session, after, control, words):
            return
    reason = f"I can't choose “{words}” in {name}: it shows “{asking.short(now_at(after.scene, control).text, 40)}”."
    raise Stuck(asking.NOT_FOUND, reason, target=words)


def _shows(session: Session, look: Look, control: Control, words: str) -> bool:
    there = now_at(look.scene, control)
    return reading.within(words, there.text) or holds(session, look, control, words)


def _offered(before: Scene, after: Scene, words: str) -> Control | None:
    """The option in a list that has opened: text that was not there before."""
    known = [line.box for line in before.lines if reading.within(words, line.text)]
    for line in after.lines:
        short = reading.within(words, line.text) and len(line.text) < len(words) + 12
        if (short or reading.same(words, line.text)) and not any(box.overlap(line.box) > 0 for box in known):
            return reading.as_control(line)
    return None


def slot_field(session: Session, name: str, value: str) -> Control | None:
    """The field of the form on screen that the named value belongs to; a radio button when the value is one of
    its choices."""
    scene = session.scene
    options = [
        c
        for c in scene.controls
        if c.kind in (RADIO, CHECK) and (reading.same(value, c.text) or reading.same(value, c.label))
    ]
    if len(options) == 1 and not lexicon.EMAIL.fullmatch(value):
        return options[0]
    found = session.seen(Target(name, (INPUT, SELECT), aliases=lexicon.field_aliases(name)))
    if found is not None and found.kind in (INPUT, SELECT) and not _foreign(found, name):
        return found
    return by_label(scene, name)


def by_label(scene: Scene, name: str) -> Control | None:
    """A field without a name of its own that stands right of, else right below, a line that is the name."""
    for line in scene.lines:
        if not any(reading.same(word, line.text.rstrip(":* ")) for word in (name, *lexicon.field_aliases(name))):
            continue
        nameless = [c for c in scene.controls if c.kind in (INPUT, SELECT) and not c.label and c.box.right > line.box.x]
        beside = [
            c for c in nameless if c.box.y <= line.box.center[1] <= c.box.bottom and c.box.x >= line.box.right - 4
        ]
        below = [
            c
            for c in nameless
            if 0 <= c.box.y - line.box.bottom + 4 < scene.text_height * 2 and c.box.x <= line.box.right
        ]
        for group in (beside, below):
            if group:
                return replace(min(group, key=lambda c: (c.box.x, c.box.y)), label=line.text)
    return None


def _foreign(control: Control, name: str) -> bool:
    """A search box takes no value of a form, and a password field only a password."""
    words = f"{control.label} {control.text}"
    if re.search(r"\bsearch\b", words, re.IGNORECASE) and "search" not in name:
        return True
    return grammar.secret_name(control.label) and not grammar.secret_name(name)


def already(session: Session, control: Control, value: str) -> bool:
    """Whether the field holds the value, or the mark is set."""
    if control.kind in (CHECK, RADIO):
        return control.checked is True
    if control.kind == SELECT:
        return reading.within(value, control.text)
    return holds(session, session.look(), control, value)


def fill(session: Session, slots: tuple[tuple[str, str], ...], required: bool = True) -> int:
    """Fill the named values into the form on screen; how many found their field. Raises Stuck for one without
    a field."""
    done = 0
    for name, value in slots:
        field = slot_field(session, name, value)
        if field is None and required:
            field = session.find(
                Target(name, (INPUT, SELECT), aliases=lexicon.field_aliases(name)), f"a field for {name}"
            )
        if field is not None:
            put(session, field, value, grammar.secret_name(name), f"the {name} field")
            done += 1
    return done
