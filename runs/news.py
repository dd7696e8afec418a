"""What sockets need to know of their runs and of the events after their cursors: one statement each for many of them.

The statements are written out: to have them put together anew would cost more than to run them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection as database

from runs import cuts
from runs.models import Connection, Event, Run

_NAMES = f"e.seq, e.type, substr(e.data, 1, {cuts.LONGEST}), length(e.data), e.created_at, e.received_at"
_NEXT = "SELECT n.id FROM runs_event n WHERE n.run_id = w.run_id AND n.seq > w.after ORDER BY n.seq LIMIT %s"
_ASKED = {
    "postgresql": "unnest(%s::bigint[], %s::bigint[]) AS w(run_id, after)",
    "sqlite": (
        "(SELECT json_extract(value, '$[0]') AS run_id, json_extract(value, '$[1]') AS after FROM json_each(%s)) AS w"
    ),
}


def rows(pks: Iterable[int]) -> dict[int, Run]:
    """The runs as they are now."""
    return _among(Run, pks)


def give_connections(runs: Collection[Run]) -> None:
    """Each of these runs its connection as it is now."""
    homes = _among(Connection, {run.connection_id for run in runs}) if runs else {}
    for run in runs:
        run.connection = homes[run.connection_id]


def parked(pks: Collection[int]) -> set[int]:
    """Which of these runs have ever waited for a person."""
    waited = Run.objects.filter(pk__in=pks, approvals__isnull=False) if pks else Run.objects.none()
    return set(waited.values_list("pk", flat=True))


def _among(model: type[Any], pks: Iterable[int]) -> dict[int, Any]:
    table, names = model._meta.db_table, ", ".join(field.column for field in model._meta.concrete_fields)
    wanted = list(pks)
    is_postgres = database.vendor == "postgresql"
    among = "id = ANY(%s)" if is_postgres else "id IN (SELECT value FROM json_each(%s))"
    found = model.objects.raw(
        f"SELECT {names} FROM {table} WHERE {among}",  # noqa: S608 (fixed names)
        [wanted if is_postgres else json.dumps(wanted)],
    )
    return {row.pk: row for row in found}


def after(places: Collection[tuple[int, int]], most: int) -> dict[tuple[int, int], list[Event]]:
    """The events after each (run, seq), by rising seq, `most` of each; without their longest payloads, not to be saved.

    What has none is left out.
    """
    if not places:
        return {}
    statement = (
        f"SELECT w.run_id, w.after, {_NAMES} FROM {_ASKED[database.vendor]}"  # noqa: S608 (fixed names)
        f" JOIN runs_event e ON e.id IN ({_NEXT}) ORDER BY e.seq"
    )
    with database.cursor() as cursor:
        cursor.execute(statement, [*_spelled(places), most])
        rows = cursor.fetchall()
    found: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for run, seq, *row in rows:
        found[run, seq].append(_event(*row))
    return found


def _spelled(places: Collection[tuple[int, int]]) -> list[Any]:
    if database.vendor == "postgresql":
        return [list(column) for column in zip(*places, strict=True)]
    return [json.dumps(list(places))]


def _event(seq: int, kind: str, head: str, size: int, at: datetime | None, came: datetime) -> Event:
    data = head if size <= cuts.LONGEST else cuts.stand_in(head, size)
    return Event(seq=seq, type=kind, data=data, created_at=_aware(at) if at else None, received_at=_aware(came))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # SQLite knows no zones
