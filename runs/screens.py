"""Owns the machine's screen as it is now: one question to upstream for all who look, however many they are."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from coasty_api import errors, wire
from runs import frames, states, upstream
from runs.models import Run

FRESH_SECONDS = 2.0  # nobody is asked again sooner
TIMEOUT_SECONDS = 3.0
_SHOWN = frozenset({states.Status.RUNNING, states.Status.AWAITING_HUMAN})
_KEPT = 64  # machines whose picture is kept in memory


class NotShown(Exception):
    """There is no live picture of this run now; the message says why, for people."""


@dataclass
class Shot:
    """A picture of a screen, kept in memory only."""

    image: bytes
    mime_type: str
    taken_at: datetime


class _Machine:
    """What is known of one machine's screen: asked by one thread at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked_at = float("-inf")
        self.shot: Shot | None = None
        self.problem = ""


_machines: dict[tuple[int, str], _Machine] = {}
_all = threading.Lock()


def now(run: Run) -> Shot:
    """The screen, at most two seconds old where upstream answers. Raises NotShown."""
    if run.status not in _SHOWN:
        raise NotShown("over" if run.is_terminal else "waiting")
    if not run.machine_id:
        raise NotShown("no machine")
    if _is_private(run):
        raise NotShown("driven")
    machine = _known((run.connection_id, run.machine_id))
    with machine.lock:
        if time.monotonic() - machine.asked_at >= FRESH_SECONDS:
            _ask(run, machine)
            machine.asked_at = time.monotonic()
    if machine.shot is None:
        raise NotShown(machine.problem)
    return machine.shot


def _is_private(run: Run) -> bool:
    """Whether a person drives the machine: what they type there is nobody else's business."""
    driven = run.takeovers.filter(ended_at=None, expires_at__gt=timezone.now())
    return driven.exists() or run.private_times.filter(until_at=None).exists()


def _known(key: tuple[int, str]) -> _Machine:
    with _all:
        found = _machines.pop(key, None) or _Machine()
        _machines[key] = found  # the newest last
        while len(_machines) > _KEPT:
            del _machines[next(iter(_machines))]
        return found


def _ask(run: Run, machine: _Machine) -> None:
    machine.shot = None
    try:
        answer = upstream.client(run.connection, TIMEOUT_SECONDS).machine_screenshot(run.machine_id)
    except errors.CoastyError as problem:
        machine.problem = problem.message[:200]
        return
    image, mime_type = frames.image_of(answer.get("image_b64"))
    machine.problem = "" if image else "no picture"
    if image:
        machine.shot = Shot(image, mime_type, wire.time(answer.get("captured_at")) or timezone.now())
