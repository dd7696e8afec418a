"""What people say around their instructions, and how they bend them, made plain before a text is cut into clauses."""

# ruff: noqa: E501 (patterns)

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from coasty_local.agent.planner import words as lexicon

_VERBS = (
    "open|go|navigate|visit|load|click|press|tap|hit|type|enter|write|fill|set|choose|select|pick|check|tick|untick|uncheck|"
    "enable|disable|turn|switch|scroll|search|look|find|sign|log|save|submit|send|close|delete|remove|archive|cancel|approve|"
    "reject|refund|pay|add|create|invite|change|update|edit|rename|move|mark|confirm|expand|collapse|download|export|assign|"
    "reply|book|reserve|order|make|put|place|apply|sort|filter|accept|deactivate|activate|close|publish|ship|restore|reset|share"
).split("|")
_IRREGULAR = {
    "sent": "send",
    "set": "set",
    "chosen": "choose",
    "put": "put",
    "paid": "pay",
    "made": "make",
    "found": "find",
}
_GOING = (
    "open|go|navigate|visit|load|browse|head|start|launch|sign|log|switch"  # leads to a place, changes nothing there
)


def _stems(verb: str) -> tuple[str, str]:
    """The participle and the gerund of a regular verb."""
    if verb.endswith("e"):
        return verb + "d", verb[:-1] + "ing"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied", verb + "ing"
    if verb in ("cancel", "refund", "load", "look", "enter", "open", "filter", "expand", "visit") or not re.search(
        r"[^aeiou][aeiou][bdgmnpt]$", verb
    ):
        return verb + "ed", verb + "ing"
    return verb + verb[-1] + "ed", verb + verb[-1] + "ing"


_PARTICIPLES = {_stems(verb)[0]: verb for verb in _VERBS} | {"cancelled": "cancel", "canceled": "cancel"} | _IRREGULAR
_GERUNDS = {_stems(verb)[1]: verb for verb in _VERBS} | {"cancelling": "cancel"}
_WEIGHTY = frozenset(
    "delete remove cancel pay refund archive send submit reject approve order book reserve make ship publish deactivate "
    "reset close".split()
)  # what is only told of these is no order to do them
_HOLDS = re.compile(
    r"\b(?:stop|ask|pause|halt|don't|not|never|me|without)\b|\bwait\b(?!\s+(?:for|until))", re.IGNORECASE
)
_DONE = "|".join(sorted(map(re.escape, _PARTICIPLES), key=len, reverse=True))
_DOING = "|".join(sorted(map(re.escape, _GERUNDS), key=len, reverse=True))
_BEGIN = r"(?:(?<=^)|(?<=[.!?:;\n])|(?<=[.!?:;\n] )|(?<=[.!?:;\n]  ))"
_VALUE = r"(?:\ue000\d+\ue001|(?-i:[A-Z0-9])[\w-]*(?:\s+(?-i:[A-Z0-9])[\w-]*){0,3})"
_ACTING = rf"(?:{'|'.join(_VERBS)})\b"
_PRESSING = r"click|press|tap|hit|open|expand|unfold|select|choose"


def _doing(match: re.Match[str]) -> str:
    """ "would you mind opening A and creating B" -> "open A and create B"."""
    rest = re.sub(
        rf"(?:(?<=^)|(?<=,\s)|(?<=\band\s)|(?<=\bthen\s))({_DOING})\b",
        lambda m: _GERUNDS[m.group(1)],
        match.group("rest"),
    )
    return re.sub(rf"\b(?:finish|end)\s+(?:by|with)\s+({_DOING})\b", lambda m: _GERUNDS[m.group(1).lower()], rest)


def _ordered(match: re.Match[str]) -> str:
    """ "the box X must be unticked" -> "untick the box X"; what only should be so may be a check, when things were done."""
    before = match.string[: match.start()]
    if match.group("must").lower().startswith("should") and re.search(
        rf"\b(?!(?:{_GOING})\b)(?:{'|'.join(_VERBS)})\b",
        re.sub(rf"{lexicon.URL.pattern}|\ue000\d+\ue001", " ", before, flags=re.IGNORECASE),
        re.IGNORECASE,
    ):
        return match.group()
    what, rest = match.group("what"), match.group("rest") or ""
    what = what[0].lower() + what[1:] if re.match(r"(?:The|An?|My|Our|All)\b", what) else what
    rest = re.sub(
        rf"\band\s+(the\s+[a-z]+)\s+({_DONE})$", lambda m: f"and {_PARTICIPLES[m.group(2)]} {m.group(1)}", rest
    )
    verb = _PARTICIPLES[match.group("done").lower()]
    return f"{verb} {what}{rest}"


def _after(match: re.Match[str]) -> str:
    """What comes first is an instruction of its own, unless it only repeats one that was given before."""
    verb, rest = _GERUNDS[match.group("doing").lower()], match.group("rest").strip(" ,")
    if verb in _WEIGHTY:
        return match.group()  # whether it is to be done, or only told, is asked
    said = f"{verb} {rest}".strip().lower()
    again = said in match.string[: match.start()].lower()
    return "" if again or not rest or re.fullmatch(r"(?:in|on|it|this|that|up)", rest) else f"{verb} {rest}, then "


def _needed(match: re.Match[str]) -> str:
    """ "we'd like A switched off and B changed to C" -> "switch off A and change B to C"."""
    what, rest, done = match.group("what"), match.group("rest"), match.group("done").lower()
    rest = re.sub(
        rf"\band\s+(the\s+[a-z -]+?)\s+({_DONE})\b",
        lambda m: f"and {_PARTICIPLES[m.group(2).lower()]} {m.group(1)}",
        rest,
    )
    rest = re.sub(r"\band\s+((?:the|my|his|her|its)\s+[a-z -]+?)\s+to\s+be\s+(?=\S)", r"and set \1 to ", rest)
    return f"{_PARTICIPLES[done]} {what}{rest}"


def _scene(match: re.Match[str]) -> str:
    """ "Given I am on the login page", "When I click A", "Then I should see B"."""
    if match.group("page"):
        return f"Open {match.group('page')}"
    return "Verify that you see " if match.group("see") else ""


def _before(match: re.Match[str]) -> str:
    """ "wait for A before clicking B" presses B; "stop before clicking B" does not."""
    sentence = re.split(r"[.;\n]", match.string[: match.start()])[-1]
    return match.group() if _HOLDS.search(sentence) else f", then {_GERUNDS[match.group('doing').lower()]} "


def _having(match: re.Match[str]) -> str:
    verb = _PARTICIPLES[match.group("done").lower()]
    return match.group() if verb in _WEIGHTY else f"{verb} {match.group('what')}, then "


def _elliptic(match: re.Match[str]) -> str:
    """ "expand Europe, then France" -> "expand Europe, then expand France"."""
    verb = match.group("verb")
    rest = re.sub(
        r"\s*,?\s*(?:(?:and\s+)?then|followed\s+by)\s+(?:on\s+)?",
        f", then {verb} ",
        match.group("rest"),
    )
    return f"{verb} {rest.strip()}"


_Bend = tuple[str, "str | Callable[[re.Match[str]], str]"]
_BENDS: tuple[_Bend, ...] = (
    # greetings and asides
    (rf"{_BEGIN}(?:hi|hello|hey|dear\s+\w+|good\s+(?:morning|evening|day))(?:\s+(?:there|team|all))?\s*[!,.]+\s*", ""),
    (rf"{_BEGIN}(?P<url>(?:https?://|localhost)\S+?)(?:\s*[:;,]|\s+[-–—])\s+(?=\w)", r"go to \g<url>\n"),
    (r"\bw/o\s+", "without "),
    (r"\bw/\s*(?=\S)", "with "),
    (r"\bbe\s+a\s+(?:dear|darling|star|sport)\s+and\s+", ""),
    (rf"{_BEGIN}(?:given|when|and|then|but)\s+i\s+(?:am\s+on\s+(?P<page>the\s+[\w -]+?\s+page)|(?P<see>(?:should\s+)?see)\s+)?", _scene),
    (r"\s*,\s*(?:would|could|will|can)\s+you\s*(?=[?.!]|$)", ""),
    (r"\b(?:i\s+was\s+wondering\s+(?:if|whether)\s+you\s+(?:could|can|might)|(?:would\s+you\s+)?(?:please\s+)?be\s+so\s+(?:kind|good)\s+as\s+to|"
     r"i(?:'d|\s+would)\s+(?:appreciate\s+it|be\s+(?:glad|grateful))\s+if\s+you\s+(?:could|would)|it\s+would\s+be\s+(?:great|nice|good)\s+if\s+you\s+(?:could|would)|"
     r"(?:do\s+not|don't|never)\s+forget\s+to|(?:please\s+)?remember\s+to|(?:make|be)\s+sure\s+(?:that\s+you\s+|you\s+|to\s+)(?!see\b|are\b|have\b|can\b|land\b))\s*", ""),
    (rf"{_BEGIN}(?:(?:so|well|basically|actually|alright|now\s+then)\s*,?\s+(?=\w))+(?:right\s*,\s*)?", ""),
    (rf"{_BEGIN}(?:right\s*,\s*)?(?:first\s+things\s+first|here(?:'s|\s+is)\s+what\s+(?:to\s+do|i\s+need|you\s+need\s+to\s+do))\s*[:,-]\s*", ""),
    (rf"{_BEGIN}(?:when(?:ever)?|if)\s+you\s+(?:get\s+(?:a|the)\s+chance|have\s+(?:a\s+(?:moment|minute)|time)|don't\s+mind|could|can)\s*,?\s+", ""),
    (r"\b(?:i|we)(?:'d)?\s+(?:want|need|like|would\s+like|have)\s+(?:you\s+)?to\s+(?=[a-z])", ""),
    (rf"{_BEGIN}(?:your\s+|the\s+|my\s+)?(?:tasks?|goal|to-?\s?dos?|job|instructions?|steps(?:\s+to\s+(?:reproduce|take|follow))?|what\s+to\s+do)\s*:\s*", ""),
    (rf"{_BEGIN}(?:expected(?:\s+(?:results?|outcome|behaviou?r))?|acceptance(?:\s+criteri(?:a|on))?|result)\s*:\s*(?!\s|verify|check)", "verify that "),
    (rf"\b(?:i|we)(?:'d|\s+would)?\s+(?:like|need|want)\s+(?!to\b|you\b)(?P<what>[^.;\n]*?)\s+(?P<done>{_DONE})\b(?P<rest>(?:[^.;\n]|\.(?=\S))*)", _needed),
    (r"\b(?:i|we)(?:'d|\s+would)?\s+(?:like|need|want)\s+(?P<a>(?:the|my|his|her|its|our)\s+[a-z -]+?)\s+to\s+be\s+(?=\S)", r"set \g<a> to "),
    # leads that name a place of the screen, a state or a purpose
    (rf"{_BEGIN}(?:under|in|on|within)\s+(?:the\s+)?(?P<a>{_VALUE}|(?-i:[A-Z][\w-]+(?:\s(?!field|box|input|area|list|menu|form|dialog|tab|page|screen)[a-z]+){{1,2}}))\s*,\s+(?={_ACTING})", r"look under \g<a>, then "),
    (rf"{_BEGIN}(?:in|on|under|at)\s+(?:the|my|our)\s+(?P<a>(?!top\b|left\b|right\b|bottom\b)[a-z]+(?:\s[a-z]+)?\s+(?:list|table|section|area|overview))\s*,\s+(?={_ACTING})", r"look under the \g<a>, then "),
    (rf"\b(?:under|within|below)\s+(?:the\s+)?(?:heading\s+|section\s+)?{_VALUE}\s*,?\s+(?={_ACTING})", ""),
    (rf"{_BEGIN}(?:in|on|at)\s+the\s+(?:(?:left|right|top|bottom|main|side|upper|lower)\s+)*(?:table|list|grid|side\s?bar|header|footer|tool\s?bar|menu|navigation|nav\s?bar|left|right|top|bottom)\s*,?\s+(?={_ACTING})", ""),
    (rf"{_BEGIN}(?:on|in|at)\s+the\s+(?:tab|page|screen)\s+(?P<a>{_VALUE})\s*,?\s+(?={_ACTING})", r"open the \g<a> page, then "),
    (rf"{_BEGIN}(?:on|in|at)\s+the\s+(?P<a>[\w -]{{2,30}}?\s+(?:tab|page|screen))\s*,\s+(?={_ACTING})", r"open the \g<a>, then "),
    (rf"\b(?:when|once|as\s+soon\s+as)\s+(?:the\s+[\w -]+?|it|that)\s+(?:is|are|has|have)\s+(?:ready|done|finished|loaded|open(?:ed)?|completed?|there|visible|shown)\s*,?\s+(?={_ACTING})", "then "),
    (r"\b(?:if|unless)\s+(?:the\s+(?:check\s*)?(?:box|switch|toggle)|it|this)\s+(?:is|isn't|is\s+not)\s+(?:already\s+|not\s+)?(?:ticked|checked|set|on|off|selected|enabled|disabled)(?:\s+(?:yet|already))?\s*,\s*(?=(?:tick|check|untick|uncheck|turn|switch|enable|disable)\b)", ""),
    (r"\b(?:once|after|when)\s+you(?:'ve|\s+have)?\s+(?:signed|logged)\s+in\s+(?P<how>as\s+[^,\n]+?|with\s+[^,\n]+?)\s*,\s+", r"sign in \g<how>, then "),
    (rf"\b(?:having|(?:after|once|when)\s+you(?:'ve|\s+have))\s+(?P<done>{_DONE})\s+(?P<what>[^,.;\n]+),\s+", _having),
    (r",\s+(?:and\s+)?then\s+to\s+(?=(?:the\s+)?[A-Z])", ", then go to "),
    (r"\s+(?:with|using)\s+(?:these|the\s+following|the)\s+(?:details|values|data|information|fields)\s*:?\s*(?=\n|$)", ""),
    (r"\s+as\s+follows\s*[-:–—]?\s+(?=\S)", ": "),
    (rf"{_BEGIN}(?:in\s+order\s+)?to\s+[a-z][^,.;:\n]*,\s+(?=(?:click|press|tap|choose|select|hit)\b)", ""),
    (r"\b(?:in|on|at|within)\s+the\s+(?:[\w-]+\s+){0,2}(?:dialog(?:ue)?(?:\s+box)?|pop-?\s?up|modal|window|form|panel)(?:\s+(?:that|which)\s+(?:appears|opens|comes\s+up|pops\s+up|shows\s+up|follows))?\s*,?\s+(?=(?:click|press|tap|type|enter|choose|select|pick|fill|set|tick|check|put|write)\b)", ""),
    # order
    (rf"\bafter\s+(?P<doing>{_DOING})\b(?P<rest>\s+(?:[^.;\n]|\.(?=\S))*?)?\s*(?:,\s*|\s+(?=(?:open|go|click|press|navigate|check|set|tick|type|enter|choose|select)\b))", lambda m: _after(m) if m.group("rest") is not None else ""),
    (r"(?<=\S)\s+before\s+(?P<doing>clicking|pressing|tapping|hitting)\s+", _before),
    (r"(?<=\w)\s+before\s+(?:(?:the\s+[a-z]+|it|you)\s+(?:is|are|gets?)\s+[a-z]+|submitting|saving|sending|continuing)(?=\s*[.,;\n]|$)", ""),
    (rf"\b(?:would|do)\s+you\s+mind\s+(?P<rest>(?:{_DOING})\b(?:[^.?!\n]|\.(?=\S))*)", _doing),
    (rf"\b(?:start|begin|finish|end|continue|proceed)(?:\s+off)?\s+(?:by|with)\s+(?P<rest>(?:{_DOING})\b[^.?!\n]*)", _doing),
    (rf"\b(?P<verb>{_PRESSING})(?P<rest>(?:\s+on)?\s+(?:the\s+)?(?:(?:node|section|folder|menu|tab|item|branch|entry)\s+)?{_VALUE}(?:\s*,?\s*(?:(?:and\s+)?then|followed\s+by)\s+(?:on\s+)?(?:the\s+)?{_VALUE}(?=\s*[,.;\n]|\s+and\b|\s*$))+)", _elliptic),
    (rf"\b(?P<a>(?:see|find|to)\s+(?P<x>{_VALUE})\s*,?\s+(?:and|then)\s+(?:click|press|tap|open)(?:\s+on)?)\s+it\b", r"\g<a> \g<x>"),
    # what must be done to a thing
    (rf"{_BEGIN}(?P<what>(?:the|an?|my|our|all|\ue000|[A-Z])[^,.;:\n]*?)\s+(?P<must>should|must|ha(?:s|ve)\s+to|needs?\s+to|(?:is|are)\s+to)\s+be\s+(?P<done>{_DONE})\b(?P<rest>(?:[^.;\n]|\.(?=\S))*)", _ordered),
    # values
    (r"\b(?P<verb>change|set|update|raise|lower|increase|reduce|switch)\s+(?P<what>(?:the\s+)?[\w -]+?)\s+from\s+(?:\ue000\d+\ue001|[\w.,$€£]+)\s+to\s+", lambda m: f"change {m.group('what')} to "),
    (r"\s*,?\s+and\s+(?:give|state|enter|use|put)\s+(?P<why>\ue000\d+\ue001)\s+as\s+(?:the\s+|a\s+)?(?P<name>reason|note|comment|message)\b", r" with the \g<name> \g<why>"),
    (r"\b(?P<on>un|de)-(?=(?:tick|check|select|mark)\b)", r"\g<on>"),
)  # fmt: skip
_TABLE = tuple((re.compile(said, re.IGNORECASE), plain) for said, plain in _BENDS)
_LETTERED = re.compile(r"(?:(?<=^)|(?<=\s))\(?(?P<n>[a-h])[.)]\s+(?=\w)")


_EXCLAIMED = re.compile(
    r"(\bpass\s?(?:word|phrase|code)(?:\s*[:=]|\s+is)?\s+)([^\s\"'“‘`]+!)(?=[\s,;]|$)", re.IGNORECASE
)


_SAYING = re.compile(
    r"(?im)((?:^|(?<=[.,;!?] )|\b(?:and|then|please) )(?:reply|respond|answer|comment|(?:leave|add|write|post|send)\s+(?:an?|the)\s+(?:\w+\s+)?"
    r"(?:note|comment|message|reply|remark))\b[^:\n\"“‘]{0,60}?)\s*:\s+(?![\"'“‘«])([^\n\"“]*?[^\s.])(?=\.?\s*$)"
)


def kept(task: str) -> str:
    """The text with what is a value as it stands in quotes: a password that ends in a sign, which ends no sentence, and
    what is to be written, behind a colon up to the end of its line."""
    return _SAYING.sub(r'\1: "\2"', _EXCLAIMED.sub(r'\1"\2"', task))


def plainer(sealed: str) -> str:
    """The text as instructions one after the other, in their plain forms."""
    text = _lettered(sealed)
    for said, plain in _TABLE:
        text = said.sub(partial(_anew, plain), text)
    return text


def _anew(plain: str | Callable[[re.Match[str]], str], match: re.Match[str]) -> str:
    """What stands instead; a sentence that loses its first words is still a sentence."""
    made = match.expand(plain) if isinstance(plain, str) else plain(match)
    before = match.string[: match.start()].rstrip()
    return f"\n{made}" if before and before[-1] in ".!?" and made != match.group() else made


def _lettered(text: str) -> str:
    """A list that counts a) b) c), as lines."""
    marks = [mark for at, mark in enumerate(_LETTERED.finditer(text)) if mark.group("n") == "abcdefgh"[at : at + 1]]
    if len(marks) < 2:
        return text
    for mark in reversed(marks):
        text = f"{text[: mark.start()]}\n{text[mark.end() :]}"
    return text
