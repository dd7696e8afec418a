"""The only writer of Event and Run.status: folds what upstream reports, events and snapshots, into the mirror."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from coasty_api import wire
from live import publish, topics
from runs import bulk, fold, restores, secret_notes, withheld
from runs.models import Connection, Event, Lease, Run
from runs.signals import status_changed

log = logging.getLogger(__name__)

MAX_DATA_BYTES = 4 * 1024 * 1024
_LONGEST_CALL = timedelta(seconds=10)  # so old may a snapshot be whose question's time nobody noted
_HOT = (
    "cursor", "last_event_at", "log_status", "log_steps", "steps_completed", "cost_cents", "pause_seq", "is_ahead",
)  # fmt: skip
_MOVED = (
    *_HOT, "status", "status_at", "awaiting_human_reason", "awaiting_human_since", "started_at", "finished_at",
    "result", "error",
)  # fmt: skip
_FOLDED = (*_HOT, "status")  # what most events need; the rest is read when a run moves
_SNAPSHOT = (
    *_MOVED, "task", "machine_id", "cua_version", "instructions", "max_steps", "on_awaiting_human",
    "deadline_seconds", "awaiting_human_timeout_seconds", "metadata", "created_at",
)  # fmt: skip
_FACTS = tuple(name for name in _SNAPSHOT if name not in _HOT)


class Arrived(NamedTuple):
    """One event as it came off a stream. `token` is the fence: the lease under which the stream was followed.

    `after_gap`: upstream has left out what would stand before it, though asked twice.
    """

    run_pk: int
    seq: int
    type: str
    data: str  # the payload's text to the letter
    created_at: datetime | None
    received_at: datetime
    token: int | None = None
    after_gap: bool = False


@dataclass(slots=True)
class Progress:
    """How far a run has come with a batch."""

    cursor: int
    status: str


@dataclass(slots=True)
class Taken:
    """What became of a batch: progress by run; runs whose lease was lost, of which nothing was written."""

    progress: dict[int, Progress] = field(default_factory=dict)
    fenced: set[int] = field(default_factory=set)
    behind: set[int] = field(default_factory=set)  # whose log lacks what a snapshot has told

    def add(self, other: Taken) -> None:
        """What became of another part, too."""
        self.progress |= other.progress
        self.fenced |= other.fenced
        self.behind |= other.behind


def take_events(batch: Sequence[Arrived]) -> Taken:
    """Store what came in, over any number of runs, in one transaction; known events are left as they are."""
    taken, batch = Taken(), secret_notes.veiled(batch)
    with transaction.atomic(savepoint=False):
        standing = bulk.standing({arrived.run_pk for arrived in batch})
        by_run, taken.fenced = _valid(batch)
        ours = {pk: run for pk, run in standing.items() if pk in by_run}
        firsts = {pk: min(by_run[pk]) for pk in ours}
        if holes := [pk for pk, first in firsts.items() if first > ours[pk].cursor + 1 and _is_hole(by_run[pk][first])]:
            taken.fenced |= _refuse(holes)
            ours = {pk: run for pk, run in ours.items() if pk not in taken.fenced}
        known = {pk: run.cursor for pk, run in ours.items() if firsts[pk] <= run.cursor}
        rewound = restores.cut(by_run, known) if known else {}
        fresh = {pk: _unknown(pk, known[pk], by_run[pk]) if pk in known else _by_seq(by_run[pk]) for pk in ours}
        bulk.add_events(
            [
                (pk, seq, one.type[:64], _storable(one.data), one.created_at, one.received_at)
                for pk, events in fresh.items()
                for seq, one in events.items()
            ]
        )
        # A run is read whole where an event may move it, or where something came that was known already.
        moving = {arrived.run_pk for arrived in batch if arrived.type in fold.MOVING}
        whole = [pk for pk, run in ours.items() if run.is_ahead or pk in moving or pk in known]
        runs = Run.objects.only("connection", *_FOLDED).in_bulk(whole) if whole else {}
        for pk, events in fresh.items():
            run = runs.get(pk)
            taken.progress[pk] = _fold_quiet(ours[pk], events) if run is None else _fold_events(run, events)
        moved_on = [pk for pk, events in fresh.items() if events]
        bulk.save_progress([standing[pk] for pk in moved_on if pk not in runs])
        _save_hot([runs[pk] for pk in moved_on if pk in runs])
        for pk, seq in rewound.items():
            restores.turn(pk, seq)
        taken.fenced |= rewound.keys()  # they are followed anew, as their rows say now
        _tell(moved_on)
    return taken


def _fold_quiet(run: bulk.Standing, events: dict[int, Arrived]) -> Progress:
    """Most batches of most runs say nothing of its status: then its row need not be read whole."""
    for seq, one in events.items():
        if seq > run.cursor:
            fold.quiet(run, seq, one.type, one.data, one.received_at)
    return Progress(run.cursor, run.status)


def _valid(batch: Sequence[Arrived]) -> tuple[dict[int, dict[int, Arrived]], set[int]]:
    """What counts of the batch, by run and seq; the runs that somebody else follows by now, or that are followed anew.

    Their rows are locked, so that it stays so.
    """
    leased = {arrived.run_pk for arrived in batch if arrived.token is not None}
    held = bulk.tokens(leased) if leased else {}
    by_run: dict[int, dict[int, Arrived]] = defaultdict(dict)
    stale = set()
    for arrived in batch:
        pk, token = arrived.run_pk, arrived.token
        if token is None or held.get(pk) == token:
            by_run[pk].setdefault(arrived.seq, arrived)
        else:
            stale.add(pk)
    return by_run, stale - by_run.keys()


def _is_hole(first: Arrived) -> bool:
    """Whether it would stand behind events that are missing here, though upstream has not left them out."""
    return first.token is not None and not first.after_gap


def _refuse(runs: list[int]) -> set[int]:
    """They are read again from their cursors: once it stood behind them, nobody would miss what is not there."""
    log.error("Events of the runs %s came without those before them; they are read again", runs)
    Lease.objects.filter(run_id__in=runs).fence()
    return set(runs)


def _unknown(pk: int, cursor: int, events: dict[int, Arrived]) -> dict[int, Arrived]:
    """The events that are not stored yet, by rising seq."""
    late = [seq for seq in events if seq <= cursor]
    known = set(Event.objects.filter(run=pk, seq__in=late).values_list("seq", flat=True)) if late else set()
    return {seq: events[seq] for seq in sorted(events) if seq not in known}


def _by_seq(events: dict[int, Arrived]) -> dict[int, Arrived]:
    return events if len(events) == 1 else dict(sorted(events.items()))


def _storable(data: str) -> str:
    if len(data) > MAX_DATA_BYTES:
        return f'{{"too_large": true, "bytes": {len(data)}}}'
    return data if data.isascii() and "\x00" not in data else wire.clean(data)


def _fold_events(run: Run, events: dict[int, Arrived]) -> Progress:
    for seq, one in events.items():
        if seq <= run.cursor:  # it came late and is kept, but says nothing about now
            continue
        moved = fold.event(run, seq, one.type, one.data, one.created_at, one.received_at)
        if moved or one.type == "done":  # which brings the result to a run that has ended already
            run.save(update_fields=_MOVED)
        if moved:
            _send(run, moved)
    return Progress(run.cursor, run.status)


def _save_hot(runs: list[Run]) -> None:
    bulk.save_runs(_HOT, [(run.pk, *(getattr(run, name) for name in _HOT)) for run in runs])


def take_snapshot(connection: Connection, payload: dict[str, Any], *, asked_at: datetime | None = None) -> Run:
    """Take a Run object as upstream answered it; the mirrored run.

    `asked_at` is when the question was sent (our clock): what arrived later is newer and stays. Without it the
    snapshot counts as old as the longest call. ValueError when the payload has no usable id.
    """
    _identifier(payload)
    return take_snapshots(connection, [payload], asked_at=asked_at)[0]


def take_snapshots(
    connection: Connection, payloads: Iterable[dict[str, Any]], *, asked_at: datetime | None = None
) -> list[Run]:
    """Take several Run objects of one answer in one transaction. What tells nothing new writes nothing.

    One that names no run is left out: it must not hide the others.
    """
    by_id = withheld.without_secrets(_usable(payloads))
    moment = asked_at or timezone.now() - _LONGEST_CALL
    known = {run.upstream_id: run for run in Run.objects.filter(connection=connection, upstream_id__in=list(by_id))}
    news = {
        upstream_id: payload
        for upstream_id, payload in by_id.items()
        if upstream_id not in known or _tells_news(known[upstream_id], payload, moment)
    }
    if news:
        with transaction.atomic():
            told = Run.objects.filter(connection=connection, upstream_id__in=list(news)).order_by("pk")
            rows = {run.upstream_id: run for run in told.select_for_update(no_key=True)}
            counted = []
            for upstream_id, payload in sorted(news.items()):
                run = known[upstream_id] = rows.get(upstream_id) or _made(connection, upstream_id)
                if _take(run, payload, moment):
                    counted.append(run)
            _save_hot(counted)
            _tell(known[upstream_id].pk for upstream_id in news)
    return [known[upstream_id] for upstream_id in by_id]


def _usable(payloads: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    by_id = {}
    for payload in payloads:
        try:
            by_id[_identifier(payload)] = payload
        except ValueError as problem:
            log.debug("%s", problem)
    return by_id


def _identifier(payload: dict[str, Any]) -> str:
    found = payload.get("id") or payload.get("run_id")
    if not isinstance(found, str) or not 1 <= len(found) <= 128 or found != wire.clean(found):
        raise ValueError("Upstream sent a run without a usable id.")
    return found


def _tells_news(run: Run, payload: dict[str, Any], moment: datetime) -> bool:
    """Try it on the row in memory, which is thrown away: most of what a listing says is known."""
    before = {name: getattr(run, name) for name in _SNAPSHOT}
    moves = list(fold.snapshot(run, payload, moment))
    is_news = bool(moves) or any(getattr(run, name) != value for name, value in before.items())
    for name, value in before.items():
        setattr(run, name, value)
    return is_news


def _made(connection: Connection, upstream_id: str) -> Run:
    Run.objects.bulk_create([Run(connection=connection, upstream_id=upstream_id)], ignore_conflicts=True)
    return Run.objects.select_for_update(no_key=True).get(connection=connection, upstream_id=upstream_id)


def _take(run: Run, payload: dict[str, Any], moment: datetime) -> bool:
    """Fold and save a snapshot; whether it only counted, as most of a listing does: those are saved together."""
    facts, is_counted = {name: getattr(run, name) for name in _FACTS}, True
    for moved in fold.snapshot(run, payload, moment):
        is_counted = False
        run.save(update_fields=_SNAPSHOT)
        _send(run, moved)
    is_counted = is_counted and all(getattr(run, name) == value for name, value in facts.items())
    if not is_counted:
        run.save(update_fields=_SNAPSHOT)
    return is_counted


def _send(run: Run, moved: fold.Moved) -> None:
    """Tell the receivers inside the transaction. One that fails must not stop the log: sweeps find what it missed.

    Where it is the database that failed (two waited for each other, it is gone), all of it is to be done again.
    """
    try:
        with transaction.atomic():
            status_changed.send(sender=Run, run=run, old=moved.old, new=moved.new, seq=moved.seq)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("A receiver failed for run %s, %s -> %s", run.upstream_id, moved.old, moved.new)


def _tell(runs: Iterable[int]) -> None:
    names = [topics.run(pk) for pk in runs]
    if names:
        publish.nudge(topics.RUNS, *names)
