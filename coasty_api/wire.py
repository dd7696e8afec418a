"""How `/v1` writes things down: events, runs, pauses, costs, times, errors. Reads every variant of the contract."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from coasty_api.errors import (
    Blocked,
    Busy,
    CoastyError,
    Conflict,
    Invalid,
    KeyRefused,
    NotAllowed,
    NotFound,
    PaymentNeeded,
    Unavailable,
)
from coasty_api.sse import Frame

TERMINAL = frozenset({"succeeded", "failed", "cancelled", "timed_out"})
AWAITING_HUMAN, RUNNING = "awaiting_human", "running"
_DECODER = json.JSONDecoder()
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACE = " \t\n\r"
DEEPEST, CUT = 100, "…"  # lists and objects inside one another; what stands for those further in
_CUT_TEXT = f'"{CUT}"'
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)  # never goes back: linear in any text
_ENVELOPE = {"code", "message", "type", "request_id"}


class Event(NamedTuple):
    """One event of a run's log; `data` is the payload's JSON text to the letter as it was sent."""

    seq: int
    type: str
    data: str
    created_at: datetime | None = None


def event(frame: Frame) -> Event | None:
    """The event in a frame, unwrapped when it came as {seq, type, data}. None when nothing says its seq."""
    seq, kind, data, created = _integer(frame.id), frame.event, frame.data, frame.created_at
    if frame.dropped_bytes:
        data = json.dumps({"too_large": True, "bytes": frame.dropped_bytes})
    wrapper = members(data) if '"type"' in data and '"data"' in data else {}
    if _is_wrapper(wrapper):
        inner = _value(wrapper["type"])
        kind = inner if kind == "message" else kind
        seq = seq if seq is not None else _integer(_value(wrapper.get("seq", "null")))
        created = created or str(_value(wrapper.get("created_at", '""')) or "")
        data = wrapper["data"]
    elif seq is None or kind == "message":
        seq, kind = _from_payload(data, seq, kind)
    if seq is None or seq < 1:
        return None
    return Event(seq, clean(kind)[:64], data, time(created or _created_at(data)))


def _is_wrapper(wrapper: Mapping[str, str]) -> bool:
    return wrapper.get("type", "").startswith('"') and wrapper.get("data", "").startswith("{")


def _from_payload(data: str, seq: int | None, kind: str) -> tuple[int | None, str]:
    payload = parse(data)
    if isinstance(payload, dict):
        seq = seq if seq is not None else _integer(payload.get("seq"))
        inner = payload.get("type")
        if kind == "message" and isinstance(inner, str) and inner:
            kind = inner
    return seq, kind


def _created_at(data: str) -> str:
    if '"created_at"' not in data:
        return ""
    payload = parse(data)
    return str(payload.get("created_at") or "") if isinstance(payload, dict) else ""


def members(text: str) -> dict[str, str]:
    """The members of a JSON object, each value as the raw text that stands there. Empty for anything else."""
    try:
        return dict(_members(text))
    except (ValueError, IndexError, RecursionError):
        return {}


def _members(text: str) -> list[tuple[str, str]]:
    at = _skip(text, 0)
    if text[at] != "{":
        return []
    found: list[tuple[str, str]] = []
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] != ":":
            return []
        start = _skip(text, at + 1)
        _value_there, at = _DECODER.raw_decode(text, start)
        found.append((str(name), text[start:at]))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _value(text: str) -> Any:
    return json.loads(text)


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 2**63 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None


def parse(data: str) -> Any:
    """The payload as a value; the text itself where it is not JSON."""
    try:
        return json.loads(data)
    except json.JSONDecodeError:
        return data
    except (ValueError, RecursionError):  # a number of thousands of digits, or nested too deeply to be read
        return _parse_bounded(data)


def answer(data: str) -> Any:
    """`parse` for what is worked on as a whole: nothing in it is nested too deeply to be written down again."""
    found = parse(data)
    if data.count("[") + data.count("{") <= DEEPEST:  # as nearly every event's
        return found
    return _parse_bounded(data) if _is_deeper(found, DEEPEST) else found


def _parse_bounded(data: str) -> Any:
    try:
        return json.loads(_flattened(data), parse_int=_number)
    except ValueError:
        return data


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 400 else float(digits)


def _flattened(text: str) -> str:
    """JSON text with whatever is nested too deeply replaced by a sign, so that one such value hides no other."""
    parts, kept, depth = [], 0, 0
    for found in _TOKEN.finditer(text):
        sign = found[0]
        if sign in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                parts.append(text[kept : found.start()])
                kept = len(text)  # where it never closes, the rest is no JSON
        elif sign in "]}":
            if depth == DEEPEST + 1:
                parts.append(_CUT_TEXT)
                kept = found.end()
            depth -= 1
    return "".join([*parts, text[kept:]])


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inner for value in values]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def clean(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs, which JSON can spell."""
    return _UNSTORABLE.sub("\ufffd", text)


def clean_tree(value: Any, levels: int = DEEPEST) -> Any:
    """A JSON value as every database takes it: strings clean, no number that JSON has not, nested so deeply at most."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if not isinstance(value, dict | list):
        return value
    if not levels:
        return CUT
    if isinstance(value, dict):
        return {clean(str(name)): clean_tree(item, levels - 1) for name, item in value.items()}
    return [clean_tree(item, levels - 1) for item in value]


def time(text: object) -> datetime | None:
    """An RFC 3339 time as an aware UTC datetime; None for anything else."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # a time of the year 1 or 9999 may be none in UTC
        return None


def ahead(date: str, now: float, known: float) -> float:
    """How many seconds the clock that wrote this Date header is before ours; `known` where it can't be read.

    A Date tells whole seconds: a clock that agrees with ours to that is taken to be equal.
    """
    try:
        told = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return known
    return 0.0 if -2.0 < told - now < 1.0 else told - now


def status_told(kind: str, payload: Any) -> str | None:
    """The status that an event of this type puts the run in; None when it says nothing about it."""
    if kind in {"status", "done"}:
        told = payload.get("status") if isinstance(payload, dict) else None
        return clean(told)[:32] if isinstance(told, str) and told else None
    return {"awaiting_human": AWAITING_HUMAN, "resumed": RUNNING}.get(kind)


def pause_reason(payload: Any) -> str:
    """Why a run waits for a person, from whichever field says it."""
    if not isinstance(payload, dict):
        return ""
    for name in ("reason", "awaiting_human_reason", "message"):
        if isinstance(payload.get(name), str) and payload[name]:
            return clean(payload[name])
    return ""


def cost_cents(payload: Any) -> int | None:
    """The running total in cents that a billing event or a run tells."""
    return _count(payload, "cost_cents", "credits_charged", "spent_cents")


def steps_completed(payload: Any) -> int | None:
    return _count(payload, "steps_completed")


def _count(payload: Any, *names: str) -> int | None:
    for name in names:
        value = payload.get(name) if isinstance(payload, dict) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**31:
            return int(value)
    return None


def error(status: int, body: bytes, headers: Mapping[str, str]) -> CoastyError:
    """The error that a non-2xx answer means. A body that is no envelope still gives a readable one."""
    told = _envelope(body)
    retry_after = _seconds(headers.get("Retry-After")) or _seconds(told.get("retry_after"))
    code = str(told.get("code") or "")
    kind = _kind(status, code, bool(told))
    message = str(told.get("message") or "") or f"{(kind.__doc__ or '').strip()} (HTTP {status})"
    return kind(
        message[:2000],
        status=status,
        code=code,
        request_id=str(headers.get("X-Coasty-Request-Id") or told.get("request_id") or ""),
        retry_after=retry_after,
        extras={name: value for name, value in told.items() if name not in _ENVELOPE},
    )


def _envelope(body: bytes) -> dict[str, Any]:
    parsed = parse(body.decode("utf-8", "replace"))
    told = parsed.get("error") if isinstance(parsed, dict) else None
    return told if isinstance(told, dict) else {}


def _kind(status: int, code: str, is_envelope: bool) -> type[CoastyError]:
    if status == 401:
        return Unavailable if code == "UPSTREAM_ERROR" else KeyRefused
    if status == 403:
        return NotAllowed if is_envelope else Blocked
    if status == 409 and code == "IDEMPOTENCY_IN_FLIGHT":
        return Busy
    by_status: dict[int, type[CoastyError]] = {
        400: Invalid, 402: PaymentNeeded, 404: NotFound, 405: Invalid, 409: Conflict,
        410: NotFound, 413: Invalid, 422: Invalid, 429: Busy,
    }  # fmt: skip
    if status in by_status:
        return by_status[status]
    return Unavailable if status >= 500 or 300 <= status < 400 else CoastyError


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < 86_400 else None
