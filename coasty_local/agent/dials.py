"""Numbers that are set without typing: a plus and a minus beside them, or a slider with its number near by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from coasty_local.agent import asking, reading
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.scene import BUTTON, CHECK, ICON, LINK, PANEL, RADIO, SLIDER, Box, Control, Line, Scene
from coasty_local.agent.session import Session
from coasty_local.agent.sight import Look

_PRESSES = 40  # a number further off is left to a person
_NUMBER = re.compile(r"[^\d-]{0,3}(-?\d{1,4})\s?[^\d\s]{0,3}")


@dataclass(frozen=True)
class Stepper:
    """A number between what lowers and what raises it."""

    number: int
    line: Line
    less: Control
    more: Control


def stepper(scene: Scene, name: str) -> Stepper | None:
    """The one that stands right of, else below, the words of its name; None unless there is just one."""
    found = [made for label in _labels(scene, name) for made in _beside(scene, label)]
    return found[0] if len(found) == 1 else None


def slider(scene: Scene, name: str) -> Control | None:
    """The slider of this name; the only one, when no name is given."""
    sliders = [c for c in scene.controls if c.kind == SLIDER]
    named = [c for c in sliders if name and reading.within(name, c.label)] if name else sliders
    return named[0] if len(named) == 1 else None


def turn(session: Session, found: Stepper, wanted: int, name: str) -> None:
    """Press until the number is the wanted one; each press must move it by one towards it."""
    if abs(wanted - found.number) > _PRESSES:
        raise Stuck(asking.NO_PROGRESS, f"{name.capitalize()} is {found.number}; {wanted} is too far to press.")
    for _ in range(abs(wanted - found.number)):
        button = found.more if wanted > found.number else found.less
        with session.turn(f"I press “{'+' if wanted > found.number else '-'}” at {name}."):
            session.hands.click(button, f"the {'plus' if wanted > found.number else 'minus'} of {name}")
            was = found.number
            session.sight.until(partial(_turned, found), 1.5)
        now = _now(session.scene, found)
        if now is None or abs(now - wanted) >= abs(was - wanted):
            raise Stuck(asking.NO_PROGRESS, f"I pressed beside {name}, but it does not come nearer to {wanted}.")
        found = Stepper(now, found.line, found.less, found.more)
        if now == wanted:
            return


def _turned(found: Stepper, look: Look) -> bool:
    return _now(look.scene, found) not in (None, found.number)


def only(scene: Scene) -> Stepper | None:
    """The one stepper of the screen."""
    found = [made for line in scene.lines if (number := _whole(line.text)) and (made := _made(scene, line, number))]
    return found[0] if len(found) == 1 else None


def slide(session: Session, control: Control, wanted: int, name: str) -> None:
    """Click where the number should be, then step by keys until it is read; it must be shown in the slider's words."""
    box = control.box
    least, most = _end(session, control, "Home"), _end(session, control, "End")
    if least is None or most is None or not least <= wanted <= most or least == most:
        raise Stuck(
            asking.NO_PROGRESS, f"I can't read the number of {name}. Please set it to {wanted}; resume to go on."
        )
    with session.turn(f"I set {name} to {wanted}."):
        share = (wanted - least) / (most - least)
        x = round(box.x + box.h / 2 + share * (box.w - box.h))
        session.hands.click(Control(SLIDER, Box(x - 1, box.y, 3, box.h)), name)
        session.look()
    for _ in range(_PRESSES):
        now = _shown(session.scene, control)
        if now == wanted:
            return
        if now is None:
            break
        session.hands.press(["ArrowRight" if now < wanted else "ArrowLeft"])
    raise Stuck(asking.NO_PROGRESS, f"I moved {name}, but it does not show {wanted}. Please set it; resume to go on.")


def _end(session: Session, control: Control, key: str) -> int | None:
    with session.turn(f"I press {key} on the slider to learn how far it goes."):
        session.hands.click(control, "the slider")
        session.hands.press([key])
        session.look()
    return _shown(session.scene, control)


def _shown(scene: Scene, control: Control) -> int | None:
    """The number that stands close to the slider, above or beside it; None unless there is just one."""
    box, reach = control.box, scene.text_height * 3.5
    near = [
        line
        for line in scene.lines
        if -reach < line.box.y - box.y < reach
        and line.box.right > box.x - 6 * reach
        and line.box.x < box.right + 3 * reach
    ]
    numbers = {int(n) for line in near for n in re.findall(r"(?<![\d.])\d{1,4}(?![\d.])", line.text)}
    return numbers.pop() if len(numbers) == 1 else None


def _now(scene: Scene, found: Stepper) -> int | None:
    """The number where it stood before."""
    place = found.line.box
    gap = Box(found.less.box.right, place.y - 4, found.more.box.x - found.less.box.right, place.h + 8)
    numbers = [int(m.group(1)) for line in scene.lines if gap.contains(*line.box.center) and (m := _whole(line.text))]
    return numbers[0] if len(numbers) == 1 else None


def _whole(text: str) -> re.Match[str] | None:
    return _NUMBER.fullmatch(text.strip())


def _labels(scene: Scene, name: str) -> list[Line]:
    words = (name, *lexicon.field_aliases(name), lexicon.plural(name), lexicon.singular(name))
    return [line for line in scene.lines if any(reading.same(word, line.text.rstrip(":* ")) for word in words if word)]


def _beside(scene: Scene, label: Line) -> list[Stepper]:
    """Steppers on the row of the label, else right below it."""
    unit = scene.text_height
    all_ = [made for line in scene.lines if (number := _whole(line.text)) and (made := _made(scene, line, number))]
    right = [s for s in all_ if reading.on_row(scene, label.box, s.line.box) and s.less.box.x >= label.box.right - 2]
    below = [
        s
        for s in all_
        if 0 < s.line.box.y - label.box.bottom < 4.5 * unit and abs(s.less.box.x - label.box.x) < 4 * unit
    ]
    return right or below


def _made(scene: Scene, line: Line, number: re.Match[str]) -> Stepper | None:
    """The number with a small control close on both sides."""
    unit = scene.text_height
    kinds = (BUTTON, ICON, LINK, CHECK, RADIO, PANEL)
    row = [
        c
        for c in scene.controls
        if c.kind in kinds
        and abs(c.box.center[1] - line.box.center[1]) < unit
        and max(c.box.w, c.box.h) < 4.5 * unit
        and len(c.text.strip()) <= 1
    ]
    left = [c for c in row if 0 <= line.box.x - c.box.right < 4 * unit]
    right = [c for c in row if 0 <= c.box.x - line.box.right < 4 * unit]
    if len(left) != 1 or len(right) != 1 or abs(left[0].box.w - right[0].box.w) > unit:
        return None
    return Stepper(int(number.group(1)), line, left[0], right[0])
