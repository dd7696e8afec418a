"""The calls of a run's page beside the page itself: its film, its live screen."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from runs import replay, requests, screens, told
from runs.requests import SignedIn, load_run


@require_GET
@never_cache
@login_required
@permission_required("runs.view_run", raise_exception=True)
def film(request: SignedIn, upstream_id: str) -> HttpResponse:
    """The stops of the film after an event."""
    return JsonResponse(replay.film(load_run(request.user, upstream_id), requests.number(request, "after")))


@require_GET
@never_cache
@login_required
@permission_required("runs.view_run", raise_exception=True)
def now(request: SignedIn, upstream_id: str) -> HttpResponse:
    """The machine's screen as it is now, never kept; where it can't be shown, the reason as JSON: that is no error."""
    run = load_run(request.user, upstream_id)
    try:
        shot = screens.now(run)
    except screens.NotShown as problem:
        return JsonResponse({"over": run.is_terminal, "why": _why(str(problem))})
    answer = HttpResponse(shot.image, content_type=shot.mime_type)
    answer["Cache-Control"] = "no-store"
    answer["X-Taken-At"] = shot.taken_at.isoformat()
    return answer


def _why(problem: str) -> str:
    reasons = {
        "over": _("The run has ended."),
        "waiting": _("The run has not begun."),
        "no machine": _("Upstream names no machine for this run."),
        "driven": _("A person drives the machine now; what they type is not shown."),
        "no picture": _("Upstream sent no picture."),
        "slow": _("Upstream has not answered yet."),
    }
    return reasons.get(problem) or told.told(problem)
