"""From a phrase to what it points at: "the second Delete button in the row of Ada" becomes a Target."""

from __future__ import annotations

import re

from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.scene import CHECK, INPUT, LINK, RADIO, SELECT, TEXT, Target

_ROLE = "|".join(sorted((re.escape(role) for role in lexicon.ROLES), key=len, reverse=True))
_ORDINAL = "|".join(sorted(lexicon.ORDINALS, key=len, reverse=True))
_ROW = re.compile(
    r"\s+(?:that\s+is\s+|which\s+is\s+)?(?:next\s+to|beside|besides|near|(?:in|on|at)\s+the\s+same\s+(?:row|line)\s+as|"
    r"(?:in|on)\s+(?:the\s+)?(?:row|line|card|section|box|panel|dialog|entry)\s+(?:of|for|with|that\s+says|named|called|containing)?|"
    r"to\s+the\s+right\s+of|to\s+the\s+left\s+of|under|underneath|below|above|belonging\s+to)\s*(?:the\s+)?(.+)$",
    re.IGNORECASE,
)
_IN_NAMED = re.compile(
    r"\s+(?:in|on)\s+(?:the\s+)?(.+?)\s+(?:row|line|card|section|panel|dialog|table|area|menu|sidebar)$", re.IGNORECASE
)
_NAMED = re.compile(
    rf"^(?:a|an|the)?\s*(?:({_ORDINAL})\s+)?({_ROLE})s?\s+(?:that\s+(?:says|reads)|which\s+says|saying|named|called|labell?ed|marked|titled|with\s+(?:the\s+)?(?:text|label|name|title))\s+(.+)$",
    re.IGNORECASE,
)
_TAIL = re.compile(rf"^(.*?)\s*\b({_ROLE})s?$", re.IGNORECASE)
_HEAD = re.compile(rf"^({_ROLE})\s+(\ue000\d+\ue001|[A-Z].*)$")
_OF = re.compile(rf"^(.*\b(?:{_ROLE}))\s+(?:of|for)\s+(.+)$", re.IGNORECASE)
_WHERE = re.compile(
    r"\s+(?:on|at|in|from)\s+(?:the|this)\s+(?:\w+\s+)?(?:page|screen|form|site|website|top|bottom|left|right|corner|window)(?:\s+(?:of|on)\s+.*)?$",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"\s+(?:on|at|in|inside|from|of|within)\s+(?:the|this|that)\s+(?:(?:top|bottom|left|right|main|side|upper|lower|first|next|"
    r"current|confirmation|navigation|search|header|footer|little|small|open|opened)\s+)?(?:dialog(?:ue)?(?:\s+box)?|pop-?\s?up|modal|menu|banner|list|table|header|footer|"
    r"sidebar|navigation|nav(?:igation)?\s*bar|toolbar|menu\s*bar|text|paragraph|article|results?|search\s+results|box|panel|window|column)$",
    re.IGNORECASE,
)
RECORDS = frozenset(
    "result item entry row record card story article post product order invoice ticket message email mail customer "
    "user task project book hit match offer event job flight hotel listing recipe topic question thread issue document "
    "file note contact patient appointment booking reservation course movie film song video person member employee "
    "lead deal lesson chapter page headline".split()
)
_SPAN = r"(?:day|night|week|weekend|month|quarter|year|hour|minute)"  # "last month" is a time, no number in a list
_FIRST_NAME = re.compile(r"(?:first|last|second|middle)[\s-]*names?\b", re.IGNORECASE)
_BOX_TO = re.compile(
    r"^(?:the\s+|a\s+)?(?:check\s*|tick\s*)?box\s+(?:to|for|that\s+says|saying)\s+(?P<what>.+)$", re.IGNORECASE
)
_TITLED = re.compile(
    rf"^(?:{'|'.join(RECORDS)})\s+(?:with|about|having)\s+(?:the\s+)?(?:subject|title|name|heading|headline)\s+",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:on\s+|at\s+)?(?:the|a|an|your|my|this|that|its|his|her|their)\s+", re.IGNORECASE)


def target(phrase: str, text: Text, kinds: tuple[str, ...] = ()) -> Target:
    """The Target that the sealed phrase names; `kinds` hold when the phrase itself names no role."""
    phrase, row = _row(_INSIDE.sub("", _WHERE.sub("", phrase.strip())))
    named = _NAMED.match(phrase)
    if named:
        ordinal, role, words = named.groups()
        return _made(text, words, _kinds(role, kinds), lexicon.ORDINALS.get((ordinal or "").lower()), row)
    phrase = _ARTICLE.sub("", phrase)
    if not _FIRST_NAME.match(phrase):
        ordinal, phrase = _ordinal(phrase)
    else:
        ordinal = None
    if ordinal is not None and not kinds and phrase.lower() in RECORDS:
        return Target("", (LINK, TEXT), ordinal, text.plain(row), record=not row)
    head = _HEAD.match(phrase)
    if head:
        return _made(text, head.group(2), _kinds(head.group(1), kinds), ordinal, row)
    if re.fullmatch(r"Menu|menu", phrase):
        return _made(text, phrase, _kinds("menu", kinds), ordinal, row)
    phrase = _TITLED.sub("", phrase)
    tail = _TAIL.match(phrase)
    if tail and not (tail.group(2).lower() in ("text", "select", "image") and tail.group(1)):
        return _made(text, _ARTICLE.sub("", tail.group(1)), _kinds(tail.group(2), kinds), ordinal, row)
    return _made(text, phrase, kinds, ordinal, row)


def field(phrase: str, text: Text) -> Target:
    """A target that takes text: a field unless the phrase says otherwise."""
    found = target(phrase, text, (INPUT, SELECT))
    kinds = (INPUT, SELECT) if CHECK in found.kinds else found.kinds
    return Target(found.words, kinds, found.ordinal, found.row, lexicon.field_aliases(found.words))


def mark(phrase: str, text: Text) -> Target:
    """A target that can be ticked."""
    box = _BOX_TO.match(phrase.strip())
    if box:
        words = text.plain(box.group("what"))
        return Target(words, (CHECK, RADIO), aliases=tuple(_inner(words)))
    found = target(phrase, text, (CHECK, RADIO))
    kinds = (CHECK, RADIO) if INPUT in found.kinds else found.kinds
    return Target(found.words, kinds, found.ordinal, found.row, found.aliases)


def _inner(words: str) -> list[str]:
    """Shorter names of "accept the terms": its object, and the object without an article."""
    rest = re.sub(r"^\w+\s+(?:to\s+)?", "", words)
    return [rest, re.sub(r"^(?:the|our|your)\s+", "", rest)] if rest != words else []


def _row(phrase: str) -> tuple[str, str]:
    for pattern in (_ROW, _IN_NAMED):
        match = pattern.search(phrase)
        if match and phrase[: match.start()].strip():
            return phrase[: match.start()].strip(), match.group(1)
    match = _OF.match(phrase)
    return (match.group(1), match.group(2)) if match else (phrase, "")


def _ordinal(phrase: str) -> tuple[int | None, str]:
    match = re.match(rf"({_ORDINAL})\s+(?!(?:\d+\s+)?{_SPAN}s?\b)(.+)$", phrase, re.IGNORECASE)
    return (lexicon.ORDINALS[match.group(1).lower()], match.group(2)) if match else (None, phrase)


def _kinds(role: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    return lexicon.ROLES[role.lower()] or otherwise


def _made(text: Text, words: str, kinds: tuple[str, ...], ordinal: int | None, row: str) -> Target:
    row = re.sub(r"^(?:the\s+)?(?:row|line|card|entry)\s+(?:of|for|with)?\s*", "", row, flags=re.IGNORECASE)
    row = re.sub(r"\s+(?:row|line|card|entry|section|panel)$", "", row, flags=re.IGNORECASE)
    numbered = re.fullmatch(r"[a-z]+\s+(?:number\s+|no\.?\s*)?#?(\S*\d\S*)", words)
    others = (f"#{numbered.group(1)}", numbered.group(1)) if numbered else ()
    return Target(text.plain(words), kinds, ordinal, text.plain(_ARTICLE.sub("", row)), others)
