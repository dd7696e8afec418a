"""Starting and cancelling a run for a person, audited in the transaction that records the answer."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from coasty_api import errors
from coasty_api.client import Client
from runs import audit, ingest, limits, secrets, upstream, webhooks
from runs.models import Connection, Run

log = logging.getLogger(__name__)

DEFAULT_ENGINE = "v3"  # always sent, so that a default that moves upstream can't change the price
_SUBMITTED = ("deadline_seconds", "awaiting_human_timeout_seconds")  # upstream does not tell these again
_TRIES = 2


def start(
    user: User | None,
    fields: dict[str, Any],
    idempotency_key: str | None = None,
    *,
    connection: Connection | None = None,
    actor_name: str = "",
) -> Run:
    """Create a run upstream from the fields of POST /v1/runs and mirror it.

    Without `connection` the settings' own takes it, without `machine_id` its first running machine. Raises the tree of
    `coasty_api.errors`: Busy when the connection has as many runs as it may; Lost when upstream may
    have created the run without telling: the same key sent again finds out.
    """
    connection = connection or upstream.connection()
    client = upstream.client(connection)
    body = {name: value for name, value in fields.items() if value not in (None, "")}
    body.setdefault("cua_version", DEFAULT_ENGINE)
    ours = webhooks.address(connection) if connection.wants_webhooks else ""
    if ours:
        body.setdefault("webhook_url", ours)
    if not body.get("machine_id"):
        body["machine_id"] = first_machine(client)
    key = idempotency_key or uuid.uuid4().hex
    with limits.starting(connection, key):
        asked_at = timezone.now()
        payload = _create(client, body, key)
        with transaction.atomic():
            run = ingest.take_snapshot(connection, payload, asked_at=asked_at)
            if ours and body["webhook_url"] == ours:
                webhooks.keep_secret(run.pk, payload)
            if _keep_submitted(run, user, body):
                told = secrets.mask(str(body.get("task", ""))[:500])
                facts = {"task": told, "connection": connection.name}
                audit.record(user, "run.started", run=run, subject=run.upstream_id, actor_name=actor_name, **facts)
    return run


def _create(client: Client, body: dict[str, Any], key: str) -> dict[str, Any]:
    """One create, however often it takes to say it: the key makes a repetition harmless."""
    for left in reversed(range(_TRIES)):
        try:
            return client.create_run(body, key)
        except (errors.Lost, errors.Unavailable) as problem:
            if not left or problem.retry_after:
                raise
            log.info("Creating a run is tried again with the same key: %s", problem)
    raise AssertionError("unreachable")


def _keep_submitted(run: Run, user: User | None, body: dict[str, Any]) -> bool:
    """Store what only the console knows. False when this run has been started here before (a replay)."""
    if Run.objects.filter(pk=run.pk, is_ours=True).exists():
        return False
    kept = {name: body[name] for name in _SUBMITTED if isinstance(body.get(name), int)}
    Run.objects.filter(pk=run.pk).update(started_by=user, is_ours=True, **kept)
    run.refresh_from_db()
    return True


def first_machine(client: Client) -> str:
    """The id of the first machine that runs; Conflict when there is none."""
    for machine in client.machines().get("data") or []:
        if isinstance(machine, dict) and machine.get("status") == "running" and machine.get("id"):
            return str(machine["id"])
    raise errors.Conflict("No machine is running upstream: start one, or name the machine.", code="NO_MACHINE")


def cancel(user: User | None, run: Run) -> Run:
    """Cancel upstream, once, and mirror what upstream then says.

    Conflict when the run had ended by itself; Lost when upstream's answer did not come and the run still lives.
    """
    client = upstream.client(run.connection)
    asked_at = timezone.now()
    try:
        payload, problem = client.cancel_run(run.upstream_id), None
    except (errors.Conflict, errors.Lost) as refused:
        asked_at = timezone.now()
        payload, problem = client.get_run(run.upstream_id), refused
    return _mirror_cancel(user, run.connection, payload, problem, asked_at)


def _mirror_cancel(
    user: User | None,
    connection: Connection,
    payload: dict[str, Any],
    problem: errors.CoastyError | None,
    asked_at: datetime,
) -> Run:
    is_ours = problem is None or (isinstance(problem, errors.Lost) and payload.get("status") == "cancelled")
    with transaction.atomic():
        run = ingest.take_snapshot(connection, payload, asked_at=asked_at)
        if is_ours:
            audit.record(user, "run.cancelled", run=run, subject=run.upstream_id)
    if problem is not None and not is_ours:
        raise problem
    return run
