"""From a task's text to its clauses: quotes are kept whole, and a split is made only where a new instruction begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_QUOTES = re.compile(
    r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»|‘([^’]*)’(?!\w)|(?<![\w])'((?:[^']|(?<=\w)'(?=\w))*)'(?!\w)|`([^`]*)`"
)
_SEAL, _MARK = "\ue000{}\ue001", re.compile("\ue000(\\d+)\ue001")
_NUMBERED = re.compile(r"(?m)^\s*(?:\(?\d{1,2}[.)]|[-*•–]|step\s+\d+\s*[:.])\s+", re.IGNORECASE)
_INLINE_NUMBERS = re.compile(r"(?:(?<=^)|(?<=[\s.;,]))(?:\(?\d{1,2}\)|step\s+\d+\s*[:.])\s+(?=\w)", re.IGNORECASE)
_COUNTED = re.compile(r"(?:(?<=\s)|^)(?:[Ss]tep\s+)?\(?(?P<n>\d{1,2})[.)]\s+(?=[^\W\d]|\ue000)")
_HARD = re.compile(
    r"\s*\n+\s*|"
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?:\.\s+(?=[^a-z\d]|$)|(?<![a-z])\.\s+(?=\d)|[!?]\s+|[!?]$)"
                   r"|(?<=[a-z\ue001])\.\s+(?=(?:then|and then|after|next|finally|now)\b)")  # fmt: skip
_SOFT = re.compile(
    r"\s*(?:;|\s[—–]\s)\s*(?:and\s+)?(?:then\s+)?|(?:,\s+(?:and\s+)?|\s+and\s+)next\s*,?\s+|,?\s+(?:and\s+)?(?:then|afterwards?|after\s+that|after\s+which|finally)\s*,?\s+|,\s*(?:and|but)\s+|,\s+|\s+and\s+|\s+but\s+|\s+&\s+",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^(?:(?:please|kindly|pls|now|then|next|first(?:ly)?(?!\s+(?:names?\b|\w+\s+(?:link|button)))|(?:second|third|fourth|fifth|sixth)(?:ly)?(?=\s*[,:])|finally|lastly|also|and|so|ok|okay|hi|hello|hey|afterwards?|"
    r"after\s+that|once\s+(?:done|there|finished|that\s+is\s+done|(?:you\s+are\s+)?(?:signed|logged)\s+in)|when\s+(?:done|finished|you\s+are\s+done)|to\s+(?:start|begin)(?:\s+with)?|"
    r"(?:can|could|would|will)\s+you(?:\s+(?:please|possibly|maybe|kindly|also))?|i\s+(?:want|need|would\s+like)\s+(?:you\s+)?to|i'd\s+like\s+(?:you\s+)?to|you\s+(?:should|must|need\s+to)|"
    r"your\s+task\s+is\s+to|the\s+task\s+is\s+to|go\s+ahead\s+and|try\s+to|just|simply|let's|we\s+need\s+to|help\s+me(?:\s+to)?)\s*[,:]?\s+)+",
    re.IGNORECASE,
)


@dataclass
class Text:
    """A text whose quoted parts are sealed, so that commas and verbs inside them are never read as structure."""

    sealed: str = ""
    quotes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Text:
        made = cls()
        made.sealed = _QUOTES.sub(made._seal, text)
        return made

    def _seal(self, match: re.Match[str]) -> str:
        self.quotes.append(next(group for group in match.groups() if group is not None))
        return _SEAL.format(len(self.quotes) - 1)

    def plain(self, piece: str) -> str:
        """The piece without seals and without the quote marks."""
        return _MARK.sub(lambda match: self.quotes[int(match.group(1))], piece).strip()

    def shown(self, piece: str) -> str:
        """The piece as the user wrote it, in plain quotes."""
        return _MARK.sub(lambda match: f"'{self.quotes[int(match.group(1))]}'", piece).strip()


def quoted(piece: str) -> bool:
    """Whether the whole piece is one quotation."""
    return bool(_MARK.fullmatch(piece.strip()))


def trimmed(clause: str) -> str:
    """The clause without politeness, connecting words and closing punctuation."""
    clause = clause.strip().strip(",").strip()
    while True:
        shorter = _PREAMBLE.sub("", clause)
        shorter = re.sub(
            r"(?:(?:\s*,)?\s+(?:please|for me|afterwards|(?:once|when)\s+(?:done|finished|you\s+are\s+done))|"
            r"[,.!]\s*(?:thanks|thank you)(?: very much)?)\s*[.!?]?$",
            "",
            shorter,
            flags=re.IGNORECASE,
        )
        shorter = shorter.rstrip(" .!?;,") if not shorter.endswith("...") else shorter
        if shorter == clause:
            return clause
        clause = shorter


def _listed(text: str) -> str:
    """The text with a break before each number of a list that counts 1. 2. 3. within a line."""
    marks: list[re.Match[str]] = []
    for mark in _COUNTED.finditer(text):
        if int(mark.group("n")) == len(marks) + 1:
            marks.append(mark)
    if len(marks) < 2:
        return text
    for mark in reversed(marks):
        text = f"{text[: mark.start()]}\n{text[mark.end() :]}"
    return text


def sentences(sealed: str) -> list[str]:
    """The parts that no instruction crosses: sentences, lines, list items."""
    text = _NUMBERED.sub("\n", _listed(sealed.replace("\r", "\n")))
    text = _INLINE_NUMBERS.sub("\n", text)
    parts = [part.strip() for part in _HARD.split(text) if part]
    return [part for part in parts if part and re.search(r"\w|\ue000", part)]


_STOP = re.compile(r"(?<=[\w\ue001/])\.\s+(?=[a-z])")


def _small_begun(parts: list[str], starts: Callable[[str], bool]) -> Iterator[str]:
    """The sentences, parted also where one that begins small begins an instruction."""
    for part in parts:
        begin = 0
        for stop in _STOP.finditer(part):
            if starts(part[stop.end() :]):
                yield part[begin : stop.start()]
                begin = stop.end()
        yield part[begin:]


def clauses(sealed: str, starts: Callable[[str], bool], reads: Callable[[str], bool]) -> Iterator[str]:
    """The clauses in order. A soft break ("and", a comma) counts only where the right side starts an
    instruction and the
    left side can be read by itself; otherwise both stay together."""
    for sentence in _small_begun(sentences(sealed), starts):
        pieces = _soft_pieces(trimmed(sentence), starts)
        held = ""
        for joint, piece in pieces:
            if held and not reads(trimmed(held)) and reads(trimmed(held + joint + piece)):
                held += joint + piece
            elif held:
                yield from _readable_first(held, reads)
                held = piece
            else:
                held = piece
        yield from _readable_first(held, reads)


def _readable_first(clause: str, reads: Callable[[str], bool]) -> Iterator[str]:
    """The clause; one that can't be read as a whole is cut where its beginning can, so that only the rest is
    asked about."""
    clause = trimmed(clause)
    if clause and not reads(clause):
        for match in _SOFT.finditer(clause):
            first, rest = trimmed(clause[: match.start()]), clause[match.end() :]
            if first and trimmed(rest) and reads(first):
                yield first
                yield from _readable_first(rest, reads)
                return
    if clause:
        yield clause


def _soft_pieces(sentence: str, starts: Callable[[str], bool]) -> list[tuple[str, str]]:
    pieces, begin, joint = [], 0, ""
    for match in _SOFT.finditer(sentence):
        rest = sentence[match.end() :]
        if starts(trimmed(rest)):
            pieces.append((joint, sentence[begin : match.start()]))
            begin, joint = match.end(), match.group()
    pieces.append((joint, sentence[begin:]))
    return pieces
