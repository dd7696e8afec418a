"""When to ask a person, of which kind, in which words. Pure over a Scene: phrase and control belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coasty_local.agent import reading
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.scene import (
    BUTTON,
    CHECK,
    ICON,
    INPUT,
    LINK,
    RADIO,
    Box,
    Candidate,
    Control,
    Line,
    Scene,
)

CREDENTIAL, CAPTCHA, ONE_TIME_CODE, PAYMENT, IRREVERSIBLE = (
    "credential",
    "captcha",
    "one_time_code",
    "payment",
    "irreversible",
)
AMBIGUOUS, NOT_FOUND, NOT_UNDERSTOOD, VERIFY_FAILED, NO_PROGRESS, MISSING = (
    "ambiguous_target", "target_not_found", "not_understood", "verify_failed", "no_progress", "missing_value",
)  # fmt: skip
LONGEST = 300
_SHORT = 90  # a phrase that asks for something is no longer than this; longer lines are prose

_CODE = re.compile(
    r"one[\s-]*time\s*(?:code|password|passcode)|verification\s*code|security\s*code|authentication\s*code|(?:\d|six|four|eight)[\s-]*digit\s*(?:code|number|pin)|"
    r"two[\s-]*(?:step|factor)|authenticator|\botp\b|2fa|enter\s+the\s+code|code\s+(?:we|that\s+we)\s+sent|sms\s*code|login\s*code|access\s*code",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"\b(?:wrong|incorrect|invalid|not\s+(?:right|valid|correct|recogni[sz]ed|accepted|match|found)|did(?:n't|\s+not)\s+(?:match|work)|does(?:n't|\s+not)\s+match|"
    r"do(?:n't|\s+not)\s+match|try\s+again|failed|error|expired|denied|can(?:'t|not|\s+not)|unable|please\s+(?:enter|give|choose|select|fill|provide|type)|is\s+required|"
    r"required\s+field|differs?|must\s+(?:be|not|have|contain)|too\s+many|locked|blocked|unknown\s+(?:user|account|email)|no\s+such|mismatch)\b",
    re.IGNORECASE,
)
_SUCCESS = re.compile(
    r"\b(?:success(?:ful(?:ly)?)?|thank(?:s| you)|saved|added|created|sent|confirmed|completed?|done|"
    r"received|updated|approved|paid|refunded|deleted|removed|submitted|"
    r"registered|booked|cancell?ed|welcome|subscribed|congratulations|all\s+set)\b",
    re.IGNORECASE,
)
_DESTRUCTIVE = re.compile(
    r"^(?:yes,?\s*)?(?:permanently\s+)?(?:delete|remove|erase|destroy|wipe|terminate|deactivate|revoke|void|reset\s+all|discard\s+all|empty\s+trash|"
    r"close\s+(?:my\s+)?account|cancel\s+(?:my\s+|the\s+|your\s+)?(?:subscription|order|plan|booking|account|membership|reservation)|refund|issue\s+refund|unsubscribe\s+all)\b",
    re.IGNORECASE,
)


_HELP = (
    (r"\b(?:if|unless|otherwise|whether|in\s+case|depending)\b",
     "I do not decide between two ways. Say which one to take, as steps"),
    (r"\b(?:all|every|each|any|except|both)\b",
     "I take one thing at a time. Name the ones that you mean, each in a sentence of its own"),
    (r"\b(?:cheapest|best|most|least|lowest|highest|biggest|smallest|newest|oldest|latest|fastest|nearest|\w+est\s+one)\b",
     "I do not compare. Name the one that you mean"),
    (r"\b(?:it|this|that|them|her|him)\b",
     "Say what is meant by its name, and what to do as steps (click …, type … into …)"),
)  # fmt: skip


def help_with(clause: str) -> str:
    """What to answer where this clause could not be read: what it says that is not read is told apart."""
    said = re.sub(r"'[^']*'", "", clause)
    found = next((words for pattern, words in _HELP if re.search(pattern, said, re.IGNORECASE)), "")
    return f"{found or 'Say it as steps (click …, type … into …)'}, or answer skip."


class Stuck(Exception):
    """The agent can't or must not go on without a person. `allow`: the permission that a plain yes gives."""

    def __init__(
        self,
        kind: str,
        reason: str,
        *,
        allow: str = "",
        target: str = "",
        candidates: Sequence[Candidate] = (),
        wants: str = "",
    ) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, short(reason)
        self.allow, self.target, self.candidates, self.wants = allow, target, tuple(candidates), wants


class Refused(Exception):
    """A person said no: the run ends honestly as not passed."""


def short(text: str, longest: int = LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def named(control: Control, names: Sequence[str]) -> bool:
    """Whether a field is labelled so, or shows the name as its hint."""
    return any(reading.within(name, control.label) or reading.same(name, control.text) for name in names)


def password_fields(scene: Scene) -> list[Control]:
    return [
        c
        for c in scene.controls
        if c.kind == INPUT and (named(c, lexicon.PASSWORD_LABELS) or _hints(c)) and not named(c, ("code", "one-time"))
    ]


def _hints(control: Control) -> bool:
    """The words in the field are a hint that asks for a password: "Choose a password"."""
    asks = (
        r"(?:(?:choose|enter|create|repeat|confirm|retype|re-enter|new|your|current|a|the)\s+)*(?:password|passphrase)"
    )
    return not control.label and bool(re.fullmatch(asks, reading.plain(control.text)))


def code_field(scene: Scene) -> Control | None:
    """The field that a one-time code goes into: asked for by a phrase near it, or labelled so."""
    if password_fields(scene):
        return None
    fields = [
        c
        for c in scene.controls
        if c.kind == INPUT and not named(c, ("search", "email", "promo", "discount", "zip", "postal", "coupon"))
    ]
    asks = [line for line in scene.lines if len(line.text) <= _SHORT and _CODE.search(line.text)]
    labelled = [c for c in fields if _CODE.search(f"{c.label} {c.text}")]
    if labelled:
        return labelled[0]
    beside = [c for c in fields if any(line.box.y <= c.box.bottom and reading.near(scene, line, c, 9) for line in asks)]
    # many fields: a form that merely mentions a code; six small ones: a box for each digit
    if beside and (
        len(fields) <= 2 or (4 <= len(beside) <= 8 and all(c.box.w < scene.text_height * 7 for c in beside))
    ):
        return min(beside, key=lambda c: (c.box.y // max(1, c.box.h), c.box.x))
    return None


def code_page(scene: Scene) -> bool:
    """Whether the page asks for a one-time code, be its field seen or not: a phrase that asks, and a button to
    send it."""
    if code_field(scene) is not None:
        return True
    asks = [line for line in scene.lines if len(line.text) <= _SHORT and _CODE.search(line.text)]
    sends = [
        c for c in scene.controls if c.kind == BUTTON and any(reading.same(word, c.text) for word in lexicon.GO_ON)
    ]
    return bool(asks) and bool(sends) and not password_fields(scene)


def login_wall(scene: Scene) -> bool:
    """Whether the page wants a sign-in before it shows anything else: a password field and little beside it."""
    if not password_fields(scene):
        return False
    fields = [c for c in scene.controls if c.kind in (INPUT, CHECK, RADIO)]
    return len(fields) <= 4


def trouble(before: Scene | None, after: Scene) -> str:
    """What a page complains about, in its own words; only lines that were not there before, or any if `before`
    is None."""
    lines = reading.new_lines(before, after) if before is not None else list(after.lines)
    for line in lines:
        if len(line.text) <= 140 and _TROUBLE.search(line.text):
            return line.text
    return ""


def standing_trouble(scene: Scene) -> str:
    """A complaint on the page, new or not."""
    found = [
        line.text
        for line in scene.lines
        if len(line.text) <= 110 and _TROUBLE.search(line.text) and not line.text.rstrip().endswith("?")
    ]
    return found[0] if found else ""


def success(lines: Sequence[Line]) -> str:
    """The first of these lines that reports a success."""
    return next(
        (
            line.text
            for line in lines
            if len(line.text) <= 140 and _SUCCESS.search(line.text) and not _TROUBLE.search(line.text)
        ),
        "",
    )


def error_page(scene: Scene) -> str:
    """The message of an error page: few lines, one of which names an error."""
    if len(scene.lines) > 12:
        return ""
    return next(
        (
            line.text
            for line in scene.lines
            if re.search(
                r"\b(?:404|500|502|503)\b.*|\bnot\s+found\b|can.?t\s+be\s+reached|internal\s+server\s+error|bad\s+gateway",
                line.text,
                re.IGNORECASE,
            )
            and len(line.text) < 80
        ),
        "",
    )


def destroys(control: Control) -> bool:
    return control.kind in (BUTTON, LINK, ICON) and bool(_DESTRUCTIVE.match(control.text.strip()))


def blurred(boxes: Sequence[Box]) -> list[Box]:
    return list(dict.fromkeys(boxes))
