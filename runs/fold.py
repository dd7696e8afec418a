"""What one report of upstream, an event or a snapshot, changes in a run. Pure: works on the row in memory.

The log is in order, but may lag; a snapshot is true for its moment, but says nothing of its place in the log. So the
log's own status is folded beside the status shown: while a snapshot is ahead of the log, older events move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from coasty_api import wire
from runs import states
from runs.models import Run

MOVING = frozenset({"status", "awaiting_human", "resumed", "done"})  # may put the run into another status
_COUNTING = frozenset({"step", "billing"})
_CARELESS = timedelta(seconds=2)  # an answer may still show the state from before an event that was sent already
_SAME_PAUSE = timedelta(seconds=1)
_QUIET = timedelta(seconds=5)  # a backlog does not stop for so long in its middle
_TEXTS = {
    "task": 16_000, "machine_id": 128, "cua_version": 16, "instructions": 16_000, "on_awaiting_human": 16,
}  # fmt: skip
_NUMBERS = ("max_steps", "deadline_seconds", "awaiting_human_timeout_seconds")
_TIMES = ("created_at", "started_at", "finished_at")


class Moved(NamedTuple):
    """A status that a run went into. The same `old` and `new`: more became known of the pause that it is in."""

    old: str
    new: str
    seq: int | None  # the event's, for a pause its first one; None: told by a snapshot


def event(run: Run, seq: int, kind: str, data: str, created_at: datetime | None, received_at: datetime) -> Moved | None:
    """Fold the next event of the log into `run`; what it moved, if anything."""
    quiet(run, seq, kind, data, received_at)
    if kind in _COUNTING:
        return _caught_up(run)
    if kind not in MOVING:
        return None
    payload = wire.parse(data)
    if kind == "done":
        _outcome(run, payload)
    told = wire.status_told(kind, payload)
    if told is None:
        return _caught_up(run)
    return _log(run, told, seq, wire.pause_reason(payload), created_at, received_at)


class Counted(Protocol):
    """What an event that moves no status may change."""

    cursor: int
    last_event_at: datetime | None
    log_steps: int
    steps_completed: int
    cost_cents: int


def quiet(run: Counted, seq: int, kind: str, data: str, received_at: datetime) -> None:
    """Fold an event as far as it moves no status. For a run that is not `is_ahead` and no MOVING kind, that is all."""
    run.cursor = seq
    run.last_event_at = received_at
    if kind in _COUNTING:
        _count(run, wire.parse(data), kind)


def _count(run: Counted, payload: Any, kind: str) -> None:
    if kind == "step":
        run.log_steps = max(run.log_steps, wire.steps_completed(payload) or 0)
        run.steps_completed = max(run.steps_completed, run.log_steps)
    elif kind == "billing":
        run.cost_cents = max(run.cost_cents, wire.cost_cents(payload) or 0)


def _outcome(run: Run, payload: Any) -> None:
    if isinstance(payload, dict):
        for name in ("result", "error"):
            if isinstance(payload.get(name), dict):
                setattr(run, name, wire.clean_tree(payload[name]))


def _log(
    run: Run, told: str, seq: int, reason: str, created_at: datetime | None, received_at: datetime
) -> Moved | None:
    is_news = states.may_follow(run.log_status, told) if run.log_status else True
    if is_news:
        run.log_status = told
        if told == states.Status.AWAITING_HUMAN:
            run.pause_seq = seq
    elif told != run.log_status:
        return None
    if run.is_ahead and not states.is_terminal(told):
        moved = _caught_up(run)
        return _told_more(run, reason, created_at) or moved if moved else None
    if told == run.status:
        return _told_more(run, reason, created_at)
    return _move(run, told, reason, seq, created_at, received_at)


def _caught_up(run: Run) -> Moved | None:
    """Notice that the log has reached what the snapshot told; a pause known from there then gets its seq."""
    if not run.is_ahead or run.log_status != run.status or run.log_steps < run.steps_completed:
        return None
    run.is_ahead = False
    return _same_pause(run) if run.status == states.Status.AWAITING_HUMAN else None


def _told_more(run: Run, reason: str, created_at: datetime | None) -> Moved | None:
    if run.status != states.Status.AWAITING_HUMAN:
        return None
    run.awaiting_human_reason = reason or run.awaiting_human_reason
    run.awaiting_human_since = run.awaiting_human_since or created_at
    return _same_pause(run)


def _same_pause(run: Run) -> Moved:
    return Moved(run.status, run.status, run.pause_seq)


def _move(run: Run, told: str, reason: str, seq: int | None, at: datetime | None, known_at: datetime) -> Moved | None:
    if not states.may_follow(run.status, told):
        return None
    old, run.status, run.status_at = run.status, told, known_at
    run.awaiting_human_reason = reason if told == states.Status.AWAITING_HUMAN else ""
    if told == states.Status.AWAITING_HUMAN:
        run.awaiting_human_since = at
    elif told == states.Status.RUNNING:
        run.started_at = run.started_at or at
    elif states.is_terminal(told):
        run.finished_at = run.finished_at or at or known_at
        run.is_ahead = False
    return Moved(old, told, seq)


def snapshot(run: Run, payload: dict[str, Any], asked_at: datetime) -> Iterator[Moved]:
    """Fold a Run as upstream answered it to a question asked at `asked_at` (our clock) into `run`."""
    told = payload.get("status")
    told = wire.clean(told)[:32] if isinstance(told, str) and told else run.status
    _facts(run, payload)
    steps = wire.steps_completed(payload) or 0
    run.steps_completed = max(run.steps_completed, steps)
    cost = wire.cost_cents(payload)
    if cost is not None:
        run.cost_cents = cost if states.is_terminal(told) else max(run.cost_cents, cost)
    if run.status_at is None and not states.is_terminal(run.status):
        yield _first(run, told, payload, asked_at)
    elif states.is_terminal(told) or (run.status_at and asked_at > run.status_at):
        yield from _later(run, told, payload, asked_at)
    run.is_ahead = run.is_ahead or (_is_behind(run, steps) and asked_at == run.status_at)
    if run.is_ahead and told == run.status == run.log_status and _has_told(run) and _is_quiet(run, asked_at):
        run.log_steps = run.steps_completed  # no step events are to come: upstream does not send them
        moved = _caught_up(run)
        if moved:
            yield moved


def _has_told(run: Run) -> bool:
    """Whether the log has spoken since a snapshot moved the run: else its equal status is of a time before, as an
    earlier pause's while nobody follows the run.
    """
    return run.status_at is not None and run.last_event_at is not None and run.last_event_at > run.status_at


def _is_quiet(run: Run, asked_at: datetime) -> bool:
    return run.last_event_at is not None and asked_at > run.last_event_at + _QUIET


def _is_behind(run: Run, steps: int) -> bool:
    """Whether events that led to what a snapshot told are still to come. A queued run has nothing behind it."""
    if states.is_terminal(run.status) or run.status == states.Status.QUEUED:
        return False
    return run.log_status != run.status or run.log_steps < steps


def _first(run: Run, told: str, payload: dict[str, Any], asked_at: datetime) -> Moved:
    old, run.status, run.status_at = run.status, told, asked_at
    if told == states.Status.AWAITING_HUMAN:
        run.awaiting_human_reason = wire.pause_reason(payload)
        run.awaiting_human_since = wire.time(payload.get("awaiting_human_since"))
    return Moved(old, told, None)


def _later(run: Run, told: str, payload: dict[str, Any], asked_at: datetime) -> Iterator[Moved]:
    reason = wire.pause_reason(payload)
    since = wire.time(payload.get("awaiting_human_since"))
    if told != run.status:
        is_leaving = run.status == states.Status.AWAITING_HUMAN and not states.is_terminal(told)
        if is_leaving and run.status_at and asked_at < run.status_at + _CARELESS:
            return
        moved = _move(run, told, reason, None, since if told == states.Status.AWAITING_HUMAN else None, asked_at)
        if moved:
            yield moved
    elif told == states.Status.AWAITING_HUMAN:
        yield from _still_parked(run, reason, since, asked_at)


def _still_parked(run: Run, reason: str, since: datetime | None, asked_at: datetime) -> Iterator[Moved]:
    known = run.awaiting_human_since
    if known and since and since > known + _SAME_PAUSE:  # it was resumed and has parked again behind our back
        yield Moved(run.status, states.Status.RUNNING, None)
        run.status_at, run.awaiting_human_since, run.awaiting_human_reason = asked_at, since, reason
        run.is_ahead = True
        yield Moved(states.Status.RUNNING, run.status, None)
    elif (reason and reason != run.awaiting_human_reason) or (since and not known):
        run.awaiting_human_reason = reason or run.awaiting_human_reason
        run.awaiting_human_since = known or since
        yield Moved(run.status, run.status, None if run.is_ahead else run.pause_seq)


def _facts(run: Run, payload: dict[str, Any]) -> None:
    for name, longest in _TEXTS.items():
        if isinstance(payload.get(name), str):
            setattr(run, name, wire.clean(payload[name])[:longest])
    for name in _NUMBERS:
        value = payload.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**31:
            setattr(run, name, int(value))
    for name in _TIMES:
        setattr(run, name, wire.time(payload.get(name)) or getattr(run, name))
    if isinstance(payload.get("metadata"), dict):
        run.metadata = wire.clean_tree(payload["metadata"])
    _outcome(run, payload)
