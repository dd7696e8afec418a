"""The statements that the journal lives by: many events, many runs' progress, in one step of the database each.

A statement for many rows is also what lets the loop of streams go on meanwhile: the interpreter is free while the
database works, and is not handed to and fro for each row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as database

EventRow = tuple[int, int, str, str, datetime | None, datetime]
_CHUNK = 100  # rows in one statement where the database takes no arrays
_EVENT = ("run_id", "seq", "type", "data", "created_at", "received_at")
_PROGRESS = ("cursor", "last_event_at", "log_steps", "steps_completed", "cost_cents")
_LOADED = ("id", "cursor", "status", "log_steps", "steps_completed", "cost_cents", "is_ahead")
_KINDS = {
    "cursor": "bigint", "last_event_at": "timestamptz", "log_status": "text", "log_steps": "int",
    "steps_completed": "int", "cost_cents": "int", "pause_seq": "bigint", "is_ahead": "bool",
    "stream": "text", "stream_detail": "text", "stream_since_at": "timestamptz",
}  # fmt: skip
_KNOWN = "ON CONFLICT (run_id, seq) DO NOTHING"


@dataclass(slots=True)
class Standing:
    """What most events need to know of their run, and may change in it."""

    pk: int
    cursor: int
    status: str
    log_steps: int
    steps_completed: int
    cost_cents: int
    is_ahead: bool
    last_event_at: datetime | None = None


def standing(runs: Iterable[int]) -> dict[int, Standing]:
    """Where these runs stand, by rising pk; their rows are locked until the transaction ends."""
    columns = ", ".join(_LOADED)
    rows = _among(f"SELECT {columns} FROM runs_run WHERE id", runs, "ORDER BY id", "FOR UPDATE")  # noqa: S608
    return {row[0]: Standing(*row) for row in rows}


def tokens(runs: Iterable[int]) -> dict[int, int]:
    """The tokens of the leases of these runs. Asked after their rows were locked, it holds until the end."""
    return dict(_among("SELECT run_id, token FROM runs_lease WHERE run_id", runs))


def add_events(rows: Sequence[EventRow]) -> None:
    """Store events; known ones are left as they are."""
    names = ", ".join(_EVENT)
    if database.vendor == "postgresql":
        _unnested(
            f"INSERT INTO runs_event ({names}) SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[],"  # noqa: S608
            f" %s::text[], %s::timestamptz[], %s::timestamptz[]) {_KNOWN}",
            rows,
        )
        return
    head = f"INSERT INTO runs_event ({names}) VALUES "  # noqa: S608 (fixed names)
    for values, chunk in _chunks(_EVENT, (_spelled_event(row) for row in rows)):
        _run(f"{head}{values} {_KNOWN}", chunk)


def save_progress(moved: Sequence[Standing]) -> None:
    """Write what events have changed in their runs."""
    save_runs(_PROGRESS, [(one.pk, *(getattr(one, name) for name in _PROGRESS)) for one in moved])


def save_runs(names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write these columns of many runs; a row is the run's pk and their values.

    Never one statement a row: the driver would send them as a pipeline, and one that stalls in it keeps its locks.
    """
    if database.vendor == "postgresql":
        assignments = ", ".join(f"{name} = v.{name}" for name in names)
        kinds = ", ".join(f"%s::{_KINDS[name]}[]" for name in names)
        _unnested(
            f"UPDATE runs_run SET {assignments} FROM unnest(%s::bigint[], {kinds}) AS v(id, {', '.join(names)})"  # noqa: S608
            " WHERE runs_run.id = v.id",
            rows,
        )
        return
    assignments = ", ".join(f"{name} = v.column{at}" for at, name in enumerate(names, 2))
    spelled = ((_spelled(value) if isinstance(value, datetime) else value for value in row) for row in rows)
    for values, chunk in _chunks(("id", *names), map(tuple, spelled)):
        _run(f"UPDATE runs_run SET {assignments} FROM (VALUES {values}) AS v WHERE id = v.column1", chunk)  # noqa: S608


def _among(statement: str, keys: Iterable[int], order: str = "", lock: str = "") -> list[tuple[Any, ...]]:
    """The rows whose key is among these: one text of the statement, however many there are."""
    if database.vendor == "postgresql":
        return _run(f"{statement} = ANY(%s) {order} {lock}", (list(keys),)).fetchall()
    among = "IN (SELECT value FROM json_each(?))"
    return _run(f"{statement} {among} {order}", (json.dumps(list(keys)),)).fetchall()


def _unnested(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL takes each column as an array."""
    if rows:
        _run(statement, [list(column) for column in zip(*rows, strict=True)])


def _run(statement: str, parameters: Sequence[Any]) -> Any:
    """The driver's own cursor: Django's layers would cost as much as the statement. Errors are Django's still."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        is_postgres = wrapper.vendor == "postgresql"
        cursor = psycopg.Cursor(wrapper.connection) if is_postgres else wrapper.connection.cursor(sqlite3.Cursor)
        return cursor.execute(statement, parameters)


def _chunks(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, list[Any]]]:
    """Rows as the texts of VALUES and their parameters; few different texts, so that statements are prepared once."""
    row = f"({', '.join(['?'] * len(names))})"
    waiting = list(rows)
    at = 0
    while at < len(waiting):
        size = next(size for size in (_CHUNK, 10, 1) if size <= len(waiting) - at)
        yield ", ".join([row] * size), [value for one in waiting[at : at + size] for value in one]
        at += size


def _spelled_event(row: EventRow) -> tuple[Any, ...]:
    return (*row[:4], _spelled(row[4]), _spelled(row[5]))


def _spelled(moment: datetime | None) -> str | None:
    """A time as Django writes it where the database has no type for it."""
    if moment is None:
        return None
    return str(moment if moment.tzinfo is UTC else moment.astimezone(UTC))[:-6]  # without its +00:00
