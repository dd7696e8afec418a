"""Owns which step an event belongs to, which frame an act was computed on, and an event in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from runs.models import Event, Frame
from runs.secrets import mask

ACTS = frozenset({"tool_call", "action"})
OPENS = ACTS | {"text", "reasoning", "thought"}
TITLES = {
    "status": gettext_noop("Status"),
    "text": gettext_noop("Says"),
    "reasoning": gettext_noop("Thinks"),
    "thought": gettext_noop("Thinks"),
    "awaiting_human": gettext_noop("Needs a person"),
    "resumed": gettext_noop("Resumed"),
    "step": gettext_noop("Steps"),
    "billing": gettext_noop("Cost so far"),
    "error": gettext_noop("Error"),
    "done": gettext_noop("Done"),
}
ACTS_SHOWN, SAYS_SHOWN, ERRORS_SHOWN, PEOPLE_SHOWN = "act", "says", "error", "human"  # what a reader may choose to see
FINE, QUIET, ASKS, BAD, ACT, SAYS, UNKNOWN = "fine", "quiet", "asks", "bad", "act", "says", "unknown"


@dataclass
class Place:
    """Where in the steps the stream stands: events go to `step` until it is `closed` and the next one opens."""

    step: int = 0
    closed: bool = False
    cents: int | None = 0  # what the run had cost by then; None where it is not known

    def take(self, event_type: str, payload: Any) -> int:
        """The step that this event belongs to."""
        said = whole(payload, "step")
        if event_type == "step":
            self.step, self.closed = max(self.step, whole(payload, "steps_completed") or self.step), True
        elif said is not None and said > self.step:
            self.step, self.closed = said, False
        elif event_type in OPENS and (self.closed or self.step == 0) and said is None:
            self.step, self.closed = self.step + 1, False
        return self.step


@dataclass
class Line:
    """One event as the timeline shows it; `text` is upstream's and untrusted."""

    event: Event
    step: int
    title: str
    text: str
    tone: str
    raw: str = ""  # shown folded, to the letter, for types that are not known
    cents: int | None = None  # what this event adds to the cost

    @property
    def shown_as(self) -> str:
        """What a reader who wants to see only that would count it among."""
        kind, found = self.event.type, []
        if kind in ACTS or kind == "tool_result":
            found.append(ACTS_SHOWN)
        if self.tone == SAYS:
            found.append(SAYS_SHOWN)
        if self.tone == BAD:
            found.append(ERRORS_SHOWN)
        if self.tone == ASKS:
            found.append(PEOPLE_SHOWN)
        return " ".join(found)


@dataclass
class Step:
    """The events of one step with the frames of it."""

    number: int
    lines: list[Line] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    after: Frame | None = None  # the first frame of what came next: the screen after this step's acts

    @property
    def key(self) -> int:
        return self.lines[0].event.seq if self.lines else 0


def whole(payload: Any, key: str) -> int | None:
    value = payload.get(key) if isinstance(payload, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def lines(events: Iterable[Event], place: Place) -> list[Line]:
    """The events as lines, each with its step; `place` moves on."""
    found = []
    for event in events:
        payload = event.payload
        step = place.take(event.type, payload)
        title, text, tone = words(event.type, payload)
        raw = event.data if tone == UNKNOWN else ""
        line = Line(event, step, title, text, tone, raw)
        if event.type == "billing":
            _count(line, payload, place)
        found.append(line)
    return found


def _count(line: Line, payload: Any, place: Place) -> None:
    """What the step has cost: the total less the total before it."""
    total = cents(payload)
    if total is None:
        return
    if place.cents is not None and total >= place.cents:
        line.cents = total - place.cents
        line.text = _("%(total)s, this step %(cost)s") % {"total": line.text, "cost": money(line.cents)}
    place.cents = max(total, place.cents or 0)


def cents(payload: Any) -> int | None:
    """The total that a billing event tells."""
    for name in ("cost_cents", "credits_charged", "spent_cents"):
        if (found := whole(payload, name)) is not None:
            return found
    return None


def grouped(all_lines: Sequence[Line]) -> list[Step]:
    """The lines by step, in order."""
    found: list[Step] = []
    for line in all_lines:
        if not found or found[-1].number != line.step:
            found.append(Step(line.step))
        found[-1].lines.append(line)
    return found


def words(event_type: str, payload: Any) -> tuple[str, str, str]:
    """Title, text and tone of an event; what is not known is named by its type and shown raw."""
    if not isinstance(payload, dict):
        return event_type, "", UNKNOWN
    if event_type in ACTS:
        return act_words(payload)
    if event_type == "tool_result":
        return _result_words(payload)
    title = TITLES.get(event_type)
    if title is None:
        return event_type, "", UNKNOWN
    return _(title), _text(event_type, payload), _tone(event_type, payload)


def _text(event_type: str, payload: dict[str, Any]) -> str:
    match event_type:
        case "status":
            return first_string(payload, "status").replace("_", " ")
        case "awaiting_human":
            return first_string(payload, "reason", "awaiting_human_reason", "message")
        case "resumed":
            return mask(first_string(payload, "note")) or _("without a note")
        case "step":
            return _("%(count)s completed") % {"count": payload.get("steps_completed", "?")}
        case "billing":
            return money(cents(payload))
        case "error":
            return ": ".join(part for part in (first_string(payload, "code"), first_string(payload, "message")) if part)
        case "done":
            return _done_text(payload)
    return first_string(payload, "text", "message", "thought")


def _done_text(payload: dict[str, Any]) -> str:
    status = first_string(payload, "status").replace("_", " ")
    for part in (payload.get("result"), payload.get("error")):
        said = first_string(part, "summary", "message") if isinstance(part, dict) else ""
        if said:
            return f"{status}: {said}"
    return status


def _tone(event_type: str, payload: dict[str, Any]) -> str:
    if event_type in {"text", "reasoning", "thought"}:
        return SAYS
    if event_type in {"awaiting_human", "resumed"}:
        return ASKS
    if event_type == "error" or first_string(payload, "status") in {"failed", "timed_out"}:
        return BAD
    return FINE if event_type == "done" else QUIET


def _result_words(payload: dict[str, Any]) -> tuple[str, str, str]:
    took = whole(payload, "duration_ms")
    timing = " " + _("in %(ms)s ms") % {"ms": took} if took is not None else ""
    if payload.get("success") is False:
        return _("Failed"), first_string(payload, "error") + timing, BAD
    return _("Done"), timing.strip(), QUIET


def act_words(payload: dict[str, Any]) -> tuple[str, str, str]:
    """An act in words: what, where, and the description that came with it."""
    name = first_string(payload, "action_type", "tool", "command") or "act"
    params = payload.get("params", payload.get("parameters"))
    params = params if isinstance(params, dict) else {}
    detail = [_where(params), first_string(params, "text", "url"), _keys(params), first_string(payload, "description")]
    return name.replace("_", " ").capitalize(), " · ".join(part for part in detail if part), ACT


def _where(params: dict[str, Any]) -> str:
    spots = points(params)
    return " → ".join(f"{x}, {y}" for x, y in spots)


def _keys(params: dict[str, Any]) -> str:
    keys = params.get("keys", params.get("key", ""))
    return " + ".join(str(key) for key in keys) if isinstance(keys, list) else str(keys)


def points(params: dict[str, Any]) -> list[tuple[int, int]]:
    """The places on the screen that an act names: one, or two for a drag."""
    for first, second in ((("x", "y"), ()), (("from_x", "from_y"), ("to_x", "to_y")), (("x1", "y1"), ("x2", "y2"))):
        spots = [_point(params, pair) for pair in (first, second) if pair]
        if spots and all(spots):
            return [spot for spot in spots if spot]
    return []


def _point(params: dict[str, Any], pair: tuple[str, ...]) -> tuple[int, int] | None:
    values = [params.get(name) for name in pair]
    if all(isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 for value in values):
        return int(values[0]), int(values[1])  # type: ignore[arg-type]
    return None


def first_string(payload: Any, *names: str) -> str:
    """The first of the named members that says something; what is not text comes as JSON."""
    for name in names:
        value = payload.get(name) if isinstance(payload, dict) else None
        if value not in (None, ""):
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return ""


def money(cents: int | None) -> str:
    """Cents as dollars: 35 -> $0.35."""
    return "" if cents is None else f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


@dataclass
class Mark:
    """An act drawn on a frame, in the frame's own pixels."""

    number: int
    title: str
    spots: list[tuple[int, int]]


@dataclass
class Picture:
    """A frame with the acts that were computed on it."""

    frame: Frame
    marks: list[Mark]
    after: Frame | None = None  # the frame that came next


def pictures(step: Step) -> list[Picture]:
    """The step's frames, each with its acts: an act belongs to the newest frame that was taken before it."""
    following = [*step.frames[1:], step.after][: len(step.frames)]
    shown = [Picture(frame, [], after) for frame, after in zip(step.frames, following, strict=True)]
    acts = [line for line in step.lines if line.tone == ACT]
    for number, line in enumerate(acts, 1):
        payload = line.event.payload
        params = payload.get("params", payload.get("parameters")) if isinstance(payload, dict) else None
        spots = points(params) if isinstance(params, dict) else []
        if spots and shown:
            _picture_of(line, shown).marks.append(Mark(number, line.title, spots))
    return shown


def _picture_of(line: Line, shown: list[Picture]) -> Picture:
    at = line.event.created_at
    before = [p for p in shown if at and p.frame.taken_at and p.frame.taken_at <= at]
    return before[-1] if before else shown[0]
