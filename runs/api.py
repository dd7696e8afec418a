"""The JSON API of runs, events and the audit log."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from ninja import Field, Header, Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import BeforeValidator, ConfigDict

from runs import control, exporting, paging, searching, states, upstream
from runs.models import AuditEntry, Connection, Event, Origin, Run
from runs.requests import findable, load_run
from runs.secrets import mask

router = Router(tags=["Runs"])

EVENTS_LARGEST = 5000
PAGE_BYTES = 8 * 1024 * 1024  # of event payloads in one answer, at most
Next = Annotated[str | None, Field(description="give it as `cursor` for the next page; null on the last one")]
Limit = Annotated[int, Query(paging.DEFAULT, ge=1, le=paging.LARGEST, description="How many at most.")]
Cursor = Annotated[str, Query("", description="The `next` of the page before.")]
OfStatus = Annotated[str, Query("", description=f"One of: {', '.join(states.Status.values)}.")]
Words = Annotated[str, Query("", description="Words of the task, a reason, an id or what happened.")]


def _whole(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise ValueError("must be a whole number")  # noqa: TRY004 (what pydantic takes for a refusal)
    return value


Whole = Annotated[int, BeforeValidator(_whole)]


class RunFields(Schema):
    """What a run may start with beside its task, as POST /v1/runs takes it."""

    model_config = ConfigDict(extra="forbid")

    machine_id: str | None = Field(None, max_length=128, description="Without one: the first machine that runs.")
    cua_version: Literal["v1", "v3", "v4", "v5"] | None = None
    instructions: str | None = Field(None, max_length=16_000)
    system_prompt: str | None = Field(None, max_length=32_000)
    model: str | None = Field(None, max_length=512)
    max_steps: Whole | None = Field(None, ge=1, le=1000)
    deadline_seconds: Whole | None = Field(None, ge=1, le=86_400)
    on_awaiting_human: Literal["pause", "fail", "cancel"] | None = None
    awaiting_human_timeout_seconds: Whole | None = Field(None, ge=1, le=86_400)
    webhook_url: str | None = Field(None, max_length=2048)
    metadata: dict[str, Any] | None = Field(None, max_length=50)
    llm: dict[str, Any] | None = None
    action_policy: dict[str, Any] | None = None


class RunIn(RunFields):
    """The fields of POST /v1/runs."""

    task: str = Field(min_length=1, max_length=16_000)
    connection: str | None = Field(None, max_length=64, description="A connection's slug; else the settings' own.")


class StreamOut(Schema):
    """How the following of the run's event stream stands."""

    state: str
    detail: str
    since: datetime | None


class RunOut(Schema):
    id: str
    connection: str = Field(description="the slug of the connection that it runs on")
    status: str
    task: str
    machine_id: str
    cua_version: str
    instructions: str
    max_steps: int | None
    on_awaiting_human: str
    deadline_seconds: int | None
    awaiting_human_timeout_seconds: int | None
    steps_completed: int
    cost_cents: int
    awaiting_human_reason: str | None
    result: Any
    error: Any
    metadata: Any
    created_at: datetime
    started_at: datetime | None
    awaiting_human_since: datetime | None
    finished_at: datetime | None
    started_by: str | None
    cursor: int = Field(description="seq of the newest stored event")
    stream: StreamOut


class RunsOut(Schema):
    data: list[RunOut]
    next: Next


class ConnectionOut(Schema):
    slug: str
    name: str
    colour: str
    is_enabled: bool
    key_kind: str = Field(description="live, test or legacy, as upstream said")
    health: str
    health_detail: str
    health_since: datetime | None
    is_unlisted: bool = Field(description="upstream has live runs that its listings can't show")
    hides_ended: bool = Field(description="a run started elsewhere that ends within seconds may be missed here")


class ConnectionsOut(Schema):
    data: list[ConnectionOut]


class EventOut(Schema):
    seq: int
    type: str
    data: Any = Field(
        description="the payload as upstream sent it, but for what looks like a secret: masked, as on pages"
    )
    created_at: datetime | None
    received_at: datetime


class EventsOut(Schema):
    data: list[EventOut]
    next: str | None = Field(description="give it as `after` (or `cursor`) to go on")


class AuditOut(Schema):
    seq: int
    at: datetime
    actor: str
    act: str
    run_id: str | None
    subject: str
    detail: Any
    previous_hash: str
    hash: str


class AuditsOut(Schema):
    data: list[AuditOut]
    next: Next


def need(request: HttpRequest, permission: str) -> Any:
    """The caller, if they have the permission. PermissionDenied else."""
    user = request.auth  # type: ignore[attr-defined]
    if not user.has_perm(permission):
        raise PermissionDenied
    return user


def shape(run: Run) -> dict[str, Any]:
    """A run as the API shows it: what its task gives away is masked for everybody, as on the pages."""
    is_parked = run.status == states.Status.AWAITING_HUMAN
    named = ("status", "task", "machine_id", "cua_version", "instructions", "max_steps", "on_awaiting_human",
             "deadline_seconds", "awaiting_human_timeout_seconds", "steps_completed", "cost_cents", "result", "error",
             "metadata", "created_at", "started_at", "awaiting_human_since", "finished_at", "cursor")  # fmt: skip
    return {
        "id": run.upstream_id,
        "connection": run.connection.slug,
        **{name: getattr(run, name) for name in named},
        "task": mask(run.task),
        "instructions": mask(run.instructions),
        "awaiting_human_reason": run.awaiting_human_reason if is_parked else None,
        "started_by": run.started_by.get_username() if run.started_by else None,
        "stream": {"state": run.stream, "detail": run.stream_detail, "since": run.stream_since_at},
    }


@router.get("/runs", response=RunsOut, summary="List runs, newest first")
def list_runs(
    request: HttpRequest, limit: Limit, status: OfStatus, q: Words, cursor: Cursor, connection: str = ""
) -> dict[str, Any]:
    user = need(request, "runs.view_run")
    rows = _matching(Run.objects.visible_to(user).select_related("started_by", "connection"), status, q)
    if connection:
        rows = rows.filter(connection__slug=findable(connection))
    if cursor:
        at, pk = paging.decode(cursor, str, int)
        since = _moment(at)
        rows = rows.filter(Q(created_at__lt=since) | Q(created_at=since, id__lt=pk))
    found, after = paging.page(rows.order_by("-created_at", "-id"), limit, lambda r: [r.created_at.isoformat(), r.pk])
    return {"data": [shape(run) for run in found], "next": after}


def _matching(rows: QuerySet[Run], status: str, q: str) -> QuerySet[Run]:
    status = findable(status)
    if status:
        if status not in states.Status.values and not Run.objects.filter(status=status[:32]).exists():
            raise paging.refusal("status", f"Choose one of: {', '.join(states.Status.values)}.")
        rows = rows.filter(status=status)
    q = findable(q).strip()[:200]
    return rows.filter(searching.said(q)) if q else rows


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise paging.refusal("cursor", "This cursor was not given by a list here. Start without one.")
    return found


@router.post("/runs", response={201: RunOut}, summary="Start a run")
def start_run(
    request: HttpRequest,
    body: RunIn,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", pattern=r"^[A-Za-z0-9_:\-]{1,128}$"),
) -> Status[dict[str, Any]]:
    """Takes the fields of `/v1/runs`. The same `Idempotency-Key` with the same body starts no second run."""
    user = need(request, "runs.start_run")
    # Keys belong to whoever made them up: two people with the same one don't get each other's run.
    key = hashlib.sha256(f"{user.pk}:{idempotency_key}".encode()).hexdigest() if idempotency_key else None
    fields = body.dict(exclude_none=True)
    connection = upstream.chosen(fields.pop("connection", ""))
    if connection is None:
        raise HttpError(422, "There is no enabled connection of this slug.")
    if key and Origin.objects.filter(key=key).exclude(run__connection=connection).exists():
        raise HttpError(422, "This Idempotency-Key has started a run on another connection. Use a new key.")
    return Status(201, shape(control.start(user, fields, key, connection=connection)))


@router.get("/connections", response=ConnectionsOut, tags=["Connections"], summary="The services that are followed")
def list_connections(request: HttpRequest) -> dict[str, Any]:
    need(request, "runs.view_run")
    named = (
        "slug",
        "name",
        "colour",
        "is_enabled",
        "key_kind",
        "health",
        "health_detail",
        "is_unlisted",
        "hides_ended",
    )
    rows = Connection.objects.order_by("-is_from_settings", "name")
    return {
        "data": [{**{name: getattr(row, name) for name in named}, "health_since": row.health_since_at} for row in rows]
    }


@router.get("/runs/{run_id}", response=RunOut, summary="One run")
def get_run(request: HttpRequest, run_id: str) -> dict[str, Any]:
    return shape(load_run(need(request, "runs.view_run"), run_id))


@router.get("/runs/{run_id}/events", response=EventsOut, summary="A run's events, oldest first")
def list_events(
    request: HttpRequest,
    run_id: str,
    after: int = Query(0, ge=0, lt=2**63, description="Only events with a greater seq."),
    limit: int = Query(1000, ge=1, le=EVENTS_LARGEST),
    cursor: str = "",
) -> HttpResponse:
    run = load_run(need(request, "runs.view_run"), run_id)
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
            raise paging.refusal("cursor", "Give the seq of the last event that you have.")
        after = max(after, int(cursor))
    rows = run.events.filter(seq__gt=after).order_by("seq")[: limit + 1]
    return HttpResponse(_written(rows.iterator(chunk_size=200), limit), content_type="application/json; charset=utf-8")


def _written(rows: Any, limit: int) -> str:
    """The page as JSON text: a payload goes in as the text that upstream sent, unless it held a secret."""
    parts: list[str] = []
    size, last = 0, None
    for event in rows:
        if len(parts) == limit or size > PAGE_BYTES:
            return f'{{"data": [{", ".join(parts)}], "next": "{last}"}}'
        parts.append(_event(event))
        size, last = size + len(event.data), event.seq
    return f'{{"data": [{", ".join(parts)}], "next": null}}'


def _event(event: Event) -> str:
    created_at = json.dumps(event.created_at.isoformat() if event.created_at else None)
    return (
        f'{{"seq": {event.seq}, "type": {json.dumps(event.type)}, "data": {exporting.payload(event.data)[0]}, '
        f'"created_at": {created_at}, "received_at": {json.dumps(event.received_at.isoformat())}}}'
    )


@router.post("/runs/{run_id}/cancel", response=RunOut, summary="Cancel a run")
def cancel_run(request: HttpRequest, run_id: str) -> dict[str, Any]:
    user = need(request, "runs.cancel_run")
    return shape(control.cancel(user, load_run(user, run_id)))


@router.get("/audit", response=AuditsOut, tags=["Audit"], summary="The audit log, newest first")
def list_audit(request: HttpRequest, limit: Limit, cursor: Cursor, act: str = "", run: str = "") -> dict[str, Any]:
    need(request, "runs.view_auditentry")
    rows = AuditEntry.objects.select_related("run").order_by("-seq")
    rows = rows.filter(act=findable(act)) if act else rows
    rows = rows.filter(run__upstream_id=findable(run)) if run else rows
    if cursor:
        rows = rows.filter(seq__lt=paging.decode(cursor, int)[0])
    found, after = paging.page(rows, limit, lambda entry: [entry.seq])
    return {"data": [_entry(entry) for entry in found], "next": after}


def _entry(entry: AuditEntry) -> dict[str, Any]:
    named = ("seq", "at", "act", "subject", "detail", "previous_hash", "hash")
    return {
        **{name: getattr(entry, name) for name in named},
        "actor": entry.actor_name,
        "run_id": entry.run.upstream_id if entry.run_id and entry.run else None,
    }
