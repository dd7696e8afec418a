"""Values told in lines of their own ("Street: 12 Mill Lane"): whether they fill a form, and which clause wants them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from coasty_local.agent.planner import facts
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.planner.steps import Click, Commit, Enter, Fact, Fill, Nothing, Step, Unknown

_LABEL = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z]*(?:[ /-][A-Za-z]+){0,3}\??)(?:\s*:\s+|\s*=\s*)(?P<value>\S.*)", re.DOTALL
)
_TALK = re.compile(
    r"(?:notes?|hint|warning|important|tip|attention|remark|url|link|site|website|tasks?|goal|expected|result|steps?|then|"
    r"and|if|when|here|instructions?|example|ps|fyi|e\.?g)\b",
    re.IGNORECASE,
)
_FIELDS = "|".join(
    sorted(
        {name.replace("_", " ") for name in lexicon.FIELDS}
        | {other for others in lexicon.FIELD_ALIASES.values() for other in others},
        key=len,
        reverse=True,
    )
)
_CREDENTIALS = frozenset(("email", "password", "code"))


def line(clause: str, text: Text) -> Fact | None:
    """A label and its value, said as nothing else."""
    found = _LABEL.fullmatch(clause)
    if not found or _TALK.match(found.group("name")) or lexicon.URL.fullmatch(clause):
        return None
    name = found.group("name").lower()
    if found.group("name")[0].islower() and name not in lexicon.FIELDS and not lexicon.field_aliases(name):
        return None
    return Fact(name=facts.canonical(name), value=text.plain(found.group("value")), line=name)


_VALUED = re.compile(
    rf"(?:the\s+|his\s+|her\s+|its\s+|their\s+|my\s+)?(?P<name>{_FIELDS})(?:\s+(?:is|as|of)\s+|\s*[:=]\s*|\s+)"
    r"(?P<value>(?!(?:in|into|field|of|for|to|and|is|on|off)\b)\S.*)",
    re.IGNORECASE | re.DOTALL,
)


_WORD = re.compile(r"(?P<name>[a-z]{3,})\s+(?P<value>[A-Z\d\ue000].*)", re.DOTALL)


def lines(clause: str, text: Text) -> list[Step] | None:
    """ "Name is Ada, email a@b.c, role Editor": several values, each behind the name of a field, and nothing else."""
    parts = re.split(r"\s*,\s+(?:and\s+)?|\s+and\s+", clause)
    known = [_VALUED.fullmatch(part) for part in parts]
    sure = sum(map(bool, known)) > 1  # beside two names that every form may have, a plain word is one, too
    found = [match or (_WORD.fullmatch(part) if sure else None) for match, part in zip(known, parts, strict=True)]
    if len(parts) < 2 or not all(found):
        return None
    told = [(match.group("name").lower(), text.plain(match.group("value"))) for match in found if match]
    return [Fact(name=facts.canonical(name), value=value, line=name) for name, value in told]


def gathered(steps: Sequence[Step]) -> list[Step]:
    """Lines of values as the filling of a form, where a clause beside them says so or what follows ends a form."""
    if not any(_is_line(step) or _asks(step) for step in steps):
        return list(steps)
    made: list[Step] = []
    left = [step for step in steps if not isinstance(step, Nothing)]
    while left:
        run = list(takewhile(_is_line, left))
        if run:
            left = left[len(run) :]
            made += _told([step for step in run if isinstance(step, Fact)], made, left)
        else:
            step = left.pop(0)
            if not _asks(step):
                made.append(step)
            elif any(map(_is_line, left[:1])):
                run = list(takewhile(_is_line, left))
                left = left[len(run) :]
                made.append(_filling([fact for fact in run if isinstance(fact, Fact)]))
            else:
                made.append(Unknown(source=step.source))
    return made


def _is_line(step: Step) -> bool:
    return isinstance(step, Fact) and bool(step.line)


def _asks(step: Step) -> bool:
    return isinstance(step, Fill) and not step.slots


def _filling(run: Sequence[Fact]) -> Fill:
    return Fill(slots=tuple((fact.line, fact.value) for fact in run), source="; ".join(fact.source for fact in run))


def _told(run: list[Fact], made: list[Step], left: list[Step]) -> list[Step]:
    """What a run of lines becomes; takes the clause that it belongs to out of its neighbours."""
    if left and _asks(left[0]):
        left.pop(0)
        return [_filling(run)]
    if all(fact.name in _CREDENTIALS for fact in run):
        return list(run)
    if made and isinstance(made[-1], Commit):
        act = made.pop()
        assert isinstance(act, Commit)
        filling = _filling(run)
        return [Enter(verb=act.verb, noun=act.noun, slots=filling.slots, source=filling.source), act]
    if any(_ends(step) for step in left):
        return [_filling(run)]
    return [fact if facts.known(fact.line) else Unknown(source=fact.source) for fact in run]


def _ends(step: Step) -> bool:
    """Whether the step presses what completes a form."""
    if isinstance(step, Commit):
        return True
    said = step.target.words.lower() if isinstance(step, Click) else ""
    return any(
        re.search(rf"\b{re.escape(word)}\b", said) for word in (*lexicon.CONFIRMING, "create", "sign up", "register")
    )
