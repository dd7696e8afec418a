"""Tests that tell people from programs, as any layout shows them: what asks, and whether it is answered. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from coasty_local.agent import asking, reading
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.scene import BUTTON, CHECK, ICON, IMAGE, INPUT, LINK, Control, Line, Scene

_LONGEST = 110  # letters of a phrase that asks; longer lines are prose
_SIGNS = r"(?:letters|characters|text|words?|digits|numbers?|symbols)"
_ASKS = re.compile(
    r"not\s*a\s*robot|captcha|are\s+you\s+(?:a\s+)?(?:robot|human|person)|"
    r"(?:prove|confirm|show|check(?:ing)?|verify(?:ing)?|make\s+sure)\s+(?:us\s+)?(?:that\s+|if\s+)?you\s*(?:['’]?re|\s*are)\s+(?:a\s+|really\s+)*(?:human|person|not\s+a\s*(?:robot|bot|machine))|"
    rf"(?:type|enter|write|copy|retype|repeat|fill\s+in)\s+(?:in\s+)?(?:the\s+|all\s+)?(?:\d\s+)?{_SIGNS}\s+(?:that\s+)?(?:you\s+(?:can\s+)?see|(?:are\s+|is\s+)?shown|(?:as\s+)?in\s+the\s+(?:picture|image|box|field)|(?:from|of|on)\s+the\s+(?:picture|image)|below|above)|"
    r"select\s+all\s+(?:the\s+)?(?:images|squares|pictures|tiles)|click\s+(?:on\s+)?(?:all|each)\s+(?:of\s+)?the\s+(?:images|squares|pictures)|"
    r"human\s+(?:verification|check)|i\s*am\s+human|i['’]?m\s+(?:a\s+)?human|(?:enter|type)\s+the\s+code\s+(?:(?:shown\s+)?in|from)\s+the\s+(?:picture|image)|drag\s+the\s+(?:slider|piece)|slide\s+to\s+(?:verify|unlock|continue)",
    re.IGNORECASE,
)
_ORDERS = re.compile(  # asks for something to be done, so that it is no heading of an article about it
    rf"\b(?:type|enter|write|copy|retype|select|click|drag|slide|prove|confirm|show\s+us)\b.*\b(?:{_SIGNS}|robot|human|images|squares|pictures|person|slider|piece|verify)\b|slide\s+to",
    re.IGNORECASE,
)
_TILES = re.compile(r"select\s+all|click\s+(?:on\s+)?(?:all|each)|drag|slide", re.IGNORECASE)
_ANOTHER = re.compile(
    r"(?:show|get|try|load)?\s*(?:me\s+)?(?:an?\s*other|a\s+new|new|different)\s+(?:picture|image|code|captcha|one|challenge)|"
    r"(?:refresh|reload)(?:\s+(?:the\s+)?(?:picture|image|captcha))?|can.?t\s+read\s+(?:it|this).*|audio(?:\s+challenge)?",
    re.IGNORECASE,
)


def unsolved(scene: Scene, asked: Collection[str] = ()) -> Line | None:
    """The phrase of a captcha that waits for a person, if one stands with something to solve it by. `asked`: what the
    fields said when a person was asked before; what one says anew is their answer."""
    return next((line for line in _phrases(scene) if _waits(scene, line, asked)), None)


def fields(scene: Scene) -> frozenset[str]:
    """What the fields of the page say."""
    return frozenset(c.text.strip() for c in scene.controls if c.kind == INPUT)


def _phrases(scene: Scene) -> list[Line]:
    """What asks, the clearest words first: lines, names of fields, and lines that run on in the next."""
    found = [line for line in scene.lines if len(line.text) <= _LONGEST and _ASKS.search(line.text)]
    found += [
        Line(c.label or c.text, c.box)
        for c in scene.controls
        if c.kind in (CHECK, INPUT) and _ASKS.search(c.label or c.text)
    ]
    if not found:
        found = [Line(f"{a.text} {b.text}", a.box) for a, b in _wrapped(scene) if _ORDERS.search(f"{a.text} {b.text}")]
        found = [line for line in found if _ASKS.search(line.text) and len(line.text) <= 2 * _LONGEST]
    return sorted(found, key=lambda line: not _ORDERS.search(line.text))


def _wrapped(scene: Scene) -> list[tuple[Line, Line]]:
    """Lines that go on in the line below."""
    return [
        (a, b)
        for a in scene.lines
        for b in scene.lines
        if abs(a.box.x - b.box.x) < scene.text_height and 0 <= b.box.y - a.box.bottom < 1.5 * scene.text_height
    ]


def _waits(scene: Scene, line: Line, asked: Collection[str]) -> bool:
    ticks = [c for c in scene.controls if c.kind == CHECK and _names(scene, line, c)]
    if ticks:
        return not any(c.checked for c in ticks)
    found = [c for c in scene.controls if c.kind == INPUT and _takes(scene, line, c)]
    if found:
        lines = [c for c in found if c.box.h <= 3.6 * scene.text_height]  # a frame as high as a picture is the picture
        return not (asked and any(c.text.strip() not in asked and _answers(c) for c in lines))
    if _TILES.search(line.text):
        pictures = [c for c in scene.controls if c.kind in (IMAGE, ICON, BUTTON) and reading.near(scene, line, c, 30)]
        if pictures:
            return True
    # a field that is not seen as one (a mere line, a frame without words): the order and the means to carry it out
    return bool(_ORDERS.search(line.text)) and _sends(scene, line) and not _search_only(scene)


def _names(scene: Scene, line: Line, control: Control) -> bool:
    near = reading.near(scene, line, control, 3)
    return near and bool(_ASKS.search(control.label) or reading.on_row(scene, control.box, line.box))


def _takes(scene: Scene, line: Line, control: Control) -> bool:
    """A field below the phrase that is for nothing else."""
    other = (*lexicon.USER_LABELS, *lexicon.PASSWORD_LABELS, "search", "name", "message", "phone", "comment")
    if control.box.y < line.box.y - 4 or not reading.near(scene, line, control, 22):
        return False
    return bool(_ASKS.search(control.label or control.text)) or not asking.named(control, other)


def _answers(control: Control) -> bool:
    """A person has typed an answer that was not sent yet: a short word that is no hint of the page."""
    text = control.text.strip()
    hint = re.search(
        r"\b(?:type|enter|letters|characters|captcha|answer|code|here|text|see|word)\b", text, re.IGNORECASE
    )
    return 3 <= len(text) <= 12 and " " not in text and not hint and bool(re.search(r"[A-Za-z0-9]{3}", text))


def _sends(scene: Scene, line: Line) -> bool:
    """A button to send an answer, or one for another picture, stands with the phrase."""
    for control in scene.controls:
        if control.kind not in (BUTTON, LINK, ICON) or control.box.y < line.box.y - 4:
            continue
        if _ANOTHER.fullmatch(control.text.strip()):
            return True
        send = any(reading.same(word, control.text) for word in lexicon.GO_ON)
        if control.kind == BUTTON and send and reading.near(scene, line, control, 26):
            return True
    return False


def _search_only(scene: Scene) -> bool:
    """The only field is that of a search: the page is about the thing."""
    fields = [c for c in scene.controls if c.kind == INPUT]
    return bool(fields) and all(asking.named(c, ("search", "find")) for c in fields)
