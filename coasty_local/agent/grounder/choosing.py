"""Decides whether the best candidate is good enough and clearly the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coasty_local.agent.scene import Candidate

ACCEPT = 0.80  # a lower score is no answer
MARGIN = 0.05  # a rival closer than this makes it a tie


@dataclass(frozen=True)
class Choice:
    """`kind`: "one" (candidates[0] is meant), "tie" (a person must say which of these) or "none" (nothing fits)."""

    kind: str
    candidates: tuple[Candidate, ...] = ()


def settle(candidates: Sequence[Candidate]) -> Choice:
    """Judge candidates (best first). Two candidates on the same place are one."""
    places: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.score):
        if not any(_same_place(candidate, other) for other in places):
            places.append(candidate)
    if not places or places[0].score < ACCEPT:
        return Choice("none", tuple(places[:5]))
    rivals = [c for c in places if c.score > places[0].score - MARGIN + 1e-9]
    if len(rivals) > 1:
        return Choice("tie", tuple(rivals))
    return Choice("one", (places[0],))


def _same_place(a: Candidate, b: Candidate) -> bool:
    one, other = a.control.box, b.control.box
    shared = one.overlap(other)
    return shared > 0.6 * min(one.w * one.h, other.w * other.h)
