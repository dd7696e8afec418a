"""Rules for acts said as verb, object and values: what to enter where, and what to press once all is entered."""

from __future__ import annotations

import re

from coasty_local.agent.planner import goals, rules
from coasty_local.agent.planner import slots as slotting
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.planner.steps import (
    Again,
    Click,
    Commit,
    Enter,
    Goal,
    Open,
    Refrain,
    Step,
)  # fmt: skip
from coasty_local.agent.scene import BUTTON, LINK, Target

RULES = rules.Rules()
VERBS = (
    "sign up|register|enrol|enroll|join|create|make|request|apply|book|reserve|order|place|reply|respond|"
    "answer|post|comment|assign|archive|unarchive|star|flag|pin|unpin|mute|unmute|follow|unfollow|"
    "share|rename|duplicate|clone|export|schedule|reset|unlock|lock|block|unblock|invite|submit|"
    "file|escalate|merge|upgrade|downgrade|restore|undo|empty|withdraw|report|confirm|complete|finish|"
    "close|publish|save|send|check out|check in|reopen|resolve|approve|accept|reject|add|continue|proceed|update|"
    "generate|redeem|claim|rate|vote|snooze|forward|borrow|return|extend|reschedule|admit|discharge|hold|"
    "rent|hire|donate|log|record|leave|write|buy|purchase|suggest|nominate|subscribe|restart|reboot|pause|resume|rerun|bookmark"
).split("|")
FORMS_ONLY = frozenset(("add", "make", "report", "leave", "write", "log", "record", "create", "rate", "hold", "file"))
_TYPED = frozenset(
    "redeem claim apply submit add post leave write send rate vote suggest comment reply answer record log make".split()
)
_ONWARD = ("continue", "proceed", "save", "submit", "confirm", "send")
_PLACED = frozenset(("order", "reservation", "booking", "request", "hold", "bid", "call"))
_VERB = "|".join(sorted((re.escape(verb).replace(r"\ ", r"[\s-]") for verb in VERBS), key=len, reverse=True))
_PRONOUN = r"(?:it|them|this|that|these|those|one|everything)"
_UNSURE = re.compile(
    r"\b(?:all|every|each|any|some|cheapest|best|most|least|lowest|highest|biggest|smallest|newest|oldest|latest|"
    r"if|unless|whether|when|until|before|after|except|or|either)\b",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*(?:[,(]|:(?!\d))\s*(?:and\s+)?(?:with\s+)?|(?:^|\s+)(?:with|using|having)\s+(?:the\s+)?", re.IGNORECASE
)
_WORDS = {"reply": "message", "respond": "message", "answer": "message", "comment": "comment", "post": "message"}
_DAY = re.compile(r"(?:(?:next|this)\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow", re.IGNORECASE)
_ARTICLE = r"(?:(?:the|an?|my|our|your|this|that|its|new)\s+)*"
IT = "\ue003"  # the key of what was named before
THAT = r"(?:it|its|this|that|their|this\s+one)"
_SEALED = "\ue000\\d+\ue001"


@RULES.rule(r"(?:repeat|confirm|retype|re-enter|reenter)\s+(?:the\s+|my\s+|your\s+)?(?:same\s+)?password(?:\s+again)?"
            r"|(?:type|enter)\s+(?:the\s+|it\s+)?(?:same\s+)?(?:password\s+)?(?:again|once\s+more)")  # fmt: skip
def again(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Again()]


@RULES.rule(r"(?:do\s+not|don't|without|never)\s+(?P<what>[a-z]+(?:ing)?(?:\s+[\w'-]+){0,5})(?:\s+yet)?")
def refrain(match: re.Match[str], text: Text) -> list[Step] | None:
    what = match.group("what")
    return None if _UNSURE.search(what) else [Refrain(words=what.lower())]


@RULES.rule(r"(?:go|turn|switch|move)\s+to\s+(?:the\s+)?page\s+(?:number\s+|no\.?\s*)?(?P<number>\d{1,3})")
def turn_page(match: re.Match[str], text: Text) -> list[Step] | None:
    number = match.group("number")
    return [Click(target=Target(number, (LINK, BUTTON), aliases=(f"page {number}",)))]


@RULES.rule(
    r"(?:put|place|add)\s+(?P<what>.+?)\s+(?:to|into|in)\s+(?:the\s+|my\s+)?(?P<where>(?:shopping\s+)?(?:cart|basket|bag)|wish\s?list)"
)
def put_in(match: re.Match[str], text: Text) -> list[Step] | None:
    things = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", match.group("what"))
    if _UNSURE.search(match.group("what")) or re.match(
        r"(?:\d+|two|three|four|five|six)(?:\s+[a-z]|$)", match.group("what")
    ):
        return None
    made = [goals.adding(thing, match.group("where").lower(), text) for thing in things]
    return list[Step](made)


@RULES.rule(
    r"(?:remove|delete|take)\s+(?P<what>.+?)\s+(?:from|out\s+of|off)\s+(?:the\s+|my\s+)?"
    r"(?P<where>(?:shopping\s+)?(?:cart|basket|bag)|wish\s?list)"
)
def take_out(match: re.Match[str], text: Text) -> list[Step] | None:
    what = re.sub(rf"^{_ARTICLE}", "", match.group("what"), flags=re.IGNORECASE)
    if _UNSURE.search(what) or re.fullmatch(_PRONOUN, what) or re.search(r"\s+and\s+|,", what):
        return None
    return [Goal(act="delete", noun=match.group("where"), key=text.plain(what))]


@RULES.rule(
    rf"(?:add|post|leave|write)\s+{_ARTICLE}(?P<noun>comment|note|reply|message|remark|tag|label)\s*(?:[:,]|saying|that\s+says|with\s+the\s+text|reading)?\s*(?P<value>{_SEALED}|#\w[\w-]*)"
    r"(?:\s+(?:to|on|under|for|at)\s+(?P<where>.+))?"
)
def remark(match: re.Match[str], text: Text) -> list[Step] | None:
    noun = match.group("noun").lower()
    made: list[Step] = []
    whom = re.search(r"\sfor\s+(the\s+[a-z]+)$", match.group())
    if whom:  # "a note for the driver" is a field of that name, not a place
        noun = f"{noun} for {whom.group(1)}"
    elif match.group("where") and not re.fullmatch(_PRONOUN, match.group("where")):
        thing, key = goals.thing(match.group("where"), text)
        made.append(Open(noun=thing, key=key))
    slot = ((noun, text.plain(match.group("value"))),)
    noun = noun.split()[0]
    return [*made, Enter(verb="add", noun=noun, slots=slot), Commit(verb="add", noun=noun)]


@RULES.rule(
    rf"(?P<verb>reply|respond|answer|post|comment)(?:\s+to\s+(?:it|this|them|him|her))?\s*(?:with|saying|by\s+saying|:|,)?\s*(?P<value>{_SEALED})"
)
def reply(match: re.Match[str], text: Text) -> list[Step] | None:
    slot = (("message", text.plain(match.group("value"))),)
    verb = match.group("verb").lower()
    verb = verb if verb in ("post", "comment") else "reply"
    return [Enter(verb=verb, slots=slot), Commit(verb=verb)]


@RULES.rule(
    r"(?P<verb>send|write)\s+(?:an?\s+)?(?P<noun>message|e-?mail|mail|note)\s+to\s+"
    rf"(?P<role>the\s+[a-z]+\s+of\s+)?(?P<who>{_SEALED}|(?-i:[A-Z])[\w .'-]*?|\S+@\S+?)"
    rf"(?:\s*,?\s*(?:with\s+)?(?:the\s+)?subject\s+(?P<subject>{_SEALED}|(?-i:[A-Z])[\w ]*?))?"
    rf"\s*,?\s*(?:saying|with|that\s+says|and|:)?\s*(?:the\s+(?:text|message)\s+)?(?P<value>{_SEALED})"
)
def send_to(match: re.Match[str], text: Text) -> list[Step] | None:
    noun = re.sub(r"e-?mail|mail", "email", match.group("noun").lower())
    to = f"to {match.group('role').strip().lower()}" if match.group("role") else "recipient"
    about = (("subject", text.plain(match.group("subject"))),) if match.group("subject") else ()
    slots = ((to, text.plain(match.group("who"))), *about, ("message", text.plain(match.group("value"))))
    return [Enter(verb="send", noun=noun, slots=slots), Commit(verb="send", noun=noun)]


@RULES.rule(r"book\s+and\s+pay(?:\s+(?:it|now|for\s+it))?")
def book_and_pay(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Commit(verb="book and pay")]


@RULES.rule(rf"assign\s+(?:{_PRONOUN}|(?:the|this)\s+(?P<noun>[a-z]+)|(?P<rest>.+?))\s+to\s+(?P<who>{_SEALED}|[A-Z].*)")
def assign(match: re.Match[str], text: Text) -> list[Step] | None:
    who = text.plain(match.group("who"))
    made: list[Step] = []
    if match.group("rest"):
        noun, key = goals.thing(match.group("rest"), text)
        made.append(Open(noun=noun, key=key))
    return [*made, Enter(verb="assign", slots=(("assignee", who),)), Commit(verb="assign")]


@RULES.rule(
    r"(?P<act>delete|remove|cancel|refund|pay|void|renew|suspend|activate|deactivate|ship)\s+(?:it|this\s+one|that\s+one)"
)
def to_it(match: re.Match[str], text: Text) -> list[Step] | None:
    """What "it" is, the clauses before say."""
    act = match.group("act").lower()
    return [Goal(act=lexicon.ACT_ALIASES.get(act, act), key=IT)]


@RULES.rule(r"(?:open|view|show)\s+it(?:\s+up)?")
def open_it(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Open(key=IT)]


@RULES.rule(
    r"(?:set|put|move|change|switch)\s+it\s+(?:to|on)\s+(?P<state>(?!the\b|my\b|\d)[A-Za-z]+(?:\s[a-z]+){0,2})",
    r"mark\s+it\s+(?P<as>as)\s+(?P<state>[a-z]+(?:\s[a-z]+)?)",
)
def state_of_it(match: re.Match[str], text: Text) -> list[Step] | None:
    """ "Set it to On hold": the status of what the clauses before name."""
    state = match.group("state")
    act = next((name for name in lexicon.ACTS if state.lower() in lexicon.done_words(name)), "")
    if match.groupdict().get("as") and act:
        return [Goal(act=act, key=IT)]
    return [Goal(act="edit", key=IT, slots=(("status", state),))]


@RULES.rule(
    r"reset\s+(?:the\s+)?(?P<what>[a-z]+)\s+(?:of|for)\s+(?P<rest>.+)",
    r"reset\s+(?P<rest>[A-Z][\w.-]*(?:\s[A-Z][\w.-]*)*)'s\s+(?P<what>[a-z]+)",
)
def reset(match: re.Match[str], text: Text) -> list[Step] | None:
    if _UNSURE.search(match.group("rest")):
        return None
    _, key = goals.thing(match.group("rest"), text)
    return [Goal(act="reset", noun=match.group("what").lower(), key=key)] if key else None


@RULES.rule(
    r"(?:click|press|use|hit)\s+(?:on\s+)?the\s+button\s+(?:to|that|for|which)\s+(?P<verb>[a-z]+)s?\s+(?P<what>.+)"
)
def button_to(match: re.Match[str], text: Text) -> list[Step] | None:
    noun = re.sub(rf"^{_ARTICLE}", "", text.plain(match.group("what")))
    return None if _UNSURE.search(noun) or len(noun.split()) > 3 else [Commit(verb=match.group("verb"), noun=noun)]


@RULES.rule(r"(?P<verb>continue|proceed|go\s+on|move\s+on)\s+to\s+(?P<what>.+)")
def go_on(match: re.Match[str], text: Text) -> list[Step] | None:
    noun = re.sub(rf"^{_ARTICLE}", "", text.plain(match.group("what")))
    return None if _UNSURE.search(noun) or len(noun.split()) > 3 else [Commit(verb="continue", noun=noun)]


@RULES.rule(rf"(?P<verb>{_VERB})(?:\s*(?P<rest>[\s:,].+))?")
def deed(match: re.Match[str], text: Text) -> list[Step] | None:
    """Any act whose parts all have a name or a place: first what to enter, then what to press."""
    verb = re.sub(r"[\s-]+", " ", match.group("verb").lower())
    rest = match.group("rest")
    if rest is None or _UNSURE.search(rest) or (verb in _ONWARD and rest.lstrip().startswith(",")):
        return None  # "continue, name Ada": what comes after the comma is no part of going on
    noun, slots = _parts(verb, rest, text)
    if noun is None or len(noun.split()) > 3 or (verb == "place" and noun not in _PLACED):
        return None
    if (
        len(slots) == 1 and slots[0][0] == "" and noun in lexicon.FIELDS and verb in _TYPED
    ):  # "redeem the code X": it is typed
        slots = ((noun, slots[0][1]),)
    if len(slots) == 1 and slots[0][0] == "" and verb not in FORMS_ONLY:
        return [Goal(act=verb, noun=noun, key=slots[0][1])]
    if not slots:
        return None if verb in FORMS_ONLY and not noun else [Commit(verb=verb, noun=noun)]
    return [Enter(verb=verb, noun=noun, slots=slots), Commit(verb=verb, noun=noun)]


@RULES.rule(r"(?P<verb>check[\s-](?:in|out))\s+(?P<rest>.+)")
def check_in(match: re.Match[str], text: Text) -> list[Step] | None:
    """ "Check out 'Dune'", "check in Ana Flores": no check of the screen, though it begins like one."""
    return deed(match, text)


def _parts(verb: str, rest: str, text: Text) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """The plain noun of the object and the values; None for what can't be read."""
    body = rest if rest.startswith((":", ",")) else rest.strip()
    cut = _TAIL.search(body)
    head, tail = (body[: cut.start()], body[cut.end() :]) if cut else (body, "")
    head_slots = _head(head.strip(), text)
    if head_slots is None:
        return None, ()
    noun, found = head_slots
    for part in slotting.parts(tail):
        pairs = _value(part, text)
        if pairs is None:
            return None, ()
        found += pairs
    names = [name for name, _ in found]
    return (noun, tuple(found)) if len(set(names)) == len(names) else (None, ())


_PIECE = re.compile(
    r"\s+(?=(?:for|from|to|until|till|under|as|at|on|in)\s)|\s+(?=without\s)|^(?=(?:as|for|under)\s)", re.IGNORECASE
)


def _head(head: str, text: Text) -> tuple[str, list[tuple[str, str]]] | None:
    """The object with what its prepositions say: "a Double room for 2 guests under the name Mia Chen"."""
    pieces = _PIECE.split(head)
    found: list[tuple[str, str]] = []
    noun = re.sub(rf"^{_ARTICLE}", "", pieces[0], flags=re.IGNORECASE) if pieces else ""
    if re.fullmatch(_PRONOUN, noun, re.IGNORECASE):
        noun = ""
    counted = re.fullmatch(r"(\d+)\s+([a-z]+)", noun)
    named = (counted.group(2), "") if counted else _object(noun, text)
    if named is None:
        return None
    noun, key = named
    if counted:
        found.append((lexicon.plural(noun), counted.group(1)))
    if key:
        found.append(("", key))
    for piece in pieces[1:]:
        if re.fullmatch(rf"\s*(?:on|for|from|to|in|at)\s+(?:{_PRONOUN}|(?:the|this)\s+page)", piece, re.IGNORECASE):
            continue  # "place a hold on it": what the page is about
        pair = _prepositional(piece, text)
        if pair and pair[0] == "name" and not key and re.match(r"(?:tickets?|seats?|places?)$", noun):
            pair = ("", pair[1]) if re.match(r"for\s", piece.strip()) else pair
        if pair is None:
            return None
        found.append(pair)
    return noun, found


def _object(noun: str, text: Text) -> tuple[str, str] | None:
    """The kind of the thing and its name: "Double room" is a room, "the book 'Dune'" a book called Dune."""
    if re.match(r"(?:and|to|for|from|with|in|on|of|up|is|are|was|were|not)\b", noun):
        return None
    if re.fullmatch(r"[a-z][a-z -]*|", noun):
        return noun, ""
    if re.fullmatch(r"[A-Z][\w-]*(?:\s[A-Z][\w-]*)*\s[a-z]+|[A-Z][a-z]+", noun):
        return noun.split()[-1].lower(), noun
    kind, key = goals.thing(noun, text)
    return (kind, key) if key and re.fullmatch(r"[a-z][a-z -]*|", kind) and "," not in key else None


def _prepositional(piece: str, text: Text) -> tuple[str, str] | None:
    word, _, rest = piece.strip().partition(" ")
    word, rest = word.lower(), rest.strip()
    if word == "without":
        plain = re.fullmatch(r"(?:the\s+|an?\s+)?([a-z-]+(?:\s[a-z-]+)?)", rest)
        return (plain.group(1), slotting.UNTICKED) if plain else None
    named = re.fullmatch(r"(?:the\s+)?name\s+(?:of\s+)?(.+)", rest, re.IGNORECASE)
    if named:
        return "name", text.plain(named.group(1))
    counted = re.fullmatch(r"(\d+)\s+([a-z]+)", rest)
    if word == "for" and counted:
        return lexicon.plural(counted.group(2)), counted.group(1)
    value = text.plain(rest)
    if word == "at" and re.fullmatch(r"\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm|o'clock)?", rest, re.IGNORECASE):
        return "time", value
    if word in ("from", "to", "until", "till", "on") and re.search(r"\d", value):
        return {"from": "from", "on": "date"}.get(word, "to"), value
    if word in ("on", "for") and _DAY.fullmatch(rest):
        return "day", value
    if word == "to" and re.match(r"\S+@", rest):
        return "recipient", value
    if word in ("as", "for", "under") and re.match(r"(?-i:[A-Z])|\ue000|\S+@", rest):
        return ("email" if lexicon.EMAIL.fullmatch(value) else "name"), value
    return None


def _value(part: str, text: Text) -> list[tuple[str, str]] | None:
    """One piece behind "with": a named value, a thing's name with its prepositions, or something to tick."""
    ticked = re.fullmatch(r"(?:with\s+|including\s+|and\s+)*(?:the\s+|an?\s+)?([a-z-]+(?:\s[a-z-]+)?)", part)
    if ticked and not re.match(r"(?:without|no|not)\b", ticked.group(1)):
        return [(ticked.group(1), slotting.TICKED)]
    whom = re.match(r"(?:Dr|Mr|Mrs|Ms)\.?\s+[A-Z]|[A-Z]\w+(?:\s[A-Z]\w+)*(?:\s(?:on|at|for|from)\s|$)", part)
    if whom:
        first, *pieces = _PIECE.split(part)
        more = [_prepositional(piece, text) for piece in pieces]
        return None if None in more else [("", first), *(pair for pair in more if pair)]
    if re.match(r"(?:for|under|from|to|until|on|at|without)\s", part):
        pair = _prepositional(part, text)
    else:
        pair = slotting.pair(part, text, [("name", ""), ("title", "")], "")
    return [pair] if pair else None
