"""Rules for what a task or a note tells rather than asks: credentials, values, permissions."""

from __future__ import annotations

import re

from coasty_local.agent.planner import rules
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.planner.steps import Allow, Fact, Step

RULES = rules.Rules()
_CODE = (
    r"(?:(?:one[\s-]time|verification|security|authentication|auth|login|sms|2fa|confirmation)\s+)*(?:code|"
    r"otp|passcode|token)"
)
_NAMES = (
    rf"(?:{_CODE}|pass\s?word|passphrase|pin|e-?mail(?:\s+address)?|user\s?name|user(?:\s+id)?|login|reason|amount|name|full\s+name|"
    r"phone(?:\s+number)?|plan|role|company|address|city|country|date|quantity|note|title|subject|message|description)"
)


@RULES.rule(
    rf"(?:(?:use|try|take|with)\s+)?(?:the\s+|my\s+|your\s+|its\s+|her\s+|his\s+|a\s+)?(?:correct\s+|right\s+|new\s+)?(?P<name>{_NAMES})(?:(?:'s|’s)\s+|\s+(?:is|was|should\s+be|to\s+use\s+is)\s*:?\s*|\s*[:=]\s*)(?P<value>\S.*)",
    rf"(?:use|try)\s+(?:the\s+|my\s+)?(?P<name>{_NAMES})\s+(?P<value>\S+)",
    rf"(?P<name>{_CODE}|pass\s?word|passphrase)\s+(?P<value>\S+)",
    rf"(?:use|try)\s+(?P<value>\S+|\ue000.+)\s+(?:as|for)\s+(?:the\s+|your\s+|my\s+)?(?P<name>{_NAMES})",
)
def fact(match: re.Match[str], text: Text) -> list[Step] | None:
    value = text.plain(match.group("value"))
    if re.match(r"(?:not|required|missing|wrong|shown|visible|field)\b", value):
        return None
    return [Fact(name=canonical(match.group("name")), value=value)]


def known(name: str) -> bool:
    """Whether this is a name of something that a task may tell wherever it likes."""
    return bool(re.fullmatch(_NAMES, name, re.IGNORECASE))


def canonical(name: str) -> str:
    """One name for a fact however it is called: "One-time code" is "code", "e-mail address" is "email"."""
    plain = re.sub(r"\s+", " ", name.lower())
    if re.fullmatch(_CODE, plain):
        return "code"
    if plain in ("pass word", "passphrase", "pin"):
        return "password"
    if plain.startswith(("e-mail", "email")):
        return "email"
    return "email" if plain in ("username", "user name", "user", "user id", "login") else plain


_PAYING = (
    r"(?:plac(?:e|ing)\s+(?:the|an|your|my)\s+orders?|pay(?:s|ments?)?|paying|purchases?|buy(?:ing)?|"
    r"spend(?:ing)?(?:\s+money)?|order(?:ing)?|book(?:ing)?\s+and\s+pay(?:ing)?)"
)
_FOR_ALL = frozenset(
    "you the agent it payments payment may can is are be been allowed permitted authorised authorized free to make made"
    " making go ahead with and pay paid paying pays buy buying spend spending order orders ordering place placing book"
    " booking purchase purchases invoice invoices bill bills money this that them a an any all every each my our your"
    " for of on me us without asking confirmation approval permission checking stopping first again further anyone no"
    " need ask ok okay fine good alright please do not don't never before when about have pre-approved preapproved"
    " approved already in advance whatever at time yourself directly so just also then here anything everything do"
    " delete deleting remove removing cancel cancelling submit submitting confirm confirming proceed act".split()
)  # words of a permission that leave out nothing
_PAYMENTS = r"(?:placing|payments?|paying|purchases|buying|spending|ordering|booking)"


@RULES.rule(
    rf"(?:you|the\s+agent|it|payments?)\s+(?:may|can|are\s+(?:allowed|permitted|authori[sz]ed|free)\s+to|is\s+allowed\s+to)\s+(?:be\s+)?(?:make\s+(?:the\s+)?|go\s+ahead\s+(?:with\s+|and\s+))?(?:{_PAYING}|made)\b.*\b(?:without\s+(?:asking|confirmation|approval|checking|stopping).*|no\s+need\s+to\s+ask.*)",
    # "pay it without asking" is an order and a permission, and read elsewhere: here nothing is ordered
    rf"(?:pay|buy|spend|order|{_PAYMENTS}(?:\s+\w+){{0,3}})\s+without\s+(?:asking|confirmation|approval|checking)(?:\s+.*)?",
    rf"(?:do\s+not|don't|no\s+need\s+to|you\s+need\s+not|you\s+don't\s+(?:have|need)\s+to|never)\s+ask\s+(?:me\s+)?(?:for\s+(?:approval|confirmation|permission)\s+)?(?:before|when|about|for)\s+(?:you\s+)?(?:make\s+|making\s+)?(?:the\s+|any\s+)?(?:{_PAYING}).*",
    r"payments?\s+(?:are|is)\s+(?:pre-?approved|already\s+approved|approved\s+in\s+advance|authori[sz]ed|fine).*",
    r"without\s+(?:asking|confirmation|approval)(?:\s+me)?(?:\s+first)?",
)
def may_pay(match: re.Match[str], text: Text) -> list[Step] | None:
    """For whatever is to be paid. One for some payments only, told by amounts, names or conditions, lets none go
    unasked: who gave it would not have given it for the others."""
    return [Allow(kind="payment", granted=_is_for_all(match[0]))]


def _is_for_all(told: str) -> bool:
    return all(word in _FOR_ALL for word in re.findall(r"[^\s,.;:!]+", told.lower()))


@RULES.rule(
    rf"(?:do\s+not|don't|never|you\s+(?:may|must|can)\s+not|you\s+cannot|you\s+can't)\s+(?:ever\s+)?(?:make\s+)?(?:any\s+)?(?:{_PAYING})\b.*",
    rf"(?:always\s+)?ask\s+(?:me\s+)?(?:first\s+)?(?:before|when)\s+(?:you\s+)?(?:make\s+|making\s+)?(?:any\s+)?(?:{_PAYING}).*",
)
def may_not_pay(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Allow(kind="payment", granted=False)]


@RULES.rule(
    r"(?:you\s+(?:may|can)|go\s+ahead\s+and)\s+(?:do\s+(?:everything|it|this|that)|delete|remove|cancel|submit|confirm|proceed|act).*without\s+(?:asking|confirmation|approval).*",
    r"(?:do\s+not|don't|no\s+need\s+to)\s+ask(?:\s+me)?(?:\s+for\s+(?:confirmation|approval))?(?:\s+before\s+(?:deleting|removing|cancelling|submitting|confirming).*)?",
)
def may_act(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Allow(kind="irreversible", granted=_is_for_all(match[0]))]


_AFTER_PASSWORD = re.compile(
    r"\b(?:password|passphrase|passcode|pwd|pass|pin|secret)\b\s*(?:(?:is|as|to|with|of|field|box|:|=|called)\s*)*[\"'“‘`]?([^\s\"'”’`,;]+)",
    re.IGNORECASE,
)
_BEFORE_PASSWORD = re.compile(
    r"[\"'“‘`]?([^\s\"'“‘`]+)[\"'”’`]?\s+(?:in(?:to)?|as|for)\s+(?:the\s+|your\s+)?(?:password|passphrase|pin)\b",
    re.IGNORECASE,
)
_WHOSE = re.compile(
    r"\b(?:reset(?:ting)?|recover|forgot(?:ten)?|lost|change|unlock)\s+(?:(?:the|a|an|his|her|their)\s+)?"
    r"(?:password|passphrase|pin)\s+(?:of|for)\s+[^\s]+$",
    re.IGNORECASE,
)  # whose password it is, not the password
_PLAIN = frozenset(
    "is the a an and or in into to for field box missing needed wrong required reset link page that it "
    "his her my your without "
    "with from which please so then must should was shown not on of button only at".split()
)


def likely_secrets(text: str) -> tuple[str, ...]:
    """Words that stand where a password would, read or not: what must never be repeated from this text."""
    found = []
    for pattern in (_AFTER_PASSWORD, _BEFORE_PASSWORD):
        for match in pattern.finditer(text):
            if _WHOSE.search(text[: match.end()]):
                continue
            word = match.group(1).strip().rstrip(".,;:!?)")
            if word.lower() not in _PLAIN and len(word) > 2 and not lexicon.EMAIL.fullmatch(word):
                found.append(word)
    return tuple(dict.fromkeys(found))
