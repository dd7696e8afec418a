"""Masks what a person's note gives away, so that it can be sent as it is but not be read later. Pure."""

from __future__ import annotations

import re

MASK = "••••••••"

_NAME = (
    r"(?:pass\s?word|pass\s?phrase|pass\s?code|passwd|pwd|pin|secret(?:\s+key)?|api[\s_-]?key|access[\s_-]?token|token)"
)
_END = r"(?=\s*\[decision [0-9a-f]{8}\]|[,.;!?]?\s+(?:and|then|but|so|please)\b|[,.;!?](?:\s|$)|\n|$)"
_QUOTED = r"\"[^\"\n]+\"|'[^'\n]+'|“[^”\n]+”|‘[^’\n]+’|«[^»\n]+»|`[^`\n]+`"
_PLAIN_WORDS = (
    r"(?!(?:field|box|input|page|screen|form|prompt|step|manager|is|was|are|for|to|on|in|at|of|and|or|then|"
    r"again|reset|only|first|there|here|itself|below|above|which|that|you|he|she|they|it|wrong|correct)\b)"
)

_TOLD = re.compile(
    rf"(\b{_NAME}\b(?:\s+for\s+[^\s:=]+)?\s*(?:\bis\b|\bwas\b|[:=]|->|→)\s*)({_QUOTED}|\S.*?){_END}", re.I
)
_BARE = re.compile(rf"(\b{_NAME}\s+)({_QUOTED}|{_PLAIN_WORDS}[^\s,;:=•\[]+)", re.I)
# A word is taken whole or not at all: a long one, tried from each of its letters, would take seconds.
_TURNED = re.compile(
    rf"({_QUOTED}|(?<![^\s•])[^\s•]++)(\s+is\s+(?:the|his|her|their|your|my|its)\s+(?:\w+\s+)?{_NAME}\b)", re.I
)


def mask(text: str) -> str:
    """The text with each password-like value as dots; in doubt too much of it. Masking twice changes nothing."""
    text = _TOLD.sub(rf"\1{MASK}", text)
    text = _TURNED.sub(rf"{MASK}\2", text)
    return _BARE.sub(rf"\1{MASK}", text)


def holds_secret(text: str) -> bool:
    """Whether `mask` would hide a part of the text."""
    return mask(text) != text
