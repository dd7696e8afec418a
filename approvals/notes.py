"""Owns the one note that goes with a decision: what it is made of, how long it may be, what may not stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from approvals import delivery
from approvals.errors import HoldsSecret, Invalid
from approvals.kinds import Kind
from approvals.states import Verdict
from runs import secret_notes
from runs.models import Run
from runs.secrets import MASK, holds_secret, mask

LIMIT = 2000 - delivery.TAG_LENGTH  # upstream takes 2,000 characters, and the tag goes with the note
SECRET_LIMIT = 500
_ASKS = re.compile(
    r"pass\s?(?:word|code|phrase)|credential|\bcodes?\b|\bpin\b|\botp\b|2fa|one[- ]time|token|sign[- ]?in|log[- ]?in",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Note:
    """`kept` is what stays readable; `whole` is what is sent in its place where it holds a secret, else empty."""

    kept: str
    whole: str = ""

    def seal(self, run: Run, code: str) -> str:
        """Keep what is to be sent, if it holds a secret, under the code; what may be kept readable."""
        if self.whole:
            secret_notes.keep(run, code, self.whole, self.kept)
        return self.kept


def checked(verdict: str, text: str, secret: str = "", *, asks: bool = False) -> Note:
    """The note of a decision: the text, and a secret behind it. Raises Invalid and HoldsSecret.

    Where the pause `asks` for a secret, the text of a resume may hold it: it is sent once and kept masked.
    """
    text, secret = text.strip(), secret.strip()
    if secret and verdict != Verdict.RESUME:
        raise Invalid(_("A secret goes out with a resume only."), field="secret")
    if len(secret) > SECRET_LIMIT and text:
        raise Invalid(_("The secret is too long."), field="secret")
    whole = f"{text} {secret}".strip()
    if len(whole) > LIMIT:
        told = {"count": f"{len(whole):,}", "limit": f"{LIMIT:,}"}
        raise Invalid(_("The note has %(count)s characters; %(limit)s fit.") % told, field="note")
    if "\x00" in whole or not _is_text(whole):
        raise Invalid(_("The note holds characters that can't be sent."), field="note")
    if holds_secret(text):
        if verdict != Verdict.RESUME or not asks:
            raise HoldsSecret
        return Note(f"{mask(text)} {MASK}".strip() if secret else mask(text), whole)
    return Note(f"{text} {MASK}".strip(), whole) if secret else Note(text)


def asks_for_secret(kind: str, reason: str) -> bool:
    """Whether an answer to this pause may hold a password or a code: by its kind, or since the reason names one."""
    return kind in (Kind.LOGIN, Kind.CODE) or _ASKS.search(reason) is not None


def _is_text(note: str) -> bool:
    try:
        note.encode()
    except UnicodeEncodeError:
        return False
    return True
