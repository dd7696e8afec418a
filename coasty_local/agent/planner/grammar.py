"""Rules for plain acts: go to, click, type, choose, tick, and what needs no act at all."""

from __future__ import annotations

import re
from dataclasses import replace

from coasty_local.agent.planner import rules, targets
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text, quoted
from coasty_local.agent.planner.steps import (
    Check,
    Choose,
    Click,
    Dismiss,
    Fact,
    Fill,
    Goto,
    Nothing,
    SignOut,
    Step,
    Travel,
    Type,
)  # fmt: skip
from coasty_local.agent.scene import BUTTON, ICON, INPUT, LINK, Target

RULES = rules.Rules()
_BROWSER = (
    r"(?:google\s+)?(?:chrome|chromium|firefox|edge|safari|(?:a|the|your|my)\s+(?:web\s+)?browser|"
    r"browser)(?:\s+(?:browser|window|tab))?"
)
_GO = (
    r"(?:go|navigate|browse|head|surf|point\s+the\s+browser|direct\s+the\s+browser|switch)(?:\s+over)?\s+to|"
    r"open(?:\s+up)?|visit|load|launch|start(?:\s+at|\s+on|\s+from)?|bring\s+up|access"
)
_SITE = r"(?:the\s+)?(?:web\s*)?(?:site|page|website|url|address|link|app|portal)?\s*(?:at\s+)?"
_PUT = r"(?:type|enter|put|write(?!\s+down)|input|insert|key\s+in|type\s+in|enter\s+in|paste)"
_FIELD = "|".join(sorted((name.replace("_", " ") for name in lexicon.FIELDS), key=len, reverse=True))
_LIST_END = (
    r"(?:\s+(?:drop-?\s?down|list|menu|select|box|field|dropdown\s+(?:list|menu)|options?|selector|"
    r"combo\s*box|select\s+box))+"
)


@RULES.rule(
    rf"(?:open|start|launch|use)(?:\s+up)?\s+{_BROWSER}",
    r"(?:take|make|capture)\s+a\s+screenshot(?:\s+of\s+.*)?",
    r"(?:once|when|after|as\s+soon\s+as)\s+(?:it|that|this|the\s+(?:page|site|app))(?:['’]s|\s+has|\s+is|\s+have)?\s+(?:finished\s+|been\s+|fully\s+)?(?:loaded|opened|open|done|there|ready|loading|loads|opens|appears|shown|visible)",
    r"(?:once|when|after|as\s+soon\s+as)\s+(?:that|this|it|you|the\s+[\w -]+?)"
    r"(?:'s|\s+(?:is|are|has|have|appears?|opens?|loads?|shows?|pops?|comes?|finishes|reach|see|get|land))\b[^,;]*",
    r"(?:upon|after)\s+(?:a\s+)?(?:successful(?:ly)?\s+)?(?:log-?in|sign-?in|loading|opening|logging\s+in|signing\s+in)",
    r"before\s+(?:you\s+)?(?:submit|sav|send|continu|finish|proceed)(?:ing|e)?(?:\s+(?:it|the\s+form))?|would\s+you|right",
    r"scroll\s+(?:up|down)\s+if\s+(?:needed|necessary|you\s+(?:need|have)\s+to)",
    r"(?:leave|keep)\s+(?:all\s+)?(?:the\s+)?(?:rest|others?(?:\s+fields?)?|remaining\s+fields?|everything\s+else)\s+(?:empty|blank|unchanged|alone|as\s+(?:it\s+is|they\s+are|is))",
    r"(?:do\s+not|don't|never)\s+(?:touch|change|edit|modify|alter|do|click|press)\s+(?:anything|any\s+other\s+\w+)(?:\s+(?:else|more))?|nothing\s+(?:else|more)",
    r"(?:leave|keep|let)\s+(?:(?:everything|anything|all)\s+else|it|the\s+(?:rest|others?))\s+(?:as\s+(?:it|they)\s+(?:is|are|was|were)|unchanged|alone|untouched)",
    r"(?:that'?s|that\s+is)\s+(?:all|it)|done|stop(?:\s+there)?|finish|thanks?(?:\s+you)?.*|thank\s+you.*|cheers|(?:kind|best)\s+regards|please|begin|start|be\s+careful.*|ok(?:ay)?",
)
def nothing(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Nothing()]


@RULES.rule(
    rf"(?:{_GO})\s+(?:{_BROWSER}\s+(?:at|on|to|and\s+(?:go|navigate)\s+to)\s+)?{_SITE}(?P<url>\S+)(?:\s+(?:in|with|using)\s+{_BROWSER})?",
    r"(?:in|using|with)\s+" + _BROWSER + rf"\s*,?\s*(?:{_GO})\s+{_SITE}(?P<url>\S+)",
    r"(?P<url>\S+)",
)
def goto(match: re.Match[str], text: Text) -> list[Step] | None:
    url = text.plain(match.group("url")).rstrip(".,;:!)").lstrip("(<").rstrip(">")
    if not lexicon.URL.fullmatch(url):
        return None
    return [Goto(url=url if re.match(r"(?:https?|file|about):", url, re.IGNORECASE) else _with_scheme(url))]


def _with_scheme(url: str) -> str:
    local = re.match(r"(?:localhost|\d|[\w-]+:\d)", url)
    return ("http://" if local else "https://") + url


@RULES.rule(
    rf"(?:{_GO})\s+(?:the\s+|our\s+)?(?:practice|demo|start|home|sample|example)\s*(?:site|portal|page|business|app|website)?(?:\s+(?:site|page|portal))?"
)
def home(match: re.Match[str], text: Text) -> list[Step] | None:
    if re.search(r"home\s*page|\bhome$", match.group(), re.IGNORECASE):
        return None  # "the home page" of the site on screen is a link like any other
    return [Goto(url="")]


@RULES.rule(
    r"(?:go|navigate|click|press|hit)\s+back(?:\s+(?:to\s+the\s+previous\s+page|one\s+page|once|a\s+page|in\s+(?:the\s+)?(?:browser|history)))?",
    r"(?:return|go)\s+to\s+the\s+previous\s+page",
)
def back(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Travel(way="back")]


@RULES.rule(r"(?:reload|refresh)(?:\s+(?:the|this)\s+(?:page|site|browser|screen|tab))?")
def reload(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Travel(way="reload")]


@RULES.rule(
    r"(?:close|dismiss|hide|get\s+rid\s+of)\s+(?:the\s+|any\s+|this\s+|that\s+)?(?P<what>(?:\S+\s+)*?(?:dialog(?:\s+box)?|(?:side\s+)?panel|side\s?bar|tour|tooltip|pop-?\s?ups?|banner|modal|overlay|message|notification|newsletter|banners|cookies?(?:\s+\w+)?|alert|window|drawer|toast))",
    r"(?:accept|allow|reject|decline|refuse|agree\s+to)\s+(?:all\s+)?(?:the\s+)?(?P<what>cookies?(?:\s+\w+)?)(?:\s+if\s+.*)?",
)
def dismiss(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Dismiss(words=text.plain(match.group("what")))]


@RULES.rule(r"(?:sign|log)\s*(?:me\s+)?(?:out|off)(?:\s+(?:of|from)\s+.*|\s+again)?|end\s+the\s+session")
def sign_out(match: re.Match[str], text: Text) -> list[Step] | None:
    return [SignOut()]


@RULES.rule(
    rf"{_PUT}\s+(?P<value>.+?)\s+(?:in\s*to|in|on|as|for|at|inside|under)\s+(?P<field>(?:the|your|my|its)\s+.+|\ue000.+|[\w\s-]+?\s+(?:field|box|area|input)|[A-Z][\w\s-]*|\w[\w-]*)"
)
def type_into(match: re.Match[str], text: Text) -> list[Step] | None:
    if several := _several(match.group()[match.start("value") - match.start() :], text):
        return several
    value, where = match.group("value"), match.group("field")
    if _mixed(value) or (not quoted(where) and _too_wide(where)):
        return None
    if re.match(r"put\s+(?:the|our|my)\s+[a-z]|(?:put|place)\s+[^\ue000]+?\s+on\s", match.group(), re.IGNORECASE):
        return None  # "put the shop into maintenance mode": a thing is brought somewhere, nothing is typed
    rest = match.group()[match.start("value") - match.start() :]
    both = re.fullmatch(r"(.+?),?\s+and\s+(.+?)\s+(?:in\s*to|in|on|as|for)\s+(?:the\s+)?(.+)", where, re.IGNORECASE)
    if " into " in value or (both and " into " in where):  # "A into Name and B into Email"
        parts = [re.fullmatch(r"(.+?)\s+into\s+(.+)", part) for part in re.split(r",?\s+and\s+|,\s+", rest)]
        if any(part is None or " into " in part.group(2) for part in parts):
            return None
        return [step for part in parts if part for step in type_into_value(part.group(1), part.group(2), text)]
    if both:  # "A in the name field and B in the email field"
        more = type_into_value(both.group(2), both.group(3), text)
        return [*type_into_value(value, both.group(1), text), *more]
    return type_into_value(value, where, text)


_PAIR = re.compile(
    r"(?P<value>\ue000\d+\ue001|[^\ue000\ue001]+?)\s+(?:in\s*to|in|as|for)\s+(?:the\s+)?(?P<field>[^\ue000\ue001,]+)"
)


def _several(phrase: str, text: Text) -> list[Step] | None:
    """ "A as the name, B as the date and C as the email": every part has its field, else none is taken."""
    parts = re.split(r"\s*,\s+(?:and\s+)?|\s+and\s+", phrase)
    pairs = [_PAIR.fullmatch(part) for part in parts]
    if len(parts) < 2 or not all(pairs):
        return None
    return [step for pair in pairs if pair for step in type_into_value(pair.group("value"), pair.group("field"), text)]


def _mixed(value: str) -> bool:
    """Words stand beside what is quoted: which of both is the value is not said."""
    bare = re.sub(r"^(?:the\s+)?(?:[\w-]+\s+)?(?=\ue000\d+\ue001$)", "", value)
    return "\ue000" in bare and not quoted(bare)


def type_into_value(value: str, where: str, text: Text) -> list[Step]:
    value = re.sub(
        r"^(?:the\s+(?:text|word|words|value|number|name|code|phrase|url|link|address|e-?mail|date|amount|sum)\s+)(?=\ue000|\d|https?:|\S+@)",
        "",
        value.strip(),
        flags=re.IGNORECASE,
    )
    field = targets.field(where, text)
    return [Type(target=field, text=text.plain(value), secret=secret_name(field.words))]


def secret_name(words: str) -> bool:
    return bool(re.search(r"\b(?:password|passphrase|passcode|pin|secret|cvv|cvc)\b", words, re.IGNORECASE))


@RULES.rule(r"(?:in|into|for)\s+(?:the\s+)?(?P<field>.+?)\s*,?\s+" + _PUT + r"\s+(?P<value>.+)")
def into_type(match: re.Match[str], text: Text) -> list[Step] | None:
    return type_into_value(match.group("value"), match.group("field"), text)


@RULES.rule(
    r"fill(?:\s+(?:in|out|up))?\s+(?:these|them|this|those|it|that|everything|(?:the\s+)?(?:values|data|details))\s+in(?:to)?\s+(?:the\s+)?(?:\w+\s+)?(?:form|fields)",
    r"(?:fill(?:\s+(?:in|out|up))?|complete)\s+(?:the\s+|this\s+|out\s+|in\s+)*(?:\w+\s+)?(?:form|fields)(?:\s*,?\s*(?:with|using|as)\s+(?:the\s+|these\s+|this\s+)?(?:following\s+|above\s+|below\s+)?(?:values?|data|details|information|info|follows|above|below|following)(?:\s+(?:above|below))?)?\s*:?",
)
def fill_told(match: re.Match[str], text: Text) -> list[Step] | None:
    """A form to be filled with what the lines around say; `gathering` finds them."""
    return [Fill(slots=())]


@RULES.rule(
    r"(?:fill(?:\s+(?:in|out|up))?|complete)\s+(?P<field>.+?)\s+(?:with|as|using|by\s+(?:typing|entering))\s+(?P<value>.+)",
    r"(?:set|change|update|increase|raise|lower|reduce|decrease|switch)\s+(?P<field>.+?)\s+(?:to|as|=)\s+(?P<value>.+)",
)
def fill(match: re.Match[str], text: Text) -> list[Step] | None:
    where, value = match.group("field"), match.group("value")
    if re.fullmatch(
        r"(?:the\s+|these\s+)?(?:following|above|below)?\s*(?:values?|data|details|information|info|follows)?\s*:?",
        value,
    ):
        return None
    if re.fullmatch(
        r"(?:the\s+|this\s+|out\s+|in\s+)*(?:\w+\s+)?(?:form|fields|details|following)", where, re.IGNORECASE
    ):
        slots = named_values(value, text)
        return [Fill(slots=slots)] if slots else None
    if (
        re.search(r"\susing\s+the\s", value)
        or re.search(r"\bfrom\s+\S*\d|\b(?:everything|all)\b", where)
        or re.search(r",\s*[\w ]+\s*[=:]\s", value)
    ):
        return None
    if re.search(r"\bof\s+\S*\d", where):
        return None  # a field of a record: the goal rules know it
    pair = re.fullmatch(r"(.+?),?\s+and\s+(?:the\s+)?(.+?)\s+(?:with|to|as)\s+(.+)", value, re.IGNORECASE)
    if pair and not quoted(value):
        return [*type_into_value(pair.group(1), where, text), *type_into_value(pair.group(3), pair.group(2), text)]
    return type_into_value(value, where, text)


@RULES.rule(
    r"(?:fill(?:\s+(?:in|out))?|complete)\s+(?:the\s+|this\s+)?(?:\w+\s+)?(?:form|fields|details|following)\s*[:,-]?"
    r"\s*(?P<slots>.+)",
    rf"(?:{_PUT}|fill(?:\s+(?:in|out))?|use|provide|set)\s+(?:the\s+|your\s+)?(?P<slots>[\w\s-]+?\s*(?:[:=]\s+|=).+)",
    rf"(?:{_PUT}|use|provide|fill\s+in)\s+(?:the\s+|"
    rf"my\s+)?(?P<slots>(?!to\s)(?:{_FIELD})\s+(?!in\b|into\b|field\b).+)",
)
def fill_named(match: re.Match[str], text: Text) -> list[Step] | None:
    slots = named_values(match.group("slots"), text)
    if re.match(r"(?:use|provide)\b", match.group(), re.IGNORECASE) and {name for name, _ in slots} <= _CREDENTIALS:
        return [Fact(name="password" if name == "password" else "email", value=value) for name, value in slots] or None
    return [Fill(slots=slots)] if slots else None


_CREDENTIALS = {"email", "username", "user", "login", "password", "email address"}


def named_values(phrase: str, text: Text) -> tuple[tuple[str, str], ...]:
    """Pairs of "name: Ada, email = a@b.c and plan Pro"; empty when any part has no name."""
    pairs = []
    for part in re.split(
        r"\s*,(?!\d)\s*(?:and\s+)?|\s*,\s+(?:and\s+)?|\s*;\s*|\s+and\s+(?=(?:the\s+)?[\w-]+(?:\s+[\w-]+)?\s*(?:[:=]|\s\ue000|\s\S))",
        phrase,
    ):
        match = re.fullmatch(
            r"(?:the\s+|with\s+|a\s+|an\s+)*(?P<name>"
            + lexicon.COMPOUND
            + r"|[A-Za-z][\w-]*(?:\s+(?:name|address|number|date|code|plan|field))?)(?:\s+field)?"
            r"\s*(?:[:=]|\s+(?:is|as|to|with|of)\s+|\s+)\s*(?P<value>.+)",
            part.strip(),
            re.IGNORECASE | re.DOTALL,
        )
        plain = re.fullmatch(
            r"(?:the\s+)?(?P<name>[A-Za-z][\w -]{0,40}?)\s*(?::\s+|=\s*)(?P<value>.+)", part.strip(), re.DOTALL
        )
        match = plain or match
        if not match:
            return ()
        pairs.append((match.group("name").lower(), text.plain(match.group("value"))))
    return tuple(pairs)


@RULES.rule(rf"{_PUT}\s+(?P<value>.+)")
def type_here(match: re.Match[str], text: Text) -> list[Step] | None:
    value = match.group("value")
    placed = re.match(r"(?:put|place)\s+[^\ue000]+?\s+(?:on|in|into)\s", match.group(), re.IGNORECASE)
    if placed or re.match(r"(?:the|my|your|his|her|a|an|to)\s+", value, re.IGNORECASE) or _mixed(value):
        return None  # "enter the details": which ones is not said
    return [Type(target=Target("", (INPUT,)), text=text.plain(value))]


_ANY_LIST = re.compile(
    r"(?:the\s+)?(?:suggestions?|proposals?|results?|options?|choices?|list|drop-?\s?down|menu|pop-?\s?up)",
    re.IGNORECASE,
)


@RULES.rule(
    rf"(?:choose|select|pick|set)\s+(?:the\s+(?:option\s+)?)?(?P<option>.+?)\s+(?:from|in|out\s+of|on)\s+(?:the\s+)?(?P<list>.+?){_LIST_END}",
    r"(?:choose|select|pick)\s+(?:the\s+(?:option\s+)?)?(?P<option>.+?)\s+(?:from|as|for|under)\s+(?:the\s+)?(?P<list>.+)",
    rf"(?:from|in)\s+(?:the\s+)?(?P<list>.+?)(?:{_LIST_END})?\s*,?\s+(?:choose|select|pick)\s+(?P<option>.+)",
)
def choose_from(match: re.Match[str], text: Text) -> list[Step] | None:
    words = text.plain(match.group("list"))
    if _ANY_LIST.fullmatch(words):  # what has opened is no list with a name
        return [Choose(option=targets.target(match.group("option"), text))]
    if re.fullmatch(r"dates?|(?:date\s+)?range", match.group("option")):
        return None
    listed = targets.target(re.sub(r"(?i)^(?:your|its)\s+", "", match.group("list")), text)
    source = Target(listed.words or words, (), listed.ordinal, listed.row, lexicon.field_aliases(words))
    return [Choose(option=targets.target(match.group("option"), text), source_list=source)]


@RULES.rule(r"(?:choose|select|pick)\s+(?P<what>.+)")
def choose(match: re.Match[str], text: Text) -> list[Step] | None:
    found = targets.target(match.group("what"), text)
    if found.record:  # to select a thing is not to open it
        found = replace(found, words=match.group("what").split()[-1], kinds=(), record=False)
    if found.ordinal or any(kind in found.kinds for kind in (BUTTON, LINK)):
        return [Click(target=found)]
    named = re.fullmatch(r"(?:the\s+)?(?P<list>[a-z]+)\s+(?P<option>\ue000\d+\ue001|[A-Z]\w*)", match.group("what"))
    if named and named.group("list") in lexicon.FIELDS:
        source = Target(named.group("list"), (), aliases=lexicon.field_aliases(named.group("list")))
        return [Choose(option=Target(text.plain(named.group("option"))), source_list=source)]
    if listed := re.fullmatch(r"(?P<option>.+?)\s+in\s+(?:the\s+)?(?P<list>\w+)", match.group("what")):
        name = listed.group("list").lower()
        if name in lexicon.FIELDS:
            source = Target(name, (), aliases=lexicon.field_aliases(name))
            return [Choose(option=targets.target(listed.group("option"), text), source_list=source)]
        if name in ("calendar", "picker"):
            return None
    unsure = _too_wide(found.words) or re.match(r"(?:the\s+)?dates?\s+(?:from|between)\b", match.group("what"))
    return None if unsure else [Choose(option=found)]


@RULES.rule(
    r"(?P<verb>check|tick|mark|enable|turn\s+on|switch\s+on|activate|untick|uncheck|clear|unmark|disable|turn\s+off|switch\s+off|unselect|deselect)\s+(?:the\s+)?(?P<what>.+?(?:check\s*box|box|switch|toggle|option|setting|radio\s+button))(?P<row>\s+.+)?",
    r"(?P<verb>check|tick|enable|turn\s+on|switch\s+on|untick|uncheck|turn\s+off|switch\s+off|deselect|unselect)\s+(?P<off>off\s+)?(?P<what>.+)",
    r"(?P<verb>agree\s+to|accept)\s+(?P<what>(?:(?:the|our|your|their|all)\s+)?(?:[\w-]+\s+){0,2}(?:terms|conditions|privacy|policy|licen[cs]e|agreement|rules|statement|disclaimer).*)",
)
def check(match: re.Match[str], text: Text) -> list[Step] | None:
    found = match.groupdict()
    phrase = found["what"] + (found.get("row") or "")
    verb = re.sub(r"\s+", " ", found["verb"].lower())
    on = not (verb.startswith(("un", "de", "clear", "disable")) or verb.endswith("off"))
    target = targets.mark(phrase, text)
    if _too_wide(target.words) or re.search(r"\b(?:that|if|whether)\b", phrase):
        return None
    return [Check(target=target, on=on)]


def _too_wide(words: str) -> bool:
    return bool(
        re.search(
            r"\b(?:all|every|each|any|cheapest|best|most|least|lowest|highest|newest|oldest|latest)\b",
            words,
            re.IGNORECASE,
        )
    )


@RULES.rule(
    r"(?P<verb>double[\s-]click|right[\s-]click|click|press|tap|hit|push|follow|activate|left[\s-]click|touch)(?:\s+(?:on|onto|at))?\s+(?P<what>.+?)(?P<times>\s+(?:twice|thrice))?",
    r"(?P<verb>open)\s+(?P<what>(?:the\s+)?(?:\w+\s+)?(?:link|menu)\b.*|(?:the\s+)?(?:.+)\s+(?:link|menu))(?P<times>)",
)
def click(match: re.Match[str], text: Text) -> list[Step] | None:
    verb = match.group("verb").lower()
    phrase = re.sub(
        r"\s+(?:again|once\s+more|to\s+(?:submit|continue|proceed|finish|save|sign\s+in|log\s+in|go\s+on|confirm)(?:\s+.*)?|once)$",
        "",
        match.group("what"),
        flags=re.IGNORECASE,
    )
    found = targets.target(phrase, text)
    if not quoted(match.group("what")) and _too_wide(found.words):
        return None
    if re.search(r"\buntil\b", found.words) and not quoted(match.group("what")):
        return None  # how often is not said
    button = "right" if verb.startswith("right") else "left"
    step = Click(target=found, clicks=2 if verb.startswith("double") else 1, button=button)
    return [step] * {"twice": 2, "thrice": 3}.get((match.group("times") or "").strip().lower(), 1)


@RULES.rule(
    r"(?P<verb>submit|save|store|send|continue|proceed|apply|next|finish|confirm|go\s+on)(?:\s+(?:the|this|your|my|all)?\s*(?P<what>form|changes?|it|page|request|message|application|details|settings|data|to\s+the\s+next\s+(?:page|step)|login|answer|entry))?"
)
def submit(match: re.Match[str], text: Text) -> list[Step] | None:
    verb = re.sub(r"\s+", " ", match.group("verb").lower())
    others = (
        tuple(word for word in lexicon.CONFIRMING if word != verb)
        if verb in ("submit", "save", "store", "finish")
        else ("next", "continue", "proceed")
    )
    if verb in ("send", "confirm", "apply"):
        others = ("submit", "ok", "yes") if verb == "confirm" else ("submit",)
    return [Click(target=Target(verb.capitalize(), (BUTTON, LINK, ICON), aliases=others))]
