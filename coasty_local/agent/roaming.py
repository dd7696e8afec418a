"""Finding the way: to a record, a place, a row, through links, search, pages, menus. Nothing here acts on a thing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from coasty_local.agent import asking, contents, entrance, fields, reading, ways
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner.steps import Goal, Open
from coasty_local.agent.scene import BUTTON, LINK, Box, Control, Scene, Target
from coasty_local.agent.session import SCROLLS, Session

Find = Callable[[Scene, str], Control | None]


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
    opened: Scene | None = None  # what the screen showed before the record, or a menu of it, was opened


def title(session: Session) -> str:
    return asking.short(reading.title(session.scene), 60)


def open_record(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """Open the record where its name stands in a list."""
    control = _of_record(session, goal, trail, "record", ways.opener)
    return control is not None and follow(session, control)


def _of_record(session: Session, goal: Goal | Open, trail: Trail, kind: str, find: Find) -> Control | None:
    """The control of the record's row that `find` knows, once a page, where the record is named and not open yet."""
    scene = session.scene
    here = f"{kind} {goal.key}@{reading.plain(reading.title(scene))}"
    if not goal.key or here in trail.visited or ways.titled(scene, goal.key) or not ways.keyed(scene, goal.key):
        return None
    control = find(scene, goal.key)
    if control is not None:
        trail.visited.add(here)
        trail.opened = scene
    return control


def open_row_menu(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """Open the menu of the record's row, where the row has one: acts and the way to the record may hide in it."""
    scene = session.scene
    control = _of_record(session, goal, trail, "menu", ways.row_menu)
    if control is None:
        return False
    follow(session, control)
    opens = ways.entry(session.scene, scene, ways.OPENERS) if isinstance(goal, Open) else None
    return follow(session, opens) if opens is not None else True


def tick_row(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """Tick the record's row where the rows are picked by boxes: what can be done with it may come up then. Nothing else
    may be picked; and a box that brings up nothing is unticked again."""
    scene = session.scene
    if not isinstance(goal, Goal) or goal.act == "edit":
        return False
    box = _of_record(session, goal, trail, "box", ways.row_box)
    if box is None:
        return False
    fields.tick(session, box, True, f"the row of “{goal.key}”")
    if ways.from_menu(session.scene, goal, scene) is not None:
        return True
    fields.tick(session, contents.now_at(session.scene, box), False, f"the row of “{goal.key}”")
    return False


def go_to_place(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    names = ways.places(goal.act if isinstance(goal, Goal) else "", goal.noun)
    control = ways.way_to(session.scene, names, trail.visited)
    if control is None:
        return False
    trail.visited.add(reading.plain(control.text))
    return follow(session, control)


def look_further(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """On the thing's own list without the record in view: search, scroll, turn the page."""
    scene = session.scene
    if (
        not goal.key
        or ways.keyed(scene, goal.key)
        or not any(ways.titled(scene, place) for place in ways.places("", goal.noun))
    ):
        return False
    return search(session, goal, trail) or scroll_on(session, goal, trail) or turn_page(session, trail)


def search(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    field = ways.search_field(session.scene)
    here = f"search@{reading.plain(reading.title(session.scene))}"
    if field is None or not goal.key or here in trail.visited or ways.keyed(session.scene, goal.key):
        return False
    trail.visited.add(here)
    fields.put_text(session, field, goal.key, "the search field")
    with session.turn("I press Enter to search."):
        session.hands.press(["Enter"])
    return True


def scroll_on(session: Session, goal: Goal | Open, trail: Trail) -> bool:
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


def turn_page(session: Session, trail: Trail) -> bool:
    control = ways.next_page(session.scene)
    turned = sum(1 for place in trail.visited if place.startswith("page "))
    if control is None or turned >= 5:
        return False
    trail.visited.add(f"page {turned}")
    trail.visited.discard(f"scroll@{reading.plain(reading.title(session.scene))}")
    return follow(session, control)


def turn_list(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """The next page of a list that nothing calls by the name of the thing, while the record is not in view."""
    scene = session.scene
    if not goal.key or trail.pressed or trail.filled is not None or ways.keyed(scene, goal.key):
        return False
    return len(scene.lines) >= _LISTED and turn_page(session, trail)


_LISTED = 20  # so many lines of text make a list of a page


def go_home(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    control = ways.way_to(session.scene, list(ways.GENERAL), trail.visited)
    if control is None:
        return False
    trail.visited.add(reading.plain(control.text))
    return follow(session, control)


_PLACES = 6  # menu places looked at when nothing on screen names the thing or the act


def explore(session: Session, goal: Goal | Open, trail: Trail) -> bool:
    """Look at the places of the menu one after the other; only before anything was pressed or filled in."""
    looked = sum(1 for place in trail.visited if place.startswith("place "))
    if trail.pressed or trail.filled is not None or forms_open(session) or looked >= _PLACES:
        return False
    control = ways.unseen_place(session.scene, trail.visited)
    if control is None:
        return False
    trail.visited |= {reading.plain(control.text), f"place {reading.plain(control.text)}"}
    return follow(session, control)


def forms_open(session: Session) -> bool:
    """Something was typed on this page that leaving it would lose."""
    return session.memory.filled is not None and session.memory.filled_on == reading.title(session.scene)


def follow(session: Session, control: Control) -> bool:
    """Click something that only leads on."""
    before = session.look()
    with session.turn(f"I open “{asking.short(reading.name(control), 50)}”."):
        session.hands.click(control, f"“{reading.name(control)}”")
        session.sight.until(lambda look: bool(session.sight.changed(before, look)), 2.0)
    return True


def _part(session: Session, noun: str) -> str:
    """Go where a link or tab of just this name leads; else a part of the page that says it is meant. A list or table is
    called so by people, not by the page. "" when nothing here is meant."""
    bare = re.sub(r"\s+(?:list|table|overview)$", "", noun, flags=re.IGNORECASE)
    names = [reading.plain(name) for name in dict.fromkeys((noun, bare))]
    tabs = [c for c in ways.clickable(session.scene) if reading.plain(c.text) in names and c.kind in (LINK, BUTTON)]
    if tabs and not ways.titled(session.scene, bare):
        follow(session, tabs[0])
        return f"Opened “{reading.name(tabs[0])}”."
    plain = [line for line in session.scene.lines if reading.same(bare, line.text)]
    if len(plain) == 1 and not tabs and plain[0] not in reading.headings(session.scene):
        follow(session, reading.as_control(plain[0]))  # a place of a menu that shows no sign of it, or a mere title
        return f"Pressed “{plain[0].text}”."
    listed = [line for line in session.scene.lines if reading.within(bare, line.text) and len(line.text) < 40]
    return f"“{noun}” is on the page." if listed or bare != noun else ""


def open_thing(session: Session, step: Open) -> str:
    """Get to a page or a record; what its heading says."""
    trail = session.trail(step.source or repr(step), Trail)
    wanted = step.key or step.noun
    if step.part and (told := _part(session, step.noun)):
        return told
    for _ in range(12):
        session.obstacles()
        if entrance.wall(session):
            continue
        there = ways.alone(session.scene, wanted) if step.key else ways.titled(session.scene, wanted)
        if there or (trail.visited and _arrived(session.scene, step, trail)):
            return f"The page shows “{title(session)}”."
        if step.key:
            moves = (
                open_row_menu,
                open_record,
                look_further,
                go_to_place,
                search,
                scroll_on,
                turn_list,
                go_home,
                explore,
            )
            moved = any(move(session, step, trail) for move in moves)
        else:
            moved = go_to_place(session, step, trail) or (not trail.visited and _by_name(session, step, trail))
        if not moved:
            raise Stuck(asking.NOT_FOUND, session.not_found(f"“{wanted}”"), target=wanted)
    raise Stuck(asking.NO_PROGRESS, f"I can't get to “{wanted}”; the page shows “{title(session)}”.")


_SHELVES = ("products", "shop", "catalog", "catalogue", "all products", "items", "store", "continue shopping", "home")


def seek(session: Session, key: str, wide: bool = False) -> None:
    """Get to where the words of a row stand, if anything on screen leads there; does nothing when they are in view."""
    step = Open(key=key)
    trail = session.trail(f"seek {key} {session.acts}", Trail)
    for _ in range(8):
        if ways.keyed(session.scene, key):
            return
        if search(session, step, trail) or scroll_on(session, step, trail) or turn_page(session, trail):
            continue
        if wide and explore(session, step, trail):
            continue
        control = ways.way_to(session.scene, list(_SHELVES), trail.visited)
        if control is None:
            return
        trail.visited.add(reading.plain(control.text))
        follow(session, control)


def _by_name(session: Session, step: Open, trail: Trail) -> bool:
    trail.visited.add(reading.plain(step.noun))
    target = Target(step.noun, (LINK, BUTTON))
    return follow(session, session.seen(target) or session.seen(Target(step.noun)) or session.find(target))


def _headed(scene: Scene, key: str) -> bool:
    return any(reading.within(key, line.text) for line in reading.headings(scene))


def _arrived(scene: Scene, step: Open, trail: Trail) -> bool:
    """A page without a heading of that name still is the place when a link of that name led there."""
    if not step.key or ways.alone(scene, step.key):
        return True
    if trail.opened is not None and _headed(scene, step.key) and not _headed(trail.opened, step.key):
        return True  # a dialog, or a part of the same page, that is about it
    opened = trail.opened is not None and reading.title(trail.opened) != reading.title(scene)
    return opened and ways.keyed(scene, step.key)
