"""The statements that the journal lives by: many events, many runs' progress, in one step of the database each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as database

EventRow = tuple[int, int, str, str, datetime | None, datetime]
_CHUNKS = (1000, 300, 100, 30, 10, 3, 1)  # rows in one statement where the database takes no arrays
_EVENT = {
    "run_id": "bigint", "seq": "bigint", "type": "text", "data": "text", "created_at": "timestamptz",
    "received_at": "timestamptz",
}  # fmt: skip
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


def prepare(longest_log: int) -> None:
    """Let this thread's connection hold the pages that a crowd of runs writes to, so that they need not be read.

    Up to so many pages of the log its commits leave it to others to move them to their place.
    """
    if database.vendor == "sqlite":
        _run("PRAGMA cache_size=-65536", ())  # KiB
        _run(f"PRAGMA wal_autocheckpoint={longest_log}", ())


def standing(runs: Iterable[int]) -> dict[int, Standing]:
    """Where these runs stand, by rising pk; their rows are locked until the transaction ends.

    Not their keys: who decides on a run locks its approval, and has the run's key looked up at the end.
    """
    columns = ", ".join(_LOADED)
    rows = _among(f"SELECT {columns} FROM runs_run WHERE id", runs, "ORDER BY id", "FOR NO KEY UPDATE")  # noqa: S608
    return {row[0]: Standing(*row) for row in rows}


def tokens(runs: Iterable[int]) -> dict[int, int]:
    """The tokens of the leases of these runs. Asked after their rows were locked, it holds until the end."""
    return dict(_among("SELECT run_id, token FROM runs_lease WHERE run_id", runs))


def add_events(rows: Sequence[EventRow]) -> None:
    """Store events; known ones are left as they are."""
    names, kinds = ", ".join(_EVENT), list(_EVENT.values())
    if database.vendor == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        _unnested(f"INSERT INTO runs_event ({names}) SELECT * FROM unnest({arrays}) {_KNOWN}", kinds, rows)  # noqa: S608
        return
    head = f"INSERT INTO runs_event ({names}) VALUES "  # noqa: S608 (fixed names)
    for text, chunk in _chunks(kinds, rows):
        _run(f"{head}{text} {_KNOWN}", chunk)


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
    kinds = ["bigint", *(_KINDS[name] for name in names)]
    if database.vendor == "postgresql":
        assignments = ", ".join(f"{name} = v.{name}" for name in names)
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        _unnested(
            f"UPDATE runs_run SET {assignments} FROM unnest({arrays}) AS v(id, {', '.join(names)})"  # noqa: S608
            " WHERE runs_run.id = v.id",
            kinds,
            rows,
        )
        return
    assignments = ", ".join(f"{name} = v.column{at}" for at, name in enumerate(names, 2))
    for text, chunk in _chunks(kinds, rows):
        _run(f"UPDATE runs_run SET {assignments} FROM (VALUES {text}) AS v WHERE id = v.column1", chunk)  # noqa: S608


def _among(statement: str, keys: Iterable[int], order: str = "", lock: str = "") -> list[tuple[Any, ...]]:
    """The rows whose key is among these: one text of the statement, however many there are."""
    if database.vendor == "postgresql":
        return _run(f"{statement} = ANY(%s::bigint[]) {order} {lock}", (_array("bigint", list(keys)),)).fetchall()
    among = "IN (SELECT value FROM json_each(?))"
    return _run(f"{statement} {among} {order}", (json.dumps(list(keys)),)).fetchall()


def _unnested(statement: str, kinds: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL takes each column as an array."""
    if rows:
        columns = zip(*rows, strict=True)
        _run(statement, [_array(kind, column) for kind, column in zip(kinds, columns, strict=True)])


def _array(kind: str, values: Sequence[Any]) -> str:
    """An array as PostgreSQL reads it; the driver would take some twenty times as long for texts and times."""
    if kind == "text":
        return _texts(values)
    if kind == "timestamptz":
        values = _spelled(values, "+00")
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _texts(values: Sequence[str]) -> str:
    """All of them are quoted at once, apart by what PostgreSQL takes in no text; ValueError where one holds it."""
    whole = "\0".join(values).replace("\\", "\\\\").replace('"', '\\"')
    if whole.count("\0") != len(values) - 1:
        raise ValueError("A text with a NUL can't be stored.")
    return '{"' + whole.replace("\0", '","') + '"}'


def _run(statement: str, parameters: Sequence[Any]) -> Any:
    """The driver's own cursor: Django's layers would cost as much as the statement. Errors are Django's still."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        is_postgres = wrapper.vendor == "postgresql"
        cursor = psycopg.Cursor(wrapper.connection) if is_postgres else wrapper.connection.cursor(sqlite3.Cursor)
        return cursor.execute(statement, parameters)


def _chunks(kinds: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, list[Any]]]:
    """The rows, one after the other, as texts of VALUES and their parameters.

    Few different texts, so that statements are prepared once.
    """
    if not rows:
        return
    columns = zip(*rows, strict=True)
    spelled = [_spelled(each) if kind == "timestamptz" else each for kind, each in zip(kinds, columns, strict=True)]
    values, at, width = list(chain.from_iterable(zip(*spelled, strict=True))), 0, len(kinds)
    while at < len(values):
        size = next(size for size in _CHUNKS if size * width <= len(values) - at)
        yield _rows(width, size), values[at : at + size * width]
        at += size * width


@cache
def _rows(width: int, size: int) -> str:
    return ", ".join([f"({', '.join(['?'] * width)})"] * size)


def _spelled(moments: Iterable[datetime | None], zone: str = "") -> list[str | None]:
    """Times as Django writes them where the database has no type for them.

    What was read together has one and the same time, which is then written once: it takes as long as all else of a row.
    """
    known: dict[int, str | None] = {id(None): None}
    spelled = []
    for moment in moments:
        text = known.get(id(moment))
        if text is None and moment is not None:
            text = known[id(moment)] = str(moment if moment.tzinfo is UTC else moment.astimezone(UTC))[:-6] + zone
        spelled.append(text)
    return spelled
