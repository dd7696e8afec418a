"""The page that shows two runs of the same task side by side."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from runs import comparing
from runs.models import Run
from runs.requests import SignedIn, findable, load_run


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def compare(request: SignedIn, upstream_id: str) -> HttpResponse:
    """With the run that `with` names; else with the newest one of the same task, if there is one."""
    run = load_run(request.user, upstream_id)
    offered = comparing.candidates(run, Run.objects.visible_to(request.user))
    named = findable(request.GET.get("with", "")[:128])
    earlier = [one.run for one in offered if one.is_same and one.run.created_at <= run.created_at]
    other = load_run(request.user, named) if named else (earlier[0] if earlier else None)
    context = {
        "run": run,
        "other": other,
        "offered": offered,
        "is_offered": any(other is not None and one.run.pk == other.pk for one in offered),
        "found": comparing.compared(other, run) if other else None,
    }
    return render(request, "runs/compare.html", context)
