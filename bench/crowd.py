"""Fills a database with a crowd: runs, events, frames, approvals, decisions and an audit chain, spread as in use."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

LIVE, PARKED = 300, 60
LONG_STEPS = 500  # of the one run that is longer than all others
PER_STEP = 4
FRAMED = 40  # runs that have pictures
BATCH = 2000
LONG = "crowd-long"
_TASKS = ("Fetch the invoice of {n}", "Book the room {n} for Tuesday", "Compare offer {n} with the list of prices",
          "Close the ticket {n}", "Renew the licence of {n} and keep the receipt")  # fmt: skip
_ENDS = ("succeeded", "succeeded", "succeeded", "succeeded", "failed", "cancelled", "timed_out")
_TYPES = "CASE n % 4 WHEN 1 THEN 'step' WHEN 2 THEN 'reasoning' WHEN 3 THEN 'tool_call' ELSE 'tool_result' END"


def make(runs: int, events: int, seed: int, now: datetime) -> None:
    """Write the crowd into Django's database, which must be migrated and empty of runs."""
    from django.db import connection

    dice = random.Random(seed)
    _runs(runs, dice, now)
    each = max(4, events // runs)
    _events(1, runs, each, now)
    _long_run(now)
    _frames(runs, now)
    _desk(dice, now)
    _audit(max(100, runs * 2), now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _runs(count: int, dice: random.Random, now: datetime) -> None:
    from runs import upstream
    from runs.models import Run

    home = upstream.connection()
    _stored(Run, (Run(connection=home, **_facts(n, count, dice, now)) for n in range(1, count + 1)))


def _facts(n: int, count: int, dice: random.Random, now: datetime) -> dict[str, Any]:
    """The newest are alive; each older one has ended. One run a minute."""
    age = count - n
    parked, live = max(3, min(PARKED, count // 20)), max(10, min(LIVE, count // 4))
    status = "awaiting_human" if age < parked else "running" if age < parked + live else dice.choice(_ENDS)
    is_over = status in _ENDS
    at = now - timedelta(minutes=age)
    words = dice.choice(_TASKS).format(n=n)
    return {
        "upstream_id": f"crowd-{n}", "status": status, "log_status": status, "status_at": at, "created_at": at,
        "seen_at": at, "started_at": at, "finished_at": at + timedelta(minutes=5) if is_over else None,
        "task": f"{words}. Use the portal, take the newest entry and say what you found in one sentence.",
        "machine_id": f"mch_{n % 50:08d}", "cua_version": "v3", "max_steps": 99, "steps_completed": dice.randint(1, 60),
        "cost_cents": dice.randint(5, 300), "stream": "ended" if is_over else "live", "cursor": 50,
        "awaiting_human_reason": f"May I pay order {n}?" if status == "awaiting_human" else "",
        "awaiting_human_since": at if status == "awaiting_human" else None,
        "result": {"passed": status == "succeeded", "summary": words} if is_over else None,
    }  # fmt: skip


def _events(first: int, last: int, each: int, now: datetime) -> None:
    """Events for the runs from place `first` to `last` of all, by the database itself: millions in a minute."""
    from runs.models import Run

    ids = list(Run.objects.order_by("id").values_list("id", flat=True)[first - 1 : last])
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        _grow(chunk[0], chunk[-1], each, now)


def _grow(low: int, high: int, each: int, now: datetime) -> None:
    from django.db import connection, transaction

    body = "'{\"step\": ' || ((n + 3) / 4) || ', \"text\": \"I look at the page and read line ' || n || ' of it.\"}'"
    sql = (
        "INSERT INTO runs_event (run_id, seq, type, data, created_at, received_at) "
        "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < %s) "
        f"SELECT r.id, n, {_TYPES}, {body}, r.created_at, r.created_at FROM runs_run r, counted "
        "WHERE r.id BETWEEN %s AND %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [each, low, high])


def _long_run(now: datetime) -> None:
    from runs import upstream
    from runs.models import Run

    events = LONG_STEPS * PER_STEP
    facts = _facts(1, 10_000, random.Random(0), now)
    told = {**facts, "upstream_id": LONG, "cursor": events, "steps_completed": LONG_STEPS}
    run = Run.objects.create(connection=upstream.connection(), **told)
    _grow(run.pk, run.pk, events, now)


def _frames(count: int, now: datetime) -> None:
    from runs.models import Frame, Run

    image = b"\xff\xd8" + bytes(20_000) + b"\xff\xd9"
    digest = hashlib.sha256(image).hexdigest()
    facts = {"received_at": now, "width": 1280, "height": 720, "mime_type": "image/jpeg", "sha256": digest}
    framed = list(Run.objects.order_by("-created_at")[:FRAMED]) + list(Run.objects.filter(upstream_id=LONG))
    _stored(
        Frame, (Frame(run=run, index=n, step=n, after_seq=n * 4, image=image, **facts) for run in framed
                for n in range(1, 11)), 100,
    )  # fmt: skip


def _desk(dice: random.Random, now: datetime) -> None:
    """An open approval for each parked run, and a decided one for every fourth that has ended."""
    from django.contrib.auth.models import User

    from approvals.models import Approval, Decision
    from runs.models import Run

    person = User.objects.order_by("pk").first()
    parked = Run.objects.parked()
    _stored(Approval, (Approval(run=r, pause_seq=40, reason=r.awaiting_human_reason, opened_at=r.created_at,
                                expires_at=now + timedelta(hours=1)) for r in parked.iterator()))  # fmt: skip
    ended = Run.objects.filter(finished_at__isnull=False).order_by("id").only("id", "created_at").iterator()
    _stored(Approval, (Approval(run=r, pause_seq=40, reason="May I?", state="decided", opened_at=r.created_at,
                                closed_at=r.created_at) for r in ended if r.pk % 4 == 0))  # fmt: skip
    closed = Approval.objects.filter(state="decided").iterator()
    _stored(Decision, (_decided(a, person, dice) for a in closed))


def _decided(approval: Any, person: Any, dice: random.Random) -> Any:
    from approvals.models import Decision
    from approvals.states import Delivery, Verdict

    return Decision(
        approval=approval, code=f"c{approval.pk}", verdict=dice.choice(Verdict.values), decided_by=person,
        decided_at=approval.opened_at, delivery=Delivery.DELIVERED, delivered_at=approval.opened_at, seen_seq=40,
    )  # fmt: skip


def _audit(count: int, now: datetime) -> None:
    from runs.models import AuditEntry

    _stored(AuditEntry, _chain(count, now))


def _chain(count: int, now: datetime) -> Iterator[Any]:
    from runs import audit
    from runs.models import AuditEntry, Run

    ids = list(Run.objects.order_by("id").values_list("id", flat=True))
    previous = audit.GENESIS
    for n in range(1, count + 1):
        entry = AuditEntry(
            seq=n, at=now - timedelta(seconds=count - n), actor_name=("ada", "grace", "alan", "system")[n % 4],
            act=("run.started", "approval.decided", "decision.delivered", "run.cancelled")[n % 4],
            run_id=ids[n * len(ids) // (count + 1)], subject=f"subject {n}", detail={"note": f"number {n}"},
            previous_hash=previous,
        )  # fmt: skip
        entry.hash = previous = audit.digest(entry)
        yield entry


def _stored(model: Any, rows: Iterable[Any], batch: int = BATCH) -> None:
    from itertools import islice

    source = iter(rows)
    while part := list(islice(source, batch)):
        model.objects.bulk_create(part)
