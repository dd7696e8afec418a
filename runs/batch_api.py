"""The JSON API of batches: many runs started from rows or cancelled at once; listed, paused, gone on with, stopped."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Count
from django.http import Http404, HttpRequest
from ninja import Field, Header, Query, Router, Schema, Status
from ninja.errors import HttpError, ValidationError
from pydantic import BeforeValidator, ConfigDict

from runs import batches, paging, recipes, sheets, upstream
from runs.api import Cursor, Limit, Next, RunFields, Whole, need
from runs.batches import Order
from runs.models import Batch, BatchItem, Connection, Recipe, Run
from runs.requests import findable

router = Router(tags=["Batches"])

MOST_AT_ONCE = 500  # runs in one gesture of cancelling, as on the pages
Key = Annotated[str | None, Header(None, alias="Idempotency-Key", pattern=r"^[A-Za-z0-9_:\-]{1,128}$")]


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a text or a number")  # noqa: TRY004 (what pydantic takes for a refusal)
    return value


Value = Annotated[str | int | float, BeforeValidator(_no_flag)]


class BatchIn(Schema):
    """Rows, and the sentence that each fills: a task with `{{variables}}`, or a template's; without both, each row's
    own `task`.
    """

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, Value]] = Field(min_length=1, max_length=sheets.MOST_ROWS)
    task: str | None = Field(None, min_length=1, max_length=recipes.LONGEST_TASK)
    recipe: str | None = Field(None, max_length=80, description="A template's name.")
    name: str = Field("", max_length=120)
    limit_cents: Whole | None = Field(
        None, ge=5, le=10**9, description="What all its runs may cost together; a row waits until its worst case fits."
    )
    connection: str | None = Field(None, max_length=64, description="A connection's slug; else the settings' own.")
    fields: RunFields | None = Field(None, description="What each run starts with; over the template's.")


class CancelIn(Schema):
    model_config = ConfigDict(extra="forbid")

    runs: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(min_length=1, max_length=MOST_AT_ONCE)
    name: str = Field("", max_length=120)


class GoOnIn(Schema):
    model_config = ConfigDict(extra="forbid")

    limit_cents: Whole | None = Field(None, ge=5, le=10**9, description="Another limit; without one it stays.")


class BatchLineOut(Schema):
    """A batch in a list."""

    id: int
    act: str = Field(description="start or cancel")
    state: str = Field(description="running, paused, stopped or done")
    name: str
    connection: str | None
    made_by: str
    created_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    limit_cents: int | None
    waits_for: str = Field(description="why nothing is done just now; empty while it goes on")
    rows: int
    results: dict[str, int] = Field(description="rows by state: waiting, sending, done, refused, unsure, left")


class BatchesOut(Schema):
    data: list[BatchLineOut]
    next: Next


class BatchOut(BatchLineOut):
    runs: dict[str, int] = Field(description="its runs by status")
    spent_cents: int
    worst_cents: int = Field(description="what they cost once those under way have used all their steps")


class ItemOut(Schema):
    number: int
    state: str
    detail: str
    values: dict[str, str] = Field(description="of the row, without secrets")
    run_id: str | None
    status: str | None
    cost_cents: int | None


class WholeBatchOut(BatchOut):
    data: list[ItemOut]
    next: str | None = Field(description="give it as `after` to go on")


@router.post("/batches", response={201: BatchOut}, summary="Start a run for each row")
def start_batch(request: HttpRequest, body: BatchIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Nothing is started while a row is wrong; each wrong one is named. Rows are sent one by one by a job: read the
    batch for what came of each. The same `Idempotency-Key` with the same body starts no second batch.
    """
    user = need(request, "runs.start_run")
    connection = upstream.chosen(body.connection or "")
    if connection is None:
        raise HttpError(422, "There is no enabled connection of this slug.")
    try:
        order = _order(user, idempotency_key, body)
        return Status(201, shape(batches.ordered(order) or _begun(user, connection, body, order)))
    except (batches.Refused, sheets.Unreadable, recipes.Refused) as refused:
        raise HttpError(422, str(refused)) from refused


def _begun(user: Any, connection: Connection, body: BatchIn, order: Order) -> Batch:
    recipe = _recipe(body)
    text = recipe.text if recipe else body.task or batches.TASK_ONLY
    names = [one.name for one in recipes.variables(text)]
    batch, checked = batches.begin_at_once(
        user, connection, recipe, _table(names, body.rows), _fields(body),
        text=text, name=body.name, limit_cents=body.limit_cents, order=order,
    )  # fmt: skip
    if batch is None:
        lines = {line: at for at, (line, _values) in enumerate(checked.rows)}
        raise ValidationError(
            [
                {"loc": ["body", "rows", lines.get(one.line, 0), one.column], "msg": one.said, "type": "value_error"}
                for one in checked.problems
            ]
        )
    return batch


def _fields(body: BatchIn) -> dict[str, Any]:
    return body.fields.dict(exclude_none=True) if body.fields else {}


def _recipe(body: BatchIn) -> Recipe | None:
    if body.recipe is None:
        return None
    if body.task is not None:
        raise HttpError(422, "Give a task or a template, not both.")
    recipe = Recipe.objects.filter(name=findable(body.recipe), is_archived=False).first()
    if recipe is None:
        raise HttpError(422, "There is no template of this name.")
    return recipe


def _table(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """The rows as the table that people would give. ValidationError for a row with other names, or without a value."""
    if not names:
        raise HttpError(422, "The task has no {{variable}} in it: start one run with it by POST /api/runs.")
    wrong = []
    for at, row in enumerate(rows):
        if unknown := sorted(set(row) - set(names)):
            wrong.append((at, f"The task has no variable {unknown[0][:80]!r}."))
        elif not any(str(row.get(name, "")).strip() for name in names):
            wrong.append((at, "The row is empty."))
    if wrong:
        raise ValidationError([{"loc": ["body", "rows", at], "msg": said, "type": "value_error"} for at, said in wrong])
    out = io.StringIO()
    csv.writer(out).writerows([names, *([str(row.get(name, "")) for name in names] for row in rows)])
    if len(out.getvalue()) > sheets.MOST_BYTES:
        raise HttpError(413, "The rows are larger than a megabyte.")
    return out.getvalue()


def _order(user: Any, key: str | None, body: Schema) -> Order:
    """Keys belong to whoever made them up. What was asked is kept as a keyed digest: a row may hold a secret."""
    if not key:
        return Order()
    asked = json.dumps(body.dict(), sort_keys=True, default=str).encode()
    gesture = hashlib.sha256(f"batch:{user.pk}:{key}".encode()).hexdigest()[:32]
    return Order(gesture, hmac.new(settings.SECRET_KEY.encode(), asked, hashlib.sha256).hexdigest())


@router.post("/batches/cancel", response={201: BatchOut}, summary="Cancel many runs")
def cancel_batch(request: HttpRequest, body: CancelIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Each that goes on is cancelled by itself, with a result of its own; those that are over are left out."""
    user = need(request, "runs.cancel_run")
    asked = Run.objects.visible_to(user).filter(upstream_id__in=body.runs).order_by("pk")
    found = {run.upstream_id: run for run in asked}
    if unknown := [at for at, name in enumerate(body.runs) if name not in found]:
        raise ValidationError(
            [{"loc": ["body", "runs", at], "msg": "There is no such run.", "type": "value_error"} for at in unknown]
        )
    try:
        order = _order(user, idempotency_key, body)
        batch = batches.ordered(order)
    except batches.Refused as refused:
        raise HttpError(422, str(refused)) from refused
    if batch is None:
        live = [run for run in found.values() if not run.is_terminal]
        if not live:
            raise HttpError(409, "All of these are over.")
        batch = _cancelling(user, live, body.name or f"Cancel {len(live)} runs", order)
    return Status(201, shape(batch))


def _cancelling(user: Any, live: Sequence[Run], name: str, order: Order) -> Batch:
    try:
        return batches.cancel_runs(user, live, name, order=order)
    except IntegrityError:  # the same order came twice at once
        if (batch := batches.ordered(order)) is None:
            raise
        return batch


@router.get("/batches", response=BatchesOut, summary="List batches, newest first")
def list_batches(request: HttpRequest, limit: Limit, cursor: Cursor, state: str = "") -> dict[str, Any]:
    """Those that were begun, with their rows by state; read one by its id for its runs and their cost."""
    need(request, "runs.view_run")
    rows = Batch.objects.exclude(state=Batch.State.DRAFT).select_related("connection").order_by("-id")
    if state:
        begun = [known for known in Batch.State.values if known != Batch.State.DRAFT]
        if state not in begun:
            raise paging.refusal("state", f"Choose one of: {', '.join(begun)}.")
        rows = rows.filter(state=state)
    if cursor:
        rows = rows.filter(id__lt=paging.decode(cursor, int)[0])
    found, after = paging.page(rows, limit, lambda batch: [batch.pk])
    counts: dict[int, dict[str, int]] = {batch.pk: {} for batch in found}
    items = BatchItem.objects.filter(batch__in=list(counts)).order_by()
    for pk, of_state, count in items.values_list("batch", "state").annotate(Count("id")):
        counts[pk][of_state] = count
    return {"data": [_line(batch, counts[batch.pk]) for batch in found], "next": after}


@router.post("/batches/{int:batch_id}/pause", response=BatchOut, summary="Pause a batch")
def pause_batch(request: HttpRequest, batch_id: int) -> dict[str, Any]:
    """No further row is sent; one that is being sent is finished. 409 where it is not under way."""
    user, batch = _to_turn(request, batch_id)
    return _turned(batch, batches.pause(user, batch))


@router.post("/batches/{int:batch_id}/resume", response=BatchOut, summary="Go on with a paused batch")
def resume_batch(request: HttpRequest, batch_id: int, body: GoOnIn | None = None) -> dict[str, Any]:
    """Under another limit where one is given. 409 where it is not paused."""
    user, batch = _to_turn(request, batch_id)
    return _turned(batch, batches.go_on(user, batch, body.limit_cents if body else None))


@router.post("/batches/{int:batch_id}/stop", response=BatchOut, summary="Stop a batch")
def stop_batch(request: HttpRequest, batch_id: int) -> dict[str, Any]:
    """What waits is left out, for good; runs that were started go on. 409 where it is over."""
    user, batch = _to_turn(request, batch_id)
    return _turned(batch, batches.stop(user, batch))


def _to_turn(request: HttpRequest, batch_id: int) -> tuple[Any, Batch]:
    """The caller and the batch, where they may do what it does."""
    user = need(request, "runs.view_run")
    batch = _begun_batch(batch_id)
    need(request, "runs.start_run" if batch.act == Batch.Act.START else "runs.cancel_run")
    return user, batch


def _turned(batch: Batch, done: bool) -> dict[str, Any]:
    fresh = _begun_batch(batch.pk)
    if not done:
        raise HttpError(409, f"The batch is {fresh.state} now; nothing was changed.")
    return shape(fresh)


def _begun_batch(batch_id: int) -> Batch:
    begun = Batch.objects.exclude(state=Batch.State.DRAFT).select_related("connection")
    batch = begun.filter(pk=batch_id).first() if batch_id < 2**63 else None
    if batch is None:
        raise Http404(f"There is no batch {batch_id}.")
    return batch


@router.get("/batches/{int:batch_id}", response=WholeBatchOut, summary="One batch, with what came of each row")
def get_batch(
    request: HttpRequest,
    batch_id: int,
    limit: int = Query(paging.DEFAULT, ge=1, le=paging.LARGEST),
    after: int = Query(0, ge=0, lt=2**31, description="Only rows with a greater number."),
) -> dict[str, Any]:
    need(request, "runs.view_run")
    batch = _begun_batch(batch_id)
    rows = list(batch.items.select_related("run").filter(number__gt=after).order_by("number")[: limit + 1])
    following = str(rows[limit - 1].number) if len(rows) > limit else None
    return {**shape(batch), "data": [_item(item) for item in rows[:limit]], "next": following}


def shape(batch: Batch) -> dict[str, Any]:
    """A batch as the API shows it."""
    told = batches.progress(batch)
    return {
        **_line(batch, told.items),
        "runs": told.runs,
        "spent_cents": told.spent,
        "worst_cents": told.worst,
    }


def _line(batch: Batch, items: dict[str, int]) -> dict[str, Any]:
    named = ("act", "state", "name", "created_at", "begun_at", "ended_at", "limit_cents", "waits_for")
    return {
        "id": batch.pk,
        **{name: getattr(batch, name) for name in named},
        "connection": batch.connection.slug if batch.connection else None,
        "made_by": batch.made_by_name,
        "rows": sum(items.values()),
        "results": items,
    }


def _item(item: BatchItem) -> dict[str, Any]:
    run = item.run
    return {
        "number": item.number,
        "state": item.state,
        "detail": item.detail,
        "values": {name: str(value) for name, value in item.values.items()},
        "run_id": run.upstream_id if run else None,
        "status": run.status if run else None,
        "cost_cents": run.cost_cents if run else None,
    }
