"""The kinds of park, read from the agent's reason by rules, and how each is handled. Pure; no kind gives a verdict.

What costs money or can't be undone is found first, whatever else the reason mentions. Words in quotes are a page's:
they may make a kind more careful (a question about “Pay now” is a payment), never less.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    CAPTCHA = "captcha", _("Captcha")
    CODE = "code", _("One-time code")
    LOGIN = "login", _("Sign-in")
    PAYMENT = "payment", _("Payment")
    IRREVERSIBLE = "irreversible", _("Can't be undone")
    AMBIGUOUS = "ambiguous", _("Which one?")
    ERROR = "error", _("Error")
    OTHER = "other", _("Question")


@dataclass(frozen=True)
class Handling:
    """How a kind is handled unless a setting or a policy says otherwise."""

    needs: Promise  # what a person is asked for
    due: timedelta  # from the pause; the settings of working time may say otherwise
    form: str  # plain, take_over, code, password, consent, choice, correction
    alone: Promise | str = ""  # why it is never decided with others; empty where it may be

    @property
    def may_group(self) -> bool:
        return not self.alone


_MONEY = _("A payment is looked at by itself.")
_FINAL = _("What can't be undone is looked at by itself.")
_ONCE = _("A one-time code works for one run only.")
_TABLE: dict[Kind, Handling] = {
    Kind.CAPTCHA: Handling(_("Solve it on the machine, then hand it back"), timedelta(minutes=15), "take_over"),
    Kind.CODE: Handling(_("The code that was sent to somebody"), timedelta(minutes=5), "code", _ONCE),
    Kind.LOGIN: Handling(_("A password or an account"), timedelta(minutes=30), "password"),
    Kind.PAYMENT: Handling(_("A yes or no to this sum"), timedelta(hours=1), "consent", _MONEY),
    Kind.IRREVERSIBLE: Handling(_("A yes or no to this act"), timedelta(hours=2), "consent", _FINAL),
    Kind.AMBIGUOUS: Handling(_("Which of them is meant"), timedelta(hours=1), "choice"),
    Kind.ERROR: Handling(_("Another way, or the end"), timedelta(hours=2), "correction"),
    Kind.OTHER: Handling(_("An answer"), timedelta(hours=1), "plain"),
}
CAREFUL = frozenset({Kind.PAYMENT, Kind.IRREVERSIBLE})


def handling(kind: str) -> Handling:
    """How this kind is handled; a word that is no kind is a plain question."""
    return _TABLE[Kind(kind) if kind in Kind.values else Kind.OTHER]


def is_careful(kind: str) -> bool:
    """Whether it costs money or can't be undone: no key presses it, no group decides it."""
    return kind in CAREFUL


def people_needed(kind: str, twice: Iterable[str]) -> int:
    """How many must say resume; `twice` are the kinds for which the settings want two."""
    return 2 if kind in set(twice) else 1


# In this order. German beside English: agents speak the language of their task.
_RULES: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (
        Kind.PAYMENT,
        (
            r"\b(?:pre)?pa(?:y(?:s|ing|able|ments?|outs?|ees?)?|id)\b(?! (?:attention|heed))",
            r"\b(?:purchas(?:e[sd]?|ing)|buy(?:s|ing)?|checkout|checking out|check out (?:now|and|with|the)"
            r"|charge[ds]?)\b",
            r"\btransfer(?:s|red|ring)?\b(?! (?:you|me|to an? (?:person|human|agent)))|\bwir(?:e|ing) (?:the|this"
            r"|an?|[$€£\d])",
            r"\b(?:donat|remit)\w+|\bsend(?:ing)? (?:the )?money|\bspend(?:ing)?\b|\b(?:credit|debit|bank) card\b"
            r"|\biban\b",
            r"\b(?:plac|submit|complet|confirm)(?:e|t?ing)? (?:the|this|an?|your|my) (?:order|booking|purchase|bid)\b",
            r"[$€£¥]\s?\d|\d\s?[€£¥]|\b(?:usd|eur|gbp|chf)\s?\d|\d\s?(?:usd|eur|gbp|chf|dollars?|euros?)\b",
            r"\b(?:be|ein|aus)?zahl\w*|\büberweis\w*|\b(?:ein)?kauf\w*|\bbestell(?:en|e)\b",
        ),
    ),
    (
        Kind.IRREVERSIBLE,
        (
            r"\birreversib\w+|\birrevocab\w+|\bpermanent\w*|\bno (?:undo|way back)\b",
            r"\b(?:can(?:'t|not| not)|could(?:n't| not)|impossible to) (?:be )?(?:undone?|reversed?|reverted?"
            r"|restored?)\b",
            r"\b(?:delet|eras|destroy|terminat|refund|revok|purg|overwrit|uninstall|deactivat|unsubscrib)\w*",
            r"\b(?:wip(?:e|es|ed|ing)|remov(?:e|es|ing)|factory reset|drop(?:ping)? (?:the )?(?:table|database))\b",
            r"\b(?:format(?:ting)?|clos(?:e|ing)) (?:the|your|my|this) (?:disk|drive|card|account)\b",
            r"\bcancel(?:l?ing)? (?:the|your|my|this|an?) "
            r"(?:order|subscription|account|booking|membership|plan|reservation|contract|flight)\b",
            r"\b(?:publish|post|send|submit)(?:s|ing)?\b.{0,60}\b(?:to (?:all|every\w*|\d+|the public)|for good)\b",
            r"\bthe page asks: .{0,400}?\bresume to say yes\b",
            r"\b(?:unwiderruflich|endgültig|rückgängig)\b|\b(?:lösch|kündig|stornier)\w*",
        ),
    ),
    (
        Kind.CAPTCHA,
        (
            r"captcha|not a robot|\bare (?:you |we )?(?:a )?(?:human|robot)|human[- ](?:verification|check)"
            r"|kein roboter",
            r"\b(?:prove|verify|confirm)(?:ing)? (?:that )?(?:you|i|we)(?:'m| am|'re| are) (?:a )?human",
            r"\bpuzzle|\b(?:select|click|choose) (?:on )?(?:all|every|each) (?:the )?(?:images?|squares?"
            r"|pictures?|tiles?)",
            r"\bbot (?:check|detection)|\bcloudflare|\bturnstile",
        ),
    ),
    (
        Kind.CODE,
        (
            r"one[- ]?time|two[- ]?(?:factor|step)|multi[- ]?factor|authenticator|magic link",
            r"\b(?:verification|security|confirmation|authentication|recovery|sms|text|login|access|e-?mail(?:ed)?) "
            r"(?:code|pin|token)s?\b|\b(?:\d|four|six|eight)[- ]?digit (?:code|pin|number)\b",
            r"\b(?:2fa|mfa|otp|totp|passcode|passkey)\b|\b(?:the|a|this|its|that|your|no) (?:\w+ )?code\b",
            r"\bcode (?:needed|was sent|is wrong|not accepted)|\beinmal(?:code|kennwort|passwort)|\b\w+scode\b",
        ),
    ),
    (
        Kind.LOGIN,
        (
            r"\b(?:passwords?|pass ?phrase|credential\w*|sign(?:ing)?[- ]?in(?:to)?|log(?:ging)?[- ]?(?:in"
            r"|on)(?:to)?)\b",
            r"\b(?:user ?names?|logged (?:out|off)|signed out|e-?mail address|session (?:has |is )?expired|sso)\b",
            r"\b(?:authenticat|unauthori[sz]|passwort|kennwort|anmeld|zugangsdaten)\w*",
        ),
    ),
    (
        Kind.AMBIGUOUS,
        (
            r"\b(?:which (?:one|of|\w+ (?:is|do|should|shall|did|would))|ambiguous|several|more than one|mehrere"
            r"|welche\w*)\b",
            r"\b(?:candidates?|equally|either|both|choose between|or the)\b",
            r"\b(?:two|three|four|five|\d+) (?:\w+ )?(?:buttons?|links?|fields?|rows?|match\w*|results?|entr\w+"
            r"|customers?"
            r"|options?|accounts?|people|items?|of them|places?|boxes)\b",
        ),
    ),
    (
        Kind.ERROR,
        (
            r"\b(?:errors?|fail(?:ed|s|ure|ing)?|no progress|no further|not found|unable|stuck|leads nowhere"
            r"|gave up)\b",
            r"\bcan(?:'t|not| not) (?:find|read|go|get|open|load|reach|see|click|reload|tell)\b|\bcould(?:n't| not)\b",
            r"\bnothing (?:on the screen )?(?:has )?changed|\bdo(?:es)?(?:n't| not) (?:show|work|load|open"
            r"|respond|understand)",
            r"\b(?:tim(?:ed|e)[- ]?out|crash\w*|broken|unexpected\w*|blocked|refused|invalid|wrong|lost"
            r"|still shows|retried)\b",
            r"\b(?:fehler\w*|nicht gefunden|fehlgeschlagen)\b|\b(?:40[0-9]|50[0-9])\b",
        ),
    ),
)
_COMPILED = tuple((kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in _RULES)
# Innermost pairs whose ends differ: a page can't plant a mark that swallows the agent's own words.
_QUOTED = re.compile(r"“[^“”„]*”|„[^“”„]*[“”]|«[^«»]*»")
_PERHAPS_QUOTED = re.compile(r"\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)|‘[^‘’]*’|“[^“]*\Z")
_RAISED = frozenset({Kind.OTHER, Kind.AMBIGUOUS})  # a question: what it is about may be in quotes only
_LOOKED_AT = 20_000  # characters: all that is kept of a reason


def of(reason: str) -> Kind:
    """The kind that a reason names; OTHER where no rule fits."""
    text = _readable(reason)
    own = _QUOTED.sub(" … ", text)
    if (found := _first(own, CAREFUL)) is None:
        found = _first(_PERHAPS_QUOTED.sub(" … ", own), set(Kind) - CAREFUL)
    if found is None or found in _RAISED:
        found = _first(text, CAREFUL) or found
    return found or Kind.OTHER


def _first(text: str, among: Collection[Kind]) -> Kind | None:
    return next((kind for kind, pattern in _COMPILED if kind in among and pattern.search(text)), None)


def _readable(reason: str) -> str:
    """As a person reads it: no characters of width zero between letters, one sort of apostrophe and of space."""
    raw = (reason or "")[:_LOOKED_AT]
    text = unicodedata.normalize("NFKC", raw)
    if len(text) > 2 * len(raw) + 100:  # signs that stand for many, piled up to be slow
        text = raw
    seen = "".join(sign for sign in text if unicodedata.category(sign) not in {"Cf", "Mn"})
    return " ".join(re.sub(r"(?<=\w)’(?=\w)", "'", seen).split())
