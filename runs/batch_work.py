"""Does what a batch asks for, one row after another, at the pace that its connection allows.

One worker has a batch at a time. A row is marked before it is sent; whoever finds one that is still marked so sends it
again with the same key, which upstream recognises: a worker that was killed has started nothing twice.
"""

from __future__ import annotations

import json
import logging
import secrets as tokens
import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from coasty_api import errors
from live import publish, topics
from runs import batches, budgets, control, ingest, recipes, states, upstream, vault
from runs.models import Batch, BatchItem, Run
from runs.steps import money

log = logging.getLogger(__name__)

State = BatchItem.State
_CLAIM = timedelta(seconds=90)
_TRIES = 8
_AT_ONCE = 2  # batches that are worked at: the other threads of the jobs send decisions
_SLOWLY = timedelta(seconds=15)  # until a batch that waits for something looks again
_LATER = ("IDEMPOTENCY_IN_FLIGHT", "NO_MACHINE")


class Wait(Exception):
    """Nothing can be done just now: why, and for how long."""

    def __init__(self, why: str, pause: timedelta = _SLOWLY) -> None:
        super().__init__(why)
        self.pause = pause


class Unanswered(Wait):
    """The row was sent, and no answer came."""


class Halt(Exception):
    """A person must do something first: why."""


def due(now: datetime) -> list[int]:
    """The batches that have something to do and nobody at it."""
    rows = Batch.objects.filter(_free(now), Q(due_at=None) | Q(due_at__lte=now), state=Batch.State.RUNNING)
    return list(rows.order_by("?").values_list("pk", flat=True))  # each gets its turn


def work(pk: int, seconds: float = 5.0) -> bool:
    """Do its rows for some seconds; whether there is more to do at once. Not while others take their share of jobs."""
    claim, now = tokens.token_hex(8), timezone.now()
    if Batch.objects.filter(claimed_until__gte=now).exclude(pk=pk).count() >= _AT_ONCE:
        return False  # the sweep comes back to it
    mine = Batch.objects.filter(_free(now), pk=pk, state=Batch.State.RUNNING)
    if not mine.update(claim=claim, claimed_until=now + _CLAIM):
        return False
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if not _one(pk, claim):
                return False
        return True
    finally:
        Batch.objects.filter(pk=pk, claim=claim).update(claimed_until=None, claim="")


def _free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=now)


def _one(pk: int, claim: str) -> bool:
    """Do the next row; whether to go on."""
    mine = Batch.objects.filter(pk=pk, claim=claim, state=Batch.State.RUNNING)
    if not mine.update(claimed_until=timezone.now() + _CLAIM):
        return False  # paused, stopped, or somebody else's by now
    batch = mine.select_related("connection", "made_by", "recipe").first()
    if batch is None:
        return False
    # A row that is being sent while nobody but us is at the batch was left by a worker that is gone.
    item = batch.items.filter(state__in=[State.SENDING, State.WAITING]).order_by("state", "number").first()
    if item is None:
        batches.end(batch)
        return False
    try:
        _check_person(batch)
        _do(batch, item)
    except Wait as wait:
        _put_back(item, wait)
        due_at = timezone.now() + wait.pause
        Batch.objects.filter(pk=pk).update(waits_for=str(wait)[:500], due_at=due_at)
    except Halt as halt:
        _put_back(item, halt)
        batches.pause(None, batch, str(halt))
    else:
        if batch.waits_for:
            Batch.objects.filter(pk=pk).update(waits_for="", due_at=None)
        publish.nudge(topics.batch(pk))
        return True
    publish.nudge(topics.batch(pk))
    return False


def _check_person(batch: Batch) -> None:
    """Who began it must still be allowed to: rights may go while it is under way."""
    if batch.made_by_id is None and batch.act == Batch.Act.CANCEL:
        return  # a budget's
    needed = "runs.start_run" if batch.act == Batch.Act.START else "runs.cancel_run"
    person = batch.made_by
    if person is None or not person.is_active or not person.has_perm(needed):
        raise Halt(_("%(name)s may not do this any more.") % {"name": batch.made_by_name})


def _do(batch: Batch, item: BatchItem) -> None:
    before = BatchItem.objects.filter(pk=item.pk, state=item.state)
    if batch.act == Batch.Act.START:
        _check_limit(batch, item)
    if not before.update(state=State.SENDING, tries=F("tries") + 1, at=timezone.now()):
        return
    item.tries += 1
    try:
        told = _start(batch, item) if batch.act == Batch.Act.START else _cancel(batch, item)
    except errors.CoastyError as problem:
        told = _judge(item, problem)
    except (vault.Unreadable, recipes.Refused) as problem:
        told = {"state": State.REFUSED, "detail": str(problem)}
    _settle(item, told)


def _check_limit(batch: Batch, item: BatchItem) -> None:
    """Wait until the batch's own limit holds the worst case of one more; halt where it never will."""
    if batch.limit_cents is None or item.state == State.SENDING:
        return
    spent, worst = batches.exposure(batch)
    worst += batches.unseen(batch) * budgets.worst_case(batch.fields)
    if worst + budgets.worst_case(batch.fields) <= batch.limit_cents:
        return
    said = _("Its limit of %(limit)s leaves no room for one more run: %(spent)s are spent.")
    told = said % {"limit": money(batch.limit_cents), "spent": money(spent)}
    raise Wait(told) if worst > spent else Halt(told)


def _start(batch: Batch, item: BatchItem) -> dict[str, Any]:
    hidden = json.loads(vault.unseal(item.sealed) or "{}")
    task = recipes.fill(batch.text, {**item.values, **hidden})
    run = control.start(
        batch.made_by,
        {**batch.fields, "task": task},
        item.key,
        connection=batch.connection,
        shown_task=batches.task_of(batch, item) if hidden else "",
        recipe=batch.recipe,
        gesture=batch.gesture,
    )
    return {"state": State.DONE, "run": run, "detail": ""}


def _cancel(batch: Batch, item: BatchItem) -> dict[str, Any]:
    run = Run.objects.select_related("connection").filter(batch_items=item).first()
    if run is None:
        return {"state": State.LEFT, "detail": _("The run is no longer known.")}
    if item.tries > 1 and not run.is_terminal:  # it may have been done already: look before it is said again
        asked_at = timezone.now()
        payload = upstream.client(run.connection).get_run(run.upstream_id)
        run = ingest.take_snapshot(run.connection, payload, asked_at=asked_at)
    if run.is_terminal:
        was_ours = item.tries > 1 and run.status == states.Status.CANCELLED
        said = _("Cancelled.") if was_ours else _("It had ended before: %(status)s.") % {"status": _word(run.status)}
        return {"state": State.DONE if was_ours else State.LEFT, "detail": said}
    name = "" if batch.made_by_id else batch.made_by_name
    run = control.cancel(batch.made_by, run, actor_name=name, gesture=batch.gesture)
    return {"state": State.DONE, "detail": _("Cancelled; %(cost)s were spent.") % {"cost": money(run.cost_cents)}}


def _judge(item: BatchItem, problem: errors.CoastyError) -> dict[str, Any]:
    """What an error means for its row; Wait or Halt where it concerns all of them."""
    said = problem.message[:400]
    match problem:
        case errors.Busy():
            raise Wait(said, timedelta(seconds=min(300.0, max(1.0, problem.retry_after or 5.0))))
        case errors.Unavailable():
            raise Wait(said)
        case errors.KeyRefused() | errors.PaymentNeeded() | errors.NotAllowed() | errors.Blocked():
            raise Halt(said)
        case budgets.OverBudget():
            raise Wait(said)
        case errors.Lost() if item.tries < _TRIES:
            raise Unanswered(_("No answer came; it is sent again with the same key."), timedelta(seconds=3))
        case errors.Lost():
            return {"state": State.UNSURE, "detail": _("No answer came, however often it was sent.")}
        case errors.Conflict() if problem.code in _LATER:
            raise Wait(said)
        case errors.Conflict() if item.batch.act == Batch.Act.CANCEL:
            return {"state": State.LEFT, "detail": _("It had ended before: %(said)s") % {"said": said}}
    return {"state": State.REFUSED, "detail": said}


def _settle(item: BatchItem, told: dict[str, Any]) -> None:
    told["detail"] = str(told.get("detail", ""))[:500]
    sent = BatchItem.objects.filter(pk=item.pk, state__in=[State.SENDING, State.UNSURE])
    sent.update(sealed="", at=timezone.now(), **told)


def _put_back(item: BatchItem, why: Wait | Halt) -> None:
    # Of one that may have arrived, at this try or one before, nobody may say later that it was never sent.
    is_sent = isinstance(why, Unanswered) or item.state == State.SENDING
    told = {"state": State.SENDING, "detail": str(why)[:500]} if is_sent else {"state": State.WAITING, "detail": ""}
    BatchItem.objects.filter(pk=item.pk, state=State.SENDING).update(**told)


def _word(status: str) -> str:
    return str(states.Status(status).label) if status in states.Status.values else status
