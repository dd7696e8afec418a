"""Owns the machine's screen as it is now: one question to upstream for all who look, in however many processes."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from coasty_api import errors, wire
from live import shelf
from runs import frames, states, upstream
from runs.models import Run

FRESH_SECONDS = 2  # nobody is asked again sooner
TIMEOUT_SECONDS = 3.0
_ASKING_SECONDS = 6  # longer than any question takes: whoever asked and has not answered is dead
_PATIENCE_SECONDS = 4.0  # of whoever waits for an answer that another one asked for
_LOOK_SECONDS = 0.05
_WHY_NOT = b"!"  # begins what is no picture
_SHOWN = frozenset({states.Status.RUNNING, states.Status.AWAITING_HUMAN})


class NotShown(Exception):
    """There is no live picture of this run now; the message says why, for people."""


@dataclass
class Shot:
    """A picture of a screen, kept in memory only."""

    image: bytes
    mime_type: str
    taken_at: datetime


def now(run: Run) -> Shot:
    """The screen, at most two seconds old where upstream answers. Raises NotShown."""
    if run.status not in _SHOWN:
        raise NotShown("over" if run.is_terminal else "waiting")
    if not run.machine_id:
        raise NotShown("no machine")
    if _is_private(run):
        raise NotShown("driven")
    return _unpacked(_answer(run))


def _answer(run: Run) -> bytes:
    """What upstream said last, to whichever process asked it; whoever comes meanwhile waits for that answer."""
    name = _name(run)
    asked, deadline = f"{name}-asked", time.monotonic() + _PATIENCE_SECONDS
    while True:
        # It lapses behind the answer, so that no answer is shown that is older than it may be.
        if shelf.take(asked, _ASKING_SECONDS):
            said = _ask(run)
            shelf.put(name, said, FRESH_SECONDS)
            shelf.hold(asked, FRESH_SECONDS)
            return said
        if said := shelf.get(name) or b"":
            return said
        if time.monotonic() > deadline:
            raise NotShown("slow")
        time.sleep(_LOOK_SECONDS)


def _name(run: Run) -> str:
    return f"screen-{run.connection_id}-{hashlib.sha256(run.machine_id.encode()).hexdigest()[:32]}"


def _is_private(run: Run) -> bool:
    """Whether a person drives the machine: what they type there is nobody else's business."""
    driven = run.takeovers.filter(ended_at=None, expires_at__gt=timezone.now())
    return driven.exists() or run.private_times.filter(until_at=None).exists()


def _ask(run: Run) -> bytes:
    try:
        answer = upstream.client(run.connection, TIMEOUT_SECONDS).machine_screenshot(run.machine_id)
    except errors.CoastyError as problem:
        return _WHY_NOT + (problem.message[:200] or "no picture").encode(errors="replace")
    image, mime_type = frames.image_of(answer.get("image_b64"))
    if not image:
        return _WHY_NOT + b"no picture"
    taken_at = wire.time(answer.get("captured_at")) or timezone.now()
    return b"\n".join([taken_at.isoformat().encode(), mime_type.encode(), image])


def _unpacked(said: bytes) -> Shot:
    if said.startswith(_WHY_NOT):
        raise NotShown(said.removeprefix(_WHY_NOT).decode(errors="replace"))
    taken_at, mime_type, image = said.split(b"\n", 2)
    return Shot(image, mime_type.decode(), datetime.fromisoformat(taken_at.decode()))
