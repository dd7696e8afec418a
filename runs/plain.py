"""Owns how untrusted text is shown: escaped, cut to a size, with invisible and direction-changing characters named."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from django.utils import formats
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

LIMIT = 20_000
_SPARED = 40  # characters that are shown above a limit: to say that they are not would take as much room

# Controls (but newline and tab), format characters (bidi overrides, zero-width), line separators, blank look-alikes.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u2028-\u202f\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LONG = re.compile(r"\S{64}(?=\S)")
_SPAN = '<span class="hidden-char" title="{name}">{code}</span>'


def plain(text: object, limit: int = LIMIT) -> SafeString:
    """The text as safe HTML that can't run, link, hide or reorder anything; what is cut off is counted."""
    whole = "" if text is None else str(text).replace("\r\n", "\n")
    rest = len(whole) - limit
    is_cut = rest > min(_SPARED, limit // 4)
    shown = "<wbr>".join(_HIDDEN.sub(_named, str(escape(part))) for part in _parts(whole[:limit] if is_cut else whole))
    if is_cut:
        shown += f'<span class="cut">{_left_out(rest)}</span>'
    return mark_safe(shown)  # noqa: S308 (escaped above; the spans hold names of characters only)


def _left_out(rest: int) -> str:
    return _(" … %(count)s more characters are not shown") % {"count": formats.number_format(rest, force_grouping=True)}


def _parts(text: str) -> list[str]:
    # A browser takes seconds to break a word of 20,000 letters: it is told where it may.
    ends = [found.end() for found in _LONG.finditer(text)]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)])]


def line(text: object, limit: int = 80) -> str:
    """The text on one line without anything invisible, for a page's title."""
    shown = " ".join(_HIDDEN.sub("", "" if text is None else str(text)[: limit * 4]).split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def hides(text: str) -> bool:
    """Whether the text holds characters that can't be seen, or that change its direction."""
    return bool(_HIDDEN.search(text))


def _named(found: re.Match[str]) -> str:
    code = ord(found.group())
    name = unicodedata.name(found.group(), "control character").lower()
    return _SPAN.format(name=name, code=f"U+{code:04X}")
