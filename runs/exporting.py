"""Owns what of a run can be taken away as plain files: its events as JSON Lines, its acts as CSV, secrets masked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from asgiref.sync import sync_to_async

from runs import sheets, steps
from runs.casefile import signing
from runs.models import Event, Run
from runs.secrets import mask

AT_ONCE = 500
COLUMNS = (
    "step", "seq", "at", "act", "x", "y", "to_x", "to_y", "text", "keys", "url", "description", "success", "error",
    "duration_ms",
)  # fmt: skip


def json_lines(run: Run, until: int | None = None) -> Iterator[str]:
    """One line an event, oldest first."""
    for event in events(run, until):
        yield line(event) + "\n"


def events(run: Run, until: int | None = None) -> Iterator[Event]:
    rows = run.events.order_by("seq")
    yield from (rows if until is None else rows.filter(seq__lte=until)).iterator(chunk_size=AT_ONCE)


def line(event: Event) -> str:
    """The event as one line of JSON: its payload to the letter as upstream sent it, but for masked secrets.

    A masked one says so, with a mark by which this console can tell later whether a text was the one that stood there.
    """
    data, is_masked = payload(event.data)
    more = f', "masked": true, "stands_for": "{signing.stands_for(event.data)}"' if is_masked else ""
    created_at = json.dumps(event.created_at.isoformat() if event.created_at else None)
    return (
        f'{{"seq": {event.seq}, "type": {json.dumps(event.type)}, "created_at": {created_at}, '
        f'"received_at": {json.dumps(event.received_at.isoformat())}{more}, "data": {data}}}'
    )


def payload(data: str) -> tuple[str, bool]:
    """The payload as JSON on one line, and whether something in it was masked."""
    try:
        said = json.loads(data, parse_constant=_refuse)
        hidden = masked(said)
    except (ValueError, RecursionError):  # the second also where it is nested so deeply that it can only be a text
        return json.dumps(mask(data)), mask(data) != data
    if hidden != said:
        return json.dumps(hidden, ensure_ascii=False).encode("utf-8", "replace").decode(), True
    # A line break can stand between the parts of a JSON text only, never inside a string.
    return data.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace").decode(), False


def masked(value: Any) -> Any:
    """A JSON value without the passwords that its texts give away."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def acts_csv(run: Run) -> Iterator[str]:
    """One row an act, with what came of it."""
    yield _row(COLUMNS)
    place, waiting = steps.Place(), None
    for event in events(run):
        said = event.payload
        step = place.take(event.type, said)
        if event.type in steps.ACTS:
            if waiting:
                yield _row(waiting)
            waiting = _act(event, said if isinstance(said, dict) else {}, step)
        elif event.type == "tool_result" and waiting and isinstance(said, dict):
            told = [said.get("success", ""), steps.first_string(said, "error"), said.get("duration_ms", "")]
            yield _row([*waiting[:-3], *told])
            waiting = None
    if waiting:
        yield _row(waiting)


def _act(event: Event, said: dict[str, Any], step: int) -> list[Any]:
    params = said.get("params", said.get("parameters"))
    params = params if isinstance(params, dict) else {}
    spots = [part for spot in steps.points(params)[:2] for part in spot]
    at = (event.created_at or event.received_at).isoformat()
    name = steps.first_string(said, "action_type", "tool", "command")
    texts = [steps.first_string(params, key) for key in ("text", "keys", "url")]
    texts[1] = texts[1] or steps.first_string(params, "key")
    places = [*spots, "", "", "", ""][:4]
    return [step, event.seq, at, name, *places, *texts, steps.first_string(said, "description"), "", "", ""]


def _row(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return sheets.safe(mask(value))


async def sent(parts: Iterator[str] | Iterator[bytes]) -> AsyncIterator[bytes]:
    """The parts for an answer that is sent while it is made: each is made in a thread, none waits in memory."""
    while True:
        batch = await sync_to_async(_batch)(parts)
        if not batch:
            return
        yield batch


def _batch(parts: Iterator[str] | Iterator[bytes]) -> bytes:
    batch = bytearray()
    for part in parts:
        batch += part.encode("utf-8", "replace") if isinstance(part, str) else part
        if len(batch) > 65_536:
            break
    return bytes(batch)
