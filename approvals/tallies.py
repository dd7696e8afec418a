"""What the decisions of one day amount to: figures are sums of days, however many decisions there were. Pure.

A run counts once in a price, also where it was decided on twice. Those that nothing was decided on elsewhere are added
up; the others (`shared`) stay by themselves, to be counted once over all days.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from approvals.states import Outcome, Verdict
from runs.states import Status

QUARTER = timedelta(minutes=15)  # every zone's midnight is at one of these
MOST_STEPS = 50  # more of them, or a number that nobody knows, are never soon


class Row(NamedTuple):
    """One decision, as far as the numbers need it."""

    kind: str
    verdict: str
    outcome: str
    steps: int | None
    opened_at: datetime
    decided_at: datetime
    decided_by: int | None
    policy: int | None
    frame_open: bool | None
    run: int
    status: str
    cost_cents: int

    @property
    def waited(self) -> int:
        """Seconds from the pause to the decision."""
        return max(0, round((self.decided_at - self.opened_at).total_seconds()))


@dataclass
class Tally:
    """One day (UTC), as JSON has it too."""

    day: date
    waits: dict[str, list[list[int]]]  # by kind: the quarters of the day in which people decided, and their waits
    came: list[Any]  # of resumes: kind, outcome, steps, how many
    own: list[Any]  # a person, their resumes, how many without the frame, of how many it is not known
    kinds: list[Any]  # kind, runs, successes, cents
    policies: list[Any]  # the same by the policy that decided
    shared: list[Any]  # run, whether it succeeded, cents, its kinds, its policies

    @classmethod
    def of(cls, day: date, rows: Iterable[Row], alone: Collection[int] = ()) -> Tally:
        """Of the day's decisions; `alone` are runs that were decided on this day only."""
        rows = list(rows)
        runs: dict[int, tuple[bool, int, set[str], set[int]]] = {}
        for row in rows:
            run = runs.setdefault(row.run, (row.status == Status.SUCCEEDED, row.cost_cents, set(), set()))
            run[2].add(row.kind)
            run[3].update([row.policy] if row.policy is not None else [])
        shared = [[pk, *sums, sorted(k), sorted(p)] for pk, (*sums, k, p) in sorted(runs.items()) if pk not in alone]
        kinds, policies = (_priced([run for pk, run in runs.items() if pk in alone], place) for place in (2, 3))
        return cls(day, _waits(day, rows), _came(rows), _own(rows), kinds, policies, shared)

    @classmethod
    def read(cls, day: date, text: str) -> Tally:
        return cls(day, **json.loads(text))

    def told(self) -> str:
        """As text; the same decisions give the same."""
        told = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "day"}
        return json.dumps(told, separators=(",", ":"), sort_keys=True)

    def waited(self, since: datetime, until: datetime) -> list[int]:
        """How long people took, of what they decided between these moments."""
        first, last = ((at - midnight(self.day)) // QUARTER for at in (since, until))
        found: list[int] = []
        for quarters, waits in self.waits.values():
            found += waits[bisect_left(quarters, first) : bisect_left(quarters, last)]
        return found


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _waits(day: date, rows: Iterable[Row]) -> dict[str, list[list[int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        if row.decided_by is not None:  # policies wait for nobody
            found[row.kind].append(((row.decided_at - midnight(day)) // QUARTER, row.waited))
    return {kind: [list(column) for column in zip(*sorted(each), strict=True)] for kind, each in found.items()}


def _came(rows: Iterable[Row]) -> list[Any]:
    found = Counter((row.kind, row.outcome, _steps(row)) for row in rows if row.verdict == Verdict.RESUME)
    return [[*key, count] for key, count in sorted(found.items())]


def _steps(row: Row) -> int:
    if row.outcome != Outcome.PARKED:
        return 0
    return MOST_STEPS + 1 if row.steps is None else min(row.steps, MOST_STEPS + 1)


def _own(rows: Iterable[Row]) -> list[Any]:
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        if row.decided_by is not None and row.verdict == Verdict.RESUME:
            mine = found[row.decided_by]
            mine[0] += 1
            mine[1] += row.frame_open is False
            mine[2] += row.frame_open is None
    return [[person, *sums] for person, sums in sorted(found.items())]


def _priced(runs: Iterable[tuple[Any, ...]], place: int) -> list[Any]:
    """For each name in that place of a run: how many runs have it, how many succeeded, their cents."""
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for run in runs:
        for name in run[place]:
            sums = found[name]
            sums[0] += 1
            sums[1] += run[0]
            sums[2] += run[1]
    return [[name, *sums] for name, sums in sorted(found.items())]
