"""Forms of acts that a task spells out: find the form, enter every value, then press the control that belongs to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial

from coasty_local.agent import asking, evidence, fields, grounder, passwords, paying, reading, relations, ways
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.slots import TICKED, UNTICKED
from coasty_local.agent.planner.steps import Again, Commit, Enter
from coasty_local.agent.scene import BUTTON, CHECK, INPUT, RADIO, SELECT, Box, Candidate, Control, Scene, Target
from coasty_local.agent.session import SCROLLS, Session
from coasty_local.agent.sight import Look

_DOORS = 3  # controls tried on the way to a form
_PAGES = 4  # pages that a form may have before the control that the task means
_ONWARD = ("continue", "proceed", "go on", "next")
_TEXTS = ("message", "comment", "note", "reply")


@dataclass
class Trail:
    """How far an act has come; kept when it parks, so that it goes on and does not begin anew."""

    tried: set[str] = field(default_factory=set)  # doors that were opened
    pressed: set[str] = field(default_factory=set)  # controls pressed, by words and page
    given: set[str] = field(default_factory=set)  # values that are in their fields
    last: str = ""
    before: Scene | None = None  # what the screen showed before the last press
    entered: bool = False  # whether that press sent a form


def enter(session: Session, step: Enter) -> str:
    """Put every value of the step into its field. Raises Stuck for one without a field; nothing is pressed then."""
    trail = session.trail(f"enter {step.source or step!r}", Trail)
    _reach(session, step, trail)
    for _ in range(_PAGES):
        left = [slot for slot in step.slots if slot[0] + slot[1] not in trail.given]
        for name, value in left:
            control = _field(session, name, value) or _further(session, name, value)
            if control is not None:
                shown = name or reading.name(control)
                fields.put(session, control, value, fields.secret(name), f"the {shown} field")
                trail.given.add(name + value)
        left = [slot for slot in left if slot[0] + slot[1] not in trail.given and not _about(session, trail, slot)]
        if not left:
            break
        onward = relations.onward(session.scene, filled(session)) if relations.steps_left(session.scene) else None
        if onward is None:
            name, value = left[0]
            what = f"a field for the {name} “{value}”" if name else f"“{value}” to choose"
            raise Stuck(asking.NOT_FOUND, session.not_found(what), target=name or value)
        _press(session, step, trail, onward)
    return f"Filled in {', '.join(name or value for name, value in step.slots)}."


def filled(session: Session) -> Box | None:
    """The field that was filled in last, while it is on the screen."""
    box = session.memory.filled
    if box is None or reading.title(session.scene) == session.memory.filled_on:
        return box
    held = (INPUT, SELECT, CHECK, RADIO)
    return box if any(c.kind in held and c.box.overlap(box) > 0 for c in session.scene.controls) else None


def _reach(session: Session, step: Enter, trail: Trail) -> None:
    """Get to the form that has the fields, through what names the act."""
    for _ in range(_DOORS):
        session.obstacles()
        whole = session.sight.until(lambda _: _known(session, step) == len(step.slots), 0.8)
        whole = whole or _known(session, step) * 2 > len(step.slots)
        if whole and not _other_form(session, step):
            return
        doors = relations.doors(session.scene, step.verb, step.noun, trail.tried)
        door = _one(session, step.verb, doors, _bare(step)) if doors else None
        if door is None:
            return
        session.guard(door, step.noun, spelled_out=False)
        trail.tried.add(ways.mark(session.scene, door))
        if len(doors) > 1 and _bare(step):
            trail.given.add(_bare(step))
        with session.turn(f"I open “{reading.name(door)}” to {step.verb} {step.noun}.".replace(" .", ".")) as before:
            session.hands.click(door, f"“{reading.name(door)}”")
            session.sight.until(partial(_moved, session, before), 2.0)


def _about(session: Session, trail: Trail, slot: tuple[str, str]) -> bool:
    """A value without a name is the thing itself: its own page is open, or the form of its row."""
    name, value = slot
    return not name and (value in trail.given or ways.titled(session.scene, value))


def _moved(session: Session, before: Look, look: Look) -> bool:
    return bool(session.sight.changed(before, look))


def _bare(step: Enter) -> str:
    """The value without a name: what the act is about, such as the kind of room."""
    return next((value for name, value in step.slots if not name), "")


def _other_form(session: Session, step: Enter) -> bool:
    """A sign-in form has fields for an email and a password, too, but is not where somebody new signs up."""
    scene = session.scene
    ways_in = [c for c in scene.controls if c.kind == BUTTON and any(reading.same(w, c.text) for w in lexicon.SIGN_IN)]
    return step.verb != "sign in" and bool(ways_in) and bool(asking.password_fields(scene))


def _one(session: Session, verb: str, group: list[Control], row: str) -> Control:
    """The one that is meant: on the row of what the act is about, or the one that a person picks."""
    if len(group) > 1 and row:
        near = grounder.settle(grounder.find(session.scene, Target(group[0].text, (group[0].kind,), row=row)))
        if near.kind == "one":
            group = [near.candidates[0].control]
    outside = [c for c in group if not reading.in_menu(session.scene, c)]
    if len(outside) == 1 and all(reading.same(c.text, outside[0].text) for c in group):
        return outside[0]  # the menu leads there as well
    if len(group) == 1:
        return group[0]
    picked = session.memory.picks.get(verb)
    if picked is not None:
        return min(group, key=lambda c: abs(c.box.x - picked.x) + abs(c.box.y - picked.y))
    names = ", ".join(f"{at} “{asking.short(reading.name(c), 30)}”" for at, c in enumerate(group[:6], 1))
    raise Stuck(
        asking.AMBIGUOUS,
        f"Which one? “{verb}” could be: {names}. Answer with the number.",
        target=verb,
        candidates=[Candidate(control, 1.0) for control in group[:6]],
    )


def _known(session: Session, step: Enter) -> int:
    """How many of the values have a field on screen."""
    found = [
        _field(session, name, value) or (not name and ways.titled(session.scene, value)) for name, value in step.slots
    ]
    return sum(bool(field) for field in found)


def _field(session: Session, name: str, value: str) -> Control | None:
    if not name:
        return _option(session.scene, value)
    if value in (TICKED, UNTICKED):
        found = fields.marked(session.scene, name)
        if found is not None or value == UNTICKED:
            return found
    found = fields.slot_field(session, name, value)
    if found is None and (" for " in name or name.startswith("to the ")):  # "note for the driver" may be called Note
        name = "recipient" if name.startswith("to ") else name.split(" for ")[0]
        found = fields.slot_field(session, name, value)
    if found is not None or name not in _TEXTS:
        return found
    blank = [
        c
        for c in session.scene.controls
        if c.kind == INPUT and not reading.any_word(("search",), c.label + c.text) and (c.label or _open(c.text))
    ]
    return blank[0] if len(blank) == 1 else None


def _open(text: str) -> bool:
    """Nothing stands in the place, or what invites to write there: a word in a frame may be an entry of a menu."""
    return not text or reading.any_word((*_TEXTS, "write", "type", "say", "enter", "answer"), text)


def _option(scene: Scene, value: str) -> Control | None:
    """Where a bare value is chosen: its radio button or box, else the list of kinds, else the only list."""
    marks = [c for c in scene.controls if c.kind in (RADIO, CHECK) and reading.same(value, c.text or c.label)]
    if len(marks) == 1:
        return marks[0]
    lists = [c for c in scene.controls if c.kind == SELECT]
    shown = [c for c in lists if reading.same(value, c.text)]
    kinds = [c for c in lists if re.search(r"\b(?:type|kind|category|sort|option)\b", c.label, re.IGNORECASE)]
    akin = [c for c in lists if c.label and reading.within(c.label, value)]
    titled = [c for c in lists if re.match(r"[A-Z]\w*\.", value) and c.text.split()[:1] == value.split()[:1]]
    return next((group[0] for group in (shown, akin, titled, kinds, lists) if len(group) == 1), None)


def _further(session: Session, name: str, value: str) -> Control | None:
    """The field further down the page."""
    for _ in range(SCROLLS):
        if not session.scroll("down"):
            return None
        if (found := _field(session, name, value)) is not None:
            return found
    return None


def again(session: Session, step: Again) -> str:
    """Type the known password where the page asks for it twice."""
    told = passwords.repeat(session, session.memory.typed_secret)
    return "Repeated the password." if told else "The page asks for the password only once."


# completing the act


def commit(session: Session, step: Commit) -> str:
    """Press the control that completes the act, page after page of a form, until the screen shows that it is done."""
    trail = session.trail(f"commit {step.source or step!r} {step.verb}", Trail)
    for _ in range(_PAGES):
        session.obstacles()
        if trail.before is not None and (told := _shown(session, step, trail)):
            return told
        control = _next(session, step, trail)
        _press(session, step, trail, control)
        if step.verb in _ONWARD:
            return f"Pressed “{trail.last}”; the page shows “{_title(session)}”."
    raise Stuck(asking.NO_PROGRESS, f"I get no further with “{step.source}”; the page shows “{_title(session)}”.")


def _title(session: Session) -> str:
    return asking.short(reading.title(session.scene), 70)


def _next(session: Session, step: Commit, trail: Trail) -> Control:
    """What to press next. Raises Stuck when there is nothing, or nothing but what was pressed before."""
    group = _related(session, step)
    if trail.before is not None and not group:
        group = _waiting(session.scene, step, trail.before)
    fresh = [c for c in group if ways.mark(session.scene, c) not in trail.pressed]
    if trail.before is not None:  # a second press: only what has come up since
        fresh = [c for c in fresh if reading.fresh(trail.before, c)]
        if not fresh:
            raise Stuck(
                asking.VERIFY_FAILED,
                f"I pressed “{trail.last}”, but I can't see that it worked; I do not press it twice.",
            )
    if fresh:
        return _one(session, step.verb, fresh, "")
    onward = relations.onward(session.scene, filled(session))
    if onward is None:
        what = f"what to press for “{step.source or step.verb}”"
        raise Stuck(asking.NOT_FOUND, session.not_found(what), target=f"{step.verb} {step.noun}".strip())
    return onward


def _related(session: Session, step: Commit) -> list[Control]:
    named = session.memory.aliases.get(f"{step.verb} {step.noun}".strip())
    if named:
        return [session.find(Target(named[0], (BUTTON,), aliases=named[1:]))]
    below = filled(session)
    found = relations.finals(session.scene, step.verb, step.noun, below)
    moved = 0
    while not found and below is not None and moved < SCROLLS and session.scroll("down"):
        moved += 1  # the form goes on below: everything in view stands under the field
        found = relations.finals(session.scene, step.verb, step.noun, Box(0, 0, 0, 0))
    return found


def _press(session: Session, step: Enter | Commit, trail: Trail, control: Control) -> None:
    """Press it by the policy; raise when the page complains or does not move."""
    name, before = reading.name(control), session.scene
    pays = step.verb not in _ONWARD and paying.buys(step.verb, step.noun, before, control)
    session.guard(control, step.noun, spelled_out=False, pays=pays)
    entered = filled(session) is not None
    with session.turn(f"I press “{name}”.") as seen:
        trail.pressed.add(ways.mark(before, control))
        trail.last, trail.before, trail.entered = name, before, entered
        session.hands.click(control, f"“{name}”")
        moved = session.sight.until(lambda look: bool(session.sight.changed(seen, look)), 2.5)
    session.memory.filled = None
    session.memory.secrets_at.clear()
    says = asking.trouble(before, session.scene)
    if says:
        trail.pressed.discard(ways.mark(before, control))
        trail.before = None
        session.memory.filled = _lowest(session.scene) if entered else None
        raise Stuck(asking.VERIFY_FAILED, f"After “{name}” the page says “{asking.short(says, 120)}”.")
    if not moved:
        raise Stuck(asking.NO_PROGRESS, f"I pressed “{name}”, but nothing on the screen changed.", target=step.verb)


def _lowest(scene: Scene) -> Box | None:
    """The lowest field of the form, when it came back with a complaint and has to be sent once more."""
    return max((c.box for c in scene.controls if c.kind in (INPUT, SELECT)), key=lambda box: box.y, default=None)


def _shown(session: Session, step: Commit, trail: Trail) -> str:
    """What the screen says when the act is done; "" while something still waits to complete it."""
    before = trail.before
    assert before is not None
    session.sight.until(lambda look: bool(_message(look.scene, before, step)), 1.5)
    scene = session.scene
    waits = _waiting(scene, step, before)
    message = _message(scene, before, step)
    if message and not (waits and evidence.asks(scene)):
        return f"The page says “{message.rstrip('.')}”."
    if waits:
        return ""
    if written := _posted(scene, before, step):
        return f"“{asking.short(written, 60)}” stands on the page."
    gone = not any(reading.same(trail.last, c.text) for c in ways.clickable(scene))
    changed = len(reading.new_lines(before, scene)) > 0
    if gone and changed and not _form_again(before, scene) and not asking.standing_trouble(scene):
        return f"Pressed “{trail.last}”; the page shows “{_title(session)}”."
    return ""


def _posted(scene: Scene, before: Scene, step: Commit) -> str:
    """What was written into a field and sent now stands on the page, and no longer in the field; "" otherwise."""
    if step.noun not in _TEXTS and step.verb not in ("reply", "comment", "post"):
        return ""
    for held_in in (c for c in before.controls if c.kind == INPUT and len(reading.plain(c.text)) > 5):
        first = " ".join(held_in.text.split()[:6])
        stood = any(not _inside(line.box, before) for line in reading.find(before, first))
        held = any(c.kind == INPUT and reading.within(first, c.text) for c in scene.controls)
        if not stood and not held and any(not _inside(line.box, scene) for line in reading.find(scene, first)):
            return held_in.text
    return ""


def _inside(box: Box, scene: Scene) -> bool:
    return any(c.kind == INPUT and c.box.contains(*box.center) for c in scene.controls)


def _waiting(scene: Scene, step: Commit, before: Scene) -> list[Control]:
    """Buttons that have come up since the last press and would complete the act: its own first."""
    own = [c for c in relations.finals(scene, step.verb, step.noun, None) if _waits(scene, before, c)]
    return own or [c for c in ways.clickable(scene) if _confirms(scene, before, c)]


def _message(scene: Scene, before: Scene, step: Commit) -> str:
    return evidence.message(reading.new_lines(before, scene), lexicon.done_words(step.verb))


def _waits(scene: Scene, before: Scene, control: Control) -> bool:
    return control.kind == BUTTON and reading.fresh(before, control)


def _confirms(scene: Scene, before: Scene, control: Control) -> bool:
    """A button that has come up and would complete what was begun."""
    text = reading.plain(control.text)
    ends = re.match(r"(?:yes|confirm|complete|finish|place|submit|finali[sz]e)\b", text) and not re.search(
        r"\b(?:another|again|new|more)\b", text
    )
    return bool(ends) and _waits(scene, before, control)


def _form_again(before: Scene, after: Scene) -> bool:
    """Whether the form that was sent still stands there."""

    def names(scene: Scene) -> set[str]:
        return {reading.folded(c.label) for c in scene.controls if c.kind in (INPUT, SELECT) and c.label}

    return bool(names(before)) and names(before) <= names(after)


__all__ = ["again", "commit", "enter", "filled"]
