"""The plain steps, one function each: do it, look, and know that it happened. Each raises Stuck when it can't."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coasty_local.agent import (
    asking,
    dials,
    entrance,
    fields,
    forms,
    grounder,
    picking,
    quest,
    reading,
    relations,
    roaming,
    verifier,
    ways,
)
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import steps
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.ports import DisplayError
from coasty_local.agent.scene import BUTTON, ICON, INPUT, LINK, SELECT, SLIDER, TEXT, Control, Scene, Target
from coasty_local.agent.session import SCROLLS, Session, describe


def goto(session: Session, step: steps.Goto) -> str:
    url = step.url or session.home or ""
    if not url:
        raise Stuck(
            asking.AMBIGUOUS,
            "Where to start? The task names no address and no start page is set. Answer with an address.",
        )
    with session.turn(f"I open {url}."):
        try:
            session.hands.goto(url)
        except DisplayError as error:
            raise Stuck(asking.NOT_FOUND, f"I can't open {url}: {error}.", target=url) from error
        session.memory.secrets_at.clear()
    if wrong := asking.error_page(session.scene):
        raise Stuck(asking.NOT_FOUND, f"{url} shows an error page: “{asking.short(wrong, 80)}”.", target=url)
    return f"Opened {url}; it shows “{_title(session)}”."


def travel(session: Session, step: steps.Travel) -> str:
    with session.turn("I go back." if step.way == "back" else "I reload the page."):
        try:
            session.hands.back() if step.way == "back" else session.hands.reload()
        except DisplayError as error:
            raise Stuck(
                asking.NO_PROGRESS, f"I can't {'go back' if step.way == 'back' else 'reload'}: {error}."
            ) from error
    return f"The page shows “{_title(session)}”."


def click(session: Session, step: steps.Click) -> str:
    control = _pressable(session, step)
    spelled = bool(step.target.row) or len(reading.plain(step.target.words).split()) > 1
    rest = [
        c.control
        for c in session.candidates(step.target)
        if c.control.box != control.box and c.score >= grounder.choosing.ACCEPT
    ]
    filled = forms.filled(session) is not None
    for place in (control, *rest[:1]):
        name = reading.name(place)
        session.guard(place, step.target.row, spelled)
        with session.turn(f"I click “{asking.short(name, 60)}”.") as before:
            session.hands.click(place, f"“{name}”", step.button, step.clicks)
            changed = session.sight.until(lambda look: bool(session.sight.changed(before, look)), 1.5)
        _left_form(session)
        here = reading.title(before.scene) == reading.title(session.scene)
        if changed and (filled or here) and (says := _refused(before.scene, session.scene, place)):
            raise Stuck(asking.VERIFY_FAILED, f"After “{name}” the page says “{asking.short(says, 120)}”.")
        if changed:
            return f"Clicked “{name}”; the page shows “{_title(session)}”."
        if session.clear_banner():
            return click(session, step)
    if control.kind == LINK:
        return f"Clicked “{reading.name(control)}”; the page stayed as it was (“{_title(session)}”)."
    raise Stuck(
        asking.NO_PROGRESS,
        f"I clicked {describe(step.target)}, but nothing on the screen changed.",
        target=step.target.words,
    )


def _refused(before: Scene, after: Scene, pressed: Control) -> str:
    """What the page newly complains of after a button was pressed."""
    return asking.trouble(before, after) if pressed.kind == BUTTON else ""


def _pressable(session: Session, step: steps.Click) -> Control:
    """What the click means. A heading that says the words of a button is no button: then the button of the filled form
    below it is meant."""
    target = step.target
    if target.row and reading.plain(target.words) == "menu" and (menu := ways.row_menu(session.scene, target.row)):
        return menu
    if target.words in ("plus", "minus") and session.seen(target) is None and (one := dials.only(session.scene)):
        return one.more if target.words == "plus" else one.less
    if step.far and session.seen(target) is None and forms.filled(session) is None:
        roaming.seek(session, target.row)
    seen = session.seen(target)
    button = _instead(session, target) if seen is None or seen.kind == TEXT else None
    if button is None and seen is None and target.row:
        button = _in_row_menu(session, target)
    return button or session.find(target)


def _in_row_menu(session: Session, target: Target) -> Control | None:
    """The entry of a menu that opens on the target's row; None when the row has no menu, or the menu no such entry."""
    before = session.scene
    opener = ways.row_menu(before, target.row)
    if opener is None:
        return None
    with session.turn(f"I open “{reading.name(opener)}” in the row of “{asking.short(target.row, 40)}”."):
        session.hands.click(opener, f"“{reading.name(opener)}”")
        session.sight.until(lambda look: look.scene.lines != before.lines, 1.5)
    return ways.entry(session.scene, before, (target.words,))


def _left_form(session: Session) -> None:
    """Forget the form that was filled when it is no longer there."""
    filled = session.memory.filled
    if filled is not None and not any(
        c.kind in (INPUT, SELECT) and c.box.overlap(filled) for c in session.scene.controls
    ):
        session.memory.filled = None


def _instead(session: Session, target: Target) -> Control | None:
    """The button of the filled form with other words for the same act; None when no form was filled."""
    scene, below, words = session.scene, forms.filled(session), reading.plain(target.words)
    if below is None or target.row or target.ordinal is not None or target.kinds[:1] == (LINK,):
        return None
    if any(reading.same(word, words) for word in lexicon.SIGN_IN):
        return entrance.enter_button(scene, [c for c in scene.controls if c.kind == INPUT and c.box.overlap(below) > 0])
    if not any(reading.same(words, line.text) for line in scene.lines):
        return None
    found = relations.finals(scene, words, "", below)
    return found[0] if found and found[0].kind == BUTTON else None


def hover(session: Session, step: steps.Hover) -> str:
    control = session.find(step.target)
    with session.turn(f"I point at “{reading.name(control)}”."):
        session.hands.hover(control, reading.name(control))
    return f"Pointed at “{reading.name(control)}”."


def drag(session: Session, step: steps.Drag) -> str:
    start, end = session.find(step.target), _place(session, step.onto)
    with session.turn(f"I drag “{reading.name(start)}” to “{reading.name(end)}”.") as before:
        session.hands.drag(start.box.center, end.box.center, f"Drag “{reading.name(start)}” to “{reading.name(end)}”")
        after = session.look()
    if not session.sight.changed(before, after):
        raise Stuck(asking.NO_PROGRESS, f"I dragged {describe(step.target)}, but nothing on the screen changed.")
    return f"Dragged “{reading.name(start)}” to “{reading.name(end)}”."


def _place(session: Session, target: Target) -> Control:
    """Where something is dropped: "the Done column" is headed Done."""
    head = re.sub(r"\s+(?:column|list|lane|area|zone|folder|board)$", "", target.words, flags=re.IGNORECASE)
    named = session.seen(target)
    return named or session.find(replace(target, words=head))


def type_text(session: Session, step: steps.Type) -> str:
    secret = step.secret
    if told := _dialled(session, step):
        return told
    if not step.target.words and step.target.ordinal is None and not step.target.row:
        control = _focused(session)
        if control is None:
            with session.turn(f"I type “{asking.short(step.text, 60)}”.") as before:
                session.hands.type_text(step.text, "Type where the focus is")
                after = session.look()
            if not session.sight.changed(before, after):
                raise Stuck(
                    asking.NO_PROGRESS, "I typed, but nothing on the screen changed: no field seems to have the focus."
                )
            return f"Typed “{step.text}”."
    elif not secret and (told := _elsewhere(session, step)):
        return told
    else:
        control = (
            _literally(session, step.target)
            or (
                session.seen(step.target) is None
                and not step.target.row
                and fields.by_label(session.scene, step.target.words)
            )
            or session.find(step.target, f"a field for “{step.target.words}”" if step.target.words else "")
        )
    name = f"the “{reading.name(control) if control.label else step.target.words or 'focused'}” field"
    fields.put(session, control, step.text, secret, name)
    return f"Filled in {name}."


def _elsewhere(session: Session, step: steps.Type) -> str:
    """A value that no field takes: a mark on the row that is named, or an entry of a list whose frame was not seen."""
    return picking.in_row(session, step.target, step.text) or picking.unframed(session, step.target, step.text)


def _dialled(session: Session, step: steps.Type) -> str:
    """A number that is set by a plus and a minus, or by a slider; "" where the name has a field, or none of these."""
    whole = re.fullmatch(r"(-?\d{1,4})\s?\D{0,3}", step.text.strip())
    if whole is None or step.secret or step.target.row or step.target.ordinal is not None:
        return ""
    name, wanted = step.target.words, int(whole.group(1))
    if SLIDER not in step.target.kinds and (not name or session.seen(step.target) is not None):
        return ""
    if between := dials.stepper(session.scene, name):
        dials.turn(session, between, wanted, f"“{name}”")
    elif track := dials.slider(session.scene, name):
        dials.slide(session, track, wanted, f"“{name}”" if name else "the slider")
    else:
        return ""
    return f"Set “{name or 'the slider'}” to {wanted}."


def _literally(session: Session, target: Target) -> Control | None:
    """The field whose label has the number word in it: "the first day" may be a field called First day."""
    for word, number in lexicon.ORDINALS.items():
        if target.ordinal == number and len(word) > 3:
            name = f"{word} {target.words}"
            aliases = lexicon.field_aliases(name)
            wanted = Target(name, (INPUT, SELECT), aliases=aliases)
            found = session.seen(wanted) or fields.by_label(session.scene, name)
            if found is not None and found.kind in (INPUT, SELECT):
                return found
    return None


def _focused(session: Session) -> Control | None:
    """The field that has the focus, or the only one there is."""
    inputs = [c for c in session.scene.controls if c.kind == INPUT]
    focused = [c for c in inputs if c.focused]
    if len(focused) == 1:
        return focused[0]
    return inputs[0] if len(inputs) == 1 else None


def fill(session: Session, step: steps.Fill) -> str:
    slots = step.slots
    if len(slots) == 1 and slots[0][0] == "code" and (box := asking.code_field(session.scene)) is not None:
        session.memory.facts["code"] = slots[0][1]
        entrance.give_code(session, box)
        return "Gave the code."
    fields.fill(session, slots)
    return f"Filled in {', '.join(name for name, _ in slots)}."


def press(session: Session, step: steps.Press) -> str:
    with session.turn(f"I press {'+'.join(step.keys)}."):
        session.hands.press(step.keys)
    return f"Pressed {'+'.join(step.keys)}."


def scroll(session: Session, step: steps.Scroll) -> str:
    if step.target is not None:
        for _ in range(SCROLLS * 3):
            if session.seen(step.target) or reading.says(session.scene, step.target.words):
                return f"“{step.target.words}” is in view."
            if not session.scroll(step.direction):
                break
        session.obstacles()
        raise Stuck(asking.NOT_FOUND, session.not_found(describe(step.target)), target=step.target.words)
    if step.direction in ("top", "bottom"):
        way = "up" if step.direction == "top" else "down"
        for _ in range(25):
            if not session.scroll(way):
                break
        return f"Scrolled to the {step.direction}."
    session.scroll(step.direction)
    return f"Scrolled {step.direction}."


def wait(session: Session, step: steps.Wait) -> str:
    if step.seconds:
        with session.turn(f"I wait {step.seconds:g} s."):
            session.hands.wait(step.seconds)
        return f"Waited {step.seconds:g} s."
    shown = "gone" if step.gone else "shown"
    with session.turn(f"I wait until “{step.words}” is {shown}."):
        came = session.sight.until(lambda look: reading.says(look.scene, step.words) is not step.gone, 30.0)
    if came:
        return f"“{step.words}” is {shown}."
    raise Stuck(
        asking.NO_PROGRESS, f"I waited 30 s for “{step.words}” to be {shown}; the page shows “{_title(session)}”."
    )


def dismiss(session: Session, step: steps.Dismiss) -> str:
    if session.clear_banner():
        return "Dismissed the banner."
    words = reading.plain(step.words)
    if "cookie" in words or "newsletter" in words:
        return "There was no such banner."
    control = session.seen(
        Target("Close", (BUTTON, ICON, LINK), aliases=("x", "×", "ok", "cancel", "dismiss", "got it", "no thanks"))
    )
    with session.turn(f"I close the {words or 'dialog'}.") as before:
        if control is not None:
            session.hands.click(control, f"“{reading.name(control)}”")
        else:
            session.hands.press(["Escape"])
        after = session.look()
    if not session.sight.changed(before, after):
        raise Stuck(asking.NOT_FOUND, session.not_found(f"a way to close the {words or 'dialog'}"), target=step.words)
    return f"Closed the {words or 'dialog'}."


def search(session: Session, step: steps.Search) -> str:
    field = session.find(
        Target("Search", (INPUT,), aliases=("find", "search for", "query", "keyword", "filter")), "a search field"
    )
    fields.put_text(session, field, step.words, "the search field")
    with session.turn("I press Enter to search."):
        session.hands.press(["Enter"])
    return f"Searched for “{step.words}”; the page shows “{_title(session)}”."


def read(session: Session, step: steps.Read) -> str:
    said = Target(f"Report {step.words}", (BUTTON,))
    if re.match(r"report\b", step.source, re.IGNORECASE) and step.words and not step.about:
        button = session.seen(said)  # "report the defect" presses what says so, where the page has it
        if button is not None and button.kind == BUTTON and reading.same(said.words, button.text):
            return click(session, steps.Click(target=said, source=step.source))
    found = verifier.read(session, step)
    if not found and step.noun and not reading.says(session.scene, step.about):
        roaming.open_thing(session, steps.Open(noun=step.noun, key=step.about, source=step.source))
        found = verifier.read(session, step)
    elif not found and re.match(r"[A-Z]", step.about) and not reading.says(session.scene, step.about):
        roaming.seek(session, step.about, wide=True)
    if not found and re.match(r"[A-Z]", step.about):
        found = _read_elsewhere(session, step)
    if not found:
        session.sight.until(lambda _: bool(verifier.read(session, step)), 1.5)
        found = verifier.read(session, step)
    about = f" of {step.about}" if step.about else ""
    if not found:
        session.obstacles()
        raise Stuck(asking.NOT_FOUND, session.not_found(f"“{step.words}”{about}"), target=step.words)
    told = f"{(step.words or 'The page').capitalize()}{about}: {found}"
    session.desk.say(told)
    return told


def _read_elsewhere(session: Session, step: steps.Read) -> str:
    """What another place of the menu says of somebody who stands here without it: "Ada's phone number" on a list."""
    trail = session.trail(f"read {step.source}", roaming.Trail)
    wanted = steps.Open(key=step.about)
    while not (found := verifier.read(session, step)) and roaming.explore(session, wanted, trail):
        pass
    return found


def _title(session: Session) -> str:
    return asking.short(reading.title(session.scene), 70)


HANDLERS: dict[type[steps.Step], Callable[[Session, Any], str]] = {
    steps.Goto: goto, steps.Travel: travel, steps.Click: click, steps.Hover: hover, steps.Drag: drag,
    steps.Type: type_text, steps.Fill: fill, steps.Press: press,
    steps.Scroll: scroll, steps.Wait: wait, steps.Dismiss: dismiss, steps.Search: search, steps.Read: read,
    steps.Choose: lambda session, step: picking.choose(session, step, click),
    steps.Check: lambda session, step: picking.check(session, step, click),
    steps.SignIn: entrance.sign_in,
    steps.SignOut: lambda session, _: entrance.sign_out(session), steps.Open: roaming.open_thing,
    steps.Goal: quest.pursue, steps.Enter: forms.enter, steps.Commit: forms.commit, steps.Again: forms.again,
}  # fmt: skip
