"""Goals: an act on a thing, pursued through what the screen offers: place, record, form, last button."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from coasty_local.agent import asking, entrance, evidence, fields, reading, ways
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import Goal, Open
from coasty_local.agent.scene import BUTTON, INPUT, LINK, SELECT, Box, Control, Scene, Target
from coasty_local.agent.session import SCROLLS, Session

_MOVES = 24
_ADDING = ("add", "invite")
_NOT_SLOTS = ("email", "password", "code")


@dataclass
class Trail:
    """How far a goal has come; kept when it parks, so that it goes on and does not begin anew."""

    visited: set[str] = field(default_factory=set)  # places and records tried
    pressed: set[str] = field(default_factory=set)  # act and confirming controls pressed, by words and page
    before: Scene | None = None  # what the screen showed before the last of them
    filled: Box | None = None  # the lowest field filled on the present page
    given: set[str] = field(default_factory=set)  # slots that were put into a field
    checked: bool = False  # whether a look was taken before anything was done
    last: str = ""  # words of the last control pressed


def pursue(session: Session, goal: Goal) -> str:
    """Reach the goal; what the screen says in the end. Raises Stuck when a person is needed."""
    trail = session.trail(goal.source or repr(goal), Trail)
    session.memory.deliberate = False
    for _ in range(_MOVES):
        session.obstacles()
        if entrance.wall(session):
            continue
        if told := _accomplished(session, goal, trail):
            return told
        _complaint(session, goal, trail)
        if not _move(session, goal, trail):
            raise Stuck(asking.NOT_FOUND, session.not_found(_lost(goal, trail)), target=goal.key or goal.noun)
    raise Stuck(asking.NO_PROGRESS, f"I get no further with “{goal.source}”; the page shows “{_title(session)}”.")


def _lost(goal: Goal, trail: Trail) -> str:
    if trail.last:
        return f"what completes it after “{trail.last}”"
    thing = f"{goal.noun} {goal.key}".strip()
    return (
        f"a way to {goal.act} {thing}"
        if goal.act in _ADDING or not goal.key
        else f"{thing} with a way to {goal.act} it"
    )


def _title(session: Session) -> str:
    return asking.short(reading.title(session.scene), 60)


def _move(session: Session, goal: Goal, trail: Trail) -> bool:
    """Make the next move; whether there was one."""
    moves: tuple[Callable[[Session, Goal, Trail], bool], ...]
    if goal.act in _ADDING:
        moves = (_fill_form, _finish, _press_adder, _go_to_place, _scroll_on)
    else:
        moves = (_fill_form, _finish, _press_act, _open_record, _look_further, _go_to_place, _search, _go_home)
    session.clear_banner()
    return any(move(session, goal, trail) for move in moves)


# is it done?


def _accomplished(session: Session, goal: Goal, trail: Trail) -> str:
    """What the screen says when the goal is reached; "" while it is not."""
    scene = session.scene
    if not trail.checked and goal.key and ways.keyed(scene, goal.key):
        trail.checked = True
        if goal.act not in (*_ADDING, "edit") and (state := evidence.state(scene, goal)):
            return f"{goal.key} already shows “{state}”; nothing was done."
    if not trail.pressed or trail.before is None:
        return ""
    if goal.act in _ADDING and evidence.listed(scene, goal):
        return f"{_message(session, goal, trail) or f'“{goal.key}” is listed'} (“{_title(session)}”)."
    state = "" if goal.act in (*_ADDING, "edit") else evidence.state(scene, goal)
    message = _message(session, goal, trail).rstrip(".")
    if state and (not message or _pending(scene, goal, trail) is None):
        return f"{goal.key or goal.noun} shows “{state}”{f': {message}' if message else ''}."
    if message and _pending(scene, goal, trail) is None:
        return f"The page says “{message.rstrip('.')}”."
    return ""


def _message(session: Session, goal: Goal, trail: Trail) -> str:
    """A success message that came with the last press: on the page, or from a dialog."""
    new = reading.new_lines(trail.before, session.scene) if trail.before is not None else []
    new = [line for line in new if not re.search(r"\bwill\b|\bwould\b|\bsure\b|\?\s*$|can.?t be|cannot", line.text)]
    done = lexicon.done_words(goal.act)
    named = [line for line in new if reading.any_word(done, line.text) and len(line.text) < 140]
    told = next((line.text for line in named if goal.key and reading.within(goal.key, line.text)), "")
    told = (
        told
        or (named[0].text if named else "")
        or asking.success([line for line in new if len(line.text.split()) >= 2])
    )
    return told or next((words for words in session.memory.heard if reading.any_word(done, words)), "")


def _pending(scene: Scene, goal: Goal, trail: Trail) -> Control | None:
    """A control that still waits to complete the act (a question was put)."""
    found = ways.last_control(scene, goal, trail.before, trail.pressed, trail.filled)
    return found if found is not None and reading.fresh(trail.before, found) and evidence.asks(scene) else None


def _complaint(session: Session, goal: Goal, trail: Trail) -> None:
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
        if _names(says, label) and not fields.has_value(session, session.look(), control):
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


def _fill_form(session: Session, goal: Goal, trail: Trail) -> bool:
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
        box = fields.now_at(session.scene, control).box
        trail.filled = box if trail.filled is None or box.y > trail.filled.y else trail.filled
        moved = True
    if not moved and trail.filled is None:
        trail.filled = max(
            (c.box for name, value in slots if (c := fields.slot_field(session, name, value))),
            key=lambda box: box.y,
            default=None,
        )
    return moved


def _own_form(session: Session, goal: Goal, trail: Trail, slots: tuple[tuple[str, str], ...]) -> bool:
    scene = session.scene
    found = [name for name, value in slots if fields.slot_field(session, name, value) is not None]
    if not found:
        return False
    if goal.act in _ADDING:
        return len(found) * 2 >= len(goal.slots)
    started = bool(trail.pressed) or ways.titled(scene, goal.act)
    return started or (goal.act == "edit" and ways.alone(scene, goal.key))


def _finish(session: Session, goal: Goal, trail: Trail) -> bool:
    """Press what completes the act, once it was begun or its form is filled."""
    if not trail.pressed and trail.filled is None:
        return False
    scene = session.scene
    missing = [name for name, value in goal.slots if name not in trail.given and not _given(session, name, value)]
    control = ways.last_control(scene, goal, trail.before, trail.pressed, trail.filled)
    if control is None or not (reading.fresh(trail.before, control) or trail.filled is not None):
        return False
    if missing:
        raise Stuck(
            asking.NOT_FOUND,
            session.not_found(f"a field for the {missing[0]} “{dict(goal.slots)[missing[0]]}”"),
            target=missing[0],
        )
    _press(session, goal, trail, control)
    return True


def _given(session: Session, name: str, value: str) -> bool:
    control = fields.slot_field(session, name, value)
    return (control is not None and fields.already(session, control, value)) or reading.says(session.scene, value)


def _press_act(session: Session, goal: Goal, trail: Trail) -> bool:
    control = ways.act_control(session.scene, goal)
    if control is None:
        return False
    if ways.mark(session.scene, control) in trail.pressed:
        if not session.sight.until(lambda look: ways.act_control(look.scene, goal) is None, 2.0):
            raise Stuck(
                asking.VERIFY_FAILED,
                f"I pressed “{trail.last}”, but I can't see that it worked; I do not press it twice.",
            )
        return True
    _press(session, goal, trail, control)
    return True


def _press(session: Session, goal: Goal, trail: Trail, control: Control) -> None:
    """Press a control of the act, by the policy; what follows is judged against the screen as it was."""
    name = reading.name(control)
    session.guard(
        control, goal.key or goal.noun, spelled_out=bool(goal.key), pays=goal.act in ("pay", "buy", "transfer")
    )
    before = session.scene
    with session.turn(f"I press “{name}”{f' for {goal.key}' if goal.key else ''}."):
        session.memory.deliberate = True
        trail.pressed.add(ways.mark(before, control))
        trail.last, trail.before = name, before
        session.hands.click(control, f"“{name}”")
        session.sight.until(lambda look: look.scene is not before and look.scene.lines != before.lines, 3.0)
    session.memory.deliberate = False
    trail.filled = None


def _press_adder(session: Session, goal: Goal, trail: Trail) -> bool:
    control = ways.adder(session.scene, goal)
    if control is None or f"adder {ways.mark(session.scene, control)}" in trail.visited:
        return False
    trail.visited.add(f"adder {ways.mark(session.scene, control)}")
    return _follow(session, control)


def _open_record(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """Open the record where its name stands in a list."""
    scene = session.scene
    here = f"record {goal.key}@{reading.plain(reading.title(scene))}"
    if not goal.key or here in trail.visited or ways.titled(scene, goal.key) or not ways.keyed(scene, goal.key):
        return False
    control = ways.opener(scene, goal.key)
    if control is None:
        return False
    trail.visited.add(here)
    return _follow(session, control)


def _go_to_place(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    names = ways.places(goal.act if isinstance(goal, Goal) else "", goal.noun)
    control = ways.way_to(session.scene, names, trail.visited)
    if control is None:
        return False
    trail.visited.add(reading.plain(control.text))
    return _follow(session, control)


def _look_further(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """On the thing's own list without the record in view: search, scroll, turn the page."""
    scene = session.scene
    if (
        not goal.key
        or ways.keyed(scene, goal.key)
        or not any(ways.titled(scene, place) for place in ways.places("", goal.noun))
    ):
        return False
    return _search(session, goal, trail) or _scroll_on(session, goal, trail) or _turn_page(session, trail)


def _search(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    field = ways.search_field(session.scene)
    here = f"search@{reading.plain(reading.title(session.scene))}"
    if field is None or not goal.key or here in trail.visited or ways.keyed(session.scene, goal.key):
        return False
    trail.visited.add(here)
    fields.put_text(session, field, goal.key, "the search field")
    with session.turn("I press Enter to search."):
        session.hands.press(["Enter"])
    return True


def _scroll_on(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    here = f"scroll@{reading.plain(reading.title(session.scene))}"
    if here in trail.visited:
        return False
    trail.visited.add(here)
    moved = 0
    while moved < SCROLLS and session.scroll("down"):
        moved += 1
        if ways.keyed(session.scene, goal.key) or (isinstance(goal, Goal) and ways.act_control(session.scene, goal)):
            return True
    for _ in range(moved):
        session.scroll("up")
    return False


def _turn_page(session: Session, trail: Trail) -> bool:
    control = ways.next_page(session.scene)
    turned = sum(1 for place in trail.visited if place.startswith("page "))
    if control is None or turned >= 5:
        return False
    trail.visited.add(f"page {turned}")
    trail.visited.discard(f"scroll@{reading.plain(reading.title(session.scene))}")
    return _follow(session, control)


def _go_home(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    control = ways.way_to(session.scene, list(ways.GENERAL), trail.visited)
    if control is None:
        return False
    trail.visited.add(reading.plain(control.text))
    return _follow(session, control)


def _follow(session: Session, control: Control) -> bool:
    """Click something that only leads on."""
    before = session.look()
    with session.turn(f"I open “{asking.short(reading.name(control), 50)}”."):
        session.hands.click(control, f"“{reading.name(control)}”")
        session.sight.until(lambda look: bool(session.sight.changed(before, look)), 2.0)
    return True


def open_thing(session: Session, step: Open) -> str:
    """Get to a page or a record; what its heading says."""
    trail = session.trail(step.source or repr(step), Trail)
    wanted = step.key or step.noun
    for _ in range(12):
        session.obstacles()
        if entrance.wall(session):
            continue
        if ways.titled(session.scene, wanted) or (trail.visited and _arrived(session.scene, step)):
            return f"The page shows “{_title(session)}”."
        if step.key:
            moves = (_open_record, _look_further, _go_to_place, _search, _scroll_on, _go_home)
            moved = any(move(session, step, trail) for move in moves)
        else:
            moved = _go_to_place(session, step, trail) or (not trail.visited and _by_name(session, step, trail))
        if not moved:
            raise Stuck(asking.NOT_FOUND, session.not_found(f"“{wanted}”"), target=wanted)
    raise Stuck(asking.NO_PROGRESS, f"I can't get to “{wanted}”; the page shows “{_title(session)}”.")


def _by_name(session: Session, step: Open, trail: Trail) -> bool:
    trail.visited.add(reading.plain(step.noun))
    return _follow(session, session.find(Target(step.noun, (LINK, BUTTON))))


def _arrived(scene: Scene, step: Open) -> bool:
    """A page without a heading of that name still is the place when a link of that name led there."""
    if step.key:
        return ways.alone(scene, step.key)
    return True
