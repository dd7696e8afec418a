"""Choosing an option and setting marks: lists, radio buttons, cards, check boxes, switches."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from coasty_local.agent import fields, reading
from coasty_local.agent.planner import steps
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.scene import BUTTON, CHECK, INPUT, LINK, RADIO, SELECT, Control, Target
from coasty_local.agent.session import Session

Click = Callable[[Session, steps.Click], str]
_KIND = re.compile(r"\s+(?:plan|option|card|tier|package|method|mode|slot|entry|item)$", re.IGNORECASE)


_OF = re.compile(r"[a-z][a-z ]*\s(?:at|for|with|of|called|named|to)\s(?P<row>\S.*)")


def _picks(row: str) -> Target:
    """The button that picks what the row is about."""
    return Target("Select", (BUTTON, LINK), row=row, aliases=("Choose", "Pick", "Take"))


def choose(session: Session, step: steps.Choose, click: Click) -> str:
    """Pick the option; `click` presses what is neither in a list nor a mark."""
    option = step.option
    if step.source_list is not None:
        source = replace(step.source_list, kinds=step.source_list.kinds or (SELECT, INPUT, BUTTON))
        named = session.seen(replace(option, kinds=(RADIO, CHECK)))
        holder = session.seen(source)
        card = session.seen(replace(option, kinds=(BUTTON,)))
        if (holder is None or holder.kind not in (SELECT, INPUT)) and card is not None and card.kind == BUTTON:
            return click(session, steps.Click(target=replace(option, kinds=(BUTTON,)), source=step.source))
        control = (
            named
            if named is not None and named.kind in (RADIO, CHECK)
            else session.seen(source) or session.find(source)
        )
        if control.kind in (RADIO, CHECK):
            fields.tick(session, control, True, f"“{option.words}”")
        else:
            fields.pick_from(session, control, option, f"the “{step.source_list.words}” list")
        return f"Chose “{option.words}”."
    marked = session.seen(replace(option, kinds=(RADIO, CHECK)))
    if marked is not None and marked.kind in (RADIO, CHECK):
        control = marked
        fields.tick(session, control, True, f"“{option.words}”")
        return f"Chose “{option.words}”."
    if session.seen(option) is None:
        for words, listed in _split(option.words):
            held = session.seen(Target(listed, (SELECT,), aliases=lexicon.field_aliases(listed)))
            mark = fields.marked(session.scene, words)
            if mark is not None and mark.kind == RADIO:
                fields.tick(session, mark, True, f"“{words}”")
                return f"Chose “{words}”."
            if held is not None and held.kind == SELECT:
                fields.pick_from(session, held, Target(words), f"the “{listed}” list")
                return f"Chose “{words}” in “{listed}”."
        if (under := _under(session, option.words)) is not None:
            return click(session, steps.Click(target=under, source=step.source))
        lists = [c for c in session.scene.controls if c.kind == SELECT]
        if len(lists) == 1:
            fields.pick_from(session, lists[0], option, "the list")
            return f"Chose “{option.words}”."
        if (of := _OF.fullmatch(option.words)) and session.seen(_picks(of.group("row"))) is not None:
            return click(session, steps.Click(target=_picks(of.group("row")), source=step.source))
        plain = replace(option, words=_KIND.sub("", option.words))  # "the Basic plan" is a card that says Basic
        option = plain if plain.words and session.seen(plain) is not None else option
    return click(session, steps.Click(target=option, source=step.source))


def _split(words: str) -> list[tuple[str, str]]:
    """ "Express shipping" may be Express in the list Shipping, "2 guests" the 2 of Guests, "priority High" its High."""
    parts = words.split()
    return [(" ".join(parts[:-1]), parts[-1]), (" ".join(parts[1:]), parts[0])] if len(parts) > 1 else []


def _under(session: Session, words: str) -> Target | None:
    """ "Wednesday 09:00" is the 09:00 that stands right below Wednesday, with no other day between."""
    scene, unit = session.scene, session.scene.text_height
    for what, head in (pair for at in _split(words) for pair in (at, at[::-1])):
        heads = [line for line in scene.lines if reading.same(head, line.text)]
        places = [c for c in scene.controls if c.kind in (BUTTON, LINK) and reading.same(what, c.text)]
        if len(heads) != 1 or len(places) < 2:
            continue
        top = heads[0].box
        peers = [x.box for x in scene.lines if x is not heads[0] and abs(x.box.x - top.x) <= 3 and x.box.y > top.y]
        below = [c for c in places if c.box.y > top.y]
        nearest = min(below, key=lambda c: c.box.y, default=None)
        if nearest is None or nearest.box.y - top.bottom > 3 * unit or any(p.y < nearest.box.y - unit for p in peers):
            continue
        row = [c for c in below if reading.on_row(scene, nearest.box, c.box)]
        order = sorted(places, key=lambda c: (c.box.y, c.box.x))
        if len(row) == 1:
            return Target(what, (BUTTON, LINK), ordinal=order.index(nearest) + 1)
    return None


def check(session: Session, step: steps.Check, click: Click) -> str:
    """Set the mark; `click` presses what is no mark but says the words."""
    control = session.seen(step.target)
    if control is None or control.kind not in (CHECK, RADIO):
        control = _cell(session, step.target) or control
    if not step.target.row and (control is None or control.kind not in (CHECK, RADIO)):
        control = fields.marked(session.scene, step.target.words) or control
    if control is None and (several := _several(session, step)):
        return " ".join(check(session, one, click) for one in several)
    control = control or session.find(step.target)
    if control.kind in (CHECK, RADIO):
        fields.tick(session, control, step.on, f"“{step.target.words or step.target.row}”")
        return f"{'Ticked' if step.on else 'Unticked'} “{step.target.words or step.target.row}”."
    mark = _beside(session, control)
    if mark is not None:
        fields.tick(session, mark, step.on, f"“{step.target.words}”")
        return f"{'Ticked' if step.on else 'Unticked'} “{step.target.words}”."
    return click(session, steps.Click(target=step.target, source=step.source))


def in_row(session: Session, named: Target, value: str) -> str:
    """ "Set Ada Byron to absent": the name is no field but a row, and the value one of its marks, else ""."""
    if named.row or named.ordinal is not None or not named.words or session.seen(named) is not None:
        return ""
    lines = reading.find(session.scene, named.words)
    if len(lines) != 1 or fields.by_label(session.scene, named.words) is not None:
        return ""
    place = reading.record_box(session.scene, lines[0], named.words)
    inside = [c for c in session.scene.controls if c.kind in (RADIO, CHECK) and place.contains(*c.box.center)]
    marks = [c for c in inside if reading.same(value, c.text or c.label)]
    if len(marks) != 1 or len(inside) < 2:
        return ""
    fields.tick(session, marks[0], True, f"“{value}” in the row of “{named.words}”")
    return f"Chose “{value}” for “{named.words}”."


def unframed(session: Session, named: Target, value: str) -> str:
    """A list whose frame was not seen: what stands below its name is pressed, and the value taken from what opens.
    "" when there is a field of that name, or nothing that opens offers just the value."""
    scene = session.scene
    if named.row or named.ordinal is not None or not named.words or session.seen(named) is not None:
        return ""
    heads = [line for line in scene.lines if reading.same(named.words, line.text)]
    if len(heads) != 1 or fields.by_label(scene, named.words) is not None:
        return ""
    head, unit = heads[0].box, scene.text_height
    below = [
        x for x in scene.lines if 0 < x.box.y - head.bottom + 2 < 2.2 * unit and 0 <= x.box.x - head.x + 2 < 2.2 * unit
    ]
    taken = [c.box for c in scene.controls if c.kind in (BUTTON, LINK, CHECK, RADIO)]
    if len(below) != 1 or any(box.overlap(below[0].box) > 0 for box in taken):
        return ""
    shown = reading.as_control(below[0])
    with session.turn(f"I press “{shown.text}” below “{named.words}” to see what it offers."):
        session.hands.click(shown, f"“{shown.text}”")
    offered = fields.offered(scene, session.scene, value)
    if offered is None or not reading.same(value, offered.text):
        return ""
    with session.turn(f"I choose “{value}” for “{named.words}”."):
        session.hands.click(offered, f"“{value}”")
    there = [x for x in session.scene.lines if x.box.overlap(below[0].box) > 0 and reading.same(value, x.text)]
    return f"Chose “{value}” for “{named.words}”." if there else ""


def _cell(session: Session, target: Target) -> Control | None:
    """The mark where the row of the target meets the column that is headed by its words."""
    scene, found = session.scene, []
    lines = reading.find(scene, target.row) if target.row else []
    heads = reading.find(scene, target.words) if target.words else []
    for head in heads:
        for line in lines if len(lines) == 1 else ():
            place = reading.record_box(scene, line, target.row)
            found += [
                c
                for c in scene.controls
                if c.kind in (CHECK, RADIO)
                and place.contains(*c.box.center)
                and head.box.bottom <= c.box.y
                and head.box.x - scene.text_height <= c.box.center[0] <= head.box.right + scene.text_height
            ]
    return found[0] if len({c.box for c in found}) == 1 else None


def _several(session: Session, step: steps.Check) -> list[steps.Check]:
    """ "Sunday and Saturday" are two marks where the screen has two of these names."""
    parts = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", step.target.words)
    targets = [replace(step.target, words=part) for part in parts]
    if len(parts) < 2 or any((found := session.seen(t)) is None or found.kind not in (CHECK, RADIO) for t in targets):
        return []
    return [replace(step, target=target) for target in targets]


def _beside(session: Session, control: Control) -> Control | None:
    """The check mark on the same row as a text, nearest to it."""
    marks = [
        c
        for c in session.scene.controls
        if c.kind in (CHECK, RADIO) and reading.on_row(session.scene, control.box, c.box)
    ]
    return min(marks, key=lambda c: abs(c.box.x - control.box.x), default=None)
