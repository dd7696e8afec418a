"""Which control belongs to an act in words: the door to its form, and the last control of it. Pure."""

from __future__ import annotations

import re

from coasty_local.agent import asking, paying, reading, ways
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.scene import BUTTON, LINK, Box, Control, Scene

# Words that name the same act: a control of one may stand for the others.
_SAME = tuple(
    tuple(words.split("|"))
    for words in (
        "sign up|register|create account|create an account|create my account|create your account|join|join now|"
        "get started|enrol|enroll",
        "order|place order|place your order|place the order|buy|buy now|order now|order and pay|purchase|"
        "complete order|submit order|confirm order|checkout and pay|complete purchase|confirm and pay|pay now",
        "book|book now|reserve|reserve now|confirm booking|complete booking|confirm reservation|make reservation|"
        "make booking",
        "request|send request|submit request|request now",
        "reply|send reply|post reply|respond|answer",
        "comment|add comment|post comment|leave a comment",
        "assign|reassign",
        "update|save|save changes",
        "book and pay|pay now|confirm and pay|pay and book",
        "continue|next|proceed|go on|next step",
        "archive|move to archive",
        "close|resolve",
        "check out|checkout",
    )
)
# Words that complete a form whatever its act: they count only below fields that this task has filled in.
_ENDS = {
    "": "submit|send|confirm|ok|done|complete|finish|continue|go",
    "sign up": "create|start",
    "reply": "send|send message|post|send mail",
    "comment": "post|add|save",
    "assign": "save|update|save changes|apply",
    "update": "apply",
    "create": "add|save|create",
    "add": "create|save|post",
    "request": "apply|send",
    "confirm": "yes",
}
_OTHER_WAYS = re.compile(
    r"\b(?:google|facebook|apple|microsoft|github|sso|newsletter|subscribe|forgot|help|sign in|log in|login|search|"
    r"sign out|log out|back|cancel|edit|another|again|more|print|download|draft|later|preview|not|no|don'?t|keep)\b",
    re.IGNORECASE,
)
_LEAST, _LONGEST = 0.65, 40
_HARMLESS = frozenset("a an the new my your now this another here + online".split())


def synonyms(verb: str) -> tuple[str, ...]:
    """Other words for the act, the verb left out."""
    found = [word for words in _SAME if verb in words for word in words]
    return tuple(dict.fromkeys(word for word in (*found, *lexicon.act_words(verb)) if word != verb))


def endings(verb: str) -> tuple[str, ...]:
    """Words that may complete a form of this act."""
    kin = next((name for name in _ENDS if name and (verb == name or verb in synonyms(name))), "")
    return (*_ENDS[kin].split("|"), *(_ENDS[""].split("|") if kin else ()))


def _canonical(verb: str, noun: str) -> str:
    """ "Create account" is one act of that name, and has other words than "create"."""
    whole = f"{verb} {noun}"
    return whole if any(whole in group for group in _SAME) else ""


def finals(scene: Scene, verb: str, noun: str, below: Box | None) -> list[Control]:
    """The controls that complete the act: their words name it. `below`: the field that was filled in last, when one
    was: then the nearest control below it is meant; without one, all that say it equally well."""
    whole = _canonical(verb, noun)
    scored = []
    for control in ways.clickable(scene):
        score = _finality(scene, control, verb, noun, below)
        score = max(score, _finality(scene, control, whole, "", below) if whole else 0.0)
        if score >= _LEAST:
            scored.append((score, control))
    best = max((score for score, _ in scored), default=0.0)
    group = [control for score, control in scored if score > best - 0.02]
    return [min(group, key=lambda c: (c.box.y, c.box.x))] if below is not None and group else group


def _finality(scene: Scene, control: Control, verb: str, noun: str, below: Box | None) -> float:
    text = reading.plain(control.text)
    if len(text) > _LONGEST or _foreign(text, verb):
        return 0.0
    if below is not None and control.box.y < below.y - scene.text_height:
        return 0.0
    score = _named(text, verb, noun, below is not None)
    if score and control.kind == LINK and reading.in_menu(scene, control):
        return score - 0.3
    return score + 0.06 if score and control.kind == BUTTON else score


def _foreign(text: str, verb: str) -> bool:
    """The words lead another way, or say more than the act: unless the act itself is said with them."""
    rest = re.sub(rf"\b{re.escape(verb)}\b", " ", text)
    return bool(_OTHER_WAYS.search(rest))


def _named(text: str, verb: str, noun: str, entered: bool) -> float:
    """How well the words of a control name the act, 0 to 1."""
    stem = _stem(noun)
    if any(word and reading.same(word, text) for word in (f"{verb} {noun}", verb, stem)):
        return 1.0
    alike = synonyms(verb)
    about = bool(noun) and (reading.within(noun, text) or reading.within(lexicon.plural(noun), text))
    starts = any(re.match(rf"(?:yes,? )?{re.escape(word)}\b", text) for word in (verb, stem) if word)
    if starts and (about or not noun or (entered and len(text.split()) <= 3)):
        return 0.94
    if about and any(reading.within(word, text) for word in (*alike, *lexicon.CONFIRMING)):
        return 0.9
    if any(reading.same(word, text) for word in alike):
        return 0.85
    ends = endings(verb) if entered else ()
    if any(reading.same(word, text) for word in ends):
        return 0.75
    begins = (*alike, "submit", "send", "confirm", *(word for word in ends if word in ("save", "update")))
    if entered and any(re.match(rf"{re.escape(word)}\b", text) for word in begins):
        return 0.72
    return 0.0


def _stem(noun: str) -> str:
    """The verb inside a noun: booking -> book; "" when there is none."""
    found = re.fullmatch(r"(\w{3,})(?:ing|ment)", noun)
    return found.group(1) if found else ""


def onward(scene: Scene, below: Box | None) -> Control | None:
    """The button that leads on from a filled form to its next page; None unless something was filled in here."""
    if below is None:
        return None
    found = [
        c
        for c in ways.clickable(scene)
        if c.kind == BUTTON and c.box.y >= below.y and not _foreign(reading.plain(c.text), "") and not paying.pays(c)
        and reading.any_word(("continue", "next", "proceed", "see summary", "review", "go on"), c.text)
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def steps_left(scene: Scene) -> bool:
    """Whether the page says that it is a step before the last of its form."""
    for line in scene.lines:
        found = re.search(r"\b(?:step|page|part)\s*(\d)\s*(?:of|/)\s*(\d)\b", line.text, re.IGNORECASE)
        if found and int(found.group(1)) < int(found.group(2)):
            return True
    return False


def doors(scene: Scene, verb: str, noun: str, tried: set[str]) -> list[Control]:
    """The controls that lead to the form of the act, those that fit best; never one that pays or destroys."""
    whole = _canonical(verb, noun)
    verb, noun = (whole, "") if whole else (verb, noun)
    exact = (
        [verb, f"{verb} {noun}", f"new {noun}", f"add {noun}", f"create {noun}", f"write {noun}"] if noun else [verb]
    )
    places = [word for word in (noun, lexicon.plural(noun)) if word]
    named = "|".join(map(re.escape, places or ["-"]))
    scored = []
    for control in ways.clickable(scene):
        text = reading.plain(control.text).lstrip("+ ")
        if ways.mark(scene, control) in tried or len(text) > _LONGEST or _foreign(text, verb):
            continue
        if paying.pays(control) or asking.destroys(control):
            continue
        words = " ".join(word for word in text.split() if word not in _HARMLESS)
        if any(reading.same(name, text) or reading.same(name, words) for name in exact):
            scored.append((3, control))
        elif any(reading.same(name, words) for name in synonyms(verb)) or re.fullmatch(
            rf"(?:new|add|create|start|make|write|request|{re.escape(verb)}) (?:{named})",
            words,
        ):
            scored.append((2, control))
        elif any(reading.same(name, words) for name in places):
            scored.append((1, control))
    best = max((score for score, _ in scored), default=0)
    return [control for score, control in scored if score == best]
