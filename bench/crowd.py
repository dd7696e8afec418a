"""Fills a database with a crowd: runs, events, frames and an audit chain, spread as in use; `crowd_desk` the rest."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bench import crowd_desk
from bench.crowd_desk import PER_STEP, stored

LIVE, PARKED = 300, 140
LONG_STEPS = 500  # of the one run that is longer than all others
FRAMED = 160  # runs that have pictures
BATCH = crowd_desk.BATCH
PICTURES = 24  # different ones
LONG = "crowd-long"
RARE = {"machine_id": "mch_rare", "metadata": {"team": "team-rare"}}  # of that run alone
_TASKS = ("Fetch the invoice of {n}", "Book the room {n} for Tuesday", "Compare offer {n} with the list of prices",
          "Close the ticket {n}", "Renew the licence of {n} and keep the receipt")  # fmt: skip
_ENDS = ("succeeded", "succeeded", "succeeded", "succeeded", "failed", "cancelled", "timed_out")
_TYPES = "CASE n %% 4 WHEN 1 THEN 'step' WHEN 2 THEN 'reasoning' WHEN 3 THEN 'tool_call' ELSE 'tool_result' END"


def make(runs: int, events: int, seed: int, now: datetime) -> None:
    """Write the crowd into Django's database, which must be migrated and empty of runs."""
    from django.db import connection

    dice = random.Random(seed)
    crowd_desk.people()
    _runs(runs, dice, now)
    each = max(4, events // runs)
    _events(1, runs, each, now)
    _worked(now)
    _long_run(now)
    _frames(dice, now)
    _audit(max(100, runs), now)
    crowd_desk.fill(dice, each, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _runs(count: int, dice: random.Random, now: datetime) -> None:
    from runs import upstream
    from runs.models import Connection, Run

    homes = [upstream.connection()] * 5
    for name in ("Staging", "Partner"):
        address = f"https://{name.lower()}.example.org/v1"
        homes.append(Connection.objects.create(name=name, slug=name.lower(), base_url=address))
    stored(Run, (Run(connection=homes[n % 7], **_facts(n, count, dice, now)) for n in range(1, count + 1)))


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
        "cost_cents": dice.randint(5, 300), "stream": "ended" if is_over else "live",
        "cursor": 50, "metadata": {"team": f"team-{n % 9}"},
        "awaiting_human_reason": dice.choice(crowd_desk.REASONS).format(n=n) if status == "awaiting_human" else "",
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


def _worked(now: datetime) -> None:
    """What the jobs have made of runs that ended long ago: their words, what was booked. They do the rest."""
    from django.utils import timezone

    from runs import words
    from runs.models import Account, Charge, Event, Run, SearchText

    ended = Run.objects.filter(finished_at__lt=now - timedelta(hours=2)).order_by("id")
    payloads = Event.objects.filter(run=ended.first()).values_list("data", flat=True)  # alike in all of them
    said = set().union(*(words.in_payload(data) for data in payloads))

    def text_of(run: Any) -> Any:
        own = words.in_value([run.upstream_id, run.machine_id, run.task, run.result, run.metadata])
        return SearchText(
            run=run, words=" ".join(sorted(own | said)), seq=max(len(payloads), run.cursor), is_whole=True
        )

    stored(SearchText, (text_of(run) for run in ended.iterator()))
    billed = list(ended.values_list("pk", "connection_id", "cost_cents", "finished_at"))
    stored(Account, (Account(run_id=pk, cents=cents, is_closed=True) for pk, _home, cents, _at in billed))
    stored(Charge, (Charge(run_id=pk, connection_id=home, day=timezone.localdate(at), cents=cents)
                    for pk, home, cents, at in billed))  # fmt: skip


def _long_run(now: datetime) -> None:
    from runs import upstream
    from runs.models import Run

    events = LONG_STEPS * PER_STEP
    facts = _facts(1, 10_000, random.Random(0), now)
    told = {**facts, "upstream_id": LONG, "cursor": events, "steps_completed": LONG_STEPS, **RARE}
    run = Run.objects.create(connection=upstream.connection(), **told)
    _grow(run.pk, run.pk, events, now)


def _frames(dice: random.Random, now: datetime) -> None:
    """Pictures of the newest runs and of the long one, of some different screens."""
    from runs.models import Frame, Run

    screens = [_screen(n) for n in range(PICTURES)]
    shape = {"received_at": now, "width": 1280, "height": 720, "mime_type": "image/jpeg"}
    framed = list(Run.objects.order_by("-created_at")[:FRAMED]) + list(Run.objects.filter(upstream_id=LONG))
    stored(
        Frame, (Frame(run=run, index=n, step=n, after_seq=n * 4, **shape, **dice.choice(screens)) for run in framed
                for n in range(1, 11)), 100,
    )  # fmt: skip


def _screen(n: int) -> dict[str, Any]:
    from PIL import Image, ImageDraw

    from runs import likeness

    page = Image.new("RGB", (1280, 720), "white")
    draw = ImageDraw.Draw(page)
    for at in range(12):
        draw.rectangle(
            (60 + n * 31 % 700, 40 + at * 55, 400 + n * 53 % 600, 70 + at * 55), fill=(40, 90 + at * 9, n * 9)
        )
    told = io.BytesIO()
    page.save(told, "JPEG")
    image = told.getvalue()
    return {"image": image, "sha256": hashlib.sha256(image).hexdigest(), "likeness": likeness.of(image)}


def _audit(count: int, now: datetime) -> None:
    from runs.models import AuditEntry

    stored(AuditEntry, _chain(count, now))


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
