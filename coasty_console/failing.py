"""What is told when the console itself fails: an id that stands in its log too, and what to do now."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import translation

HEADER = "Failure-Id"


def id_of(request: HttpRequest) -> str:
    """The id of what failed while this request was answered: made once, the same wherever it is told."""
    if not hasattr(request, "failure_id"):
        request.failure_id = secrets.token_hex(4)  # type: ignore[attr-defined]
    return str(request.failure_id)  # type: ignore[attr-defined]


def page(request: HttpRequest) -> HttpResponse:
    """The page of a failure. It asks nothing of the database, which may be what has failed."""
    language = translation.get_language() if hasattr(request, "manner") else None
    with translation.override(language or translation.get_language_from_request(request)):
        asks = request.method in {"GET", "HEAD"}
        context = {"failure_id": id_of(request), "again": request.get_full_path() if asks else ""}
        said = loader.render_to_string("500.html", context)
    return HttpResponse(said, status=500, headers={HEADER: id_of(request), "Cache-Control": "no-store"})
