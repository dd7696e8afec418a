"""The JSON forms of the wire: how rows become the contract's objects, times, ids and prices."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
import uuid
from datetime import UTC, datetime
from typing import Any

API_VERSION = "2026-07"
STEP_CENTS = {"v1": 8, "v3": 5, "v4": 5, "v5": 5}
PROVISION_GATE_CENTS = 20
PREDICT_CENTS, GROUND_CENTS, SESSION_CENTS, SESSION_PREDICT_CENTS = 5, 3, 10, 4
TRAJECTORY_CENTS, LARGE_PICTURE_CENTS, LONG_PROMPT_CENTS = 2, 1, 1
ENGINE_CENTS = {"v1": 3}

_BREAKS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}

Row = sqlite3.Row


def now() -> int:
    """The time in milliseconds since 1970, as the store keeps it."""
    return time.time_ns() // 1_000_000


def stamp(at: int | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def dumps(value: Any) -> str:
    """JSON on one line, also for readers that take every line break of Unicode for one (httpx does)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_BREAKS)


def request_id() -> str:
    return "req_" + secrets.token_hex(12)


def run_id() -> str:
    return str(uuid.uuid4())


def machine_id(mode: str) -> str:
    return str(uuid.uuid4()) if mode == "live" else "mch_test_" + secrets.token_hex(8)


def session_id() -> str:
    return "ses_" + secrets.token_hex(16)


def webhook_secret() -> str:
    return "whsec_" + secrets.token_hex(24)


def run(row: Row, secret: str | None = None) -> dict[str, Any]:
    """The Run object with every field of the contract; the secret only where it is shown once."""
    return {
        "id": row["id"],
        "object": "agent.run",
        "status": row["status"],
        "machine_id": row["machine_id"],
        "machine": None,
        "task": row["task"],
        "cua_version": row["cua_version"],
        "instructions": row["instructions"],
        "max_steps": row["max_steps"],
        "on_awaiting_human": row["on_awaiting_human"],
        "steps_completed": row["steps_completed"],
        "credits_charged": row["cost_cents"],
        "cost_cents": row["cost_cents"],
        "result": _loads(row["result"]),
        "error": _loads(row["error"]),
        "awaiting_human_reason": row["awaiting_human_reason"],
        "metadata": _loads(row["metadata"]),
        "llm": _loads(row["llm"]),
        "webhook_url": row["webhook_url"],
        "webhook_secret": secret,
        "created_at": stamp(row["created_at"]),
        "started_at": stamp(row["started_at"]),
        "awaiting_human_since": stamp(row["awaiting_human_since"]),
        "finished_at": stamp(row["finished_at"]),
        "request_id": row["request_id"],
        "deadline_seconds": row["deadline_seconds"],
    }


def event(row: Row) -> str:
    """One frame of the stream; `created_at` is a fourth field that readers of the standard pass over."""
    return f"id: {row['seq']}\nevent: {row['type']}\ndata: {row['data']}\ncreated_at: {stamp(row['created_at'])}\n\n"


def frame(row: Row) -> dict[str, Any]:
    """A kept picture, without the picture."""
    return {
        "index": row["idx"],
        "attempt": 1,
        "step": row["step"],
        "taken_at": stamp(row["taken_at"]),
        "width": row["width"],
        "height": row["height"],
        "mime_type": row["mime_type"],
        "size_bytes": row["size_bytes"],
        "sha256": row["sha256"],
        "degraded": bool(row["degraded"]),
        "encrypted_at_rest": False,
    }


def machine(row: Row) -> dict[str, Any]:
    """A MachineRecord. `billing` is there for machines made through the API; time on a local machine costs nothing."""
    record = {
        "id": row["id"],
        "display_name": row["display_name"],
        "status": row["status"],
        "os_type": row["os_type"],
        "desktop_enabled": bool(row["desktop_enabled"]),
        "cpu_cores": row["cpu_cores"],
        "memory_gb": row["memory_gb"],
        "storage_gb": row["storage_gb"],
        "public_ip": None,
        "is_test": row["mode"] == "test",
        "created_at": stamp(row["created_at"]),
        "started_at": stamp(row["started_at"]),
        "auto_destroy_at": stamp(row["auto_destroy_at"]),
        "ttl_minutes": row["ttl_minutes"],
        "metadata": _loads(row["metadata"]),
    }
    if not row["built_in"]:
        record["billing"] = {"billed_to": "api_wallet", "projected_daily_cents": 0, **billing(row)}
    return record


def billing(row: Row) -> dict[str, Any]:
    """What a machine costs: nothing on this platform, said in the contract's words."""
    return {
        "running_credits_per_hour": 0,
        "stopped_credits_per_hour": 0,
        "accrued_cents": 0,
        "since": stamp(row["created_at"]),
        "total_credits_billed": 0,
        "suspended_for_billing": False,
        "auto_destroy_at": stamp(row["auto_destroy_at"]),
        "ttl_minutes": row["ttl_minutes"],
    }


def _loads(text: str | None) -> Any:
    return None if text is None else json.loads(text)
