"""Turns every refusal and failure into the API's one envelope: {"error": {"code", "message", ...}}."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from approvals.errors import Refused
from coasty_api import errors as upstream
from coasty_console import failing
from coasty_console.parsing import Unclear
from runs.budgets import OverBudget

log = logging.getLogger(__name__)

_DECISION_FACTS = ("decided_by", "action", "decided_at")
_UNREADABLE = "Cannot parse request body"  # the framework's words
_BY_STATUS = {
    400: "BAD_REQUEST",
    401: "NOT_SIGNED_IN",
    403: "NOT_ALLOWED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "TOO_LARGE",
}

# Upstream's errors by kind: our status, our code, what the caller can do. The first kind that fits counts.
_UPSTREAM: tuple[tuple[type[upstream.CoastyError], int, str, str], ...] = (
    (upstream.KeyRefused, 502, "UPSTREAM_KEY_REFUSED", "An administrator must give the console a key that works."),
    (upstream.NotAllowed, 502, "UPSTREAM_NOT_ALLOWED", "An administrator must give the console a key with that scope."),
    (upstream.Blocked, 502, "UPSTREAM_BLOCKED", "A proxy or firewall stands between the console and upstream."),
    (upstream.NotFound, 404, "UPSTREAM_NOT_FOUND", "Check the id; ids belong to one key."),
    (OverBudget, 409, "BUDGET_REACHED", "Let it take fewer steps, wait until others have ended, or raise the budget."),
    (upstream.Conflict, 409, "UPSTREAM_CONFLICT", "Read the run again: it has moved on."),
    (upstream.Invalid, 422, "UPSTREAM_REFUSED", "Correct the values and send again."),
    (upstream.PaymentNeeded, 402, "UPSTREAM_PAYMENT_NEEDED", "Top up the wallet upstream."),
    (upstream.Busy, 429, "UPSTREAM_BUSY", "Wait and send again."),
    (upstream.Unavailable, 503, "UPSTREAM_UNAVAILABLE", "Nothing was done. Send again later."),
    (upstream.Lost, 502, "UPSTREAM_ANSWER_LOST", "It may have happened: read before you send again."),
    (upstream.CoastyError, 502, "UPSTREAM_ERROR", "Read what upstream says."),
)

_TEXT = {"type": ["string", "null"]}
_SHAPE = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "for programs; the set is open"},
                "message": {"type": "string", "description": "for people: what is wrong or what to do"},
                "details": {"type": "array", "items": {"type": "object"}, "description": "each wrong value by its loc"},
                "remedy": {"type": "string", "description": "what to do where upstream refused"},
                "upstream_code": {"type": "string"},
                "open_approval": {
                    "type": "integer",
                    "description": "with 409 to a decision that came to nothing: where the question is open again",
                },
                "failure_id": {"type": "string", "description": "with 500 and 503: stands in the console's log too"},
            },
        },
        "decided_by": {**_TEXT, "description": "with 409 to a decision: whose decision stands; null where none does"},
        "action": {**_TEXT, "description": "what was decided"},
        "decided_at": {**_TEXT, "format": "date-time"},
    },
}
_DESCRIBED = {
    "400": "The body is not JSON.",
    "401": "The token is missing or not known.",
    "403": "The caller's role does not allow it.",
    "404": "There is no such thing, here or upstream.",
    "409": "It has moved on: somebody was quicker, the run has ended, or a budget is reached.",
    "413": "The body is too large.",
    "422": "A value can't be taken.",
    "default": "402, 429: upstream wants credit or patience. 500, 502, 503: here or upstream something failed.",
}


def envelope(status: int, code: str, message: str, /, **more: Any) -> JsonResponse:
    """The one shape of an error."""
    facts = {name: more[name] for name in _DECISION_FACTS if name in more}
    return JsonResponse({"error": {"code": code, "message": message, **more}, **facts}, status=status)


def describe(schema: dict[str, Any]) -> None:
    """Add to an OpenAPI document the refusals that each route may answer with."""
    schema["components"]["schemas"]["Refusal"] = _SHAPE
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for status, said in _DESCRIBED.items():
                if _may_answer(status, path, method, operation):
                    operation["responses"].setdefault(status, {"description": said, "content": refusal})


def _may_answer(status: str, path: str, method: str, operation: dict[str, Any]) -> bool:
    if status in {"400", "413"}:
        return "requestBody" in operation
    if status in {"404", "409", "422"}:
        takes = "requestBody" in operation or operation.get("parameters")
        return {"404": "{" in path or method == "post", "409": method == "post", "422": bool(takes)}[status]
    return True


def handle(api: NinjaAPI) -> None:
    """Give the API its handlers."""
    for kind, handler in _HANDLERS.items():
        api.add_exception_handler(kind, handler)


def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    facts = dict(error.facts)
    if error.status == 409:
        facts = {**dict.fromkeys(_DECISION_FACTS), **facts}
    return envelope(error.status, error.code, error.message, **facts)


def _upstream(request: HttpRequest, error: upstream.CoastyError) -> HttpResponse:
    status, code, remedy = next(row[1:] for row in _UPSTREAM if isinstance(error, row[0]))
    more: dict[str, Any] = {"remedy": remedy}
    told = {"upstream_code": error.code, "request_id": error.request_id, "details": error.extras.get("details")}
    told |= {name: error.extras.get(name) for name in ("current_state", "required_scope")}
    more |= {name: value for name, value in told.items() if value}
    answer = envelope(status, code, error.message, **more)
    if error.retry_after is not None:
        answer["Retry-After"] = str(max(1, round(error.retry_after)))
    return answer


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    details = [{"loc": _loc(e), "msg": e.get("msg"), "type": e.get("type")} for e in error.errors]
    said = "; ".join(f"{_place(_loc(e))}: {e['msg']}" for e in error.errors[:3])
    return envelope(422, "INVALID", said or "What was sent can't be taken.", details=details)


def _loc(error: dict[str, Any]) -> list[Any]:
    """As upstream gives it: the framework also names the parameter of our function, which is the body again."""
    loc = list(error.get("loc") or ())
    return loc[1:] if loc[:2] == ["body", "body"] else loc


def _place(loc: list[Any]) -> str:
    named = [str(part) for part in loc[1:]]
    return ".".join(named) or ("the body must be a JSON object" if loc == ["body"] else "the request")


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    said = str(error)
    if said.startswith(_UNREADABLE):
        said = str(error.__cause__) if isinstance(error.__cause__, Unclear) else "The body is not JSON."
    return envelope(error.status_code, _BY_STATUS.get(error.status_code, "INVALID"), said)


def _not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    said = "Send a token: Authorization: Bearer <token>."
    if request.headers.get("Authorization"):
        said = f"This token is not known, or not any more. {said} `python manage.py api_token USERNAME` makes one."
    answer = envelope(401, "NOT_SIGNED_IN", said)
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return envelope(403, "NOT_ALLOWED", str(error) or "Your role does not allow this.")


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return envelope(404, "NOT_FOUND", str(error) or "There is nothing here.")


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return envelope(413, "TOO_LARGE", "The body is too large.")


def _database(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    said = "The database does not answer. Send again later. In the console's log: failure %s."
    happened = f"the database failed on {request.method} {request.path}"
    return _failed(request, 503, "DATABASE_UNAVAILABLE", said, happened)


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    said = "The console failed at this. Read before you send it again. Its log says why: failure %s."
    return _failed(request, 500, "INTERNAL_ERROR", said, f"{request.method} {request.path} failed")


def _failed(request: HttpRequest, status: int, code: str, said: str, happened: str) -> HttpResponse:
    """A failure of ours, told with the id under which the log has it."""
    found = failing.id_of(request)
    log.exception("Failure %s: %s", found, happened)
    answer = envelope(status, code, said % found, failure_id=found)
    answer[failing.HEADER] = found
    return answer


_HANDLERS: dict[type[Exception], Any] = {
    Refused: _refused,
    upstream.CoastyError: _upstream,
    ValidationError: _invalid,
    AuthenticationError: _not_signed_in,
    HttpError: _http,
    PermissionDenied: _denied,
    Http404: _not_found,
    RequestDataTooBig: _too_big,
    DatabaseError: _database,
    Exception: _broken,
}
