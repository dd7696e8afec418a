"""Goals: an act on a thing, pursued through what the screen offers: place, record, form, last button."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from coasty_local.agent import asking, contents, entrance, evidence, fields, paying, reading, roaming, ways
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import Goal
from coasty_local.agent.scene import INPUT, SELECT, Control, Scene
from coasty_local.agent.session import Session

_MOVES = 24
_ADDING = ("add", "invite")
_NOT_SLOTS = ("email", "password", "code")


def pursue(session: Session, goal: Goal) -> str:
    """Reach the goal; what the screen says in the end. Raises Stuck when a person is needed."""
    trail = session.trail(goal.source or repr(goal), roaming.Trail)
    session.memory.deliberate = False
    for _ in range(_MOVES):
        session.obstacles()
        if entrance.wall(session):
            continue
        goal = _by_its_words(session.scene, goal)
        if told := _accomplished(session, goal, trail):
            return told
        _complaint(session, goal, trail)
        if not _move(session, goal, trail):
            raise Stuck(asking.NOT_FOUND, session.not_found(_lost(goal, trail)), target=goal.key or goal.noun)
    raise Stuck(
        asking.NO_PROGRESS, f"I get no further with “{goal.source}”; the page shows “{roaming.title(session)}”."
    )


def _by_its_words(scene: Scene, goal: Goal) -> Goal:
    """ "Remove the candle": the one thing on the screen that is called so, with a control for the act on its row, is
    the record that is meant."""
    if goal.key or not goal.noun or goal.act in _ADDING:
        return goal
    named = replace(goal, key=goal.noun, noun="")
    lines = [line for line in reading.find(scene, goal.noun) if reading.same(line.text, goal.noun)]
    alone = len(lines) == 1 and not ways.alone(scene, goal.noun)
    return named if alone and ways.act_control(scene, named) is not None else goal


def _lost(goal: Goal, trail: roaming.Trail) -> str:
    if trail.last:
        return f"what completes it after “{trail.last}”"
    thing = f"{goal.noun} {goal.key}".strip()
    return (
        f"a way to {goal.act} {thing}"
        if goal.act in _ADDING or not goal.key
        else f"{thing} with a way to {goal.act} it"
    )


def _move(session: Session, goal: Goal, trail: roaming.Trail) -> bool:
    """Make the next move; whether there was one."""
    moves: tuple[Callable[[Session, Goal, roaming.Trail], bool], ...]
    if goal.act in _ADDING:
        moves = (_fill_form, _finish, _press_adder, roaming.go_to_place, roaming.scroll_on, roaming.explore)
    else:
        moves = (
            _fill_form,
            _finish,
            _press_act,
            roaming.open_row_menu,
            roaming.tick_row,
            roaming.open_record,
            roaming.look_further,
            roaming.go_to_place,
            roaming.search,
            roaming.turn_list,
            roaming.go_home,
            roaming.explore,
        )
    session.clear_banner()
    return any(move(session, goal, trail) for move in moves)


# is it done?


def _accomplished(session: Session, goal: Goal, trail: roaming.Trail) -> str:
    """What the screen says when the goal is reached; "" while it is not."""
    scene = session.scene
    if not trail.checked and goal.key and ways.keyed(scene, goal.key):
        trail.checked = True
        if goal.act in lexicon.ACTS and goal.act not in (*_ADDING, "edit") and (state := evidence.state(scene, goal)):
            return f"{goal.key} already shows “{state}”; nothing was done."
    if not trail.pressed or trail.before is None:
        return ""
    if goal.act in _ADDING and evidence.listed(scene, goal):
        return f"{_message(session, goal, trail) or f'“{goal.key}” is listed'} (“{roaming.title(session)}”)."
    if goal.act == "delete" and evidence.vanished(scene, goal, trail.before):
        return f"{goal.key} is no longer listed (“{roaming.title(session)}”)."
    if said := evidence.moved(scene, goal, trail.before):
        return f"{goal.key}: the page says “{said}”."
    state = "" if goal.act in (*_ADDING, "edit") else evidence.state(scene, goal)
    message = _message(session, goal, trail).rstrip(".")
    if state and (not message or _pending(scene, goal, trail) is None):
        return f"{goal.key or goal.noun} shows “{state}”{f': {message}' if message else ''}."
    if message and _pending(scene, goal, trail) is None:
        return f"The page says “{message.rstrip('.')}”."
    return ""


def _message(session: Session, goal: Goal, trail: roaming.Trail) -> str:
    """A success message that came with the last press: on the page, or from a dialog."""
    new = reading.new_lines(trail.before, session.scene) if trail.before is not None else []
    done = lexicon.done_words(goal.act)
    told = evidence.message(new, done, goal.key)
    return told or next((words for words in session.memory.heard if reading.any_word(done, words)), "")


def _pending(scene: Scene, goal: Goal, trail: roaming.Trail) -> Control | None:
    """A control that still waits to complete the act (a question was put)."""
    found = ways.last_control(scene, goal, trail.before, trail.pressed, trail.filled)
    return found if found is not None and reading.fresh(trail.before, found) and evidence.asks(scene) else None


def _complaint(session: Session, goal: Goal, trail: roaming.Trail) -> None:
    """Raise when the page refuses what was sent, naming the value that it misses."""
    if trail.before is None:
        return
    says = asking.trouble(trail.before, session.scene)
    if not says or re.search(r"can.?(?:t|not) be (?:undone|called back|reversed)|cannot be", says, re.IGNORECASE):
        return
    given = {name for name, _ in _slots(session, goal)}
    for control in session.scene.controls:
        label = reading.plain(control.label).split(" (")[0]
        if control.kind not in (INPUT, SELECT) or not label or label in given:
            continue
        if _names(says, label) and not contents.has_value(session, session.look(), control):
            trail.pressed = {press for press in trail.pressed if not press.startswith(reading.plain(trail.last))}
            trail.before = None
            raise Stuck(
                asking.MISSING,
                f"{control.label.capitalize()} needed: the page says “{asking.short(says, 90)}” and "
                f"the task gives none. Answer “{label}: …”.",
                wants=label,
            )
    trail.before = session.scene
    raise Stuck(asking.VERIFY_FAILED, f"After “{trail.last}” the page says “{asking.short(says, 120)}”.")


def _names(says: str, label: str) -> bool:
    """Whether a complaint names the field."""
    said = reading.plain(says).split()
    return any(word in said for word in label.split() if len(word) > 2)


def _slots(session: Session, goal: Goal) -> tuple[tuple[str, str], ...]:
    """What the task says of the thing, and what notes have added."""
    told = {name: value for name, value in session.memory.facts.items() if name not in _NOT_SLOTS}
    return (*goal.slots, *((name, value) for name, value in told.items() if name not in dict(goal.slots)))


# moves


def _fill_form(session: Session, goal: Goal, trail: roaming.Trail) -> bool:
    """Fill the fields on screen that the task has values for; only on the act's own page."""
    slots = _slots(session, goal)
    if not slots or not _own_form(session, goal, trail, slots):
        return False
    moved = False
    for name, value in slots:
        if name in trail.given and reading.says(session.scene, value):
            continue
        control = fields.slot_field(session, name, value)
        if control is None or fields.already(session, control, value):
            continue
        fields.put(session, control, value, False, f"the {name} field")
        trail.given.add(name)
        box = contents.now_at(session.scene, control).box
        trail.filled = box if trail.filled is None or box.y > trail.filled.y else trail.filled
        moved = True
    if not moved and trail.filled is None:
        trail.filled = max(
            (c.box for name, value in slots if (c := fields.slot_field(session, name, value))),
            key=lambda box: box.y,
            default=None,
        )
    return moved


def _own_form(session: Session, goal: Goal, trail: roaming.Trail, slots: tuple[tuple[str, str], ...]) -> bool:
    scene = session.scene
    found = [name for name, value in slots if fields.slot_field(session, name, value) is not None]
    if not found:
        return False
    if goal.act in _ADDING:
        return len(found) * 2 >= len(goal.slots)
    started = bool(trail.pressed) or ways.titled(scene, goal.act)
    started = started or (not goal.key and len(found) == len(slots))
    return started or (goal.act == "edit" and ways.alone(scene, goal.key))


def _finish(session: Session, goal: Goal, trail: roaming.Trail) -> bool:
    """Press what completes the act, once it was begun or its form is filled."""
    if not trail.pressed and trail.filled is None:
        return False
    scene = session.scene
    missing = [name for name, value in goal.slots if name not in trail.given and not _given(session, name, value)]
    control = ways.last_control(scene, goal, trail.before, trail.pressed, trail.filled)
    if control is None or not (reading.fresh(trail.before, control) or trail.filled is not None):
        return False
    if trail.filled is None and not _belongs(scene, goal, trail, control):
        return False
    if missing:
        raise Stuck(
            asking.NOT_FOUND,
            session.not_found(f"a field for the {missing[0]} “{dict(goal.slots)[missing[0]]}”"),
            target=missing[0],
        )
    _press(session, goal, trail, control)
    return True


def _belongs(scene: Scene, goal: Goal, trail: roaming.Trail, control: Control) -> bool:
    """Whether a control that has come up completes this act: it answers a question, or stands with the record or on its
    own page. On a list it may be that of another record, which has only moved."""
    new = reading.new_lines(trail.before, scene) if trail.before is not None else []
    asked = any("?" in line.text for line in new) and evidence.asks(scene)
    if asked or not goal.key or ways.alone(scene, goal.key):
        return True
    if trail.before is not None and reading.title(trail.before) != reading.title(scene):
        return not evidence.another(scene, control)
    places = [reading.record_box(scene, line, goal.key) for line in reading.find(scene, goal.key)]
    return any(place.contains(*control.box.center) for place in places)


def _given(session: Session, name: str, value: str) -> bool:
    control = fields.slot_field(session, name, value)
    return (control is not None and fields.already(session, control, value)) or reading.says(session.scene, value)


def _unfilled(session: Session, goal: Goal, trail: roaming.Trail, control: Control) -> None:
    """Raise when the control stands with a field, and a value of the task has found none: it would send the form."""
    missing = [(n, v) for n, v in goal.slots if n not in trail.given and not _given(session, n, v)]
    inputs = [c for c in session.scene.controls if c.kind == INPUT and not reading.within("search", c.label + c.text)]
    unit = session.scene.text_height
    near = [
        c for c in inputs if -unit <= control.box.y - c.box.y < 6 * unit and abs(c.box.x - control.box.x) < 40 * unit
    ]
    if missing and near:
        what = f"a field for the {missing[0][0]} “{missing[0][1]}”"
        raise Stuck(asking.NOT_FOUND, session.not_found(what), target=missing[0][0])


def _press_act(session: Session, goal: Goal, trail: roaming.Trail) -> bool:
    control = ways.act_control(session.scene, goal) or ways.from_menu(session.scene, goal, trail.opened)
    if control is None:
        return False
    if ways.mark(session.scene, control) in trail.pressed:
        if not session.sight.until(lambda look: ways.act_control(look.scene, goal) is None, 2.0):
            raise Stuck(
                asking.VERIFY_FAILED,
                f"I pressed “{trail.last}”, but I can't see that it worked; I do not press it twice.",
            )
        return True
    _unfilled(session, goal, trail, control)
    _press(session, goal, trail, control)
    return True


def _press(session: Session, goal: Goal, trail: roaming.Trail, control: Control) -> None:
    """Press a control of the act, by the policy; what follows is judged against the screen as it was."""
    name = reading.name(control)
    pays = paying.buys(goal.act, goal.noun, session.scene, control)
    session.guard(control, goal.key or goal.noun, spelled_out=bool(goal.key), pays=pays)
    before = session.scene
    with session.turn(f"I press “{name}”{f' for {goal.key}' if goal.key else ''}."):
        session.memory.deliberate = True
        trail.pressed.add(ways.mark(before, control))
        trail.last, trail.before = name, before
        session.hands.click(control, f"“{name}”")
        session.sight.until(lambda look: look.scene is not before and look.scene.lines != before.lines, 3.0)
    session.memory.deliberate = False
    trail.filled = None


def _press_adder(session: Session, goal: Goal, trail: roaming.Trail) -> bool:
    control = ways.adder(session.scene, goal)
    if control is None or f"adder {ways.mark(session.scene, control)}" in trail.visited:
        return False
    trail.visited.add(f"adder {ways.mark(session.scene, control)}")
    return roaming.follow(session, control)
