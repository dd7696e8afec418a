"""Starting and cancelling a run for a person, audited in the transaction that records the answer."""

from __future__ import annotations

import logging
import uuid
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from coasty_api import errors
from coasty_api.client import Client
from runs import audit, budgets, ingest, limits, secrets, upstream, webhooks, withheld
from runs.models import Connection, Origin, Recipe, Run

log = logging.getLogger(__name__)

DEFAULT_ENGINE = "v3"  # always sent, as the steps are: a default that moves upstream can't change the price
_SUBMITTED = ("deadline_seconds", "awaiting_human_timeout_seconds")  # upstream does not tell these again
_TRIES = 2


def start(
    user: User | None,
    fields: dict[str, Any],
    idempotency_key: str | None = None,
    *,
    connection: Connection | None = None,
    actor_name: str = "",
    shown_task: str = "",
    recipe: Recipe | None = None,
    gesture: str = "",
) -> Run:
    """Create a run upstream from the fields of POST /v1/runs and mirror it.

    Without `connection` the settings' own takes it, without `machine_id` its first running machine. `shown_task` is
    the task without the secrets in it: where it is given, nothing else of the task is kept here. Raises the tree of
    `coasty_api.errors`: Busy when the connection has as many runs as it may; OverBudget when a budget forbids it;
    Lost when upstream may have created the run without telling: the same key sent again finds out.
    """
    connection = connection or upstream.connection()
    client = upstream.client(connection)
    body = {name: value for name, value in fields.items() if value not in (None, "")}
    body.setdefault("cua_version", DEFAULT_ENGINE)
    body.setdefault("max_steps", budgets.DEFAULT_STEPS)
    ours = webhooks.address(connection) if connection.wants_webhooks else ""
    if ours:
        body.setdefault("webhook_url", ours)
    if not body.get("machine_id"):
        body["machine_id"] = first_machine(client)
    key = idempotency_key or uuid.uuid4().hex
    if shown_task:
        withheld.keep(body["task"], shown_task)
    # A start that is told again has its place already.
    is_known = Origin.objects.filter(key=key, run__connection=connection).exists()
    with nullcontext() if is_known else limits.starting(connection, key, budgets.worst_case(body)):
        asked_at = timezone.now()
        payload = _create(client, body, key)
        with transaction.atomic():
            run = ingest.take_snapshot(connection, payload, asked_at=asked_at)
            limits.begun(key)
            if ours and body["webhook_url"] == ours:
                webhooks.keep_secret(run.pk, payload)
            if _keep_submitted(run, user, body):
                Origin.objects.update_or_create(run=run, defaults={"key": key, "recipe": recipe, "gesture": gesture})
                told = secrets.mask((shown_task or str(body.get("task", "")))[:500])
                facts = {"task": told, "connection": connection.name, **({"gesture": gesture} if gesture else {})}
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
    raise errors.Conflict(_("No machine is running upstream: start one, or name the machine."), code="NO_MACHINE")


def cancel(user: User | None, run: Run, *, actor_name: str = "", gesture: str = "") -> Run:
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
    who = {"actor_name": actor_name, **({"gesture": gesture} if gesture else {})}
    return _mirror_cancel(user, run.connection, payload, problem, asked_at, who)


def _mirror_cancel(
    user: User | None,
    connection: Connection,
    payload: dict[str, Any],
    problem: errors.CoastyError | None,
    asked_at: datetime,
    who: dict[str, str],
) -> Run:
    is_ours = problem is None or (isinstance(problem, errors.Lost) and payload.get("status") == "cancelled")
    with transaction.atomic():
        run = ingest.take_snapshot(connection, payload, asked_at=asked_at)
        if is_ours:
            audit.record(user, "run.cancelled", run=run, subject=run.upstream_id, **who)
    if problem is not None and not is_ours:
        raise problem
    return run
