"""From the tail of a clause to named values: reasons, amounts, and the fields of something new."""

from __future__ import annotations

import re

from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text

TICKED, UNTICKED = "yes", "no"  # the value of something that is only to be ticked, or not
_PHONE = re.compile(r"\+?\d[\d\s()/.-]{6,}\d")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}\s+\w+\s+\d{4}|\w+\s+\d{1,2},?\s+\d{4}")
_NAMES = "|".join(sorted((name.replace("_", " ") for name in lexicon.FIELDS), key=len, reverse=True))
_REASON = re.compile(
    r"\s*,?\s*(?:(?:with|for|giving|stating|using|and)\s+)?(?:the\s+|a\s+)?(?P<name>(?<!\w)(?:reason|note|comment|message|explanation))s?(?![\w.-])\s*(?:is|being|of|that|:|=|as)?\s*(?P<value>\ue000\d+\ue001|\S.*)$"
    r"|\s+because\s+(?:of\s+)?(?P<why>.+)$|\s+(?:for|due\s+to|saying)\s+(?P<quoted>\ue000\d+\ue001)$",
    re.IGNORECASE,
)
_WITH = re.compile(
    rf"\s*,?\s+(?:with|using|and|for|,)\s+(?:the\s+|an?\s+)?(?P<name>{_NAMES})\s*(?:[:=]|of|is|to)?\s+(?P<value>\ue000\d+\ue001|\S+)$",
    re.IGNORECASE,
)


def details(phrase: str, text: Text) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The object without its details, and the details: "order 7001 with the reason 'x'" -> "order 7001", reason x."""
    found: list[tuple[str, str]] = []
    while True:
        match = _REASON.search(phrase)
        if match and match.start():
            value = match.group("value") or match.group("why") or match.group("quoted")
            found.insert(0, ((match.group("name") or "reason").lower(), text.plain(value)))
        else:
            match = _WITH.search(phrase)
            if not match:
                return phrase.strip(" ,"), tuple(found)
            found.insert(0, (match.group("name").lower(), text.plain(match.group("value"))))
        phrase = phrase[: match.start()]


def values(phrase: str, text: Text, noun: str) -> tuple[tuple[str, str], ...]:
    """The fields of something new: "Grace Hopper, grace@example.com, plan Pro" -> name, email, plan; () if
    unreadable."""
    phrase = re.sub(r"^[\s,:(-]+|[\s)]+$", "", phrase)
    phrase = re.sub(
        r"^(?:(?:named|called|with|for|whose|details?|the\s+following|details)\s*[:,]?\s*)+",
        lambda m: "",
        phrase,
        flags=re.IGNORECASE,
    )
    found: list[tuple[str, str]] = []
    for part in parts(phrase):
        made = pair(part, text, found, noun)
        if made is None:
            return ()
        found.append(made)
    names = [name for name, _ in found]
    return tuple(found) if len(set(names)) == len(names) else ()


def parts(phrase: str) -> list[str]:
    """The pieces of an enumeration of values."""
    pieces = re.split(
        r"\s*[,;](?!\d)\s*(?:and\s+)?(?:with\s+)?|\s*[,;]\s+(?:and\s+)?(?:with\s+)?|\s+(?:and|with)\s+(?=(?:an?\s+|the\s+)?[a-z-]+(?:\s+[a-z]+)?\s*[:=]?\s+\S)|\s+and\s+(?=\S+@)|\s+\((?=\S+@)|\)\s*|(?<=\ue001)\s+(?=(?:on|at|from|for|in|to|as)\s)|\s+(?=at\s+\d{1,2}[:.]\d\d)|\s+with\s+(?=\d+\s+[a-z])|\s+(?=on\s+(?:the|an?)\s+\S+\s+(?:plan|role|tier))",
        phrase,
    )
    return [piece.strip() for piece in pieces if piece and piece.strip()]


def pair(part: str, text: Text, found: list[tuple[str, str]], noun: str) -> tuple[str, str] | None:
    when = re.fullmatch(r"(?:on|at)\s+(.+)", part)
    if when and re.search(r"\d", when.group(1)):
        value = text.plain(when.group(1))
        if re.fullmatch(r"\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm|o'clock)?", value, re.IGNORECASE):
            return "time", value
        return ("date", value) if _DATE.fullmatch(value) else None
    counted = re.fullmatch(r"(?:for\s+)?(\d+)\s+([a-z]+)", part)
    if counted:
        return lexicon.plural(counted.group(2)), counted.group(1)
    part = re.sub(
        r"^(?:with\s+|and\s+)?(?:an?|the|on|in|his|her|their|its|whose)\s+(?=[a-z])|^(?:with|and)\s+", "", part
    )
    named = re.fullmatch(
        rf"(?P<name>{lexicon.COMPOUND}|{_NAMES}|[a-z-]+(?:\s[a-z]+)?)(?:\s+(?:is|of|as|to)\s+|\s*[:=]\s*|\s+)(?P<value>.+)",
        part,
        re.IGNORECASE,
    )
    if named and (
        named.group("name").lower() in lexicon.FIELDS
        or re.fullmatch(lexicon.COMPOUND, named.group("name"), re.IGNORECASE)
        or re.search(r"[:=]|\bis\b", part)
        or named.group("name").islower()
    ):
        return named.group("name").lower(), text.plain(named.group("value"))
    value, taken = text.plain(part), {name for name, _ in found}
    for name, pattern in (
        ("email", lexicon.EMAIL),
        ("date", _DATE),
        ("phone", _PHONE),
        ("amount", lexicon.MONEY),
        ("website", lexicon.URL),
    ):
        if pattern.fullmatch(value):
            return name, value
    behind = re.fullmatch(r"(?:the\s+)?(?P<value>.+?)\s+(?P<name>plan|role|tier)", value, re.IGNORECASE)
    if behind:
        return behind.group("name").lower(), behind.group("value")
    first = "title" if noun in ("task", "ticket", "issue", "note", "post", "event") else "name"
    return (first, value) if first not in taken else None


def naming(found: tuple[tuple[str, str], ...]) -> str:
    """The value that will name the new thing on screen."""
    named = dict(found)
    return named.get("name") or named.get("title") or named.get("email") or (found[0][1] if found else "")
