"""Which control leads on towards a goal: to its place, its record, its act, its last button. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coasty_local.agent import grounder, reading
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import Goal
from coasty_local.agent.scene import BUTTON, CHECK, ICON, INPUT, LINK, TEXT, Box, Control, Line, Scene, Target

_RELATED = {
    "invoice": ("bills", "billing", "payables", "accounts payable", "finance", "accounting", "money", "payments"),
    "bill": ("invoices", "billing", "payables", "payments"),
    "order": ("orders", "sales", "purchases", "shop", "transactions"),
    "customer": ("clients", "contacts", "people", "accounts", "crm"),
    "client": ("customers", "contacts", "people"),
    "user": ("people", "team", "members", "accounts", "staff", "administration", "settings"),
    "member": ("team", "people", "users"),
    "account": ("settings", "profile", "my account", "your account"),
    "product": ("catalog", "catalogue", "inventory", "items", "shop"),
    "ticket": ("support", "issues", "requests", "inbox"),
    "subscription": ("plans", "billing", "account", "settings"),
}
_ACT_PLACES = {
    "pay": ("invoices", "bills", "payments", "billing"),
    "refund": ("orders", "refunds", "returns", "sales", "payments"),
    "approve": ("approvals", "requests", "invoices"),
    "add": (),
}
OPENERS = ("view", "open", "details", "show", "more", "manage", "select", "see details", "view details", "edit")
_NEGATIVE = re.compile(
    r"\b(?:cancel|back|keep|no|not|never|close|later|skip|previous|return|abort|stay|"
    r"help|forgot|learn|export|print|download|check ?out)\b",
    re.IGNORECASE,
)
_MAKING = re.compile(
    r"\+|(?:new|add|create|write|compose|submit|save|send|delete|remove|pay|buy|reserve|make|cancel|close|approve|reject|"
    r"update|confirm|place)\b"
)
_ASIDE = re.compile(r"\b(?:out|off|help|exit|log ?in|sign ?in|sign ?up|register)\b")
_BUYING = re.compile(r"(?:book|order|request|post|start)\b")  # names of things, too: "Order history" is a place
_GENERAL = ("menu", "overview", "dashboard", "home", "more", "all")
_WIDE = 46  # no name of a place or an act is longer


def clickable(scene: Scene) -> list[Control]:
    return [c for c in scene.controls if c.kind in (BUTTON, LINK, ICON) and c.text.strip() and c.enabled]


def places(goal_act: str, noun: str) -> list[str]:
    """Names that the place of a thing may have, the likeliest first."""
    one = lexicon.singular(noun.lower()) if noun else ""
    head = one.split()[-1] if one else ""
    found = [noun.lower(), lexicon.plural(one), one, lexicon.plural(head)] if noun else []
    found += [*([f"{goal_act}s"] if goal_act else []), *_ACT_PLACES.get(goal_act, ()), *_RELATED.get(head, ())]
    found += [f"{whose} {word}" for word in found[:2] for whose in ("my", "your") if word]
    return list(dict.fromkeys(word for word in found if word))


def way_to(scene: Scene, names: list[str], visited: set[str]) -> Control | None:
    """The link or button that leads to a place of one of these names, not yet tried; exact names before longer ones."""
    best: tuple[float, int, Control] | None = None
    for control in clickable(scene):
        words = reading.plain(control.text)
        acts = words not in names and (_MAKING.match(words) or (_BUYING.match(words) and control.kind == BUTTON))
        if words in visited or len(words) > _WIDE or acts:
            continue
        for rank, wanted in enumerate(names):
            exact = reading.same(wanted, words)
            if exact or (reading.within(wanted, words) and len(words.split()) <= len(wanted.split()) + 2):
                score = (3.0 if exact else 1.0) - rank * 0.1
                if best is None or (score, -control.box.y) > (best[0], best[1]):
                    best = (score, -control.box.y, control)
                break
    return best[2] if best else None


def unseen_place(scene: Scene, visited: set[str]) -> Control | None:
    """The next place of the menu, by its order: a link that only leads somewhere."""
    for control in clickable(scene):
        words = reading.plain(control.text)
        idle = words not in visited and not _MAKING.match(words) and not _ASIDE.search(words)
        if control.kind == LINK and idle and len(words) < 24 and reading.in_menu(scene, control):
            return control
    return None


def titled(scene: Scene, words: str) -> bool:
    """Whether the page's heading names this."""
    if not words:
        return False
    heads = reading.headings(scene)
    return any(reading.within(words, line.text) for line in heads[:4])


def keyed(scene: Scene, key: str) -> bool:
    return bool(key) and (bool(reading.find(scene, key)) or any(reading.within(key, c.text) for c in scene.controls))


def alone(scene: Scene, key: str) -> bool:
    """Whether the page is about this one record: one of its two largest lines names it, and none names a
    rival; or the key
    stands on it and no rival does."""
    heads = reading.headings(scene)
    naming = next((line for line in heads[:2] if reading.within(key, line.text)), None)
    if naming is not None:
        return not any(reading.rivals(key, line.text) for line in heads) and not _one_of_several(heads, naming)
    if not re.search(r"\d", key) or not keyed(scene, key):
        return False
    return not any(reading.rivals(key, line.text) for line in scene.lines)


def _one_of_several(heads: list[Line], naming: Line) -> bool:
    """The heading names one of several cards: others of its size stand on the page, below a larger one."""
    tall = reading.letter_height(naming)
    alike = [h for h in heads if h is not naming and abs(reading.letter_height(h) - tall) < 0.14 * tall]
    return heads[0] is not naming and bool(alike)


def act_control(scene: Scene, goal: Goal) -> Control | None:
    """The control that starts the act on the record: on its row or card, or anywhere on a page that is all about it."""
    words = lexicon.act_words(goal.act)
    target = Target(
        words[0], (BUTTON, LINK, ICON), row=goal.key, aliases=(*words[1:], f"{goal.act} {goal.noun}".strip())
    )
    if goal.key and not alone(scene, goal.key):
        return _checked(scene, target, words) if _row_known(scene, goal.key) else None
    if goal.key and not keyed(scene, goal.key):
        return None
    return _worded(scene, words, goal)


def from_menu(scene: Scene, goal: Goal, before: Scene | None) -> Control | None:
    """The control for the act in a menu that has opened from the record's row; None unless there is just one."""
    if before is None or not goal.key or reading.title(before) != reading.title(scene):
        return None
    words = lexicon.act_words(goal.act)
    exact = [f"{word} {goal.noun}".strip() for word in words] + list(words)
    found = [
        c for c in clickable(scene) if reading.fresh(before, c) and any(reading.same(word, c.text) for word in exact)
    ]
    entries = [
        line for line in reading.new_lines(before, scene) if any(reading.same(word, line.text) for word in exact)
    ]
    found = found or [reading.as_control(line) for line in entries]
    return found[0] if len(found) == 1 else None


def _row_known(scene: Scene, key: str) -> bool:
    return bool(reading.find(scene, key))


def _checked(scene: Scene, target: Target, words: tuple[str, ...]) -> Control | None:
    """One place on the row, whose own words name the act."""
    choice = grounder.settle(grounder.find(scene, target))
    if choice.kind != "one":
        return None
    control = choice.candidates[0].control
    return control if control.kind in (BUTTON, LINK, ICON) and reading.any_word(words, control.text) else None


def _worded(scene: Scene, words: tuple[str, ...], goal: Goal) -> Control | None:
    """The control whose words start with the act: exact ones first, buttons before links, never a place of the
    navigation."""
    scored = []
    for control in clickable(scene):
        text = reading.plain(control.text)
        if len(text) > _WIDE or _NEGATIVE.search(re.sub(rf"\b{goal.act}\b", "", text)):
            continue
        if (
            goal.key == ""
            and goal.noun
            and not (reading.within(goal.noun, text) or any(reading.same(word, text) for word in words))
        ):
            continue
        exact = any(reading.same(word, text) for word in words) or any(
            text == f"{word} {tail}"
            for word in words
            for tail in (goal.noun, f"the {goal.noun}", f"this {goal.noun}", goal.key.lower(), f"my {goal.noun}")
        )
        if exact or any(re.match(rf"(?:yes,? )?{re.escape(word)}\b", text) for word in words):
            scored.append((exact, control.kind == BUTTON, control.box.w * control.box.h, control))
    best = max(scored, key=lambda item: item[:3])[3] if scored else None
    alike = [c for *_, c in scored if best is not None and reading.same(c.text, best.text)]
    if best is None or goal.key or len(alike) < 2:
        return best
    rows = [reading.record_box(scene, line, goal.noun) for line in reading.find(scene, goal.noun)]
    own = [c for c in alike if any(row.contains(*c.box.center) for row in rows)]
    return own[0] if len(own) == 1 else None  # one for each of several things: the one on the row of what is named


def opener(scene: Scene, key: str) -> Control | None:
    """What opens the record: its name as a link, a "View" on its row, else its name itself."""
    links = [
        c for c in clickable(scene) if c.kind == LINK and reading.within(key, c.text) and len(c.text) <= len(key) + 24
    ]
    if links:
        return min(links, key=lambda c: len(c.text))
    choice = grounder.settle(grounder.find(scene, Target(OPENERS[0], (BUTTON, LINK), row=key, aliases=OPENERS[1:])))
    if choice.kind == "one" and choice.candidates[0].control.kind in (BUTTON, LINK, ICON):
        return choice.candidates[0].control
    lines = reading.find(scene, key)
    beside = [c for c in clickable(scene) if c.kind == LINK and lines and reading.on_row(scene, lines[0].box, c.box)]
    if len(lines) == 1 and beside and lines[0].box.y > scene.height * 0.12:
        return min(beside, key=lambda c: c.box.x)  # a row is opened by its first link
    return reading.as_control(lines[0]) if lines else None


MENUS = ("actions", "more", "more actions", "options", "menu", "manage", "⋮", "…", "...")


def row_menu(scene: Scene, key: str) -> Control | None:
    """What opens the menu of the record's row: by its words, else by its dots at the end of the row."""
    if dots := _dots(scene, key):
        return dots
    choice = grounder.settle(grounder.find(scene, Target(MENUS[0], (BUTTON, LINK, ICON), row=key, aliases=MENUS[1:])))
    found = choice.candidates[0].control if choice.kind == "one" else None
    return found if found is not None and any(reading.same(word, found.text) for word in MENUS) else None


_DOTS = re.compile(r"[^\w\s+×<>-]{1,6}")  # three dots, as a reader takes them


def _dots(scene: Scene, key: str) -> Control | None:
    """The one control on the row that says nothing but dots."""
    lines = reading.find(scene, key)
    if len(lines) != 1:
        return None
    place = reading.record_box(scene, lines[0], key)
    acting = [c for c in scene.controls if c.kind in (BUTTON, LINK, ICON) and place.contains(*c.box.center)]
    found = [c for c in acting if _DOTS.fullmatch(c.text.strip()) and c.box.x > lines[0].box.x]
    return found[0] if len(found) == 1 else None


_HEADS = frozenset(
    "name number no id customer client status state date due amount total price email title subject type owner from "
    "user role team product order invoice created updated size zone category".split()
)


def row_box(scene: Scene, key: str) -> Control | None:
    """The box that picks the record's row: one of a column of boxes under the heads of a table, none of them ticked. A
    box beside an entry of a plain list means something else: that it is done."""
    lines = reading.find(scene, key)
    marks = [c for c in scene.controls if c.kind == CHECK]
    if len(lines) != 1 or any(c.checked for c in marks):
        return None
    own = [c for c in marks if reading.on_row(scene, lines[0].box, c.box) and c.box.right <= lines[0].box.x]
    if len(own) != 1:
        return None
    column = [c for c in marks if abs(c.box.x - own[0].box.x) <= 4]
    top = min(column, key=lambda c: c.box.y)
    over = [x for x in scene.lines if x.box.y < lines[0].box.y - scene.text_height and x.box.x >= top.box.x]
    heads = [x for x in over if any(word in _HEADS for word in reading.plain(x.text).split())]
    level = max((sum(reading.on_row(scene, x.box, y.box) for y in heads) for x in heads), default=0)
    return own[0] if len(column) >= 2 and level >= 2 else None


def entry(scene: Scene, before: Scene, words: Sequence[str]) -> Control | None:
    """The one entry with these words in a menu that has opened since."""
    for word in words:
        found = [c for c in clickable(scene) if reading.same(word, c.text) and reading.fresh(before, c)]
        lines = [line for line in reading.new_lines(before, scene) if reading.same(word, line.text)]
        found = found or [reading.as_control(line) for line in lines]
        if len(found) == 1:
            return found[0]
    return None


def adder(scene: Scene, goal: Goal) -> Control | None:
    """The control that leads to the form for something new."""
    words = lexicon.act_words(goal.act)
    scored = []
    for control in clickable(scene):
        text = reading.plain(control.text).lstrip("+ ")
        named = reading.within(goal.noun, text) or reading.within(lexicon.plural(goal.noun), text)
        starts = any(re.match(rf"{re.escape(word)}\b", text) for word in words)
        if starts and len(text) <= _WIDE and (named or any(reading.same(word, text) for word in words)):
            scored.append((named, control.kind == BUTTON, control.box.y, control))
        elif text == "" and control.text.strip() == "+":
            scored.append((False, True, control.box.y, control))
    return max(scored, key=lambda item: item[:2])[3] if scored else None


def last_control(
    scene: Scene, goal: Goal, before: Scene | None, pressed: set[str], below: Box | None
) -> Control | None:
    """The control that completes what was begun: act or confirming words, rather new on screen, rather a
    button, below the fields."""
    words = lexicon.act_words(goal.act)
    best: tuple[float, Control | None] = (0.0, None)
    for control in clickable(scene):
        text = reading.plain(control.text)
        if (
            len(text) > _WIDE
            or (mark(scene, control) in pressed and not _asked_anew(scene, before, control))
            or (_NEGATIVE.search(text) and not reading.any_word(("no fee",), text))
        ):
            continue
        score = _finality(text, words, goal)
        if not score:
            continue
        score += 0.2 if reading.fresh(before, control) else -0.25
        score += 0.1 if control.kind == BUTTON else 0.0
        if below is not None:
            score += 0.15 if 0 <= control.box.y - below.y < scene.text_height * 24 else -0.3
        if score > best[0]:
            best = (score, control)
    return best[1] if best[0] >= 0.6 else None


def _asked_anew(scene: Scene, before: Scene | None, control: Control) -> bool:
    """A question has come up since the last press, and with it this control: it bears the same word, but is another."""
    if before is None or not reading.fresh(before, control):
        return False
    return any("?" in line.text for line in reading.new_lines(before, scene))


def _finality(text: str, words: tuple[str, ...], goal: Goal) -> float:
    if any(reading.same(word, text) for word in words):
        return 0.9
    confirms = [word for word in lexicon.CONFIRMING if re.search(rf"\b{re.escape(word)}\b", text)]
    acts = [word for word in (*words, f"{goal.act}ment") if re.search(rf"\b{re.escape(word)}", text)]
    if acts and (confirms or goal.noun in text or re.match(rf"(?:{'|'.join(map(re.escape, words))})\b", text)):
        return 1.0
    if acts:
        return 0.7
    if any(reading.same(word, text) for word in lexicon.CONFIRMING):
        return 0.8
    return 0.75 if confirms and len(text.split()) <= 4 else 0.0


def mark(scene: Scene, control: Control) -> str:
    """What tells one press from another: the words of the control and the page it stands on."""
    return f"{reading.plain(control.text)}@{reading.plain(reading.title(scene))}"


def search_field(scene: Scene) -> Control | None:
    found = [
        c
        for c in scene.controls
        if c.kind == INPUT and re.search(r"\b(?:search|find|filter|look\s*up)\b", f"{c.label} {c.text}", re.IGNORECASE)
    ]
    return found[0] if found else None


_ONWARD = ("next", "next page", "older", ">", "›", "»", "load more", "show more")


def next_page(scene: Scene) -> Control | None:
    """What turns a list to its next page: a control, else the plain words of a pager at the foot of the list."""
    found = [c for c in clickable(scene) if any(reading.same(word, c.text) for word in _ONWARD)]
    foot = [x for x in scene.lines if any(reading.same(word, x.text) for word in _ONWARD[:3])]
    found += [reading.as_control(x) for x in foot if len(foot) == 1 and scene.lines.index(x) > len(scene.lines) * 0.6]
    found += [control for x in scene.lines if (control := _pager(x))]
    return found[0] if found else None


_PAGER = re.compile(r"(?:\bprev\w*|\bpage\s+\d+\s+of\s+\d+\b).*?(?P<next>\bnext(?:\s+page)?\s*[>›»]*)$", re.IGNORECASE)


def _pager(line: Line) -> Control | None:
    """The end of a pager that was read as one line: "Prev Page 1 of 3 Next"."""
    found = _PAGER.search(line.text)
    count = re.search(r"\bpage\s+(\d+)\s+of\s+(\d+)\b", line.text, re.IGNORECASE)
    if not found or (count and int(count.group(1)) >= int(count.group(2))):
        return None
    width = max(1, line.box.w * len(found.group("next")) // len(line.text))
    box = Box(line.box.right - width, line.box.y, width, line.box.h)
    return Control(TEXT, box, found.group("next"), score=line.score)


GENERAL, KINDS = _GENERAL, (BUTTON, LINK, TEXT)
