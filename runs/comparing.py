"""Owns comparing a run with an earlier one of the same task: which runs there are, their steps side by side, and the
first difference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Concat, Length
from django.db.models.lookups import Exact

from runs import moves
from runs.models import Run
from runs.models.told import Beginning
from runs.moves import Move

LOOKED_AT = 400  # the newest runs among which similar ones are sought
OFFERED = 20
ALIKE = 0.5  # share of words in common from which two tasks are told as similar
EVENTS = 6000  # of each run; about a thousand steps
_WORD = re.compile(r"\w+")
_UNREAD = (
    "instructions", "result", "error", "awaiting_human_reason", "awaiting_human_since", "last_event_at",
    "stream_since_at", "status_at",
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A run to compare with, and why it is offered: the same task, or how much of it."""

    run: Run
    is_same: bool
    share: float


@dataclass(frozen=True)
class Row:
    """A step of each run that belong together; one is missing where only one run made it."""

    left: Move | None
    right: Move | None
    acts_differ: bool
    screens_differ: bool

    @property
    def differs(self) -> bool:
        return self.acts_differ or self.screens_differ


def candidates(run: Run, visible: QuerySet[Run]) -> list[Candidate]:
    """Runs of the same task first, newest first, then those whose task or metadata is much the same."""
    others = visible.exclude(pk=run.pk).order_by("-created_at", "-id").defer(*_UNREAD)
    same = [Candidate(other, True, 1.0) for other in of_task(others, run.task)[:OFFERED]] if run.task else []
    taken = {one.run.pk for one in same}
    shares = {other.pk: likeness(run, other) for other in others.only("task", "metadata")[:LOOKED_AT]}
    alike = sorted(
        (pk for pk, share in shares.items() if share >= ALIKE and pk not in taken), key=lambda pk: -shares[pk]
    )
    found = others.in_bulk(alike[: OFFERED - len(same)])
    return [*same, *(Candidate(found[pk], False, shares[pk]) for pk in alike if pk in found)]


def of_task(runs: QuerySet[Run], task: str) -> QuerySet[Run]:
    """Those of this very task, found by the index `run_task`."""
    begins = Exact(Beginning("task"), task[: Beginning.CHARACTERS])
    # A text made of it, as SQLite would put the task itself in place of what the index holds.
    whole = Exact(Concat("task", Value(""), output_field=TextField()), task)
    return runs.filter(begins, Exact(Length("task"), len(task)), whole)


def likeness(one: Run, other: Run) -> float:
    """From 0 to 1: words of the tasks in common; the same metadata, where there is any, counts as half of it."""
    words, more = set(_WORD.findall(one.task.lower()[:4000])), set(_WORD.findall(other.task.lower()[:4000]))
    share = len(words & more) / len(words | more) if words | more else 0.0
    if one.metadata and one.metadata == other.metadata:
        share = (share + 1) / 2
    return share


def rows(left: Sequence[Move], right: Sequence[Move]) -> list[Row]:
    """The steps side by side; those that do the same are brought together, so that one more between shifts nothing."""
    lefts, rights = [move.kind for move in left], [move.kind for move in right]
    begin = _shared(lefts, rights)  # what begins and ends alike needs no search, which is quadratic
    end = _shared(lefts[begin:][::-1], rights[begin:][::-1])
    found = [_row(*pair) for pair in zip(left[:begin], right[:begin], strict=True)]
    middles = lefts[begin : len(left) - end], rights[begin : len(right) - end]
    for _tag, a, b, c, d in SequenceMatcher(None, *middles, autojunk=False).get_opcodes():
        for at in range(begin, begin + max(b - a, d - c)):
            found.append(_row(_at(left, a + at, begin + b), _at(right, c + at, begin + d)))
    ends = zip(left[len(left) - end :], right[len(right) - end :], strict=True)
    return found + [_row(*pair) for pair in ends]


def _shared(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many are the same from the start on."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _at(moves_: Sequence[Move], index: int, end: int) -> Move | None:
    return moves_[index] if index < end else None


def _row(left: Move | None, right: Move | None) -> Row:
    if left is None or right is None:
        return Row(left, right, True, False)
    acts = not (left.does_the_same(right) or (not left.acts and not right.acts))
    screens = left.screen is not None and right.screen is not None and not left.screen.looks_like(right.screen)
    return Row(left, right, acts, screens)


def first_difference(found: Sequence[Row]) -> int | None:
    """Where they part: the first row whose acts or screens differ."""
    return next((at for at, row in enumerate(found) if row.differs), None)


def compared(left: Run, right: Run) -> dict[str, Any]:
    """All that the page shows: rows, where they part, and what differs in sum."""
    found = rows(moves.every(left, EVENTS), moves.every(right, EVENTS))
    return {
        "rows": found,
        "first": first_difference(found),
        "equal": sum(not row.differs for row in found),
        "steps": right.steps_completed - left.steps_completed,
        "cents": right.cost_cents - left.cost_cents,
        "seconds": _seconds(left, right),
        "same_status": left.status == right.status,
    }


def _seconds(left: Run, right: Run) -> int | None:
    spans = [
        (run.finished_at - (run.started_at or run.created_at)).total_seconds() if run.finished_at else None
        for run in (left, right)
    ]
    return None if spans[0] is None or spans[1] is None else round(spans[1] - spans[0])
