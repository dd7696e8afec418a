"""The one error envelope: every answer that is not 2xx, with all its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse

DOCS = "https://coasty.ai/docs"

# code: (HTTP status, type, may the same call succeed later, what to do)
CATALOGUE: dict[str, tuple[int, str, bool, str]] = {
    "INVALID_LIMIT": (400, "validation_error", False, "Give a limit inside the stated range."),
    "INVALID_STATUS_FILTER": (400, "validation_error", False, "Use one of valid_options."),
    "FEATURE_NOT_AVAILABLE": (400, "validation_error", False, "Leave the feature out."),
    "INVALID_API_KEY": (401, "auth_error", False, "Send the key that the platform issued, as X-API-Key or as Bearer."),
    "INSUFFICIENT_CREDITS": (402, "billing_error", False, "Use a test key, or start with a larger --wallet-cents."),
    "INSUFFICIENT_SCOPE": (403, "auth_error", False, "Issue a key with --issue-key and --grant the required scope."),
    "RUN_NOT_FOUND": (
        404,
        "not_found_error",
        False,
        "Check the id, and that the key is of the mode that made the run.",
    ),
    "MACHINE_NOT_FOUND": (404, "not_found_error", False, "List the machines of this key with GET /v1/machines."),
    "SESSION_NOT_FOUND": (404, "not_found_error", False, "Make a new session: it was deleted, idle too long, or lost."),
    "NOT_FOUND": (404, "not_found_error", False, "Check the address."),
    "METHOD_NOT_ALLOWED": (405, "client_error", False, "Use a method of the Allow header."),
    "NOT_AWAITING_HUMAN": (409, "state_error", False, "Read the run again: it does not wait for a person."),
    "RESUME_CONFLICT": (409, "state_error", False, "Read the run again: somebody was quicker, or it has ended."),
    "INVALID_STATE": (409, "state_error", False, "Read the resource again: its state does not allow this."),
    "IDEMPOTENCY_IN_FLIGHT": (409, "state_error", True, "Send the same request with the same key again in a moment."),
    "PAYLOAD_TOO_LARGE": (413, "validation_error", False, "Send less."),
    "VALIDATION_ERROR": (422, "validation_error", False, "Correct the fields named in details."),
    "INVALID_SCREENSHOT": (422, "validation_error", False, "Send the bytes of one PNG or JPEG as base64."),
    # 422 and not a 500 that clients try again: the same words find as little in the same picture the next time
    "GROUNDING_FAILED": (422, "validation_error", False, "Say it in words that the picture shows: see nearest."),
    "IDEMPOTENCY_KEY_REUSED": (422, "validation_error", False, "Use a new key for another request."),
    "LLM_PROVIDER_UNSUPPORTED": (422, "validation_error", False, "Leave llm out or set its provider to managed."),
    "RATE_LIMITED": (429, "rate_limit_error", True, "Wait the seconds of Retry-After, then send it again."),
    "PREDICTION_FAILED": (500, "server_error", True, "Try again; nothing was charged."),
    "INTERNAL_ERROR": (500, "server_error", True, "Try again; the log of the platform says what happened."),
    "SERVICE_UNAVAILABLE": (503, "server_error", True, "Try again in a moment."),
}
BY_STATUS = {400: "VALIDATION_ERROR", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "PAYLOAD_TOO_LARGE"}


@dataclass
class ApiError(Exception):
    """An answer that is not 2xx: a code of the catalogue, a message for people, further fields."""

    code: str
    message: str
    extras: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    keyed: bool = False


def invalid(details: Sequence[Mapping[str, Any]]) -> ApiError:
    """422 with pydantic-like details."""
    first = details[0]
    where = ".".join(str(part) for part in first["loc"])
    return ApiError("VALIDATION_ERROR", f"{where}: {first['msg']}", {"details": list(details)})


def invalid_at(loc: Sequence[str | int], msg: str, kind: str) -> ApiError:
    return invalid([{"loc": list(loc), "msg": msg, "type": kind}])


def response(error: ApiError, request_id: str) -> JSONResponse:
    status, kind, retryable, suggestion = CATALOGUE[error.code]
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "type": kind,
        "request_id": request_id,
        "retryable": retryable,
        "retry_with_same_idempotency_key": retryable and error.keyed,
        "suggestion": suggestion,
        "docs_url": DOCS,
    }
    if status >= 500:
        body["support"] = "The local platform is this machine's own process: see its log."
    headers = {"Link": f'<{DOCS}>; rel="help"', **error.headers}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503) or error.code == "IDEMPOTENCY_IN_FLIGHT":
        body["retry_after"] = 1
        headers["Retry-After"] = "1"
    return JSONResponse({"error": body | dict(error.extras)}, status, headers)
