"""What of a run can be taken away: events, acts, the case file. Each is sent while it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from live.manner import Manner
from runs import exporting
from runs.casefile import archive, making
from runs.models import Run
from runs.requests import SignedIn, load_run


@require_GET
@never_cache
@login_required
@permission_required("runs.export_run", raise_exception=True)
def events(request: SignedIn, upstream_id: str) -> HttpResponseBase:
    run = load_run(request.user, upstream_id)
    return _sent(request, exporting.json_lines(run), "application/x-ndjson; charset=utf-8", _name(run, "events.jsonl"))


@require_GET
@never_cache
@login_required
@permission_required("runs.export_run", raise_exception=True)
def acts(request: SignedIn, upstream_id: str) -> HttpResponseBase:
    run = load_run(request.user, upstream_id)
    return _sent(request, exporting.acts_csv(run), "text/csv; charset=utf-8", _name(run, "acts.csv"))


@require_POST
@never_cache
@login_required
@permission_required("runs.export_run", raise_exception=True)
@permission_required("runs.view_auditentry", raise_exception=True)
def case(request: SignedIn, upstream_id: str) -> HttpResponseBase:
    """POST, as it is written down who took it away."""
    run = load_run(request.user, upstream_id)
    like: Manner = request.manner  # type: ignore[attr-defined]
    try:
        parts = making.begin(request.user, run, like)
    except archive.TooLarge:
        messages.error(request, _("This run is too large for one case file. Take its events away instead."))
        return redirect("run", upstream_id)
    return _sent(request, parts, "application/zip", _name(run, "case.zip"))


def _name(run: Run, ending: str) -> str:
    return f"run-{re.sub(r'[^A-Za-z0-9._-]+', '-', run.upstream_id)[:64].strip('.')}-{ending}"


def _sent(request: SignedIn, parts: Iterator[str] | Iterator[bytes], kind: str, name: str) -> HttpResponseBase:
    body = exporting.sent(parts) if isinstance(request, ASGIRequest) else parts
    answer = StreamingHttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
