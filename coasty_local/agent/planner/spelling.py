"""Slips of the fingers in words that the grammar knows; never in quotes, names, or what is a word itself."""

# ruff: noqa: E501 (words)

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

_LONG = (
    "navigate visit click press enter write choose select check untick uncheck enable disable switch scroll search "
    "submit close delete remove archive cancel approve reject change update rename confirm expand collapse download assign "
    "reply verify please button field checkbox dropdown password email settings first second message option continue export title account "
    "quantity number address username basket checkout"
).split()
_SHORT = "open type save send turn find fill sort page list link menu from into with then that pick look make the and".split()
_WORDS = frozenset(
    "opens types clock clocks clicks flick slick chick center centre enters inter writer writers white whites wrote writes "
    "chooses loose goose selects elect elects checks cheek chess chuck cheeky enabled enables disabled disables unable scrolls "
    "stroll searches starch submits closed closes closer clone those deleted deletes remote removed removes remover archived archives "
    "archiver approved approves improve cancels rejects changed changes charge charged chance updated updates uptake renamed "
    "renames confirms conform expands expend expanse collapsed downloads assigns align repay rely replay replies verified verifies "
    "pleas lease plead pleased buttons mutton fields yield filed fiend wield passwords emails setting sittings fist thirst "
    "seconds messages massage options pressed dress presses switched swish stitch form lits dropdowns checkboxes visits "
    "rejected searched entry alter mail mails lick rite writ heck lose rely fled fist summit eject tress clink clack "
    "cluck crick continued continues titles titled tithe exports expert accounts numbers numbed addressed lumber slumber baskets casket gasket wink sing settling seconded".split()
)
_PHRASES = (
    (re.compile(r"\b(and|,)\s+than\s+(?=[a-z])"), r"\1 then "),
    (re.compile(r"\b((?:choose|chose|select|pick)\s+(?:\ue000\d+\ue001|\S+))\s+form\s+(?=the\s)", re.IGNORECASE), r"\1 from "),
    (re.compile(r"(?:(?<=^)|(?<=[.,;\n]\s))(c)hose\b", re.IGNORECASE), r"\1hoose"),
)  # fmt: skip
_WORD = re.compile(r"(?<![\w@./#'-])[A-Za-z]{3,10}(?![\w@/#'-]|\.\w)")
_TYPING = re.compile(r"(?:\b(?:type|enter|write|put|insert|for|called|named|saying)|[:=])\s+$", re.IGNORECASE)


def mended(sealed: str) -> str:
    """The text with each slip that can only be one known word put right."""
    text = _WORD.sub(_word, sealed)
    for said, plain in _PHRASES:
        text = said.sub(plain, text)
    return text


def _word(match: re.Match[str]) -> str:
    word, before = match.group(), match.string[: match.start()]
    begins = not before.strip() or before.rstrip()[-1] in ".!?:;\n"
    plain = word[0].lower() + word[1:] if begins else word
    if not plain.islower() or plain in _WORDS or _TYPING.search(before):
        return word
    meant = _meant(plain)
    return meant.capitalize() if meant and word[0].isupper() else meant or word


def _meant(word: str) -> str:
    if word in _LONG or word in _SHORT:
        return ""
    near = [known for known in _LONG if abs(len(known) - len(word)) < 2 and OSA.distance(known, word) == 1]
    near += [known for known in _SHORT if len(known) == len(word) and sorted(known) == sorted(word) and OSA.distance(known, word) == 1]  # fmt: skip
    return near[0] if len(near) == 1 else ""
