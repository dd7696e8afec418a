"""Turns of phrase: other ways to say what the rules read, put into their plain words before they are asked."""

# ruff: noqa: E501 (patterns)

from __future__ import annotations

import re

from coasty_local.agent.planner import words as lexicon

_PRESS = r"(?:click|press|tap|hit|push|tick|check|untick|uncheck)"
_PAGE = r"(?:(?:a|the|this)\s+)?(?:\w+\s+)?(?:page|screen)"
_SUCH = r"(?:cookies?|newsletter|pop-?\s?up|banner|modal|overlay|dialog)"
_TO_SIGN_IN = r"(?:you\s+are|you're|it|the\s+(?:page|site))\s+(?:is\s+)?(?:asked|asks(?:\s+you)?|prompted|required|told)\s+(?:you\s+)?(?:to\s+(?:sign|log)\s+in|for\s+(?:a\s+)?(?:log-?in|sign-?in|credentials))"

# what is said -> the plain words for it; each is tried on a whole clause, the first that fits is taken
_PLAIN: tuple[tuple[str, str], ...] = (
    # questions
    (r"how\s+much\s+(?:does|do|did|would)\s+(?:the\s+)?(?P<a>.+?)\s+cost", r"read the price of \g<a>"),
    (r"how\s+much\s+(?:is|are|was)\s+(?:the\s+)?(?P<a>.+)", r"read the \g<a>"),
    (r"who\s+(?:is|was)\s+(?P<a>the\s+.+)", r"read \g<a>"),
    (r"when\s+(?:is|was|will)\s+(?P<a>.+?)\s+(?:be\s+)?(?P<b>due|delivered|shipped|paid|sent|closed|opened|created)",
     r"tell me when \g<a> is \g<b>"),
    (r"(?:what|which)\s+(?P<a>[a-z]+)\s+(?:does|do)\s+(?P<b>.+?)\s+have", r"read the \g<a> of \g<b>"),
    (r"(?P<a>(?:read|report|tell\s+me|get|give\s+me|note|copy|return)(?:\s+down)?)\s+(?:the\s+)?(?:page|site|screen)['’]s\s+(?P<b>.+)",
     r"\g<a> the \g<b>"),
    # what must be seen
    (rf"(?:you\s+should\s+|i\s+should\s+|we\s+should\s+)?(?:end\s+up|arrive|land|be\s+taken|find\s+yourself|be\s+sent)\s+(?:on|at|in|to)\s+{_PAGE}"
     r"\s+(?:titled|called|named|headed|saying|that\s+(?:says|reads|shows)|with\s+the\s+(?:title|heading))\s+(?P<a>.+)",
     r"verify that the page says \g<a>"),
    (r"(?:verify|check|make\s+sure|ensure|confirm)\s+(?:that\s+)?(?:the\s+)?(?:page\s+)?(?:title|heading|headline|header)\s+(?:is|equals|reads)\s+(?:now\s+)?(?P<a>.+)",
     r"verify that the page says \g<a>"),
    (r"(?:verify|check|make\s+sure|ensure|confirm)\s+(?:that|whether|if)\s+(?P<a>(?:\w+\s+)?\S*\d\S*)\s+(?:has\s+been|was|got)\s+(?:now\s+)?(?P<b>[a-z]+ed|paid|sent)",
     r"verify that the status of \g<a> is \g<b>"),
    # where to press
    (rf"(?:in|on|at|for)\s+(?:the\s+)?(?:row|line|card|entry|section|panel)\s+(?:(?:of|for|with|called|named|saying|that\s+says)\s+)?(?P<row>.+?)\s*,?\s+(?P<do>{_PRESS}\s+.+)",
     r"\g<do> in the row of \g<row>"),
    (r"(?P<a>(?:click|press|tap|follow|open)\s+(?:on\s+)?the\s+(?:link|hyperlink))\s+(?:(?:about|regarding|on|for)|in\s+the\s+(?:text|paragraph|sentence)\s+(?:that\s+(?:says|reads)|saying|called))\s+(?P<b>.+)",
     r"\g<a> called \g<b>"),
    (r"(?:expand|unfold|collapse|fold|uncollapse)\s+(?:the\s+)?(?:(?:section|panel|accordion|part|group|item)\s+(?:called\s+|named\s+)?)?(?P<a>.+?)(?:\s+(?:section|panel|accordion|part|group))?",
     r"click \g<a>"),
    (r"download\s+(?:the\s+|an?\s+)?(?P<a>\S+(?:\s+\S+)?)", r"click Download"),
    (r"(?P<a>(?:continue|proceed|go\s+on|carry\s+on)\s+(?:as|without|with)\s+(?:a\s+|an\s+)?\w+(?:\s+\w+)?)", r"click \g<a>"),
    # fields
    (rf"(?:type|enter|put|write|input|fill\s+in|give|set)\s+(?:the|your|my|his|her|their|its)\s+(?P<a>{'|'.join(sorted((n.replace('_', ' ') for n in lexicon.FIELDS), key=len, reverse=True))})\s+(?:as|to\s+be)\s+(?P<b>.+)",
     r"type \g<b> into the \g<a> field"),
    (r"filter\s+(?:the\s+\w+\s+)?(?:by|on)\s+(?:the\s+)?(?P<a>[a-z]+)\s+(?:=\s*|:\s*|is\s+|set\s+to\s+)?(?P<b>\ue000\d+\ue001|[A-Z]\w*)",
     r"choose \g<b> from the \g<a> list"),
    (r"use\s+(?:the\s+)?search(?:\s+(?:box|bar|field|function))?\s+(?:to\s+(?:find|look\s+for|search\s+for)|for)\s+(?P<a>.+)",
     r"search for \g<a>"),
    (r"rename\s+(?:the\s+)?(?P<a>.+?)\s+(?:to|into|as)\s+(?P<b>.+)", r"change the name of \g<a> to \g<b>"),
    (r"mark\s+(?:the\s+)?(?:[a-z]+\s+)?(?P<a>\ue000\d+\ue001)\s+as\s+(?:done|complete|completed|finished)",
     r"tick the box next to \g<a>"),
    # what may stand over the page
    (r"(?P<a>(?:close|dismiss|hide|accept|reject|decline|get\s+rid\s+of)\s+.*?)\s*,?\s+(?:if\s+(?:there\s+is\s+(?:one|any)|it\s+(?:appears|shows(?:\s+up)?|is\s+(?:there|shown))|you\s+see\s+(?:it|one)|present|shown|needed|necessary|any)|when\s+it\s+appears)",
     r"\g<a>"),
    (rf"(?:if|when|should)\s+(?:there\s+is|you\s+see|an?|any|the)\b[^,]*?\b(?P<a>{_SUCH})\b[^,]*,?\s*(?:then\s+)?(?:just\s+)?(?:accept|reject|close|dismiss|decline|allow|refuse|hide|click\s+it\s+away)(?:\s+(?:it|them|that))?",
     r"dismiss the \g<a>"),
    (r"(?P<a>(?:sign|log)\s+out)\s+(?:at|in)\s+the\s+end", r"\g<a>"),
)  # fmt: skip
_TABLE = tuple((re.compile(said, re.IGNORECASE | re.DOTALL), plain) for said, plain in _PLAIN)

# two clauses said as one, or one that holds several
_MANY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (rf"(?:on|at|from|in|starting\s+(?:from|at|on|with)|start(?:ing)?\s+(?:by\s+opening|by\s+visiting)|beginning\s+(?:at|with|on))\s+(?:the\s+)?(?:page|site|website|address|url)?\s*(?P<url>{lexicon.URL.pattern})\s*,?\s+(?P<rest>\S.*)",
     (r"go to \g<url>", r"\g<rest>")),
    (rf"(?:starting\s+(?:from|at|on|with)|beginning\s+(?:at|with|on))\s+(?:the\s+)?(?:page|site|website|address|url)?\s*(?P<url>{lexicon.URL.pattern})",
     (r"go to \g<url>",)),
    (rf"(?:if|when)\s+{_TO_SIGN_IN}\s*,?\s*(?:then\s+)?(?:use|with|sign\s+in\s+(?:as|with)|log\s+in\s+(?:as|with))\s+(?P<a>\S+@\S+)\s*(?:/|,|and|with)\s*(?:the\s+)?(?:password\s+)?(?P<b>\S+)",
     (r"the email is \g<a>", r"the password is \g<b>")),
    (r"(?:apply|redeem|use|enter)\s+(?:the\s+)?(?P<a>coupon|promo|discount|voucher|gift)\s*(?:code)?\s+(?P<b>\ue000\d+\ue001|[A-Z0-9][\w-]*\d[\w-]*|[A-Z]{3,}[\w-]*)\s+and\s+apply(?:\s+it)?",
     (r"type \g<b> into the \g<a> field", "click Apply")),
    (r"apply\s+(?:the\s+)?(?P<a>coupon|promo|discount|voucher|gift)\s*(?:code)?\s+(?P<b>\ue000\d+\ue001|\S+)",
     (r"type \g<b> into the \g<a> field", "click Apply")),
    (r"enter\s+(?:the\s+)?(?P<a>coupon|promo|discount|voucher|gift)\s*(?:code)?\s+(?P<b>\ue000\d+\ue001|\S+)",
     (r"type \g<b> into the \g<a> field",)),
)  # fmt: skip
_MANIES = tuple((re.compile(said, re.IGNORECASE | re.DOTALL), plain) for said, plain in _MANY)
_TRAIL = re.compile(r"\s*(?:>|›|»|→|->)\s*")
_TRAILED = re.compile(
    r"(?:go|navigate|head|open|browse|switch)(?:\s+through\s+the\s+menu)?(?:\s+to)?\s+(?:the\s+)?(?P<way>[^>›»→]+(?:\s*(?:>|›|»|→|->)\s*[^>›»→]+)+)",
    re.IGNORECASE,
)


def plainly(clause: str) -> list[str]:
    """The clauses in plain words that this one stands for; empty when it is plain, or said in no way known here."""
    clause = clause.rstrip(" ?")
    for said, plain in _TABLE:
        if match := said.fullmatch(clause):
            return [match.expand(plain)]
    for said, parts in _MANIES:
        if match := said.fullmatch(clause):
            return [match.expand(part) for part in parts]
    if trail := _TRAILED.fullmatch(clause):
        first, *others = _TRAIL.split(trail.group("way"))
        return [f"open {first.strip()}", *(f"click {other.strip()}" for other in others)]
    return []
