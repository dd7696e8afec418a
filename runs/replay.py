"""Owns a run as a film: its stops in order, each with its frame, the acts on it, what was said and what it cost."""

from __future__ import annotations

from typing import Any

from runs import cuts, plain, steps, timeline
from runs.models import Run
from runs.secrets import mask

AT_ONCE = 800  # events of one answer
_TEXT = 300  # characters of what was said or done at one stop
ERROR, PAUSE = "error", "pause"


def film(run: Run, after: int = 0) -> dict[str, Any]:
    """{"stops", "next"}: the stops of the steps after the event `after`, and where the rest begins (0: there is none).

    The last stop of a live run may grow: whoever asks again does so from before its first event, and takes the answer
    in its place.
    """
    events = cuts.events(run.events.filter(seq__gt=after).order_by("seq")[: AT_ONCE + 1])
    has_more = len(events) > AT_ONCE
    place = timeline.place_at(run, after)
    cents = place.cents or 0
    shown = steps.grouped(steps.lines(events[:AT_ONCE], place))
    if has_more and len(shown) > 1:
        shown = shown[:-1]  # cut at the edge of a step
    following = shown[-1].lines[-1].event.seq if has_more and shown else 0
    timeline.give_frames(run, shown, following + 1 if following else None)
    stops: list[dict[str, Any]] = []
    for step in shown:
        cents += sum(line.cents or 0 for line in step.lines)
        stops += _stops(step, cents)
    return {"stops": stops, "next": following}


def _stops(step: steps.Step, cents: int) -> list[dict[str, Any]]:
    """A stop for each frame of the step; one without a picture where it has none."""
    told = _told(step) | {"cents": steps.money(cents)}
    pictures = steps.pictures(step)
    return [told | _seen(picture) for picture in pictures] or [told | {"frame": None}]


def _seen(picture: steps.Picture) -> dict[str, Any]:
    frame = picture.frame
    return {
        "frame": frame.index,
        "after": picture.after.index if picture.after else None,
        "width": frame.width,
        "height": frame.height,
        "marks": [{"number": mark.number, "title": mark.title[:64], "spots": mark.spots} for mark in picture.marks],
    }


def _told(step: steps.Step) -> dict[str, Any]:
    first, last = step.lines[0].event, step.lines[-1].event
    at = first.created_at or first.received_at
    return {
        "step": step.number,
        "first": first.seq,
        "last": last.seq,
        "at": at.isoformat(),
        "says": _joined(step, {steps.SAYS}),
        "did": _joined(step, {steps.ACT}, with_title=True),
        "asks": _joined(step, {steps.ASKS}, with_title=True),
        "wrong": _joined(step, {steps.BAD}, with_title=True),
        "is": _sort_of(step),
    }


def _joined(step: steps.Step, tones: set[str], *, with_title: bool = False) -> str:
    parts = []
    for line in step.lines:
        if line.tone in tones:
            text = mask(line.text[: _TEXT * 4])
            parts.append(f"{line.title}: {text}" if with_title and text else line.title if with_title else text)
    return plain.line(" · ".join(parts), _TEXT)


def _sort_of(step: steps.Step) -> str:
    tones = {line.tone for line in step.lines}
    if any(line.event.type == "awaiting_human" for line in step.lines):
        return PAUSE
    return ERROR if steps.BAD in tones else ""
