"""The order of what was read: what is pressed only once a form is filled, what is not done, what "it" stands for."""

from __future__ import annotations

import re
from dataclasses import replace

from coasty_local.agent.planner import gathering
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.deeds import FORMS_ONLY, IT, THAT
from coasty_local.agent.planner.steps import (
    Allow,
    Click,
    Commit,
    Enter,
    Fact,
    Goal,
    Goto,
    Open,
    Refrain,
    Search,
    SignIn,
    Step,
    Travel,
    Unknown,
    Verify,
)  # fmt: skip


def arrange(steps: list[Step]) -> list[Step]:
    """Press only when the form's other clauses are done, and not at all when a clause says what to press, or not to."""
    return _permitted(_referring(_saved(_withheld(_last(_founded(_known_first(gathering.gathered(steps))))))))


def _permitted(steps: list[Step]) -> list[Step]:
    """A permission for itself holds from the beginning; one that came with an order ends with what was ordered."""
    ordered = {step.source for step in steps if not isinstance(step, Allow)}
    alone = [step for step in steps if isinstance(step, Allow) and step.source not in ordered]
    kept = {step.kind for step in alone if step.granted} - {step.kind for step in alone if not step.granted}
    first = [step for step in alone if step.kind in kept]
    made: list[Step] = [*first]
    given: dict[str, str] = {}  # kinds, with the order that they came with
    for step in (step for step in steps if not any(step is one for one in first)):
        if isinstance(step, Allow) and step.granted and step.source in ordered:
            given[step.kind] = step.source
        elif isinstance(step, Goal | Open | Search | Goto | Travel):
            over = [kind for kind, source in given.items() if source != step.source and kind not in kept]
            made += [Allow(source=given.pop(kind), kind=kind, granted=False) for kind in over]
        made.append(step)
    return made


def _saved(steps: list[Step]) -> list[Step]:
    """ "Change the role of Ada to Editor and save": the goal presses what saves, and is done once that is seen."""
    made: list[Step] = []
    for step in steps:
        after = made[-1] if made else None
        ends = isinstance(step, Click) and not step.target.row and step.target.words in ("Save", "Submit", "Apply")
        if not (ends and isinstance(after, Goal) and after.act in ("edit", "add")):
            made.append(step)
    return made


def _known_first(steps: list[Step]) -> list[Step]:
    """ "Log in. The password is x": what is told right after a sign-in is known before it."""
    made: list[Step] = []
    for step in steps:
        before = isinstance(step, Fact) and bool(made) and isinstance(made[-1], SignIn)
        made.insert(len(made) - before, step)
    return made


def _founded(steps: list[Step]) -> list[Step]:
    """ "Create the ticket" is the end of a form that was filled before; by itself it says nothing of what to create."""
    made: list[Step] = []
    filled = False
    for step in steps:
        filled = filled or type(step).__name__ in _FORMS[:6]
        bare = isinstance(step, Commit) and step.verb in FORMS_ONLY
        made.append(Unknown(source=step.source) if bare and not filled else step)
    return made


_FORMS = ("Type", "Check", "Choose", "Fill", "Again", "Enter", "Allow", "Fact", "Nothing")


def _last(steps: list[Step]) -> list[Step]:
    made: list[Step] = []
    held: Commit | None = None
    for step in steps:
        kind = type(step).__name__
        if held is not None and isinstance(step, Refrain):
            if _concerns(step.words, held):
                held = None
            continue
        if held is not None and kind not in _FORMS:
            if not _presses(step, held):
                made.append(held)
            held = None
        if isinstance(step, Commit) and made and isinstance(made[-1], Enter) and made[-1].verb == step.verb:
            held = step
            continue
        made.append(step)
    return [*made, held] if held is not None else made


_ENDS = frozenset(
    "confirm submit send save press click finish complete book pay order continue proceed go place publish do".split()
)


def _concerns(words: str, held: Commit) -> bool:
    """Whether what is not to be done is the pressing that was held back."""
    first = re.sub(r"(?:t)?ing$", "", words.split()[0])
    meant = {*_ENDS, held.verb, *held.verb.split(), *held.noun.split()}
    return any(first == word or first + "e" == word for word in meant)


def _presses(step: Step, held: Commit) -> bool:
    """Whether the step itself presses what completes the form."""
    if isinstance(step, Commit):
        return True
    if not isinstance(step, Click) or step.target.row:
        return False
    said = step.target.words.lower().split()
    return any(word in said for name in (*lexicon.CONFIRMING, held.verb, held.noun) for word in name.split())


def _withheld(steps: list[Step]) -> list[Step]:
    """What is not to be done needs no act, unless an act that could contain it stands beside it: then it is unread."""
    made: list[Step] = []
    for at, step in enumerate(steps):
        if not isinstance(step, Refrain):
            made.append(step)
        elif any(isinstance(other, Goal) for other in steps) or any(isinstance(s, Commit) for s in steps[at:]):
            made.append(Unknown(source=step.source))
    return made


def _referring(steps: list[Step]) -> list[Step]:
    """ "Its status" is the status of what was named last."""
    made: list[Step] = []
    noun = key = ""
    for step in steps:
        if isinstance(step, Goal | Open) and step.key == IT:
            made.append(replace(step, noun=noun, key=key) if key else Unknown(source=step.source))
            continue
        if isinstance(step, Search):
            noun, key = "", step.words
        if isinstance(step, Goal | Open):
            noun, key = (step.noun, step.key) if step.key else (noun, key)
        if isinstance(step, Verify) and re.fullmatch(THAT, step.about, re.IGNORECASE):
            made.append(replace(step, about=key))
        else:
            made.append(step)
    return made
