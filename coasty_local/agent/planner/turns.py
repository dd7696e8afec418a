"""Turns of phrase: other ways to say what the rules read, put into their plain words before they are asked."""

# ruff: noqa: E501 (patterns)

from __future__ import annotations

import re

from coasty_local.agent.planner import words as lexicon

_PRESS = r"(?:click|press|tap|hit|push|tick|check|untick|uncheck)"
_PAGE = r"(?:(?:a|the|this)\s+)?(?:\w+\s+)?(?:page|screen)"
_SUCH = r"(?:cookies?|newsletter|pop-?\s?up|banner|modal|overlay|dialog)"
_TO_SIGN_IN = r"(?:you\s+are|you're|it|the\s+(?:page|site))\s+(?:is\s+)?(?:asked|asks(?:\s+you)?|prompted|required|told)\s+(?:you\s+)?(?:to\s+(?:sign|log)\s+in|for\s+(?:a\s+)?(?:log-?in|sign-?in|credentials))"

_KEY = r"(?:\ue000\d+\ue001|(?-i:[A-Z])[\w.&'-]*(?:\s(?-i:[A-Z])[\w.&'-]*)*|#?\S*\d\S*)"  # what a record is called by
_FULL = r"(?:\ue000\d+\ue001|(?-i:[A-Z])[\w.&'-]*(?:\s(?-i:[A-Z])[\w.&'-]*)+|#?\S*\d\S*)"  # no part of "Brown and Sons"
_TICK = r"(?:tick(?:\s+off)?|untick|check(?:\s+off)?|uncheck)"

# what is said -> the plain words for it; each is tried on a whole clause, the first that fits is taken
_PLAIN: tuple[tuple[str, str], ...] = (
    # questions
    (rf"how\s+many\s+(?P<a>[a-z]+)\s+(?:does|do|did|has|have)\s+(?:the\s+)?(?P<b>{_KEY})\s+(?:have|has|want|need|own|use|get|got|take|taken|left|requested|ordered|booked)(?:\s+(?:off|left|now|on|in))?", r"read the \g<a> of \g<b>"),
    (r"how\s+much\s+(?:does|do|did|would)\s+(?:the\s+)?(?P<a>.+?)\s+cost", r"read the price of \g<a>"),
    (r"how\s+much\s+(?:is|are|was)\s+(?:the\s+)?(?P<a>.+)", r"read the \g<a>"),
    (r"who\s+(?:is|was)\s+(?P<a>the\s+.+)", r"read \g<a>"),
    (r"when\s+(?:is|was|will)\s+(?P<a>.+?)\s+(?:be\s+)?(?P<b>due|delivered|shipped|paid|sent|closed|opened|created)",
     r"tell me when \g<a> is \g<b>"),
    (r"(?:what|which)\s+(?P<a>[a-z]+)\s+(?:does|do)\s+(?P<b>.+?)\s+have", r"read the \g<a> of \g<b>"),
    (r"(?P<a>(?:read|report|tell\s+me|get|give\s+me|note|copy|return)(?:\s+down)?)\s+(?:the\s+)?(?:page|site|screen)['’]s\s+(?P<b>.+)",
     r"\g<a> the \g<b>"),
    (r"let\s+me\s+know\s+(?P<a>.+)", r"tell me \g<a>"),
    (r"(?:check|see|find\s+out|look)\s+(?P<a>(?:what|which|who|when|how\s+much)\b.+)", r"tell me \g<a>"),
    (r"(?:tell\s+me|report|say)\s+(?:if|whether)\s+(?P<a>.+)", r"verify that \g<a>"),
    (r"is\s+(?P<a>(?:the\s+)?.+?(?:box|checkbox|switch|toggle|option|setting))\s+(?P<b>ticked|checked|on|off|enabled|turned\s+o(?:n|ff))", r"verify that \g<a> is \g<b>"),
    (r"what(?:'s|\s+is)\s+(?P<b>(?-i:[A-Z])[\w-]*(?:\s[A-Z][\w-]*)*|[A-Z]+-?\d+)['’]s\s+(?P<c>[a-z][a-z -]*)", r"read the \g<c> of \g<b>"),
    (r"what\s+(?:is\s+written|stands|does\s+it\s+say)\s+(?:next\s+to|beside|under|at)\s+(?:the\s+)?(?P<a>.+)", r"read the \g<a>"),
    (r"say\s+(?P<a>(?:what|which|who|when)\b.+)", r"tell me \g<a>"),
    (r"does\s+(?P<a>(?:the\s+)?(?:page|screen|site|title|heading|message))\s+(?:say|show|contain|read)\s+(?P<b>.+)", r"verify that \g<a> says \g<b>"),
    (r"(?P<a>read|tell\s+me|report|get|find|look\s+up|give\s+me)\s+(?P<b>(?-i:[A-Z])[\w-]*(?:\s[A-Z][\w-]*)*|[A-Z]+-?\d+)['’]s\s+(?P<c>[a-z][a-z -]*)", r"\g<a> the \g<c> of \g<b>"),
    (r"(?:(?:tell\s+me|read|report)\s+)?(?:which|what)\s+(?P<a>[a-z]+)\s+(?:does|do|is)\s+(?P<b>.+?)\s+(?:belong\s+to|in|on|have)", r"read the \g<a> of \g<b>"),
    (r"(?:tell\s+me|read|report)\s+(?:which|what)\s+(?P<a>[a-z]+)\s+(?P<b>(?-i:[A-Z]|\ue000).+?)\s+(?:is\s+(?:in|on)|belongs\s+to|has)", r"read the \g<a> of \g<b>"),
    (r"(?:tell\s+me|read|report)\s+(?:which|what)\s+(?P<a>[a-z]+)\s+(?:we|i|you|they|it)(?:\s+are|['’]re|\s+am|['’]m|\s+is|['’]s)(?:\s+(?:on|in|at|using))?", r"read the \g<a>"),
    # what must be seen
    (rf"(?:you\s+should\s+|i\s+should\s+|we\s+should\s+)?(?:end\s+up|arrive|land|be\s+taken|find\s+yourself|be\s+sent)\s+(?:on|at|in|to)\s+{_PAGE}"
     r"\s+(?:titled|called|named|headed|saying|that\s+(?:says|reads|shows)|with\s+the\s+(?:title|heading))\s+(?P<a>.+)",
     r"verify that the page says \g<a>"),
    (r"(?:verify|check|make\s+sure|ensure|confirm)\s+(?:that\s+)?(?:the\s+)?(?:page\s+)?(?:title|heading|headline|header)\s+(?:is|equals|reads)\s+(?:now\s+)?(?P<a>.+)",
     r"verify that the page says \g<a>"),
    (r"(?:verify|check|make\s+sure|ensure|confirm)\s+(?:that|whether|if)\s+(?P<a>(?:\w+\s+)?\S*\d\S*)\s+(?:has\s+been|was|got)\s+(?:now\s+)?(?P<b>[a-z]+ed|paid|sent)",
     r"verify that the status of \g<a> is \g<b>"),
    # where to press
    (rf"(?P<do>{_TICK})\s+(?P<x>(?:the\s+)?[^,]+?)\s+for\s+(?P<a>{_KEY})", r"\g<do> \g<x> in the row of \g<a>"),
    (r"click\s+(?:your\s+way\s+)?through\s+to\s+(?P<a>.+)", r"open \g<a>"),
    (r"(?:add|put)(?:\s+(?:it|this))?\s+(?:in)?to\s+(?:the\s+|my\s+)?(?P<a>cart|basket|bag)", r"click Add to \g<a>"),
    (r"take\s+(?P<a>(?:the\s+)?[^,]+?)\s+out(?P<b>\s+of\s+.+)?", r"remove \g<a>\g<b>"),
    (rf"mark\s+(?P<a>{_FULL})\s+as\s+(?P<b>(?!done|paid|approved|shipped|sent|resolved|closed|rejected|cancelled|archived|complete)[a-z]+)", r"choose \g<b> in the row of \g<a>"),
    (rf"(?:in|on|at|for)\s+(?:the\s+)?(?:row|line|card|entry|section|panel)\s+(?:(?:of|for|with|called|named|saying|that\s+says)\s+)?(?P<row>.+?)\s*,?\s+(?P<do>{_PRESS}\s+.+)",
     r"\g<do> in the row of \g<row>"),
    (r"(?:in|on)\s+(?:the\s+)?(?:row|line|card|entry)\s+(?:of|for|with)\s+(?P<row>.+?)\s*,?\s+(?:change|set)\s+(?:the\s+)?(?P<a>[\w ]+?)\s+to\s+(?P<b>.+)", r"type \g<b> into the \g<a> field in the row of \g<row>"),
    (r"(?P<a>(?:click|press|tap|follow|open)\s+(?:on\s+)?the\s+(?:link|hyperlink))\s+(?:(?:about|regarding|on|for)|in\s+the\s+(?:text|paragraph|sentence)\s+(?:that\s+(?:says|reads)|saying|called))\s+(?P<b>.+)",
     r"\g<a> called \g<b>"),
    (r"(?:expand|unfold|collapse|fold|uncollapse)\s+(?:the\s+)?(?:(?:section|panel|accordion|part|group|item|node|folder|branch|entry)\s+(?:called\s+|named\s+)?)?(?P<a>.+?)(?:\s+(?:section|panel|accordion|part|group))?",
     r"click \g<a>"),
    (r"download\s+(?:the\s+|an?\s+)?(?P<a>\S+(?:\s+\S+)?)", r"click Download"),
    (r"(?P<a>(?:continue|proceed|go\s+on|carry\s+on)\s+(?:as|without|with)\s+(?:a\s+|an\s+)?\w+(?:\s+\w+)?)", r"click \g<a>"),
    (r"(?:have|take)\s+a\s+look\s+(?:at|in(?:to|side)?)\s+(?P<a>.+)|(?:go\s+(?:in)?to|head\s+(?:over\s+)?to|pop\s+(?:over\s+|in)?to|pop\s+over\s+to|jump\s+to|move\s+over\s+to|go\s+over\s+to)\s+(?P<b>(?!page\b).+)", r"open \g<a>\g<b>"),
    (r"(?:while|when|once|as\s+soon\s+as)\s+(?:you\s+are\s+|you're\s+)?on\s+(?P<a>(?:the\s+)?[\w -]+?\s+(?:page|screen|tab))", r"open \g<a>"),
    (r"(?P<a>(?:press|click|tap|hit)\s+(?:on\s+)?.+?)\s+(?:three\s+times|3\s+times)", r"\g<a> thrice"),
    (rf"(?P<a>{_PRESS}\s+(?:on\s+)?)(?:the\s+)?(?P<b>plus|minus)(?:\s+(?:sign|button|icon))?(?P<c>\s+twice|\s+thrice)?", r"\g<a>\g<b>\g<c>"),
    (r"(?:open|click(?:\s+on)?|press|tap)\s+the\s+(?:three[\s-]dots?|kebab|overflow|context)\s+(?:menu|button|icon)\s+(?:of|for|next\s+to|beside|in\s+the\s+row\s+(?:of|for))\s+(?:the\s+[a-z]+\s+)?(?P<a>.+)", r"open the menu in the row of \g<a>"),
    (r"open\s+the\s+menu\s+(?:of|for|next\s+to|beside)\s+(?:the\s+(?:card|row|entry|project|file|item|user|order|invoice|task)\s+)?(?P<a>\ue000\d+\ue001|[A-Z].*|\S*\d\S*)", r"open the menu in the row of \g<a>"),
    (r"sort\s+(?:it|them|(?:the\s+)?[a-z]+)\s+by\s+(?:the\s+)?(?P<a>(?-i:[A-Z])[\w ]*|[a-z]+)(?:\s+column)?|sort\s+by\s+(?P<b>\w+)", r"click the text \g<a>\g<b>"),
    (r"export\s+(?:it\s+|them\s+)?as\s+(?P<a>[A-Z]{2,5}|\w+)", r"click Export as \g<a>"),
    # fields
    (r"(?:his|her|its|their|the)\s+new\s+(?P<a>(?!(?:pass\w*|pin|\S*\s?code|otp|token|log-?in|user\s?name|user)\b)[a-z][a-z -]*?)\s+is\s+(?:now\s+)?(?P<b>.+)", r"set the \g<a> to \g<b>"),
    (r"(?P<do>turn|switch)\s+(?P<a>(?!o(?:n|ff)\b)[^,]+?)\s+(?P<b>on|off)", r"\g<do> \g<b> \g<a>"),
    (r"(?:leave|keep)\s+(?:the\s+)?(?P<a>.+?)\s+(?P<b>(?:switched\s+|turned\s+)?o(?:n|ff)|ticked|checked|unticked|unchecked|enabled|disabled)", r"make sure \g<a> is \g<b>"),
    (rf"(?:type|enter|put|write|input|fill\s+in|give|set)\s+(?:the|your|my|his|her|their|its)\s+(?P<a>{'|'.join(sorted((n.replace('_', ' ') for n in lexicon.FIELDS), key=len, reverse=True))})\s+(?:as|to\s+be)\s+(?P<b>.+)",
     r"type \g<b> into the \g<a> field"),
    (r"(?:choose|select|pick|set)\s+(?P<b>\ue000\d+\ue001|\S*\d{1,4}\S*(?:\s+\w+\s+\d{4})?)\s+(?:in|from|on|with|using)\s+the\s+(?:date\s*picker|calendar|(?P<a>[a-z ]+?)\s+(?:date\s*picker|calendar|picker))", r"set the \g<a> date to \g<b>"),
    (r"name\s+(?:it|(?:the|this)\s+[a-z]+)\s+(?P<b>\ue000\d+\ue001|(?-i:[A-Z]).+)", r"set the name to \g<b>"),
    (r"filter\s+(?:it\s+|them\s+|(?:the\s+)?\w+\s+)?(?:by|on|for)?\s*(?:the\s+)?(?P<a>[a-z]+)\s+(?:=\s*|:\s*|is\s+|set\s+to\s+)?(?P<b>\ue000\d+\ue001|[A-Z]\w*)",
     r"choose \g<b> from the \g<a> list"),
    (r"use\s+(?:the\s+)?search(?:\s+(?:box|bar|field|function))?\s+(?:to\s+(?:find|look\s+for|search\s+for)|for)\s+(?P<a>.+)",
     r"search for \g<a>"),
    (r"rename\s+(?:the\s+)?(?P<a>.+?)\s+(?:to|into|as)\s+(?P<b>.+)", r"change the name of \g<a> to \g<b>"),
    (r"mark\s+(?:the\s+)?(?:[a-z]+\s+)?(?P<a>\ue000\d+\ue001)\s+as\s+(?:done|complete|completed|finished)",
     r"tick the box next to \g<a>"),
    (r"filter\s+(?P<a>[a-z]+)=(?P<b>\ue000\d+\ue001|\w+)", r"choose \g<b> from the \g<a> list"),
    (rf"(?:set|change|put)\s+(?:the\s+)?(?P<a>due\s+date|start\s+date|end\s+date|{'|'.join(sorted((n.replace('_', ' ') for n in lexicon.FIELDS), key=len, reverse=True))})\s+(?P<b>\ue000\d+\ue001|\S*\d\S*)", r"type \g<b> into the \g<a> field"),
    (r"(?P<v>enrol|enroll)\s+(?:in|on|for|to)\s+(?P<a>.+)", r"\g<v> \g<a>"),
    (r"drag\s+(?:the\s+)?(?P<a>(?:\w+\s+)?slider)\s+to\s+(?P<b>\d+)\s*%?", r"set the \g<a> to \g<b>"),
    (r"use\s+(?:the\s+)?(?:drop-?\s?down|list|select|menu)\s+(?P<a>\ue000\d+\ue001|.+?)\s+to\s+(?:choose|select|pick)\s+(?P<b>.+)", r"choose \g<b> from the \g<a> list"),
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
    (rf"(?P<do>{_TICK})\s+(?P<x>(?:the\s+)?[^,]+?)\s+for\s+(?P<a>{_KEY})(?:\s*,\s*(?P<b>{_KEY}))?\s*,?\s+and\s+(?P<c>{_KEY})",
     (r"\g<do> \g<x> in the row of \g<a>", r"\g<do> \g<x> in the row of \g<b>", r"\g<do> \g<x> in the row of \g<c>")),
    (r"(?P<do>(?:set|change|update)\s+(?:the\s+)?(?P<f>[a-z][a-z -]*?))\s+(?P<j>of|for)\s+(?P<a>.+?)\s+to\s+(?P<b>\S+)\s*,?\s+and\s+(?:(?:the\s+)?(?P=f)\s+)?(?P=j)\s+(?P<c>.+?)\s+to\s+(?P<d>\S+)",
     (r"\g<do> of \g<a> to \g<b>", r"\g<do> of \g<c> to \g<d>")),
    (rf"(?P<do>approve|reject|decline|archive|delete|cancel|close|ship|publish|reopen)\s+(?:(?:the\s+)?(?P<n>[a-z]+?)s?\s+)?(?P<a>{_FULL})(?:\s*,\s*(?P<b>{_FULL}))?\s*,?\s+and\s+(?P<c>{_FULL})",
     (r"\g<do> \g<n> \g<a>", r"\g<do> \g<n> \g<b>", r"\g<do> \g<n> \g<c>")),
    (r"(?P<a>(?!tasks?\b|notes?\b|goal\b|hint\b|then\b|step\b|url\b|user\b|password\b|name\b|email\b)[a-z]{3,}(?:\s[a-z]+)?)\s*:\s+(?P<b>(?:open|click|press|set|tick|untick|turn|enable|disable|change|search|add|create|delete|archive|choose|select)\s.+)",
     (r"open \g<a>", r"\g<b>")),
    (rf"(?:on|at|from|in|via|url|link|site|website|address|page)\s*:?\s+(?P<url>{lexicon.URL.pattern})", (r"go to \g<url>",)),
    (r"(?:choose|select|pick)\s+(?P<a>\ue000\d+\ue001|(?-i:[A-Z])[\w -]*?)\s+(?P<j>for|as|in)\s+(?:the\s+)?(?P<b>[\w -]+?)\s*,?\s+and\s+(?P<c>\ue000\d+\ue001|(?-i:[A-Z])[\w -]*?)\s+(?:for|as|in)\s+(?:the\s+)?(?P<d>[\w -]+)", (r"choose \g<a> \g<j> \g<b>", r"choose \g<c> \g<j> \g<d>")),
    (r"(?:remove|delete|take)\s+(?P<a>\ue000\d+\ue001)\s+and\s+(?P<b>\ue000\d+\ue001)(?P<c>\s+(?:from|out\s+of)\s+.+)?", (r"remove \g<a>\g<c>", r"remove \g<b>\g<c>")),
    (r"comment\s+(?P<b>\ue000\d+\ue001)\s+(?:on|under|below|to|at)\s+(?P<a>.+)", (r"add the comment \g<b> to \g<a>",)),
    (r"(?:add|leave|write)\s+an?\s+(?P<a>note|comment|message|reply)\s+(?P<j>to|on|for)\s+(?P<b>[^:]+?)\s*(?::|saying|that\s+says)\s*(?P<c>\ue000\d+\ue001)", (r"add the \g<a> \g<c> \g<j> \g<b>",)),
    (r"invite\s+(?P<a>\S+@\S+?)\s*,?\s+and\s+(?P<b>\S+@\S+)(?P<c>\s+(?:as|to)\s+.+)?", (r"invite \g<a>\g<c>", r"invite \g<b>\g<c>")),
    (r"reply\s+to\s+(?P<a>(?!it\b|this\b|them\b|him\b|her\b).+?)\s+(?:with|saying)\s*:?\s+(?P<b>\ue000\d+\ue001)", (r"open \g<a>", r"reply \g<b>")),
    (r"(?:if|when|in\s+case)\s+(?:an?\s+)?(?:sign-?in|log-?in)\s+is\s+(?:required|needed|asked\s+for)\s*,?\s*use\s+(?P<a>\S+@\S+)\s*(?:/|,|and|with)\s*(?:the\s+)?(?:password\s+)?(?P<b>\S+)", (r"the email is \g<a>", r"the password is \g<b>")),
    (r"(?:new|create)\s+(?P<a>[a-z]+)\s*[:,]\s*(?P<b>(?:title|name|subject|with)\b.+)", (r"create a \g<a> with \g<b>",)),
    (r"(?:if|when|in\s+case|unless)\s+(?:you\s+are|you're|i\s+am)\s+(?:not\s+|already\s+)?(?:yet\s+)?(?:signed|logged)\s+in\s*,?\s*(?:sign|log)\s+in\s+(?:as|with|using)\s+(?P<a>\S+@\S+)\s*(?:/|,|and|with)\s*(?:the\s+)?(?:password\s+)?(?P<b>\S+)",
     (r"the email is \g<a>", r"the password is \g<b>")),
    (r"(?P<do>tick|untick|check|uncheck|select|mark)\s+(?:the\s+)?(?:check\s*box(?:es)?|box(?:es)?|rows?|lines?|entries|records?)\s+(?:(?:of|for|next\s+to|beside|in\s+the\s+rows?\s+(?:of|for)|with)\s+)?(?P<a>[^,]+?)(?:\s*,\s*(?P<b>[^,]+?))?\s*,?\s+and\s+(?:(?:of|for|next\s+to|beside)\s+)?(?P<c>[^,]+)",
     (r"\g<do> the checkbox in the row of \g<a>", r"\g<do> the checkbox in the row of \g<b>", r"\g<do> the checkbox in the row of \g<c>")),
    (r"(?P<do>tick|untick|check|uncheck|select|mark)\s+(?:the\s+)?(?:row|line|entry|record)\s+(?:(?:of|for|with)\s+)?(?P<a>\ue000\d+\ue001|\S*\d\S*|(?-i:[A-Z])[\w ]*)",
     (r"\g<do> the checkbox in the row of \g<a>",)),
    (r"(?P<do>tick|untick|check|uncheck|turn\s+on|turn\s+off)\s+(?P<a>\ue000\d+\ue001)(?:\s*,\s*(?P<b>\ue000\d+\ue001))?\s+and\s+(?P<c>\ue000\d+\ue001)",
     (r"\g<do> \g<a>", r"\g<do> \g<b>", r"\g<do> \g<c>")),
    (r"(?P<do>(?:turn|switch)\s+o(?:n|ff)|enable|disable|tick|untick|check|uncheck)\s+(?P<b>.+?)\s+(?:on|in|under)\s+the\s+(?P<c>\w+)\s+tab",
     (r"open the \g<c> tab", r"\g<do> \g<b>")),
    (r"(?:pick|choose|select|set)\s+(?:the\s+)?dates?\s+(?:from\s+)?(?P<a>\d{4}-\d\d-\d\d|\d{1,2}\s+\w+\s+\d{4}|\w+\s+\d{1,2},?\s+\d{4})\s+(?:to|until|till|-)\s+(?P<b>\d{4}-\d\d-\d\d|\d{1,2}\s+\w+\s+\d{4}|\w+\s+\d{1,2},?\s+\d{4})",
     (r"set from to \g<a>", r"set to to \g<b>")),
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


_BARE_TRAIL = re.compile(r"(?i:(?:under|in|on|within)\s+)?(?P<way>\w[\w ]{2,24}(?:\s+(?:>|›|»|→|->)\s+\w[\w ]{1,24})+)")


def plainly(clause: str) -> list[str]:
    """The clauses in plain words that this one stands for; empty when it is plain, or said in no way known here."""
    clause = clause.rstrip(" ?")
    for said, plain in _TABLE:
        if (match := said.fullmatch(clause)) and (words := match.expand(plain)) != clause:
            return [words]
    for said, parts in _MANIES:
        if match := said.fullmatch(clause):
            found = [match.expand(part) for part in parts]
            return [part for part in found if not part.endswith(" ") and part != clause]
    if trail := _TRAILED.fullmatch(clause):
        first, *others = _TRAIL.split(trail.group("way"))
        return [f"open {first.strip()}", *(f"click {other.strip()}" for other in others)]
    if bare := _BARE_TRAIL.fullmatch(clause):
        first, *others = _TRAIL.split(bare.group("way"))
        return [f"open {first.strip()}", *(f"click {other.strip()}" for other in others)]
    return []
