"""What may be shown of a person's note: secrets masked, the console's decision id kept for the event only."""

from __future__ import annotations

import re

MASK = "••••••••"
MINIMUM = 3  # shorter words are masked where they stand, but not hunted for elsewhere

_DECISION = re.compile(r"\s*\[decision [0-9A-Za-z-]{1,64}\]\s*$")
_NAME = r"(?:pass\s?(?:word|phrase|code)|passwd|pwd|pin|secret|api[ -]?key|access token|token)"
_JOIN = (
    r"(?:\s+(?:for|of|to)\s+\S+|\s+here|\s+there)?\s*(?:(?:is|was|as|will be|should be|has to be|:|=|->|→|–|—|-)\s*)+"
)
_STATED = re.compile(rf"\b{_NAME}\b{_JOIN}", re.IGNORECASE)
_PLAIN = re.compile(rf"\b{_NAME}\s+(?=[\"'“‘«`]|\S)", re.IGNORECASE)
_CODE = re.compile(
    rf"\bcode\b{_JOIN}[\"'“‘]?(?P<code>[\w-]*\d[\w-]*(?: \d{{3}})?)|^\s*(?P<bare>\d{{4,8}})\s*$", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“„«](?P<a>[^\"”«»]+)[\"”»]|'(?P<b>[^']+)'|‘(?P<c>[^’]+)’|`(?P<d>[^`]+)`")
# words after a bare "password" that are talk about it, not the password
_TALK = frozenset(
    "field box input page is was are isn't and or for in on of to the a an it here there that reset again manager "
    "prompt screen form which with from by as then please i you we should must can will has not only does did".split()
)
_STOPS = frozenset("and then but please so go for to click press sign log use after which now continue".split())


def for_agent(note: str | None) -> str:
    """The note as an instruction: without the decision id that a console puts at its end."""
    return _DECISION.sub("", note or "").strip()


def shown(note: str | None) -> str | None:
    """The note as an event may show it."""
    if note is None:
        return None
    found = _DECISION.search(note)
    tail = found.group(0) if found else ""
    body = note[: len(note) - len(tail)] if tail else note
    for secret in sorted(secrets_in(body, codes=True), key=len, reverse=True):
        body = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)" if len(secret) < MINIMUM else re.escape(secret), MASK, body)
    return body + tail


def secrets_in(text: str | None, *, codes: bool = False) -> list[str]:
    """The secrets that a text states: "the password is X", "password: X", "with password X".

    With `codes` also one-time codes, as answers state them; in a task "the code is 4711" is something to look for.
    """
    text = _DECISION.sub("", text or "")
    found: list[str] = []
    for pattern, bare in ((_STATED, False), (_PLAIN, True)):
        for match in pattern.finditer(text):
            found += _values(text[match.end() :], bare)
    if codes:
        found += [match.group("code") or match.group("bare") for match in _CODE.finditer(text)]
    return list(dict.fromkeys(found))


def masked(text: str, secrets: frozenset[str]) -> str:
    """A text of the agent with every known secret made unreadable."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MINIMUM:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text


def _values(rest: str, bare: bool) -> list[str]:
    """The secret that starts here; without a joining word only one word is taken, and talk is passed over."""
    if quoted := _QUOTED.match(rest):
        return [next(part for part in quoted.groups() if part)]
    words = re.split(r"\s+", rest.strip())
    if not re.search(r"\w", words[0]) or (bare and words[0].strip(".,;:!?'\"").lower() in _TALK):
        return []
    taken: list[str] = []
    for word in words:
        if taken and word.lower().strip(".,;") in _STOPS:
            break
        taken.append(word)
        if bare or word[-1] in ",;" or (word[-1] == "." and len(word) > 1) or len(taken) == 8:
            break
    value = " ".join(taken)
    return [value.rstrip(".,;") or value]
