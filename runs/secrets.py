"""Finds what a text gives away: passwords, one-time codes, card numbers, keys; and masks it. Pure."""

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


_CODE_NAME = r"(?:code|otp|passcode|tan|2fa|verification|pin)"
_CODE = r"(?<![\w.,$€£/-])(?:\d(?:[ -]?\d){3,9}|(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9]{4,10})(?![\w$€£%/]|[.,-]\d)"
_CODE_TOLD = re.compile(rf"((?i:\b{_CODE_NAME}\b[^\d\n.!?;]{{0,24}}?)){_CODE}")
_OPEN_CODE = re.compile(
    r"(?i)\b(?:zip|post(?:al)?|country|area|error|status|promo|discount|coupon|voucher|product|source|exit|http)[ -]?$"
)
_CODE_TURNED = re.compile(rf"{_CODE}((?i:\s+(?:is|as)\s+(?:the|your|my|a)\s+(?:[\w-]+\s+){{0,2}}?{_CODE_NAME}\b))")
_CODE_ALONE = re.compile(r"\s*\d{6}\s*(?:\[decision [0-9a-f]{8}\]\s*)?")
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk[-_](?:[a-z]+[-_])*[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w.-]{20,}|npm_\w{30,}|hf_\w{24,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|(?<=[Bb]earer )[\w.~+/-]{16,}=*"
)
_WORD = re.compile(r"(?<![\w+/=.:@-])[\w+-]{24,200}={0,2}(?![\w+/=@-])")
_NAME_OF_THING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:run|mch|conn|req|evt|inv)_\w+", re.I)


def mask(text: str) -> str:
    """The text with each secret-like value as dots; in doubt too much of it. Masking twice changes nothing."""
    text = _KEY.sub(MASK, text)
    text = _TOLD.sub(rf"\1{MASK}", text)
    text = _TURNED.sub(rf"{MASK}\2", text)
    text = _BARE.sub(rf"\1{MASK}", text)
    text = _CODE_TOLD.sub(_told_code, _CODE_TURNED.sub(rf"{MASK}\1", text))
    text = _CARD.sub(lambda found: MASK if _is_card(found.group()) else found.group(), text)
    text = _WORD.sub(lambda found: MASK if _is_random(found.group()) else found.group(), text)
    return re.sub(r"\d{6}", MASK, text, count=1) if _CODE_ALONE.fullmatch(text) else text


def _told_code(found: re.Match[str]) -> str:
    is_open = _OPEN_CODE.search(found.string, max(0, found.start() - 12), found.start())
    return found.group() if is_open else f"{found.group(1)}{MASK}"


def _is_card(text: str) -> bool:
    """Whether the digits hold their check digit, as those of payment cards do (Luhn)."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = (digit * 2 - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(digits))
    return len(set(digits)) > 1 and sum(doubled) % 10 == 0


def _is_random(word: str) -> bool:
    """Whether a long word looks drawn by lot: small and large letters and digits mixed, hardly one of them twice."""
    kinds = (any(c.islower() for c in word), any(c.isupper() for c in word), any(c.isdigit() for c in word))
    return all(kinds) and len(set(word)) >= 14 and not _NAME_OF_THING.fullmatch(word)


def holds_secret(text: str) -> bool:
    """Whether `mask` would hide a part of the text."""
    return mask(text) != text
