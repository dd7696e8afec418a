"""Moves all rows from the database of the settings to another: in batches, to be repeated after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connections, models, transaction

from coasty_api import wire
from runs import audit
from runs.models import AuditEntry

SOURCE, TARGET = "default", "target"
_MARK = "moving_place"  # a table of the target: how far each model has come; gone when all is there
_BATCH, _BATCH_OF_PICTURES = 500, 20
Model = type[models.Model]


class CannotMove(Exception):
    """One sentence that says what stands in the way."""


def in_order() -> list[Model]:
    """All models with rows of their own, each after those that it refers to."""
    waiting = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]
    ordered: list[Model] = []
    while waiting:
        ready = [model for model in waiting if not _refers_to(model) & (set(waiting) - {model})]
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
        if not ready:
            raise CannotMove("Some tables refer to each other in a circle.")
    return ordered


def _refers_to(model: Model) -> set[Any]:
    fields: list[Any] = list(model._meta.concrete_fields)
    return {field.related_model for field in fields if field.remote_field}


def is_begun() -> bool:
    return _MARK in connections[TARGET].introspection.table_names()


def check_empty() -> None:
    """CannotMove when the target holds anything, unless an earlier move into it was interrupted."""
    tables = set(connections[TARGET].introspection.table_names())
    if is_begun() or not tables:
        return
    raise CannotMove("The target is not empty: give a database without tables.")


def begin(ordered: list[Model]) -> None:
    """Mark the target, and take away what migrations have put there: the source's rows come instead."""
    with transaction.atomic(using=TARGET), connections[TARGET].cursor() as cursor:
        for model in reversed(ordered):
            cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")  # noqa: S608 (a table of ours)
        cursor.execute(f"CREATE TABLE {_MARK}_done (model text PRIMARY KEY, place text, count bigint, is_done boolean)")


def places() -> dict[str, tuple[str | None, int, bool]]:
    """How far each model has come: {label: (last pk as text, rows, whether that is all)}."""
    with connections[TARGET].cursor() as cursor:
        cursor.execute(f"SELECT model, place, count, is_done FROM {_MARK}_done")  # noqa: S608
        return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def mark() -> None:
    """The target is ours from now on, even before its tables are there."""
    with connections[TARGET].cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {_MARK} (begun boolean)")


def is_prepared() -> bool:
    return f"{_MARK}_done" in connections[TARGET].introspection.table_names()


def copy(model: Model, say: Callable[[int], None]) -> Counts:
    """Copy what is not there yet, a batch a transaction; `say` hears the number of rows so far."""
    label = model._meta.label
    place, count, is_done = places().get(label, (None, 0, False))
    counts = Counts(count)
    if is_done:
        return counts
    pk = model._meta.pk
    last = pk.to_python(place) if place is not None else None
    for batch in _batches(model, last):
        clean = [_storable(row, counts) for row in batch]
        with transaction.atomic(using=TARGET):
            # raw: no field sets itself anew, as those do that hold the time of a change
            manager: Any = model._base_manager.using(TARGET)
            manager._insert(clean, fields=_told(model), using=TARGET, raw=True)
            counts.rows += len(batch)
            _note(label, str(pk.value_to_string(batch[-1])), counts.rows, is_done=False)
        say(counts.rows)
    _note(label, None, counts.rows, is_done=True)
    return counts


def _told(model: Model) -> list[Any]:
    """The columns that are not made from others by the database."""
    return [field for field in model._meta.local_concrete_fields if not field.generated]


class Counts:
    """Rows copied, and values that the target could not hold as they were."""

    def __init__(self, rows: int) -> None:
        self.rows, self.changed = rows, 0


def _batches(model: Model, last: Any) -> Iterator[list[models.Model]]:
    has_pictures = any(isinstance(field, models.BinaryField) for field in model._meta.concrete_fields)
    size = _BATCH_OF_PICTURES if has_pictures else _BATCH
    while True:
        rows = model._base_manager.using(SOURCE).order_by("pk")
        batch = list(rows[:size] if last is None else rows.filter(pk__gt=last)[:size])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _note(label: str, place: str | None, count: int, *, is_done: bool) -> None:
    with connections[TARGET].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_MARK}_done VALUES (%s, %s, %s, %s) ON CONFLICT (model)"  # noqa: S608
            " DO UPDATE SET place = excluded.place, count = excluded.count, is_done = excluded.is_done",
            [label, place, count, is_done],
        )


def _storable(row: models.Model, counts: Counts) -> models.Model:
    """The row with what PostgreSQL refuses put right: NUL in text, numbers and texts beyond their column."""
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        fitting = _fitting(field, value)
        if fitting != value:
            if isinstance(row, AuditEntry):
                raise CannotMove(
                    f"Entry {row.seq} of the audit log holds what the target can't, and it may not change."
                )
            counts.changed += 1
            setattr(row, field.attname, fitting)
    return row


def _fitting(field: Any, value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return _clean(value)
    if isinstance(value, str):
        return wire.clean(value)[: getattr(field, "max_length", None)]
    if isinstance(field, models.IntegerField) and isinstance(value, int):
        low, high = connections[TARGET].ops.integer_field_range(field.get_internal_type())
        return min(max(value, low if low is not None else value), high if high is not None else value)
    return value


def _clean(value: Any) -> Any:
    """JSON without what PostgreSQL refuses in its texts, and without numbers that JSON does not know."""
    if isinstance(value, str):
        return wire.clean(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, float) and value - value != 0:  # infinite, or not a number
        return None
    return value


def set_sequences(ordered: Iterable[Model]) -> None:
    """New rows get ids above those that were copied."""
    statements = connections[TARGET].ops.sequence_reset_sql(no_style(), list(ordered))
    with connections[TARGET].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def verify(ordered: Iterable[Model]) -> None:
    """CannotMove unless every table counts the same on both sides and the audit log's chain is whole over there."""
    for model in ordered:
        here, there = (model._base_manager.using(alias).count() for alias in (SOURCE, TARGET))
        if here != there:
            raise CannotMove(f"{model._meta.label} has {here} rows here and {there} there.")
    previous = audit.GENESIS
    expected = 1
    for entry in AuditEntry.objects.using(TARGET).order_by("seq").iterator(chunk_size=500):
        if entry.seq != expected or entry.previous_hash != previous or entry.hash != audit.digest(entry):
            raise CannotMove(f"The audit log's chain is broken at {expected}.")
        expected, previous = entry.seq + 1, entry.hash


def finish() -> None:
    with connections[TARGET].cursor() as cursor:
        cursor.execute(f"DROP TABLE {_MARK}, {_MARK}_done")


def _quoted(name: str) -> str:
    return connections[TARGET].ops.quote_name(name)
