"""Filling fields by sight: text, secrets, lists, ticks; each value is read back before it counts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np

from coasty_local.agent import asking, dates, passwords, reading
from coasty_local.agent.asking import Stuck
from coasty_local.agent.contents import CARET, has_value, holds, kept_old, now_at, says_just, shows
from coasty_local.agent.planner import grammar
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import CHECK, INPUT, RADIO, SELECT, Box, Control, Line, Scene, Target
from coasty_local.agent.session import Session
from coasty_local.agent.sight import Look

_FEW = 2  # so few signs are read wrongly while the mark of the place to type stands beside them


def put(session: Session, control: Control, text: str, secret: bool, name: str) -> None:
    """Put a value into whatever kind of field this is. Raises Stuck when it does not end up there."""
    session.memory.filled, session.memory.filled_on = control.box, reading.title(session.scene)
    day, pattern = dates.meant(text), dates.hint(control)
    if day is not None and pattern and control.kind not in (CHECK, RADIO):
        put_date(session, control, day, pattern, name)
        return
    if control.kind == SELECT and not secret:
        pick_from(session, control, Target(text), name)
    elif control.kind in (CHECK, RADIO):
        tick(session, control, text.lower() not in ("no", "off", "false", "0"), name)
    elif secret or text in session.vault or grammar.secret_name(f"{control.label}"):
        passwords.put(session, control, text, name)
        session.memory.typed_secret = text
        if not (passwords.asks_twice(control) or passwords.of_old(control)):
            passwords.repeat(session, text)
    else:
        put_text(session, control, text, name)


def put_text(session: Session, control: Control, text: str, name: str) -> None:
    """Click, empty what is there, type, read back; a second try, then a person."""
    if says_just(session, session.look(), control, text):
        session.desk.say(f"{name.capitalize()} already says “{asking.short(text, 60)}”.")
        return
    before = session.look()
    for anew in (False, True):
        with session.turn(f"I type “{asking.short(text, 60)}” into {name}."):
            _enter(session, control, text, name, anew)
            look = session.look()
        held = holds(session, look, control, text) and not kept_old(look.scene, control, text)
        if held or _from_menu(session, before.scene, control, text, name):
            return
        if len(text) <= _FEW and session.sight.glance(partial(shows, session, control, text), 1.2):
            return
    there = now_at(session.scene, control)
    raise Stuck(
        asking.NO_PROGRESS,
        f"I typed into {name}, but it reads “{asking.short(there.text, 60)}”. Please check the field; resume to go on.",
    )


def _from_menu(session: Session, before: Scene, control: Control, text: str, name: str) -> bool:
    """What looks like a field may open a list of its own: then the value is taken from there, and must show."""
    line = offered(before, session.scene, text)
    below = line is not None and 0 <= line.box.y - control.box.y < before.text_height * 24
    if line is None or not below or not reading.same(text, line.text):
        return False
    with session.turn(f"I choose “{asking.short(text, 60)}” in {name} from the open list."):
        session.hands.click(line, f"“{text}”")
        look = session.look()
    return _shows(session, look, control, text)


def put_date(session: Session, control: Control, day: date, pattern: str, name: str) -> None:
    """Type a date in the order that the field shows; read its digits back. A browser's own field takes no signs."""
    words = dates.spelled(day, pattern)
    box = control.box
    start = (
        replace(control, kind=INPUT, box=Box(box.x + box.h // 4, box.y, box.h, box.h))
        if dates.own(pattern)
        else control
    )
    for plain in (dates.own(pattern), False):
        with session.turn(f"I type the date “{words}” into {name}."):
            session.hands.click(start, name)
            if not plain:
                session.hands.clear()
            session.hands.type_text(reading.digits(words) if plain else words, f"Type into {name}")
            look = session.look()
        read = (now_at(look.scene, control).text, session.eyes.read(look.image, control.box))
        if any(_dated(text, words) for text in read):
            return
    shown = asking.short(now_at(session.scene, control).text, 60)
    raise Stuck(asking.NO_PROGRESS, f"I typed the date “{words}” into {name}, but it reads “{shown}”. Please check it.")


def _dated(shown: str, words: str) -> bool:
    """The same digits, and signs between them: a field that sets none has taken them for one number."""
    shown = CARET.sub("", shown.strip())
    same = reading.digits(shown) == reading.digits(words)
    return same and len(re.findall(r"\d+", shown)) == len(re.findall(r"\d+", words))


def marked(scene: Scene, words: str) -> Control | None:
    """The one check box whose words hold all of these, in whatever form the page says them; never one that denies
    them."""
    wanted = {_root(word) for word in reading.plain(words).split()} - _IDLE
    wanted = wanted - {"accept"} or wanted
    found = []
    for control in scene.controls:
        said = {_root(word) for word in reading.plain(control.text or control.label).split()}
        if control.kind in (CHECK, RADIO) and wanted and wanted <= said and not (said ^ wanted) & _DENYING:
            found.append(control)
    return found[0] if len(found) == 1 else None


_IDLE = frozenset("the a an to i we you my your our of and with box me please".split())
_DENYING = frozenset("not no never dont without except opt out unsubscribe decline refuse".split())


def _root(word: str) -> str:
    """The word without its ending, and one for words that mean consent."""
    word = "accept" if word in ("agree", "consent", "accepting", "accepted") else word
    return word.removesuffix("s") if len(word) > 3 else word


def secret(name: str) -> bool:
    return grammar.secret_name(name)


def _enter(session: Session, control: Control, text: str, name: str, anew: bool) -> None:
    """Type into the field, emptied first where it may hold something: on a second try it does."""
    before = session.look()
    session.hands.click(control, name)
    if anew or (reading.folded(control.text) and (has_value(session, before, control))):
        session.hands.clear()
    session.hands.type_text(text, f"Type into {name}")


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
    shown = now_at(session.scene, control).text
    if reading.same(words, shown):
        session.desk.say(f"{name.capitalize()} already says “{words}”.")
        return
    before = session.look()
    if reading.within(words, shown) and not _other_offered(session, control, words, name):
        session.desk.say(f"{name.capitalize()} already says “{asking.short(shown, 40)}”.")
        return
    for by_hand in (False, True):
        with session.turn(f"I choose “{words}” in {name}{' from the open list' if by_hand else ''}."):
            line = offered(before.scene, session.scene, words) if by_hand else None
            if line is None:
                session.hands.click(control, name)
            if by_hand:
                line = line or offered(before.scene, session.scene, words)
                if line is not None:
                    session.hands.click(line, f"“{words}”")
            else:
                _find_in(session, control, words)
            after = session.look()
        if _shows(session, after, control, words):
            return
    reason = f"I can't choose “{words}” in {name}: it shows “{asking.short(now_at(after.scene, control).text, 40)}”."
    raise Stuck(asking.NOT_FOUND, reason, target=words)


def _other_offered(session: Session, control: Control, words: str, name: str) -> bool:
    """The list says more than what is wanted ("Pro Plus" for "Pro"): whether just this is offered, too; chosen then."""
    before = session.look()
    with session.turn(f"I open {name} to see whether it offers just “{words}”."):
        session.hands.click(control, name)
    line = offered(before.scene, session.scene, words)
    with session.turn(f"I choose “{words}” in {name}." if line else f"I close {name}."):
        if line is not None and reading.same(words, line.text):
            session.hands.click(line, f"“{words}”")
        else:
            session.hands.press(["Escape"])
    return line is not None and reading.same(words, line.text)


def _shows(session: Session, look: Look, control: Control, words: str) -> bool:
    there = now_at(look.scene, control)
    return reading.within(words, there.text) or holds(session, look, control, words)


def _find_in(session: Session, control: Control, words: str) -> None:
    """Type into a list that was clicked and take what it proposes: by Enter, or where proposals come up below a field,
    with the mouse."""
    before = session.scene
    if control.kind == INPUT and has_value(session, session.look(), control):
        session.hands.clear()
    session.hands.type_text(words, f"Type “{words}” to find it in the list")
    line = offered(before, session.scene, words) if control.kind == INPUT else None
    if line is not None and control.box.bottom - 4 <= line.box.y and line.box.x < control.box.right:
        session.hands.click(line, f"“{words}”")
    else:
        session.hands.press(["Enter"])


def offered(before: Scene, after: Scene, words: str) -> Control | None:
    """The option in a list that has opened: text that was not there before."""
    known = [line.box for line in before.lines if reading.within(words, line.text)]
    for line in sorted(after.lines, key=lambda line: not reading.same(words, line.text)):
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
    return by_label(scene, name) or _only_list(scene, name)


def _only_list(scene: Scene, name: str) -> Control | None:
    """The one list of a form, where it has no name: what is asked for is a kind of thing that is chosen, not typed."""
    lists = [c for c in scene.controls if c.kind == SELECT and c.enabled]
    return lists[0] if len(lists) == 1 and _nameless(lists[0]) and name in _CHOSEN else None


_CHOSEN = frozenset(
    "role status plan department team priority category type country language currency assignee".split()
)


def by_label(scene: Scene, name: str) -> Control | None:
    """A field without a name of its own that stands right of, else right below, a line that is the name."""
    for line in scene.lines:
        if not any(reading.same(word, line.text.rstrip(":* ")) for word in (name, *lexicon.field_aliases(name))):
            continue
        nameless = [
            c
            for c in scene.controls
            if c.kind in (INPUT, SELECT)
            and _nameless(c)
            and c.box.right > line.box.x
            and c.box.center[1] > line.box.y
            and not _heads(scene, line, c)
        ]
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


def _heads(scene: Scene, line: Line, control: Control) -> bool:
    """The line is the head of a column and the control a row of the table: other heads stand over it, too."""
    others = [o for o in scene.lines if o is not line and reading.on_row(scene, line.box, o.box)]
    return control.box.y > line.box.bottom and any(control.box.x < o.box.center[0] < control.box.right for o in others)


def _nameless(control: Control) -> bool:
    """No label of its own: what is taken for one is the pattern of a date, or the value it holds."""
    return not control.label or reading.same(control.label, control.text) or bool(dates.hint(replace(control, text="")))


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
    return says_just(session, session.look(), control, value)


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
