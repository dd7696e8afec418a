"""Owns what a run did, step by step, in a form that can be compared: the acts, and the screen they were made on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from runs import cuts, likeness, steps
from runs.models import Event, Frame, Run

JITTER = 12  # pixels between two clicks that mean the same place
_PLACES = frozenset({"x", "y", "from_x", "from_y", "to_x", "to_y", "x1", "y1", "x2", "y2"})
_COUNTED = re.compile(r'"(?:step|seq|id|created_at|description)"\s*:\s*(?:"[^"]{0,200}"|[^,}"]{0,40})')
_FLAT = {"", "0" * 16}  # says nothing: an even picture, or one that could not be read


@dataclass(frozen=True)
class Screen:
    """A frame as it is compared."""

    index: int
    sha256: str
    likeness: str = ""

    def is_exactly(self, other: Screen) -> bool:
        return self.sha256 == other.sha256

    def looks_like(self, other: Screen) -> bool:
        """The same to a person who glances at it; of an even picture only when it is the very same."""
        if self.is_exactly(other):
            return True
        if {self.likeness, other.likeness} & _FLAT:
            return False
        return likeness.near(self.likeness, other.likeness)


@dataclass(frozen=True)
class Act:
    """One act: its name, all that it was told but for the place, and the place."""

    name: str
    told: str
    spots: tuple[tuple[int, int], ...] = ()

    @property
    def kind(self) -> tuple[str, str]:
        return self.name, self.told

    @property
    def label(self) -> str:
        """Its name as the timeline has it."""
        return self.name.replace("_", " ").capitalize()

    def is_same(self, other: Act) -> bool:
        """The same act at the same place, within a few pixels."""
        if self.kind != other.kind or len(self.spots) != len(other.spots):
            return False
        pairs = zip(self.spots, other.spots, strict=True)
        return all(abs(a[0] - b[0]) <= JITTER and abs(a[1] - b[1]) <= JITTER for a, b in pairs)


@dataclass
class Move:
    """One step: its acts, and the screen that the agent looked at before them."""

    step: int
    acts: list[Act] = field(default_factory=list)
    screen: Screen | None = None

    @property
    def kind(self) -> tuple[tuple[str, str], ...]:
        return tuple(act.kind for act in self.acts)

    def does_the_same(self, other: Move) -> bool:
        if not self.acts or len(self.acts) != len(other.acts):
            return False
        return all(a.is_same(b) for a, b in zip(self.acts, other.acts, strict=True))


def recent(run: Run, events: int) -> list[Move]:
    """The last steps as moves, oldest first; the first of them may be cut."""
    rows = list(cuts.heads(Event.objects.filter(run=run)).order_by("-seq")[:events])[::-1]
    frames = list(_frames(run).order_by("-index")[:events])[::-1]
    return of(rows, frames, is_whole=len(rows) < events)


def every(run: Run, limit: int) -> list[Move]:
    """The run from its start, at most so many events of it."""
    known = run.upstream_id, run.seen_at, run.cursor, run.frame_cursor, run.events_until
    return _kept(run.pk, limit, known) if run.is_terminal else _every(run.pk, limit)


@lru_cache(maxsize=16)
def _kept(run: int, limit: int, _known: Hashable) -> list[Move]:
    """Of runs that have ended: there nothing more comes unless one of what is known changes."""
    return _every(run, limit)


def _every(run: int, limit: int) -> list[Move]:
    rows = cuts.heads(Event.objects.filter(run=run)).order_by("seq")[:limit]
    return of(list(rows), _frames(run).order_by("index"))


def _frames(run: Run | int) -> QuerySet[Frame]:
    return Frame.objects.filter(run=run).only("index", "step", "after_seq", "sha256", "likeness")


def of(rows: Iterable[Any], frames: Iterable[Frame], *, is_whole: bool = True) -> list[Move]:
    """Rows and frames as moves. Where the rows begin in the middle, a step is known once an event has named it."""
    place = steps.Place()
    moves: dict[int, Move] = {}
    starts: list[tuple[int, int]] = []
    known = is_whole
    for seq, kind, head, size in rows:
        said = cuts.payload(head, size)
        step = place.take(kind, said)
        known = known or steps.whole(said, "step") is not None or steps.whole(said, "steps_completed") is not None
        if not known or not step:
            continue
        if step not in moves:
            moves[step] = Move(step)
            starts.append((seq, step))
        if kind in steps.ACTS:
            moves[step].acts.append(act(said, head, size))
    for frame in frames:
        home = frame.step if frame.step is not None else _step_at(starts, frame.after_seq)
        if home in moves:
            moves[home].screen = Screen(frame.index, frame.sha256, frame.likeness)
    return [moves[step] for step in sorted(moves)]


def _step_at(starts: list[tuple[int, int]], seq: int) -> int | None:
    return next((step for start, step in reversed(starts) if start <= seq), None)


def act(said: Any, head: str, size: int) -> Act:
    """One act of a payload; what is no object, or too long to be read, is known by its text."""
    if not isinstance(said, dict):
        return Act("act", _digest(f"{size}:{_COUNTED.sub('', head)}"))
    name = steps.first_string(said, "action_type", "tool", "command")[:64] or "act"
    params = said.get("params", said.get("parameters"))
    if not isinstance(params, dict):
        return Act(name, _told(params))
    spots = tuple(steps.points(params))
    rest = {key: value for key, value in params.items() if not (spots and key in _PLACES)}
    return Act(name, _told(rest), spots)


def _told(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""
    return text if len(text) <= 200 else _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
