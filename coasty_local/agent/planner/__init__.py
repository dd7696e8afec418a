"""From sentences to typed steps. `GrammarPlanner` is the offline default; others may take its seat."""

from __future__ import annotations

import re
from typing import Protocol

from coasty_local.agent.planner import (
    arranging,
    checks,
    deeds,
    facts,
    gathering,
    gestures,
    goals,
    grammar,
    phrasing,
    spelling,
    turns,
)
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text, clauses, trimmed
from coasty_local.agent.planner.steps import (
    Allow,
    Check,
    Choose,
    Click,
    Drag,
    Fact,
    Goal,
    Nothing,
    Open,
    Plan,
    Search,
    Step,
    Type,
    Unknown,
    Wait,
)  # fmt: skip
from coasty_local.agent.scene import Target

_STARTS = re.compile(
    r"(?:please\s+)?(?:open|go|navigate|browse|head|visit|load|launch|start(?!\s+(?:\d|dates?\b|time\b))|click|press|tap|hit|push|follow|double[\s-]click|right[\s-]click|"
    r"type|enter|put|write|input|insert|key\s+in|paste|fill|complete|set|choose|select|pick|check(?!-(?:in|out)\b)|tick|uncheck|untick|enable|disable|turn|switch|"
    r"toggle|scroll|wait|pause|verify|make|ensure|confirm|assert|validate|expect|see|sign|log|login|search|look|find|read|report|tell|get|note|extract|"
    r"give|show(?!\s[\w ]+\s(?:is|are)\s)|return\b|"
    r"reload|refresh|close|dismiss|accept|agree|reject|decline|hover|drag|move|pay|approve|refund|cancel|delete|remove|archive|void|"
    r"send|publish|ship|reopen|renew|suspend|activate|deactivate|resolve|assign|subscribe|unsubscribe|transfer|buy|purchase|edit|change|update|modify|"
    r"add|create|register|invite|issue|mark|submit|save|store(?=\s+(?:it|them|the)\b|\s*[.,]|\s*$)|continue|proceed|apply|next|finish|stop|do\s+not|don't|never|you\s+(?:may|can|should|must)|use\b|try\b|"
    r"view|access|locate|copy|book|compare|download|upload|summari[sz]e|work\s+out|calculate|print|clear|(?:the|my|its|your)\s+(?:password|code|e-?mail|user\s?name)(?:['’]s|\s+is)|point|reimburse|"
    r"take|in\s+the|into\s+the|from\s+the|expand|collapse|leave|keep|rename|how\s+much|who\s+is|when\s+is|what|which|without\s+asking|be\s+sure|double-check|export|sort|filter|order|reply|forward|rename|without|request|place|reserve|repeat|retype|respond|answer|post|comment|star|flag|pin|mute|follow|share|duplicate|clone|schedule|reset|unlock|lock|block|unblock|enrol|enroll|join|escalate|merge|upgrade|downgrade|restore|undo|empty|withdraw|check\s+out|put|redeem|claim|restart|reboot|pause|resume|rerun|bookmark|ask\s+me|let\s+me|have\s+a|take\s+a|head|pop|name\s+(?:it|the|this)|fold|unfold|untick|who|is\s+the|has\s+it)\b",
    re.IGNORECASE,
)  # fmt: skip
_TABLES = (checks.RULES, gestures.RULES, grammar.RULES, goals.RULES, deeds.RULES)
# These must be asked before the plain ones: "set the plan of X to Y", "log in with email a and password b".
_EARLY = (goals.sign_in, goals.edit, goals.issue, goals.mark, goals.add, goals.add_to)
_DEEDS_EARLY = (
    deeds.again, deeds.turn_page, deeds.put_in, deeds.take_out, deeds.remark, deeds.reply, deeds.assign,
    deeds.button_to, deeds.check_in, deeds.send_to, deeds.book_and_pay, deeds.state_of_it, deeds.open_it,
)  # fmt: skip


_UNASKED = re.compile(
    r"\s*,?\s+without\s+(?:asking|confirmation|approval|(?:any\s+)?further\s+questions?)(?:\s+me)?(?:\s+first)?$",
    re.IGNORECASE,
)


_BLANKS = re.compile(r"(\s)\s{8,}")  # patterns take the square of the length of a run of blanks, or worse
URL_START = re.compile(r"\w://")


class Planner(Protocol):
    """Whoever turns a task into steps; a remote model may."""

    def plan(self, task: str, instructions: str = "") -> Plan: ...


class GrammarPlanner:
    """Reads sentences by rules: deterministic, and honest about what it can't read."""

    def plan(self, task: str, instructions: str = "") -> Plan:
        steps = [step for step in read(task) if not isinstance(step, Nothing)]
        told, remarks = _instructions(instructions)
        return Plan(steps=(*told, *steps), remarks=remarks)


def read(task: str) -> list[Step]:
    """The steps of a text in order; clauses that can't be read come back as Unknown."""
    text = Text.of(phrasing.kept(_BLANKS.sub(r"\1", task)))
    text.sealed = phrasing.plainer(spelling.mended(text.sealed))
    found: list[Step] = []
    for clause in clauses(
        text.sealed, lambda part: bool(_STARTS.match(part)), lambda part: _read(part, text) is not None
    ):
        steps = _read(clause, text)
        shown = text.shown(clause)
        found += [_with_source(step, shown) for step in steps] if steps is not None else [Unknown(source=shown)]
    return arranging.arrange(found)


def _read(clause: str, text: Text) -> list[Step] | None:
    steps = _by_rules(trimmed(clause), text)
    return None if steps and any(_sprawls(step, text) for step in steps) else steps


# words that join or bind clauses: what is pointed at has none, unless somebody quotes it
_LOOSE = re.compile(
    r"\s(?:if|unless|until|otherwise|before|after|whether|because|and\s+(?:the|then|an?|its|his|her))\s", re.IGNORECASE
)


_JOINED = re.compile(r"\s(?:if|unless|otherwise|and\s+(?:the|then|an?|its|his|her))\s", re.IGNORECASE)
_PRONOUN = re.compile(r"(?:it|them|this|these|those)", re.IGNORECASE)  # what they stand for was not said to the rules


def _all(plain: list[str], text: Text) -> list[Step] | None:
    """The steps of all these clauses, or None when one of them can't be read."""
    made: list[Step] = []
    for part in plain:
        steps = _read(part, text)
        if steps is None:
            return None
        made += steps
    return made


def _sprawls(step: Step, text: Text) -> bool:
    """What is pointed at has a comma or an address in it that nobody quoted: two things were read as one."""
    pointed = {
        Click: ("target",), Check: ("target",), Choose: ("option",), Open: ("noun", "key"), Goal: ("noun", "key"),
        Search: ("words",), Wait: ("words",), Drag: ("target", "onto"), Type: ("target",),
    }.get(type(step), ())  # fmt: skip
    loose = _JOINED if isinstance(step, Type) else _LOOSE  # a field may be called "Valid until"
    names = [getattr(step, name) for name in pointed]
    found = [name.words if isinstance(name, Target) else name for name in names]
    return any(
        ("," in name or ": " in name or _PRONOUN.fullmatch(name) or URL_START.search(name) or loose.search(f" {name} "))
        and name not in text.quotes
        for name in found
    )


def _by_rules(clause: str, text: Text) -> list[Step] | None:
    if not clause:
        return [Nothing()]
    if plain := turns.plainly(clause):
        return _all(plain, text)
    label = gathering.line(clause, text)
    if (
        label is not None
        and (label.line in lexicon.FIELDS or not _STARTS.match(label.value))
        and not _STARTS.match(clause)
    ):
        return [label]
    if not _STARTS.match(clause) and (values := gathering.lines(clause, text)):
        return values
    told = facts.RULES.read(clause, text)
    if told is not None:
        return told
    unasked = _UNASKED.search(clause)
    if unasked and unasked.start():
        steps = _read(clause[: unasked.start()], text)
        return steps and [Allow(kind="payment"), Allow(kind="irreversible"), *steps]
    for rule in (*deeds.RULES, *goals.RULES):
        if rule.build in (*_EARLY, *_DEEDS_EARLY):
            match = rule.pattern.fullmatch(clause)
            steps = rule.build(match, text) if match else None
            if steps is not None:
                return steps
    for table in _TABLES:
        steps = table.read(clause, text)
        if steps is not None:
            return steps
    return None


def _with_source(step: Step, source: str) -> Step:
    return type(step)(**{**step.__dict__, "source": source})


def _instructions(instructions: str) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """What standing instructions tell: facts and permissions; other sentences are remarks that the run shows
    as unread."""
    told, remarks = [], []
    for step in read(instructions) if instructions.strip() else []:
        if isinstance(step, Allow | Fact):
            told.append(step)
        elif not isinstance(step, Nothing):
            remarks.append(step.source)
    return tuple(told), tuple(remarks)


__all__ = ["Click", "Goal", "GrammarPlanner", "Plan", "Planner", "read"]
