"""The statements that the journal lives by: many events, many runs' progress, in one step of the database each.

A statement for many rows is also what lets the loop of streams go on meanwhile: the interpreter is free while the
database works, and is not handed to and fro for each row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as database

from runs import turns

EventRow = tuple[int, int, str, str, datetime | None, datetime]
_CHUNKS = (1000, 100, 10, 1)  # rows in one statement where the database takes no arrays
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


def prepare() -> None:
    """Let this thread's connection hold the pages that a crowd of runs writes to, so that they need not be read."""
    if database.vendor == "sqlite":
        _run("PRAGMA cache_size=-65536", ())  # KiB


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
    values: list[Any] = []
    for pk, seq, kind, data, created_at, received_at in rows:
        values += (pk, seq, kind, data, _spelled(created_at), _spelled(received_at))
    head = f"INSERT INTO runs_event ({names}) VALUES "  # noqa: S608 (fixed names)
    for text, chunk in _chunks(len(_EVENT), values):
        _run(f"{head}{text} {_KNOWN}", chunk, is_long=True)


def save_progress(moved: Sequence[Standing]) -> None:
    """Write what events have changed in their runs."""
    save_runs(
        _PROGRESS,
        [(one.pk, one.cursor, one.last_event_at, one.log_steps, one.steps_completed, one.cost_cents) for one in moved],
    )


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
    values = [_spelled(value) if type(value) is datetime else value for row in rows for value in row]
    for text, chunk in _chunks(len(names) + 1, values):
        _run(f"UPDATE runs_run SET {assignments} FROM (VALUES {text}) AS v WHERE id = v.column1", chunk)  # noqa: S608


def _among(statement: str, keys: Iterable[int], order: str = "", lock: str = "") -> list[tuple[Any, ...]]:
    """The rows whose key is among these: one text of the statement, however many there are."""
    if database.vendor == "postgresql":
        return _run(f"{statement} = ANY(%s::bigint[]) {order} {lock}", (_array(keys),)).fetchall()
    among = "IN (SELECT value FROM json_each(?))"
    return _run(f"{statement} {among} {order}", (json.dumps(list(keys)),)).fetchall()


def _unnested(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL takes each column as an array."""
    if rows:
        _run(statement, [_array(column) for column in zip(*rows, strict=True)])


def _array(values: Iterable[Any]) -> str:
    """An array as PostgreSQL reads it; the driver would take some twenty times as long for texts and times."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if type(value) is int:
        return text
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _run(statement: str, parameters: Sequence[Any], *, is_long: bool = False) -> Any:
    """The driver's own cursor: Django's layers would cost as much as the statement. Errors are Django's still.

    While a long one runs, and any that another process carries out, the turn of this thread is lent.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        is_postgres = wrapper.vendor == "postgresql"
        cursor = psycopg.Cursor(wrapper.connection) if is_postgres else wrapper.connection.cursor(sqlite3.Cursor)
        with turns.aside() if is_postgres or is_long else nullcontext():
            return cursor.execute(statement, parameters)


def _chunks(width: int, values: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Rows of so many values, one after the other, as texts of VALUES and their parameters.

    Few different texts, so that statements are prepared once.
    """
    at = 0
    while at < len(values):
        size = next(size for size in _CHUNKS if size * width <= len(values) - at)
        yield _rows(width, size), values[at : at + size * width]
        at += size * width


@cache
def _rows(width: int, size: int) -> str:
    return ", ".join([f"({', '.join(['?'] * width)})"] * size)


def _spelled(moment: datetime | None) -> str | None:
    """A time as Django writes it where the database has no type for it."""
    if moment is None:
        return None
    return str(moment if moment.tzinfo is UTC else moment.astimezone(UTC))[:-6]  # without its +00:00
