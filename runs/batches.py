"""Batches: many acts of one gesture. Made, paused, gone on with and stopped here; `runs.batch_work` does the acts.

Each row has a key of its own that upstream knows its start by: whatever is told twice is done once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError as BrokerDown

from live import publish, topics
from runs import audit, budgets, recipes, secrets, sheets, states, vault
from runs.models import Batch, BatchItem, Connection, Recipe, Run
from runs.models.planning import new_gesture
from runs.sheets import Checked, Sheet

log = logging.getLogger(__name__)

TASK = "runs.tasks.work_batch"
TASK_ONLY = "{{task}}"  # without a template each row is the whole task
_AGAIN = timedelta(minutes=5)
_DRAFT_LIVES = timedelta(days=1)
# Stored in English, whoever stops it: `runs.told` shows it to each reader in their language.
_STOPPED, _UNANSWERED = gettext_noop("Stopped before its turn."), gettext_noop("It was sent; no answer has come.")
_UNDONE = (BatchItem.State.WAITING, BatchItem.State.SENDING)


class Refused(ValueError):
    """One sentence that says why."""


class Changed(Refused):
    """The columns are mapped otherwise than they were when somebody looked: before and now, by variable."""

    def __init__(self, before: dict[str, str], now: dict[str, str]) -> None:
        super().__init__(_("Nothing was started: the columns were mapped anew meanwhile, in another tab perhaps."))
        self.changes = [
            (name, before.get(name, ""), now.get(name, ""))
            for name in dict.fromkeys([*before, *now])
            if before.get(name) != now.get(name)
        ]


@dataclass(frozen=True)
class Order:
    """What a program asks for, by names of its own: told twice, it is done once."""

    gesture: str = field(default_factory=new_gesture)
    asked: str = ""  # a digest of it; empty where nobody will say it again


def ordered(order: Order) -> Batch | None:
    """The batch that this very order has made. Refused where its name stands for another one."""
    found = Batch.objects.select_related("connection").filter(gesture=order.gesture).first()
    if found is not None and found.asked != order.asked:
        raise Refused(_("This idempotency key stands for another batch."))
    return found


def draft(
    by: User,
    connection: Connection,
    recipe: Recipe | None,
    table: str,
    fields: dict[str, Any],
    name: str = "",
    *,
    text: str = "",
    order: Order | None = None,
) -> Batch:
    """Keep a table to look at before anything is started. `sheets.Unreadable` for one that can't be read."""
    sheet, order = sheets.read(table), order or Order()
    text = text or (recipe.text if recipe else TASK_ONLY)
    return Batch.objects.create(
        act=Batch.Act.START,
        name=name.strip()[:120] or (recipe.name if recipe else _("From a table")),
        gesture=order.gesture,
        asked=order.asked,
        made_by=by,
        made_by_name=by.get_username(),
        connection=connection,
        recipe=recipe,
        text=text,
        fields={**(recipe.fields if recipe else {}), **fields},
        mapping=sheets.suggest(sheet, recipes.variables(text)),
        sealed_table=vault.seal(table),
    )


def sheet_of(batch: Batch) -> Sheet:
    """A draft's table."""
    return sheets.read(vault.unseal(batch.sealed_table))


def check(batch: Batch, mapping: dict[str, str]) -> Checked:
    """Every row of a draft under this mapping, with what is wrong."""
    return sheets.check(sheet_of(batch), batch.text, recipes.variables(batch.text), mapping)


def map_columns(batch: Batch, mapping: dict[str, str]) -> None:
    """Remember a draft's mapping."""
    Batch.objects.filter(pk=batch.pk, state=Batch.State.DRAFT).update(mapping=mapping)


def worst_case(batch: Batch, rows: int) -> int:
    """What so many runs of it may cost at most, in cents."""
    return rows * budgets.worst_case(batch.fields)


def begin(by: User, batch: Batch, limit_cents: int | None = None, *, seen: dict[str, str] | None = None) -> Batch:
    """Let the job start the rows. Refused while a line is wrong; done before by a second click: it goes on once.

    `seen` is the mapping that was on screen: where another one stands by now, nothing starts and Changed names both.
    """
    hidden = {one.name for one in recipes.variables(batch.text) if one.is_secret}
    with transaction.atomic():
        fresh = Batch.objects.select_for_update().get(pk=batch.pk)
        if fresh.state != Batch.State.DRAFT:
            return fresh
        if seen is not None and seen != fresh.mapping:
            raise Changed(seen, fresh.mapping)
        checked = check(fresh, fresh.mapping)
        if problems := len(checked.problems):
            raise Refused(_("Nothing was started: %(lines)d problems are named below.") % {"lines": problems})
        draft = Batch.objects.filter(pk=batch.pk, state=Batch.State.DRAFT)
        told = {"limit_cents": limit_cents, "begun_at": timezone.now(), "sealed_table": ""}
        if draft.update(state=Batch.State.RUNNING, **told):
            BatchItem.objects.bulk_create(_item(batch, line, values, hidden) for line, values in checked.rows)
            worst = worst_case(batch, len(checked.rows))
            facts: dict[str, Any] = {"gesture": batch.gesture, "rows": len(checked.rows), "limit_cents": limit_cents}
            facts |= {"worst_cents": worst, "text": recipes.shown(batch.text)}
            audit.record(by, "batch.started", subject=str(batch), **facts)
            _tell(batch)
    return Batch.objects.get(pk=batch.pk)


def begin_at_once(
    by: User, connection: Connection, recipe: Recipe | None, table: str, fields: dict[str, Any], *, text: str,
    name: str, limit_cents: int | None, order: Order,
) -> tuple[Batch | None, Checked]:  # fmt: skip
    """Begin a table whose columns are named as the variables; with what is wrong instead, where something is.

    Of two that bring the same order at once, one begins it and both get it.
    """
    try:
        with transaction.atomic():
            batch = draft(by, connection, recipe, table, fields, name, text=text, order=order)
            batch.mapping = {one.name: one.name for one in recipes.variables(text)}
            map_columns(batch, batch.mapping)
            checked = check(batch, batch.mapping)
            if not checked.problems:
                return begin(by, batch, limit_cents), checked
            transaction.set_rollback(True)
            return None, checked
    except IntegrityError:
        if (found := ordered(order)) is None:
            raise
        return found, Checked()


def _item(batch: Batch, line: int, values: dict[str, str], hidden: set[str]) -> BatchItem:
    told = {name: value for name, value in values.items() if name not in hidden}
    sealed = {name: value for name, value in values.items() if name in hidden}
    return BatchItem(
        batch=batch, number=line, key=f"batch-{batch.gesture}-{line}", values=told,
        sealed=vault.seal(json.dumps(sealed)) if sealed else "",
    )  # fmt: skip


def cancel_runs(
    by: User | None, runs: Iterable[Run], name: str, actor_name: str = "", order: Order | None = None
) -> Batch:
    """Cancel each of these runs by itself, with a result each. They are named in one audit entry."""
    runs, order = list(runs), order or Order()
    with transaction.atomic():
        batch = Batch.objects.create(
            act=Batch.Act.CANCEL, state=Batch.State.RUNNING, name=name[:120], begun_at=timezone.now(),
            gesture=order.gesture, asked=order.asked,
            made_by=by, made_by_name=actor_name or (by.get_username() if by else "system"),
        )  # fmt: skip
        BatchItem.objects.bulk_create(
            BatchItem(batch=batch, number=at, key=f"batch-{batch.gesture}-{at}", run=run)
            for at, run in enumerate(runs, 1)
        )
        facts: dict[str, Any] = {"gesture": batch.gesture, "runs": [run.upstream_id for run in runs],
                 "spent_cents": sum(run.cost_cents for run in runs)}  # fmt: skip
        audit.record(by, "runs.cancel_asked", subject=str(batch), actor_name=batch.made_by_name, **facts)
        _tell(batch)
    return batch


def not_asked_yet(runs: Iterable[Run], now: datetime) -> list[Run]:
    """Those that no batch is about to cancel, or has tried to cancel just now."""
    runs = list(runs)
    is_recent = Q(state__in=_UNDONE) | Q(at__gt=now - _AGAIN)
    asked = BatchItem.objects.filter(is_recent, batch__act=Batch.Act.CANCEL, run__in=runs)
    known = set(asked.values_list("run_id", flat=True))
    return [run for run in runs if run.pk not in known]


def pause(by: User | None, batch: Batch, why: str = "") -> bool:
    """Begin no further row; one that is being sent is finished. False where it is not under way."""
    return _turn(by, batch, "batch.paused", (Batch.State.RUNNING,), Batch.State.PAUSED, waits_for=why[:500])


def go_on(by: User, batch: Batch, limit_cents: int | None = None) -> bool:
    """Go on with a paused one, under another limit where one is given."""
    limit = {"limit_cents": limit_cents} if limit_cents is not None else {}
    return _turn(
        by, batch, "batch.continued", (Batch.State.PAUSED,), Batch.State.RUNNING, waits_for="", due_at=None, **limit
    )


def stop(by: User, batch: Batch) -> bool:
    """Begin no row any more: what waits is left out, for good. Runs that were started go on."""
    with transaction.atomic():
        open_states = (Batch.State.RUNNING, Batch.State.PAUSED)
        waiting = BatchItem.objects.filter(batch=batch, state=BatchItem.State.WAITING)
        left = waiting.count()
        done = _turn(
            by, batch, "batch.stopped", open_states, Batch.State.STOPPED, waits_for="", ended_at=timezone.now(),
            facts={"left_out": left},
        )  # fmt: skip
        if done:
            waiting.update(state=BatchItem.State.LEFT, sealed="", detail=_STOPPED)
            # One that a worker is sending at this moment gets its result from there.
            sent = BatchItem.objects.filter(batch=batch, state=BatchItem.State.SENDING)
            sent.update(state=BatchItem.State.UNSURE, sealed="", detail=_UNANSWERED)
    return done


def _turn(
    by: User | None, batch: Batch, act: str, before: tuple[str, ...], after: str, facts: Any = None, **values: Any
) -> bool:
    with transaction.atomic():
        done = Batch.objects.filter(pk=batch.pk, state__in=before).update(state=after, **values)
        if done:
            told = {"gesture": batch.gesture, **(facts or {})}
            told |= {name: values[name] for name in ("waits_for", "limit_cents") if values.get(name)}
            audit.record(by, act, subject=str(batch), actor_name="" if by else "batch", **told)
            _tell(batch)
    return bool(done)


def end(batch: Batch) -> None:
    """All rows have been done: say so, once."""
    counts = dict(batch.items.order_by().values_list("state").annotate(Count("id")))
    _turn(
        None, batch, "batch.done", (Batch.State.RUNNING,), Batch.State.DONE, waits_for="", ended_at=timezone.now(),
        facts={"results": counts},
    )  # fmt: skip


def forget_drafts(now: datetime) -> int:
    """Drafts that nobody has begun for a day go, with the tables in them."""
    return Batch.objects.filter(state=Batch.State.DRAFT, created_at__lt=now - _DRAFT_LIVES).delete()[0]


@dataclass(frozen=True)
class Progress:
    """How a batch stands: items by state, its runs by status, what they cost and may still cost."""

    total: int
    items: dict[str, int]
    runs: dict[str, int]
    spent: int
    worst: int

    @property
    def finished(self) -> int:
        return self.total - sum(self.items.get(state, 0) for state in _UNDONE)

    @property
    def undone(self) -> int:
        return self.total - self.finished

    @property
    def live(self) -> int:
        return sum(count for status, count in self.runs.items() if status not in states.TERMINAL)


def progress(batch: Batch) -> Progress:
    items = dict(batch.items.order_by().values_list("state").annotate(Count("id")))
    runs = dict(batch.items.filter(run__isnull=False).order_by().values_list("run__status").annotate(Count("id")))
    spent, worst = exposure(batch)
    return Progress(sum(items.values()), items, runs, spent, worst)


def exposure(batch: Batch) -> tuple[int, int]:
    """What its runs have cost, and what they cost once those under way have used all their steps."""
    rows = batch.items.filter(run__isnull=False).order_by()
    spent = rows.aggregate(cents=Sum("run__cost_cents"))["cents"] or 0
    live = rows.exclude(run__status__in=states.TERMINAL).aggregate(more=budgets.still_to_come("run__"))["more"] or 0
    return spent, spent + live


def unseen(batch: Batch) -> int:
    """How many of its rows may have started a run that nobody here has seen."""
    return batch.items.filter(state=BatchItem.State.UNSURE, run=None).count()


def task_of(batch: Batch, item: BatchItem) -> str:
    """The row's sentence as it may be shown."""
    return recipes.fill(batch.text, item.values, shows_secrets=False) if batch.text else ""


def results(batch: Batch) -> Iterable[list[Any]]:
    """The head and a line for each item: what was asked and what came of it."""
    names = [one.name for one in recipes.variables(batch.text)] if batch.text else []
    yield ["line", *names, "result", "detail", "run", "status", "steps", "cost_cents", "summary", "error"]
    for item in batch.items.select_related("run").order_by("number").iterator(chunk_size=200):
        run = item.run
        outcome = [run.upstream_id, run.status, run.steps_completed, run.cost_cents, *_said(run)] if run else [""] * 6
        values = [item.values.get(name, secrets.MASK) for name in names]
        yield [item.number, *values, item.state, item.detail, *outcome]


def _said(run: Run) -> tuple[str, str]:
    result, error = (part if isinstance(part, dict) else {} for part in (run.result, run.error))
    return str(result.get("summary") or ""), str(error.get("message") or error.get("code") or "")


def _tell(batch: Batch) -> None:
    publish.nudge(topics.batch(batch.pk), topics.BATCHES)
    if batch.state != Batch.State.DONE:
        transaction.on_commit(partial(ask, batch.pk), robust=True)


def ask(pk: int) -> None:
    """Tell the jobs that there is something to do: only a hint, the sweep finds it too."""
    try:
        current_app.send_task(TASK, [pk], retry=False, ignore_result=True)
    except (BrokerDown, OSError) as problem:
        log.warning("No job was told of the batch %s, the sweep will find it: %s", pk, problem)
