"""Rules for clauses that look: verify, wait until, read."""

from __future__ import annotations

import re

from coasty_local.agent.planner import rules, targets
from coasty_local.agent.planner.clauses import Text, quoted
from coasty_local.agent.planner.steps import Check, Read, Step, Verify, Wait

RULES = rules.Rules()
_VERB = (
    r"(?:verify|check|make\s+sure|be\s+sure|confirm|ensure|assert|validate|double-check|see|observe|expect|you\s+should\s+see)"
    r"(?:\s+to\s+see)?"
)
_PAGE = (
    r"(?:the\s+|this\s+|a\s+)?(?:(?:current|next|resulting|new|web)\s+)?(?:page|screen|site|website|it|app|title|heading|headline|header|"
    r"message|banner|text|alert|dialog|notification|result|page\s+title|confirmation|success\s+message|confirmation\s+message)"
)
_SAYS = r"(?:says?|shows?|displays?|reads?|contains?|has|includes?|mentions?|lists?)"
_WHAT = (
    r"(?:(?:the|a|an)\s+)?(?:(?:text|words?|message|phrase|heading|title|sentence|string)\s+)?"
    r"(?:(?:saying|reading|that\s+(?:says|reads)|that)\s+)?"
)
_SEEN = (
    r"(?:(?:is|are|was|were)\s+(?:now\s+|really\s+)?(?:shown|visible|displayed|seen|present|there|on\s+(?:the\s+)?(?:page|screen)|listed|"
    r"in\s+the\s+(?:list|table))|appears?|shows\s+up|comes\s+up|exists?|can\s+be\s+seen)"
)
_WHERE = r"(?:\s+(?:on|in|at)\s+(?:the\s+)?(?:\w+\s+)?(?:page|screen|list|table|site))?"
_ROLE_NAMED = re.compile(
    r"^(?:an?\s+|the\s+)?(?:link|button|tab|heading|field|row|entry|item|option|image|menu|checkbox|text|message|customer|user|order)\s+"
    r"(?:called|named|labell?ed|saying|that\s+says|with\s+(?:the\s+)?(?:text|name|label))\s+(.+)$",
    re.IGNORECASE,
)
_NAME = r"(?-i:[A-Z])[\w.&-]*(?:\s(?-i:[A-Z])[\w.&-]*)*|\ue000\d+\ue001"
_NAMED_PAGE = re.compile(r"^(?:on|at)\s+(?:the\s+)?(.+?)(?:\s+(?:page|screen|site))?$", re.IGNORECASE)


@RULES.rule(
    rf"{_VERB}\s+(?:that\s+|if\s+|whether\s+|for\s+)?(?P<rest>.+)", r"(?:is|are|does|do)\s+there\s+(?P<rest>.+)\?"
)
def verify(match: re.Match[str], text: Text) -> list[Step] | None:
    """The forms below, tried in order; a bare "check X" is left to the rule for check boxes."""
    rest = match.group("rest").strip()
    if re.fullmatch(r"(?:if\s+)?(?:asked|prompted|needed|necessary|required|it\s+asks)(?:\s+to)?", rest, re.IGNORECASE):
        return None
    if done := _DONE_SO.fullmatch(rest):
        return [Verify(words=done.group("words").lower())]
    if both := _both(rest, match, text):
        return both
    if _ENSURING.match(match.group()) and (ensured := _switched(rest, text)):
        return [ensured]
    step = _state(rest, text) or _negative(rest, text) or _positive(rest, text)
    if step:
        return [step]
    introduced = re.match(rf"{_VERB}\s+(?:that|if|whether|for)\b", match.group(), re.IGNORECASE)
    if (
        quoted(rest)
        or introduced
        or re.match(r"(?:verify|ensure|assert|validate|expect|you\s+should)", match.group(), re.IGNORECASE)
    ):
        mark = quoted(rest) and bool(re.match(r"check\b", match.group(), re.IGNORECASE)) and not introduced
        return (
            [Verify(words=_words(rest, text), mark=mark)]
            if not re.search(r"\b(?:all|every|each|any)\b", rest)
            else None
        )
    return None


_DONE_SO = re.compile(
    r"(?:that\s+)?(?:it|they|this|the\s+\w+)(?:['’]s|\s+(?:is|are|was|were|has\s+been|have\s+been|got))\s+(?:now\s+)?(?P<words>[a-z]+ed|sent|paid|done)",
    re.IGNORECASE,
)


@RULES.rule(rf"(?:it|the\s+(?:page|screen|site))\s+should\s+(?:(?:now|then)\s+)?(?:say|show)\s+{_DONE_SO.pattern}")
def says_done(match: re.Match[str], text: Text) -> list[Step] | None:
    """ "It should say that it was sent": the word for what was done is to be seen, in whatever sentence."""
    return [Verify(words=match.group("words").lower())]


@RULES.rule(
    rf"(?:the\s+)?(?P<about>(?!page\b|screen\b|status\b)[a-z]+|{_NAME})\s+should\s+(?:(?:now|then)\s+)?(?:say|show|read|have|contain|display)\s+(?P<words>\ue000\d+\ue001|.*\d.*)"
)
def should_show(match: re.Match[str], text: Text) -> list[Step] | None:
    """ "The basket should show 3": what stands with it."""
    if re.fullmatch(_PAGE, match.group("about"), re.IGNORECASE):
        return None
    return [Verify(words=text.plain(match.group("words")), about=text.plain(match.group("about")))]


@RULES.rule(
    rf"(?P<page>{_PAGE})\s+(?:should|must)\s+(?:(?:now|then|also|still|finally)\s+)?(?:say|show|display|read|contain)\s+{_WHAT}(?P<words>.+)"
)
def must(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Verify(words=_words(match.group("words"), text))]


_ENSURING = re.compile(r"(?:make\s+sure|be\s+sure|ensure)\b", re.IGNORECASE)
_AND = re.compile(
    r"\s*,?\s+and\s+(?:that\s+)?(?=(?:the\s+)?[\w-]+(?:\s[\w-]+){0,3}\s+(?:is|are|says?|shows?|reads?|has|have|contains?)\b)"
)


def _both(rest: str, match: re.Match[str], text: Text) -> list[Step] | None:
    """ "The header says A and the cart shows B" are two checks."""
    parts = _AND.split(rest)
    if len(parts) < 2:
        return None
    verb = re.match(rf"{_VERB}\s+(?:that\s+)?", match.group(), re.IGNORECASE)
    made = [RULES.read(f"{verb.group() if verb else 'verify that '}{part}", text) for part in parts]
    return [step for steps in made for step in steps or ()] if all(made) else None


def _switched(rest: str, text: Text) -> Step | None:
    """What is to be made sure of a switch is set, unless it is so."""
    found = re.fullmatch(
        r"(?:that\s+)?(?P<what>.+?)\s+(?:is|are|is(?P<nt>n't))\s+(?:(?P<un>not\s+|un)?(?:checked|ticked|selected)|"
        r"(?:turned\s+|switched\s+|set\s+to\s+)?(?P<way>on|off)|(?P<able>enabled|disabled))",
        rest,
        re.IGNORECASE,
    )
    if not found or re.search(
        r"\b(?:button|link|field|page|light)\b|^(?:the\s+)?status\b", found.group("what"), re.IGNORECASE
    ):
        return None
    what = re.sub(
        r"^(?:the\s+)?(?:switch|toggle|option|setting|(?:check\s*)?box)\s+(?=\ue000|[A-Z])", "", found.group("what")
    )
    said = (found.group("way") or found.group("able") or "").lower()
    return Check(
        target=targets.mark(what, text), on=not (found.group("un") or found.group("nt") or said in ("off", "disabled"))
    )


def _state(rest: str, text: Text) -> Step | None:
    checked = re.fullmatch(
        r"(?:the\s+)?(.+?)(?:\s+(?:check\s*box|box|switch|option|toggle|radio\s+button))?\s+(?:is|are)\s+(not\s+|un)?(?:checked|ticked|selected|enabled|turned\s+on|switched\s+on|on|(?P<off>(?:(?:turned|switched)\s+)?off))",
        rest,
        re.IGNORECASE,
    )
    if checked:
        return Verify(
            words=text.plain(checked.group(1)),
            state="unchecked" if checked.group(2) or checked.group("off") else "checked",
        )
    signed = re.fullmatch(
        r"(?:i\s*am|you\s*are|we\s*are|the\s+user\s+is|i'm|you're|we're)\s+(?:now\s+)?(?:signed|logged)\s+(in|out)(?:\s+as\s+(.+))?"
        r"|(?:the\s+)?(?:sign|log)[\s-]?(in)\s+(?:was\s+successful|succeeded|worked|went\s+through)(\Z)",
        rest,
        re.IGNORECASE,
    )
    if signed:
        way = signed.group(1) or signed.group(3)
        return Verify(words=text.plain(signed.group(2) or ""), state=f"signed_{way.lower()}")
    if re.fullmatch(
        r"(?:that\s+)?(?:it|this|the\s+[\w\s]+?)\s+(?:worked|succeeded|(?:was|is)\s+(?:successful|successfully\s+\w+)|went\s+through)|success",
        rest,
        re.IGNORECASE,
    ):
        return Verify(state="success")
    return None


def _negative(rest: str, text: Text) -> Step | None:
    for form in (
        rf"{_PAGE}\s+(?:does\s+not|doesn't|do\s+not|no\s+longer)\s+(?:say|says|shows?|displays?|contains?|has|have|mentions?|lists?)\s+{_WHAT}(?P<words>.+)",
        rf"there\s+(?:is|are)\s+(?:no|not|no\s+longer)\s+(?:any\s+|an?\s+)?(?P<words>.+?){_WHERE}",
        r"(?:the\s+)?(?P<words>.+?)\s+(?:is|are)\s+(?:not\s+(?:shown|visible|displayed|there|present|listed|on\s+the\s+page)|no\s+longer\s+.*|gone|hidden)",
        r"(?:the\s+)?(?P<words>.+?)\s+(?:does\s+not|doesn't|no\s+longer)\s+(?:appears?|exists?|shows?(?:\s+up)?)",
        r"(?:the\s+)?(?P<words>.+?)\s+(?:has\s+)?(?:disappeared|vanished|disappears|vanishes)",
    ):
        match = re.fullmatch(form, rest, re.IGNORECASE)
        if match:
            return Verify(words=_words(match.group("words"), text), present=False)
    of = re.fullmatch(r"(?:the\s+)?(?P<about>.+?)\s+(?:is|are)\s+not\s+(?P<words>[a-z]+)", rest, re.IGNORECASE)
    if of and not quoted(of.group("about")):
        return Verify(words=of.group("words"), about=_about(of.group("about"), text), present=False)
    return None


def _positive(rest: str, text: Text) -> Step | None:
    for form in (
        rf"{_PAGE}\s+(?:now\s+)?{_SAYS}\s+{_WHAT}(?P<words>.+)",
        rf"(?:you\s+(?:can\s+)?)?(?:see|land\s+on|are\s+(?:on|at|taken\s+to))\s+{_WHAT}(?P<words>.+)",
        rf"there\s+(?:is|are|appears)\s+(?:now\s+)?{_WHAT}(?P<words>.+?){_WHERE}",
        rf"{_WHAT}(?P<words>.+?)\s+(?:(?:message|text|heading)\s+)?{_SEEN}{_WHERE}",
        r"(?:the\s+)?status\s+(?:of\s+(?P<about>.+?)\s+)?(?:is|says|shows|reads|has\s+changed\s+to)\s+(?:now\s+)?(?P<words>.+)",
        r"(?:the\s+)?(?P<about>.+?)(?:'s)?\s+status\s+(?:is|says|shows|reads)\s+(?:now\s+)?(?P<words>.+)",
        r"(?:the\s+)?(?P<about>[\w ]+?)\s*==?\s*(?P<words>.+)",
        r"(?:the\s+)?(?P<about>.+?)\s+(?:is|are)\s+(?:now\s+)?(?:shown\s+as|marked\s+(?:as\s+)?|listed\s+as|set\s+to|equal\s+to)\s*(?P<words>.+)",
        r"(?:the\s+)?(?P<about>.+?)\s+(?:is|are|says|shows|reads|displays|equals|contains|has\s+the\s+value)\s+(?:now\s+)?(?P<words>.+)",
    ):
        match = re.fullmatch(form, rest, re.IGNORECASE)
        if match:
            about = match.groupdict().get("about") or ""
            return Verify(words=_words(match.group("words"), text), about=_about(about, text))
    return None


def _words(phrase: str, text: Text) -> str:
    named = _NAMED_PAGE.match(phrase)
    plain = text.plain(named.group(1) if named else phrase)
    role = _ROLE_NAMED.match(plain)
    if role and not quoted(phrase):
        return role.group(1)
    return re.sub(r"\s+(?:somewhere|on\s+the\s+(?:page|screen)|page)$", "", plain) if not quoted(phrase) else plain


def _about(phrase: str, text: Text) -> str:
    """The key of a record: "invoice INV-1042" stands on screen as INV-1042."""
    plain = re.sub(r"^(?:the|its)\s+", "", text.plain(phrase), flags=re.IGNORECASE)
    keyed = re.fullmatch(r"[a-z]+\s+(?:number\s+|no\.?\s+|#)?(\S*\d\S*)", plain, re.IGNORECASE)
    return keyed.group(1) if keyed else plain


@RULES.rule(
    r"wait\s+(?:for\s+)?(?:about\s+)?(?P<n>\d+(?:\.\d+)?|an?|half\s+a)\s*(?P<unit>s|secs?|seconds?|ms|milliseconds?|minutes?|mins?|moment)",
    r"pause\s+(?:for\s+)?(?P<n>\d+(?:\.\d+)?|an?)\s*(?P<unit>s|secs?|seconds?|ms|milliseconds?|minutes?|mins?|moment)",
)
def wait_time(match: re.Match[str], text: Text) -> list[Step] | None:
    count, unit = match.group("n").lower(), match.group("unit").lower()
    number = {"a": 1.0, "an": 1.0, "half a": 0.5}.get(count) or float(count)
    scale = (
        0.001
        if unit.startswith("m") and unit.endswith(("ms", "millisecond", "milliseconds"))
        else 60.0
        if unit.startswith("min")
        else 1.0
    )
    return [Wait(seconds=min(number * scale, 600.0))]


@RULES.rule(
    r"wait(?:\s+a\s+(?:moment|bit|second|little))?",
    r"wait\s+(?:for|until|till)\s+(?:the\s+)?(?:page|it|site|everything)\s+(?:to\s+(?:finish\s+)?load(?:ing)?|(?:has\s+)?(?:finished\s+)?load(?:s|ed|ing)?|is\s+(?:loaded|ready))(?:\s+completely)?",
)
def wait_still(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Wait(seconds=1.0)]


@RULES.rule(
    rf"wait\s+(?:until|till)\s+(?:{_PAGE}\s+(?:{_SAYS})\s+)?{_WHAT}(?P<words>.+?)(?P<gone>\s+(?:is\s+gone|disappears|goes\s+away|has\s+gone|is\s+no\s+longer.*))?(?:\s+{_SEEN})?{_WHERE}",
    rf"wait\s+for\s+{_WHAT}(?P<words>.+?)(?:\s+to\s+(?:appear|show(?:\s+up)?|be\s+(?:shown|visible|there)|come\s+up)|(?P<gone>\s+to\s+(?:disappear|go\s+away|be\s+gone)))?{_WHERE}",
)
def wait_words(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Wait(words=text.plain(match.group("words")), gone=bool(match.group("gone")))]


_OWNED = re.compile(
    rf"(?P<whose>{_NAME})['’]s\s+(?P<noun>[a-z]+)|(?P<kind>[a-z]+)\s+(?:of|for|from|by)\s+(?P<key>{_NAME})",
    re.IGNORECASE,
)


@RULES.rule(
    r"(?:read|report|tell\s+me|get|find\s+out|note(?:\s+down)?|extract|write\s+down|give\s+me|show\s+me|copy|return|look\s+up|print)(?:\s+(?:out|back|me|to\s+me))?\s+"
    r"(?P<rest>(?:(?:the|what|which|who\s+(?:the|is)|its|his|her|their|when)\b).+?|\ue000.+)\??",
    r"(?P<rest>what(?:'s|\s+is|\s+are|\s+does)\s+.+?)\??",
)
def read(match: re.Match[str], text: Text) -> list[Step] | None:
    when = re.fullmatch(
        r"when\s+(?:the\s+)?(?P<about>.+?)\s+(?:is|was|will\s+be)\s+(?P<words>[a-z]+)", match.group("rest")
    )
    if when:
        return [Read(words=when.group("words"), about=_about(when.group("about"), text))]
    if re.match(r"look\s+up\s+(?:the\s+)?[a-z]+\s+(?:with|number|no|called|named|id)\b", match.group(), re.IGNORECASE):
        return None  # a record is looked up, not a value of it
    rest = re.sub(
        r"^(?:(?:what|who)(?:'s|\s+is|\s+are)?\s+)?(?:the\s+|its\s+|his\s+|her\s+|their\s+)?",
        "",
        match.group("rest"),
        flags=re.IGNORECASE,
    )
    if re.search(
        r"^(?:first|last|second|third)\b|^does\s+(?!it\b|the\s+(?:page|screen)\b)|^which\b", rest, re.IGNORECASE
    ):
        return None
    if re.search(
        r"\b(?:all|every|each|cheapest|best|most|least|lowest|highest|fastest|slowest|newest|oldest|latest|earliest|nearest|"
        r"longest|shortest|largest|smallest|difference|average|how)\b",
        rest,
        re.IGNORECASE,
    ) or (rest.startswith("\ue000") and " as " in rest):
        return None
    if re.fullmatch(
        r"(?:page|screen|it|text|does\s+it|(?:the\s+)?(?:page|screen|it|this)\s+(?:says|shows|reads))|does\s+(?:the\s+)?(?:page|screen|it)\s+say",
        rest,
        re.IGNORECASE,
    ):
        return [Read(words="")]
    rest = re.sub(r"\s+(?:says|is|shows|reads|on\s+(?:the|this)\s+(?:page|screen))$", "", rest, flags=re.IGNORECASE)
    of = re.fullmatch(r"(.+?)\s+(?:of|for)\s+(?:the\s+)?(.+)", rest, re.IGNORECASE)
    if of:
        if owned := _OWNED.fullmatch(of.group(2)):  # "Ada Byron's order", "the order of Ada Byron"
            key, noun = owned.group("whose") or owned.group("key"), owned.group("noun") or owned.group("kind")
            return [Read(words=text.plain(of.group(1)), about=text.plain(key), noun=noun)]
        noun = re.match(r"(?:the\s+)?([a-z]+)\s+\S*\d", of.group(2))
        return [
            Read(words=text.plain(of.group(1)), about=_about(of.group(2), text), noun=noun.group(1) if noun else "")
        ]
    return [Read(words=text.plain(rest))]
