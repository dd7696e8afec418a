"""Owns what a case file holds: the run, its events to the letter, its frames, what people decided, audit and cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Sum
from django.db.models.functions import Length

from live.manner import Manner
from runs import exporting, steps
from runs.casefile import archive, page, verifier
from runs.models import AuditEntry, Frame, Run

EVENTS_A_PART = 1000
BYTES_A_PART = 8 * 1024 * 1024
_SUFFIX = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_TOLD = (
    "upstream_id", "status", "machine_id", "cua_version", "max_steps", "on_awaiting_human", "deadline_seconds",
    "awaiting_human_timeout_seconds", "steps_completed", "cost_cents", "created_at", "started_at", "finished_at",
    "awaiting_human_since", "seen_at", "cursor", "events_until", "waste_kind", "waste_since", "waste_steps",
    "waste_cents",
)  # fmt: skip
_MASKED = ("task", "instructions", "awaiting_human_reason", "metadata", "result", "error")

_desk: list[Callable[[Run], dict[str, Any]]] = []


def decided_by(read: Callable[[Run], dict[str, Any]]) -> None:
    """Who knows what people decided, above this layer, says how it is read: JSON values, secrets masked."""
    if read not in _desk:
        _desk.append(read)


def size(run: Run) -> int:
    """About how many bytes the case will have."""
    events = run.events.aggregate(total=Sum(Length("data")))["total"] or 0
    frames = Frame.objects.filter(run=run).aggregate(total=Sum(Length("image")))["total"] or 0
    return int(events) + int(frames)


def refuse_too_large(run: Run) -> None:
    """TooLarge where the case can't become one archive; before anything is sent."""
    count = run.events.count() // EVENTS_A_PART + Frame.objects.filter(run=run).aggregate(n=Count("id"))["n"]
    if size(run) > archive.MAX_BYTES * 0.9 or count > archive.MAX_FILES * 0.9:
        raise archive.TooLarge(archive.TooLarge.__doc__)


def members(run: Run, audit_until: int, like: Manner) -> Iterator[tuple[str, bytes]]:
    """Name and content of each member. What comes in while this is read is left out: the case ends where it began.

    Only the page is made for one reader, in the manner `like`; all else is the same for everybody.
    """
    newest = Frame.objects.filter(run=run).aggregate(newest=Max("index"))["newest"]
    frames = list(_frames(run).filter(index__lte=-1 if newest is None else newest))
    desk: dict[str, Any] = {}
    for read in _desk:
        desk |= read(run)
    audit = audit_entries(run, audit_until)
    yield "run.json", _json(about(run))
    yield from _events(run)
    yield "frames.json", _json([_frame(frame) for frame in frames])
    for frame in frames:
        image = Frame.objects.values_list("image", flat=True).get(pk=frame.pk)
        yield frame_name(frame), bytes(image)
    yield "decisions.json", _json(desk)
    yield "audit.json", _json(audit)
    yield "cost.json", _json(cost(run))
    yield "acts.csv", "".join(exporting.acts_csv(run)).encode("utf-8", "replace")
    names = {frame.index: frame_name(frame) for frame in frames}
    yield "index.html", page.drawn(run, about(run), names, desk, audit, like).encode("utf-8", "replace")
    yield "verify.py", Path(verifier.__file__).read_bytes()


def about(run: Run) -> dict[str, Any]:
    told = {name: getattr(run, name) for name in _TOLD}
    told |= {name: exporting.masked(getattr(run, name)) for name in _MASKED}
    told["connection"] = {"name": run.connection.name, "address": run.connection.base_url}
    told["started_by"] = run.started_by.get_username() if run.started_by else None
    return told


def _events(run: Run) -> Iterator[tuple[str, bytes]]:
    number, count, part = 1, 0, bytearray()
    for text in exporting.json_lines(run, run.cursor):
        part += text.encode("utf-8", "replace")
        count += 1
        if count >= EVENTS_A_PART or len(part) > BYTES_A_PART:
            yield f"events/{number:04}.jsonl", bytes(part)
            number, count, part = number + 1, 0, bytearray()
    if part or number == 1:
        yield f"events/{number:04}.jsonl", bytes(part)


def _frames(run: Run) -> Any:
    return Frame.objects.filter(run=run).defer("image").order_by("index")


def frame_name(frame: Frame) -> str:
    return f"frames/{frame.index:05}.{_SUFFIX.get(frame.mime_type, 'jpg')}"


def _frame(frame: Frame) -> dict[str, Any]:
    named = ("index", "step", "taken_at", "received_at", "after_seq", "width", "height", "mime_type", "sha256")
    return {"file": frame_name(frame), **{name: getattr(frame, name) for name in named}}


def audit_entries(run: Run, until: int) -> dict[str, Any]:
    """The run's entries to the letter, each with the hashes of its neighbours in the whole log."""
    entries = list(AuditEntry.objects.filter(run=run, seq__lte=until).order_by("seq"))
    following = dict(AuditEntry.objects.filter(seq__in=[entry.seq + 1 for entry in entries]).values_list("seq", "hash"))
    rule = "hash = SHA-256 of the entry without `hash` and `next_hash`, as JSON with sorted keys and no spaces"
    return {"rule": rule, "entries": [_entry(entry, following.get(entry.seq + 1)) for entry in entries]}


def _entry(entry: AuditEntry, next_hash: str | None) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor_name": entry.actor_name,
        "act": entry.act,
        "run": entry.run_id,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
        "next_hash": next_hash,
    }


def cost(run: Run) -> dict[str, Any]:
    """What each step has cost by upstream's own bills, and the total that upstream told."""
    place, rows = steps.Place(), []
    for line in steps.lines(exporting.events(run, run.cursor), place):
        if line.cents is not None:
            rows.append({"step": line.step, "seq": line.event.seq, "cents": line.cents, "total_cents": place.cents})
    return {"steps": rows, "total_cents": run.cost_cents}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str).encode("utf-8", "replace")
