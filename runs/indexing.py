"""Keeps runs searchable by words and by metadata: a job reads what the journal has stored since, a little at a time.

The journal knows nothing of it. A run is one row of different words, so that most events add nothing to write.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from runs import states, words
from runs.models import Event, Label, Run, SearchState, SearchText

MOST_WORDS = 6000  # of one run
_RUNS, _EVENTS = 25, 1000  # in one transaction / of one run at once
_LATE = timedelta(hours=1)  # so long after its end a run's log may still come
_CLAIM = timedelta(seconds=60)
_WRITTEN = timedelta(minutes=10)  # longer than it takes from a run's number to its row being there for all
_REST_SECONDS = 0.01  # between two transactions: the journal writes meanwhile


def index(now: datetime, seconds: float = 1.0) -> int:
    """Take in what came since, for some seconds; how many runs were read. Nothing where another process is at it."""
    SearchState.objects.get_or_create(pk=1)
    free = SearchState.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), pk=1)
    if not free.update(claimed_until=now + _CLAIM):
        return 0
    done, is_all, known = 0, False, 0
    try:
        end = time.monotonic() + seconds
        while not is_all and time.monotonic() < end:
            known = _written(now)
            due = _due(now)
            done += _read(due, now)
            is_all = not due
            time.sleep(0 if is_all else _REST_SECONDS)
    finally:
        told = {"indexed_at": now, "known_until": known} if is_all else {}
        SearchState.objects.filter(pk=1).update(claimed_until=None, **told)
    return done


def forget(run: Run) -> None:
    """The run's events have gone: so do their words. What is left of it is read again."""
    SearchText.objects.filter(run=run).update(words="", seq=0, is_whole=False)


def behind() -> int:
    """How many runs have something that is not searchable yet."""
    return _unknown().count() + _moved(timezone.now()).count()


def _due(now: datetime) -> list[int]:
    found = list(_moved(now).values_list("run_id", flat=True)[:_RUNS])
    return found or list(_unknown().order_by("-id").values_list("id", flat=True)[:_RUNS])


def _unknown() -> QuerySet[Run]:
    """Runs without a row here. Those that are known to have one are not asked: they are nearly all."""
    known = SearchState.objects.filter(pk=1).values_list("known_until", flat=True).first() or 0
    return Run.objects.filter(search_text=None, pk__gt=known)


def _written(now: datetime) -> int:
    """The last run that came so long ago that none before it can still turn up."""
    old = Run.objects.filter(seen_at__lt=now - _WRITTEN)
    return old.order_by("-id").values_list("id", flat=True).first() or 0


def _moved(now: datetime) -> QuerySet[SearchText]:
    can_be_whole = Q(run__stream=states.Stream.ENDED) | Q(run__finished_at__lt=now - _LATE)
    moved = Q(run__cursor__gt=F("seq")) | Q(can_be_whole, run__status__in=states.TERMINAL)
    return SearchText.objects.filter(moved, is_whole=False)


def _read(runs: Iterable[int], now: datetime) -> int:
    known = SearchText.objects.in_bulk(list(runs))
    rows, told = [], {}
    for run in Run.objects.filter(pk__in=list(runs)):
        told[run.pk] = labels(run.metadata)
        row = known.get(run.pk) or SearchText(run=run, words="", seq=0)
        rows.append((row, _add(row, run, now), row.pk in known))
    with transaction.atomic():
        SearchText.objects.bulk_create([row for row, _is_news, is_known in rows if not is_known], ignore_conflicts=True)
        for row, is_news, is_known in rows:
            if is_known:
                row.save(update_fields=["words", "seq", "is_whole"] if is_news else ["seq", "is_whole"])
        _label(told)
    return len(rows)


def labels(metadata: Any) -> dict[str, str]:
    """The pairs by which a run is found: text as it is, all else as JSON tells it."""
    pairs = metadata.items() if isinstance(metadata, dict) else ()
    told = {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in pairs}
    return {key[: Label.LONGEST]: value[: Label.LONGEST] for key, value in told.items()}


def _label(told: dict[int, dict[str, str]]) -> None:
    """Make the runs' labels those that are told."""
    wanted = {(pk, key, value) for pk, pairs in told.items() for key, value in pairs.items()}
    had = {row[1:]: row[0] for row in Label.objects.filter(run__in=told).values_list("pk", "run_id", "key", "value")}
    if gone := [pk for row, pk in had.items() if row not in wanted]:
        Label.objects.filter(pk__in=gone).delete()
    Label.objects.bulk_create(Label(run_id=pk, key=key, value=value) for pk, key, value in sorted(wanted - had.keys()))


def _add(row: SearchText, run: Run, now: datetime) -> bool:
    """Take the run's newer words into the row; whether there were any."""
    had = set(row.words.split())
    found = _own(run)
    events = list(Event.objects.filter(run=run, seq__gt=row.seq).order_by("seq")[:_EVENTS].values_list("seq", "data"))
    for seq, data in events:
        found |= words.in_payload(data)
        row.seq = seq
    if len(events) < _EVENTS:
        row.seq = max(row.seq, run.cursor)
        is_late = run.finished_at is not None and run.finished_at < now - _LATE
        row.is_whole = run.is_terminal and (run.stream == states.Stream.ENDED or is_late)
    news = sorted(found - had)[: max(0, MOST_WORDS - len(had))]
    row.words = " ".join([*([row.words] if row.words else []), *news])
    return bool(news)


def _own(run: Run) -> set[str]:
    texts = (run.upstream_id, run.machine_id, run.task, run.awaiting_human_reason, run.result, run.error, run.metadata)
    return words.in_value(list(texts))
