"""The kinds of park, read from the agent's reason by rules. Pure. A kind chooses a form and a rank, never a verdict."""

from __future__ import annotations

import re

from django.db.models import TextChoices


class Kind(TextChoices):
    CAPTCHA = "captcha", "Captcha"
    CODE = "code", "One-time code"
    LOGIN = "login", "Sign-in"
    PAYMENT = "payment", "Payment"
    IRREVERSIBLE = "irreversible", "Can't be undone"
    AMBIGUOUS = "ambiguous", "Which one?"
    ERROR = "error", "Error"
    OTHER = "other", "Question"


# In this order: what costs money or can't be undone is found first, whatever else the reason mentions.
_RULES: tuple[tuple[Kind, str], ...] = (
    (
        Kind.PAYMENT,
        r"\b(?:pay(?:s|ing|ment|ments)?|purchase|buy(?:ing)?|checkout|transfer|wire|charge[ds]?|donat\w+)\b"
        r"|\bplace (?:the|an|your) order\b|[$€£]\s?\d",
    ),
    (
        Kind.IRREVERSIBLE,
        r"\b(?:irreversibl\w+|can(?:'t|not| not) be undone|delet\w+|eras\w+|destroy\w*|permanent\w*)\b"
        r"|\b(?:terminat\w+|refund\w*|revok\w+|wip(?:e|ing))\b"
        r"|\bcancel (?:the|your|my) (?:order|subscription|account|booking)\b",
    ),
    (
        Kind.CAPTCHA,
        r"\bcaptcha\b|not a robot|are (?:you )?human|human verification|puzzle|select all (?:images|squares)",
    ),
    (
        Kind.CODE,
        r"one[- ]?time|verification code|security code|\b2fa\b|\botp\b|two[- ]?(?:factor|step)"
        r"|authenticat(?:or|ion) (?:app|code)"
        r"|\b(?:sms|login|access|\d-digit|six-digit) code\b|\bthe code\b|\ba code\b",
    ),
    (Kind.LOGIN, r"\b(?:password|credential\w*|sign[- ]?in|log[- ]?in|user ?name|log(?:ged)? out|e-?mail address)\b"),
    (Kind.AMBIGUOUS, r"\b(?:which (?:one|of)|ambiguous|several|two|more than one|candidates?|equally|either)\b"),
    (
        Kind.ERROR,
        r"\b(?:error|fail(?:ed|s|ure)?|can(?:'t|not) (?:find|read|go on|get)|could(?:n't| not)|no progress)\b"
        r"|\b(?:nothing (?:on the screen )?changed|not found|unable|stuck|does not understand|don't understand)\b",
    ),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _RULES)
_LOOKED_AT = 2000  # characters


def of(reason: str) -> Kind:
    """The kind that a reason names; OTHER where no rule fits."""
    text = (reason or "")[:_LOOKED_AT]
    return next((kind for kind, pattern in _COMPILED if pattern.search(text)), Kind.OTHER)
