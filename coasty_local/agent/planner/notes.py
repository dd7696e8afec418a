"""What a person's note means, given what was asked. Pure; the same grammar as tasks, with short answers before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from coasty_local.agent.planner import facts, goals, read
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text, trimmed
from coasty_local.agent.planner.steps import Allow, Click, Fact, Goto, Nothing, SignIn, Step, Unknown

GO_ON, AGAIN, REFUSE, SKIP, TELL, STEPS, PICK, RENAME, UNREAD = (
    "go_on", "again", "refuse", "skip", "tell", "steps", "pick", "rename", "unread",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What the note says: go on with what was asked, look again, refuse, skip, tell facts, give steps, pick a
    candidate,
    rename the target. An unread note says none of these."""

    meaning: str
    facts: dict[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    number: int = 0
    name: str = ""
    allow: tuple[Allow, ...] = ()


_YES = re.compile(
    r"(?:yes|y|yep|yeah|ok|okay|sure|fine|go\s+ahead|go|approved?|accepted|do\s+it|please\s+do|confirm(?:ed)?|proceed|continue|go\s+on|carry\s+on|"
    r"resume|agreed|correct|right|allowed|pay(?:\s+it|\s+now)?|you\s+may(?:\s+\w+)?|all\s+good|looks?\s+good|lgtm|granted)"
    r"(?:\s*[,.!]?\s*(?:yes|please|go\s+ahead|go\s+on|do\s+it|pay\s+it|pay|proceed|continue|approved|thanks|thank\s+you|it|with\s+(?:it|the\s+payment|that)|"
    rf"(?:{'|'.join(lexicon.ACTS)})(?:\s+(?:it|that|this|them))?|send\s+it))*[.!\s]*",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"(?:(?:it(?:'s|\s+is)|i(?:'ve|\s+have)?|all|that(?:'s|\s+is)|the\s+captcha\s+is|captcha|now)\s+)*(?:done|solved|finished|completed?|fixed|handled|ready|"
    r"did\s+(?:it|that)|signed\s+in|logged\s+in|entered\s+(?:it|the\s+code|the\s+password)|took\s+care\s+of\s+it|look\s+again|try\s+again|retry|again|check\s+again)"
    r"(?:\s+(?:it|that|the\s+captcha|now|please|by\s+hand|myself|the\s+rest|for\s+you))*[.!\s]*",
    re.IGNORECASE,
)
# How a console tells what a person did on the screen: kinds and counts of acts, nothing of what was typed.
_DEED = (
    r"(?:clicked\s+(?:once|\d+\s+times)|typed\s+into\s+(?:a\s+field|fields\s+\d+\s+times)|pressed\s+(?:a\s+key|\d+\s+keys)"
    r"|scrolled|dragged\s+(?:once|\d+\s+times)|opened\s+(?:an\s+address|\d+\s+addresses)|worked\s+on\s+its\s+screen)"
)
_BY_HAND = re.compile(
    rf"by\s+hand:\s+i\s+{_DEED}(?:,\s+{_DEED})*(?:\s+and\s+{_DEED})?[.]\s+look\s+again[.!\s]*", re.IGNORECASE
)
_NO = re.compile(
    r"(?:no|nope|n|don'?t|do\s+not|stop|abort|cancel(?:\s+(?:it|that|the\s+(?:payment|run)))?|never(?:\s*mind)?|refused?|rejected?|denied|deny|not\s+(?:now|allowed|approved))"
    r"(?:\s*[,.!]?\s*(?:don'?t|do\s+not|pay|do\s+(?:it|that|this)|it|that|this|stop|thanks|please|go\s+ahead|click|proceed|approve|the\s+\w+|anything))*[.!\s]*",
    re.IGNORECASE,
)
_SKIP = re.compile(
    r"(?:skip|ignore|leave\s+out|forget)(?:\s+(?:it|this|that|about\s+it|the\s+(?:step|clause|sentence|rest)|this\s+(?:step|one|clause|part)))?[.!\s]*",
    re.IGNORECASE,
)
_RENAME = re.compile(
    r"(?:the\s+|that\s+)?(?:button|link|field|tab|menu|box|checkbox|option|target|control|it|page)(?:'s|\s+is)?\s+(?:now\s+)?(?:called|named|labell?ed|says|reads|titled)\s+(?P<name>.+)"
    r"|(?:it(?:'s|\s+is)|look\s+for|use|try|i\s+(?:mean|meant)|it\s+should\s+be)\s+(?:the\s+)?(?P<other>.+?)(?:\s+(?:button|link|field|tab))?",
    re.IGNORECASE,
)
_PICK = re.compile(
    r"(?:the\s+)?(?:number\s+|no\.?\s*|#|option\s+|candidate\s+)?(?P<n>\d{1,2})(?:\s+please)?|(?:take\s+|use\s+|click\s+|choose\s+|pick\s+)?(?:the\s+)?(?:number\s+|#)?(?P<word>"
    + "|".join(lexicon.ORDINALS)
    + r"|\d{1,2}|one|two|three|four|left|right)(?:\s+(?:one|button|link|field|candidate))?(?:\s+please)?",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"n['’]t\b|\?|\b(?:not?|never|nobody|nothing|none|cannot|stop|wait|hold|instead|only|just|but|unless|if|until|once|"
    r"when|before|after|first|later|then|less|half|part|other|another|different|wrong|incorrect|change|cancel|skip|reject"
    r"|refuse|deny|too|why|what|who|doubt|suspicious|fraud|mistake|without|except|rather|already|done|paid|sent|myself|elsewhere)\b",
    re.IGNORECASE,
)
_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "left": 1, "right": -1}


def understand(note: str, kind: str) -> Answer:
    """The note as an answer to a question of this kind (the park kinds of `asking`)."""
    text = Text.of(note)
    plain = trimmed(text.sealed)
    if not plain or (_YES.fullmatch(plain) and kind != "not_understood"):
        return Answer(GO_ON)
    if kind == "ambiguous_target" and (picked := _picked(text.plain(plain))):
        return Answer(PICK, number=picked)
    is_done = _DONE.fullmatch(plain) or _BY_HAND.fullmatch(plain)
    if _SKIP.fullmatch(plain) or (kind == "not_understood" and (is_done or _YES.fullmatch(plain))):
        return Answer(SKIP)
    if is_done:
        return Answer(AGAIN)
    if _NO.fullmatch(plain):
        return Answer(REFUSE)
    answer = _value(plain, text, kind) or _renamed(plain, text, kind) or _told(note, kind)
    return _remark(note, kind) or answer if answer.meaning == UNREAD else answer


def _remark(note: str, kind: str) -> Answer | None:
    """A resume is the yes: words beside it that set no condition are a remark. After a captcha a look tells all."""
    if kind == "captcha":
        return Answer(AGAIN)
    if kind in ("payment", "irreversible") and not _CONDITION.search(note) and not lexicon.MONEY.search(note):
        return Answer(GO_ON)
    return None


def _picked(plain: str) -> int:
    match = _PICK.fullmatch(plain)
    if not match:
        return 0
    word = (match.group("n") or match.group("word")).lower()
    return int(word) if word.isdigit() else lexicon.ORDINALS.get(word) or _COUNT[word]


def _value(plain: str, text: Text, kind: str) -> Answer | None:
    """A bare value answers what was asked for; "a@b.c / secret" answers both."""
    if kind == "one_time_code":
        bare = re.fullmatch(
            r"(?:it'?s\s+|it\s+is\s+|use\s+|enter\s+|try\s+|type\s+|here(?:\s+it\s+is)?:?\s+)?(?P<code>\d(?:[\s-]?\d){3,9}|[A-Za-z0-9-]*\d[A-Za-z0-9-]*)",
            plain,
            re.IGNORECASE,
        )
        if bare:
            return Answer(TELL, facts={"code": re.sub(r"[\s-]", "", bare.group("code"))})
    if kind == "credential":
        if re.fullmatch(r"\ue000\d+\ue001|\S+", plain):
            word = text.plain(plain)
            return Answer(TELL, facts={"email" if lexicon.EMAIL.fullmatch(word) else "password": word})
        pair = re.fullmatch(r"(\S+)\s*(?:/|,|\s)\s*(\S+)", plain)
        if pair and lexicon.EMAIL.fullmatch(pair.group(1)):
            return Answer(TELL, facts={"email": pair.group(1), "password": text.plain(pair.group(2))})
    return None


def _renamed(plain: str, text: Text, kind: str) -> Answer | None:
    if kind not in ("target_not_found", "ambiguous_target", "no_progress"):
        return None
    match = _RENAME.fullmatch(plain)
    name = (match.group("name") or match.group("other")) if match else ""
    if not name and re.fullmatch(r"\ue000\d+\ue001", plain):
        name = plain
    return Answer(RENAME, name=text.plain(name)) if name else None


def _told(note: str, kind: str) -> Answer:
    """Facts, permissions and steps, by the grammar of tasks."""
    steps = [step for step in _pairs(note) or read(note) if not isinstance(step, Nothing)]
    told = {step.name: step.value for step in steps if isinstance(step, Fact)}
    for step in steps:
        if isinstance(step, SignIn):
            told |= {name: value for name, value in (("email", step.user), ("password", step.password)) if value}
    allow = tuple(step for step in steps if isinstance(step, Allow))
    acts = tuple(
        step
        for step in steps
        if not isinstance(step, Fact | Allow | Unknown) and not (isinstance(step, SignIn) and kind == "credential")
    )
    lost = any(isinstance(step, Unknown) for step in steps)
    if kind == "target_not_found" and len(acts) == 1 and isinstance(acts[0], Goto) and "/" not in note:
        return Answer(RENAME, name=note.strip())
    if acts and not lost:
        return Answer(STEPS, facts=told, steps=acts, allow=allow)
    if told or allow:
        return Answer(TELL, facts=told, allow=allow)
    short = len(note.split()) <= 4 and kind == "target_not_found"
    return Answer(RENAME, name=note.strip(" .'\"")) if short and lost else Answer(UNREAD)


def _pairs(note: str) -> list[Step] | None:
    """ "email: a, password: b" and "a@b.c with password x" tell facts; a comma must not hide the second."""
    text = Text.of(note)
    parts = [trimmed(part) for part in re.split(r"\s*[,;\n]\s*(?:and\s+)?|\s+and\s+", text.sealed) if part.strip()]
    found: list[Step] = []
    for part in parts:
        steps = facts.RULES.read(part, text)
        if not steps or not isinstance(steps[0], Fact):
            break
        found += steps
    if len(found) == len(parts) and found:
        return found
    user, password = goals.credentials(text.sealed, text)
    return (
        [SignIn(user=user or "", password=password)]
        if password and not re.match(r"(?:click|type|go|press|enter|fill)\b", note)
        else None
    )


__all__ = ["Answer", "Click", "understand"]
