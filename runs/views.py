"""The pages of runs and of the audit log: fetch and check access, call, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from coasty_api import errors
from runs import acts, audit, control, forms, fragments, paging, requests, states
from runs.casefile import signing
from runs.models import Frame
from runs.requests import SignedIn, findable, load_run


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def detail(request: SignedIn, upstream_id: str) -> HttpResponse:
    run = load_run(request.user, upstream_id)
    context = {
        "run": run,
        "head": fragments.run_head(run),
        "screen": fragments.run_screen(run),
        "timeline": fragments.run_timeline(run),
        "case_key": signing.public_key(),
    }
    return render(request, "runs/detail.html", context)


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def earlier(request: SignedIn, upstream_id: str) -> HttpResponse:
    run = load_run(request.user, upstream_id)
    before, after, around = (requests.number(request, name) for name in ("before", "after", "around"))
    return HttpResponse(fragments.earlier_steps(run, before, after, around))


@require_POST
@login_required
@permission_required("runs.cancel_run", raise_exception=True)
def cancel(request: SignedIn, upstream_id: str) -> HttpResponse:
    run = load_run(request.user, upstream_id)
    try:
        control.cancel(request.user, run)
        messages.success(request, _("The run is cancelled; upstream confirmed it."))
    except errors.Conflict as refused:
        state = str(dict(states.Status.choices).get(refused.current_state, refused.current_state)).lower()
        messages.warning(
            request, _("Not cancelled: the run had ended before (%(state)s).") % {"state": state or _("it is over")}
        )
    except errors.Lost:
        messages.warning(
            request, _("Upstream did not answer the cancel. The state below is what is known; look again.")
        )
    except errors.CoastyError as problem:
        messages.error(request, _("Not cancelled. %(remedy)s") % {"remedy": forms.remedy(problem)})
    return redirect("run", upstream_id)


@require_GET
@never_cache
@login_required
@permission_required("runs.view_run", raise_exception=True)
def frame(request: SignedIn, upstream_id: str, index: int) -> HttpResponse:
    """A stored frame as it came; never kept by the browser."""
    run = load_run(request.user, upstream_id)
    found = get_object_or_404(Frame, run=run, index=index)
    kind = found.mime_type if found.mime_type in {"image/jpeg", "image/png", "image/webp"} else "image/jpeg"
    answer = HttpResponse(bytes(found.image), content_type=kind)
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
@login_required
@permission_required("runs.view_auditentry", raise_exception=True)
def audit_log(request: SignedIn) -> HttpResponse:
    given = {name: request.GET.get(name, "") for name in ("run", "person", "act")}
    filters = {name: findable(text).strip()[:200] for name, text in given.items()}
    page = paging.whole(request.GET.get("page", ""), 1)
    context = {
        "filters": filters,
        "areas": acts.AREAS,
        "is_other": filters["act"] and not acts.is_offered(filters["act"]),
        "audit_page": page,
        "audit_list": fragments.audit_list(filters, page, audit.standing()),
    }
    return render(request, "runs/audit.html", context)
