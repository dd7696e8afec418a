"""Rules for compound acts: sign in, open, search, pay, refund, add a customer."""

from __future__ import annotations

import re
from dataclasses import replace

from coasty_local.agent.planner import rules, targets
from coasty_local.agent.planner import slots as slotting
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text, quoted
from coasty_local.agent.planner.steps import Click, Goal, Open, Search, SignIn, Step
from coasty_local.agent.scene import BUTTON, LINK, Target

RULES = rules.Rules()
_USER = (
    r"(?:the\s+|my\s+|your\s+)?"
    r"(?:e-?mail(?:\s+address)?|address|user(?:\s?name)?|user\s+id|login|account|credentials|id)"
)
_SIGN = r"(?:the\s+|my\s+|a\s+)?(?:pass\s?word|passphrase|passcode|pwd|pin)"
_GLUE = r"(?:\s*[:=]\s*|\s+(?:is|as|of)\s+|\s+)"
_COMPARE = re.compile(
    r"\b(?:all|every|each|any|some|cheapest|best|most|least|lowest|highest|biggest|smallest|newest|oldest|latest|overdue|unpaid|open|pending)\b",
    re.IGNORECASE,
)


@RULES.rule(
    r"(?:sign|log)(?:\s+me)?[\s-]?(?:in|on)(?:\s+(?:to|into|on|at)\s+(?P<where>(?!as\b|with\b|using\b).+?))?(?:\s*,?\s*(?:as|with|using|by\s+using|via|under)\s+(?:the\s+)?(?P<rest>.+))?",
    r"login(?:\s+(?:to|into)\s+(?P<where>.+?))?(?:\s*,?\s*(?:as|with|using)\s+(?P<rest>.+))?",
    r"(?:sign|log)\s*(?:me\s+)?in(?P<where>)\s+(?P<rest>[^\s(]+@\S+(?:\s+.+)?)",
    r"(?:sign|log)\s*(?:me\s+)?in(?P<where>)\s*[(:]\s*(?P<rest>.+?)\)?",
    r"(?:sign|log)\s+(?:me\s+)?into\s+(?P<where>.+?)(?:\s*,?\s*(?:as|with|using)\s+(?P<rest>.+))?",
    r"authenticate(?:\s*,?\s*(?:as|with|using)\s+(?P<rest>.+))?(?P<where>)",
)
def sign_in(match: re.Match[str], text: Text) -> list[Step] | None:
    user, password = credentials(match.group("rest") or "", text)
    return None if user is None else [SignIn(user=user, password=password)]


def credentials(rest: str, text: Text) -> tuple[str | None, str]:
    """User and password out of "ada@example.com with password x", "email a and password b", "a / b"; None:
    unreadable."""
    rest = re.sub(r"^(?:the\s+following\s+)?credentials\s*[:,-]?\s*", "", rest.strip(), flags=re.IGNORECASE)
    if re.fullmatch(r"(?:these|them|those|this|that)(?:\s+(?:credentials|details|data))?", rest.strip(), re.IGNORECASE):
        return "", ""
    rest = re.sub(r"\s+\((?P<in>[^()]*)\)$", r", \g<in>", rest)
    password = ""
    tail = re.search(
        rf"(?:\s*(?:,|and|with|using|/|\bas\b))*\s*\b{_SIGN}{_GLUE}(?P<value>\ue000\d+\ue001|\S+)\s*$",
        rest,
        re.IGNORECASE,
    )
    if tail and (tail.start() == 0 or rest[tail.start()] in " ,/"):
        password, rest = text.plain(tail.group("value")).rstrip(",;"), rest[: tail.start()]
    else:
        slash = re.fullmatch(r"(\S+)\s*(?:/|\||:|,|\s+and\s+)\s*(\S+)", rest)
        if slash:
            rest, password = slash.group(1), text.plain(slash.group(2))
    rest = re.sub(rf"^(?:{_USER})(?:{_GLUE}|$)", "", rest.strip().rstrip(","), flags=re.IGNORECASE)
    user = text.plain(re.sub(r"^(?:the\s+)?(?:user|account)\s+", "", rest.strip(), flags=re.IGNORECASE)).strip(" ,")
    return (None, "") if len(user.split()) > 3 else (user, password)


@RULES.rule(
    r"(?:search|look|query)\s+(?:(?:the\s+)?\S+\s+)?for\s+(?P<what>.+)", r"search\s+(?P<what>(?!the\b|in\b|box\b).+)"
)
def search(match: re.Match[str], text: Text) -> list[Step] | None:
    what = re.sub(
        r"\s+(?:in|using|on)\s+(?:the\s+)?(?:search\s+(?:box|bar|field)|site|page)$",
        "",
        match.group("what"),
        flags=re.IGNORECASE,
    )
    return None if _COMPARE.search(what) and not quoted(what) else [Search(words=text.plain(what))]


_PLACE = r"(?:page|section|tab|screen|view|area|list|menu|overview|dashboard|panel|module|app)"


@RULES.rule(
    rf"(?:go|navigate|head|switch|get|move|return|browse)\s+(?:back\s+)?to\s+(?:the\s+)?(?P<what>.+?)(?:\s+{_PLACE})?",
    rf"(?:open|visit|show|view|display|access|enter|look\s+at|find|locate|look\s+up|bring\s+up|pull\s+up)(?:\s+up)?\s+(?:me\s+)?(?:the\s+)?(?P<what>.+?)(?:\s+{_PLACE})?",
)
def open_(match: re.Match[str], text: Text) -> list[Step] | None:
    what = match.group("what")
    if not quoted(what) and (
        _COMPARE.search(what)
        or re.match(r"\d+\s+(?:rows|entries|items|results|lines)\b", what)
        or len(what.split()) > 6
        or re.match(r"(?:out|who|what|how|why|when|if|whether)\b", what)
    ):
        return None
    whole = re.sub(r"^\S+\s+(?:up\s+|to\s+)?(?:the\s+)?", "", match.group())
    ordinal = re.match(
        rf"(?:{'|'.join(lexicon.ORDINALS)})\s+(?:search\s+)?(?P<noun>\w+)(?:\s+(?:in|of|on|from)\s+.*)?$",
        whole,
        re.IGNORECASE,
    )
    if ordinal:
        found = targets.target(re.sub(r"\bsearch\s+(?=results?\b)", "", whole), text)
        return [Click(target=replace(found, kinds=found.kinds or (LINK, BUTTON)))]
    noun, key = thing(what, text)
    return [Open(noun=noun, key=key)]


@RULES.rule(r"look\s+under\s+(?P<what>.+)")
def part(match: re.Match[str], text: Text) -> list[Step] | None:
    """What a sentence begins with ("In the staff list, …", "Under Billing, …"): a place, or a part of the page."""
    what = re.sub(r"^the\s+|\s+(?:section|area)$", "", match.group("what"), flags=re.IGNORECASE)
    return [Open(noun=text.plain(what), part=True)]


def thing(phrase: str, text: Text) -> tuple[str, str]:
    """What kind of thing, and which one: "invoice INV-1042", "the customer Grace Hopper", "order number 7001"."""
    phrase = re.sub(r"^(?:the|my|our|this|that|a|an)\s+", "", phrase.strip(), flags=re.IGNORECASE)
    if quoted(phrase):
        return "", text.plain(phrase)
    keyed = re.fullmatch(
        r"(?P<noun>[a-z][a-z -]*?)\s+(?:(?:number|no\.?|nr\.?|id|called|named|titled|labell?ed|for|from|to|of|on|by|"
        r"with\s+(?:the\s+)?(?:id|number|name|title|subject))\s+)?#?(?P<key>\S*\d\S*|\ue000\d+\ue001|[A-Z].*)",
        phrase,
    )
    if keyed and re.fullmatch(r"[a-z-]+(?:\s[a-z-]+)*", keyed.group("noun")):
        return keyed.group("noun").strip(), text.plain(keyed.group("key")).lstrip("#")
    named = re.fullmatch(r"(?P<noun>[a-z -]+?)\s+(?:from|for|of|to|called|named)\s+(?:the\s+)?(?P<key>.+)", phrase)
    if named and ("\ue000" not in named.group("key") or quoted(named.group("key"))):
        return named.group("noun"), text.plain(named.group("key"))
    behind = re.fullmatch(
        r"(?P<key>(?:[A-Z][\w&.'-]*(?<!'s)\s)+|\ue000\d+\ue001\s|\S*\d\S*\s)(?P<noun>[a-z]+)|(?P<owner>[A-Z][\w&.-]*(?:\s[A-Z][\w&.-]*)*)'s\s+(?P<of>[a-z]+)",
        phrase,
    )
    if behind:
        return (behind.group("noun") or behind.group("of")), text.plain(behind.group("key") or behind.group("owner"))
    names = re.fullmatch(r"[A-Z][\w&.'-]*(?:\s[A-Z][\w&.'-]*)*", phrase) and len(re.findall(r"[A-Z]", phrase)) > 1
    if names or re.fullmatch(r"#?\S*\d\S*", phrase):
        return "", text.plain(phrase).lstrip("#")
    return text.plain(phrase), ""


_ACT = "|".join(
    sorted(
        {*lexicon.ACTS, *lexicon.ACT_ALIASES}
        - {"add", "invite", "create", "register", "issue", "make", "edit", "change", "update", "modify"},
        key=len,
        reverse=True,
    )
)


@RULES.rule(rf"(?P<act>{_ACT})\s+(?P<rest>.+)")
def act(match: re.Match[str], text: Text) -> list[Step] | None:
    rest, said = slotting.details(match.group("rest"), text)
    payee = re.fullmatch(rf"(?P<sum>{lexicon.MONEY.pattern})\s+(?:to|for)\s+(?P<rest>.+)", rest)
    if payee:
        rest, said = payee.group("rest"), (*said, ("amount", payee.group("sum")))
    rest = re.sub(r"\s+from\s+the\s+(?:list|table|team|group|members|contacts|page|queue|calendar)$", "", rest)
    if _COMPARE.search(re.sub(r"\ue000\d+\ue001", "", rest)) or re.search(
        r"[A-Z]\w*\s(?:from|to|in|on|at|with|for)\s", rest
    ):
        return None
    noun, key = thing(rest, text)
    if not key and re.match(r"[A-Z]\S*\s\S", noun):
        noun, key = "", noun  # "remove Call the bank": named by its words
    if (not noun and not key) or (not key and re.match(rf"(?:{'|'.join(lexicon.ORDINALS)})\b", noun)):
        return None
    if match.group("act").lower() == "confirm" and not key:
        return None  # what is to be confirmed stands on the screen: the rules for deeds know it
    if re.search(r"\b(?:to|with)\b", noun) or " with " in key:
        return None
    if len(noun.split()) > 3 or re.search(
        r"\b(?:it|them|that|this|everything|something|nothing|anything|and|or)\b", noun or key
    ):
        return None
    verb = match.group("act").lower()
    verb = lexicon.ACT_ALIASES.get(verb, verb)
    return [Goal(act=verb, noun=noun, key=key, slots=said)]


@RULES.rule(
    r"(?:issue|give|make|process|send)\s+(?:a\s+|the\s+)?(?P<act>refund|payment)\s+(?:for|of|on|to)\s+(?P<rest>.+)"
)
def issue(match: re.Match[str], text: Text) -> list[Step] | None:
    rest, said = slotting.details(match.group("rest"), text)
    noun, key = thing(rest, text)
    return [Goal(act="pay" if match.group("act").lower() == "payment" else "refund", noun=noun, key=key, slots=said)]


@RULES.rule(
    r"(?:mark|set|flag)\s+(?P<rest>.+?)\s+(?:as|to)\s+(?P<state>paid|approved|shipped|sent|resolved|closed|rejected|cancelled|archived|done)"
)
def mark(match: re.Match[str], text: Text) -> list[Step] | None:
    state = match.group("state").lower()
    verb = next((name for name in lexicon.ACTS if state in lexicon.done_words(name)), "")
    noun, key = thing(match.group("rest"), text)
    return [Goal(act=verb, noun=noun, key=key)] if verb and key else None


@RULES.rule(
    r"add\s+(?P<what>.+?)\s+(?:to|into)\s+(?:the\s+|my\s+)?(?P<where>(?:shopping\s+)?(?:cart|basket|bag)|wish\s?list|favou?rites|watch\s?list)"
)
def add_to(match: re.Match[str], text: Text) -> list[Step] | None:
    if re.search(r"\s+and\s+|,", match.group("what")) or re.fullmatch(
        r"\d+|(?:two|three|four|five|six)", match.group("what")
    ):
        return None
    return [adding(match.group("what"), match.group("where").lower(), text)]


def adding(what: str, where: str, text: Text) -> Click:
    """The press that puts one thing into the cart; "it" is what the page is about."""
    row = text.plain(re.sub(r"^(?:the|a|an)\s+", "", what))
    row = "" if row.lower() in ("it", "them", "these", "this", "this item", "that") else row
    return Click(target=Target(f"Add to {where}", (BUTTON, LINK), row=row, aliases=("Add",)), far=bool(row))


@RULES.rule(
    r"(?:add|create|register|invite|make|set\s+up|enter)\s+(?:a\s+|an\s+|the\s+|one\s+|another\s+)?(?:new\s+)?(?P<noun>(?!the\b|your\b|my\b)(?-i:[a-z][a-z-]*(?:\s(?!named|called|with|for|as|to|from|and)[a-z-]+)?))(?![\w-])\s*(?P<rest>(?:[,:]|\bnamed\b|\bcalled\b|\bwith\b|\bfor\b|(?-i:[A-Z])|\ue000|\(|\S+@).*)",
    r"(?:add|create|register|invite)\s+(?P<rest>.+?)\s+(?:as|to\s+(?:the\s+)?(?:list\s+of\s+)?)\s*(?:a\s+|an\s+|the\s+|our\s+)?(?:new\s+)?(?P<noun>[a-z]+?)(?:\s+list)?(?P<more>\s*,.+|\s+with\s+.+)?",
)
def add(match: re.Match[str], text: Text) -> list[Step] | None:
    noun = lexicon.singular(match.group("noun").lower())
    if re.search(r"\sto\s+(?:it|them)$", match.group("rest") or ""):
        return None
    if noun in lexicon.FIELDS or noun.startswith("sure"):
        return None
    values = slotting.values((match.group("rest") + (match.groupdict().get("more") or "")), text, noun)
    if len(slotting.naming(values)) < 3:
        return None  # nothing that would tell the new thing from others on the screen
    verb = "invite" if match.group().lower().startswith("invite") else "add"
    return [Goal(act=verb, noun=noun, key=slotting.naming(values), slots=values)] if values else None


@RULES.rule(
    r"(?:change|update|edit|set|modify)\s+(?:the\s+)?(?P<field>[a-z][a-z -]*?)\s+(?:of|"
    r"for)\s+(?:the\s+)?(?P<rest>.+?)\s+(?:to|as)\s+(?P<value>.+)",
    r"(?:change|update|edit|set|modify)\s+(?P<rest>[\w .-]+?)'s\s+(?P<field>[a-z][a-z -]*?)\s+(?:to|"
    r"as)\s+(?P<value>.+)",
)
def edit(match: re.Match[str], text: Text) -> list[Step] | None:
    noun, key = thing(match.group("rest"), text)
    if not key and re.fullmatch(
        r"number|amount|quantity|count|date|time|name|type|kind|title|day", match.group("field").lower()
    ):
        return None  # "the number of tickets" is the name of a field
    if not key and " " in noun and noun.split()[-1] not in targets.RECORDS:
        noun, key = "", noun  # "the stock of the blue mug": which one is said by its words
    if re.search(r"\sand\s+(?:of|for|the|his|her|its)\s", match.group("value")):
        return None  # two changes
    slot = (match.group("field").lower(), text.plain(match.group("value")))
    return [Goal(act="edit", noun=noun, key=key, slots=(slot,))]
