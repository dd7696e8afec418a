"""Owns what a pause asks a person for: the fields of its form, read from its kind and the agent's words. Pure.

A form helps to say the right thing; it decides nothing, and what it reads from the reason stays the agent's words.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from approvals.kinds import Kind

_LOOKED_AT = 2000  # characters of a reason
_LONGEST = 120  # characters of a phrase that is taken from it

_MONEY = re.compile(
    r"[$€£¥]\s?\d(?:[\d.,' ]*\d)?|\b\d(?:[\d.,' ]*\d)?\s?(?:USD|EUR|GBP|CHF|JPY|dollars?|euros?|pounds?|francs?)\b",
    re.I,
)
_CAPITAL = r"[A-Z0-9][\w&'’-]*(?:\.[\w&'’-]+)*"
_NAME = rf"(?:{_CAPITAL}|of|the|and|&|von|van|de|der|und)"
_PAYEE = (
    re.compile(rf"\bto\s+(?P<who>{_CAPITAL}(?:\s+{_NAME}){{0,7}})"),
    re.compile(rf"\b[Pp]ay(?:ing)?\s+(?P<who>{_CAPITAL}(?:\s+{_NAME}){{0,7}})(?=\s+(?:[$€£¥]|\d))"),
)
_HINT = re.compile(r"[Aa]nswer\s+(?:with\s+[^“\".]{0,60}\(?)?[“\"](?P<phrase>[^“”\"…]{2,80}?)\s*(?:…|\.\.\.)[”\"]")
_NUMBERED = re.compile(r"(?<![\w.])(?P<n>\d{1,2})[.):]?\s*[“\"'‘](?P<name>[^“”\"'‘’\n]{1,80})[”\"'’]")
_EITHER = re.compile(r"(?<![\w.,$€£-])(?:\d{1,2},\s*)*\d{1,2},?\s+or\s+\d{1,2}(?![\w%]|[.,]\d)")
_LISTED = re.compile(r"(?:^|[\s(])(?P<n>\d{1,2})[.)]\s+(?P<name>[^\n,;]{1,80})")


@dataclass(frozen=True)
class Choice:
    """One of several that were seen; `said` is what the note says of it."""

    said: str
    name: str


@dataclass(frozen=True)
class Terms:
    """What a yes would do, as the agent says it: untrusted words."""

    words: str
    amount: str = ""
    payee: str = ""


@dataclass(frozen=True)
class Form:
    """The fields of an answer beside the note; an empty label is a field that is not asked for."""

    kind: str
    secret_label: str | Promise = ""
    secret_phrase: str = ""
    is_code: bool = False
    value_label: str | Promise = ""
    value_phrase: str = ""
    choices: tuple[Choice, ...] = ()
    terms: Terms | None = None
    presets: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Tells what was asked from something else: what somebody confirmed of one form is no yes to another."""
        return hashlib.sha256(repr((str(self.kind), self.choices, self.terms, self.value_phrase)).encode()).hexdigest()[
            :16
        ]


# In English, whoever reads the page: they go to the agent. Their buttons say the same in the reader's language.
PRESETS: dict[str, tuple[str, ...]] = {
    Kind.CAPTCHA: (gettext_noop("I solved the captcha."),),
    Kind.CODE: (gettext_noop("I entered the code."),),
    Kind.LOGIN: (gettext_noop("I signed in."),),
    Kind.PAYMENT: (gettext_noop("Yes, pay it."), gettext_noop("No, don't pay.")),
    Kind.IRREVERSIBLE: (gettext_noop("Yes, go ahead."), gettext_noop("No, leave it as it is.")),
    Kind.AMBIGUOUS: (gettext_noop("the first one"), gettext_noop("the second one")),
    Kind.ERROR: (gettext_noop("Try again."), gettext_noop("Skip it."), gettext_noop("I did it by hand.")),
    Kind.OTHER: (gettext_noop("Yes, go ahead."), gettext_noop("Try again."), gettext_noop("Skip it.")),
}


def form(kind: str, reason: str) -> Form:
    """The form for a pause of this kind with this reason."""
    reason, presets = reason[:_LOOKED_AT], PRESETS.get(kind, PRESETS[Kind.OTHER])
    hint = _hint(reason)
    match kind:
        case Kind.CODE:
            return Form(kind, _("One-time code"), hint or "the code is", is_code=True, presets=presets)
        case Kind.LOGIN:
            phrase = hint if hint and "password" in hint else "the password is"
            return Form(kind, _("Password"), phrase, presets=presets)
        case Kind.PAYMENT | Kind.IRREVERSIBLE:
            return Form(kind, terms=terms(reason), choices=choices(reason), presets=presets)
        case Kind.AMBIGUOUS:
            return Form(kind, choices=choices(reason), presets=() if choices(reason) else presets)
        case Kind.ERROR:
            return Form(kind, value_label=_("Corrected value"), value_phrase=hint or "the value is", presets=presets)
    return Form(kind, value_label=_("Value") if hint else "", value_phrase=hint, presets=presets)


def terms(reason: str) -> Terms:
    """The amount and the payee that the agent names, and its sentence."""
    money = _MONEY.search(reason)
    found = next((hit for pattern in _PAYEE if (hit := pattern.search(reason))), None)
    return Terms(_short(reason, 240), money.group().strip() if money else "", _short(found["who"]) if found else "")


def choices(reason: str) -> tuple[Choice, ...]:
    """What the agent numbers: in its words, and on the picture that goes with them."""
    found = list(_NUMBERED.finditer(reason)) or list(_LISTED.finditer(reason))
    numbers = [int(hit["n"]) for hit in found]
    if len(found) < 2 or numbers != list(range(1, len(found) + 1)):
        either = _EITHER.search(reason)
        return tuple(Choice(number, "") for number in re.findall(r"\d+", either.group())) if either else ()
    return tuple(Choice(hit["n"], _short(hit["name"])) for hit in found)


def said(parts: list[str]) -> str:
    """Several sentences as one note; the page's script puts them together in the same way."""
    whole = ""
    for part in (part.strip() for part in parts):
        if part:
            whole += ("" if not whole else " " if whole[-1] in ".!?:;," else ". ") + part
    return whole


def _hint(reason: str) -> str:
    """The words that the agent would like to be answered with, without the value."""
    found = _HINT.search(reason)
    phrase = " ".join(found["phrase"].split()) if found else ""
    return phrase if phrase.isprintable() else ""


def _short(text: str, longest: int = _LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
