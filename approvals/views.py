"""The pages of the desk and the overview: fetch and check access, call, render."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from approvals import claims, company, decisions, errors, figuring, forms, fragments, recalls, tour
from approvals.models import Approval, Decision
from approvals.rules import fragments as rule_fragments
from runs.requests import SignedIn


def load_approval(user: Any, pk: int) -> Approval:
    """The approval, if this person may see it; 404 else."""
    found = Approval.objects.visible_to(user).select_related("run", "run__connection", "run__started_by")
    return get_object_or_404(found, pk=pk)


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def overview(request: SignedIn) -> HttpResponse:
    context = {**fragments.overview(request.user), **figuring.overview_charts(request.user)}
    context["tour"] = fragments.tour_card(request.user)
    return render(request, "approvals/overview.html", context)


@require_POST
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def end_tour(request: SignedIn) -> HttpResponse:
    tour.end(request.user)
    return redirect("overview")


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    context = {"approval_queue": fragments.approval_queue(request.user), "past": fragments.past(request.user)}
    context["held"] = fragments.held(request.user)
    return render(request, "approvals/listing.html", context)


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def detail(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)
    return render(request, "approvals/detail.html", page(request, approval))


def page(request: SignedIn, approval: Approval, **more: Any) -> dict[str, Any]:
    """The context of the approval's page; `more` adds what a refused decision has to say and what was typed."""
    return {
        "approval": approval,
        "run": approval.run,
        "state": fragments.approval_state(approval, request.user),
        "facts": fragments.facts(approval),
        "evidence": fragments.evidence(approval),
        "moved": fragments.moved(approval),
        "applied": rule_fragments.applied(approval),
        "prices": fragments.prices(approval.run),
        "held": fragments.held(request.user, approval),
        "note": recalls.kept_note(request.user, approval),
        "note_limit": decisions.NOTE_LIMIT,
        **company.page(approval, request.user),
        **more,
    }


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def facts(request: SignedIn, pk: int) -> HttpResponse:
    """The facts as they stand now, with the evidence that goes with them; asked for by the reviewer."""
    return HttpResponse(fragments.shown_anew(load_approval(request.user, pk)))


@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def decide(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)
    form = forms.Decide(request.POST)
    if not form.is_valid():
        return _refused(request, approval, " ".join(_problems(form)), 422)
    said = form.cleaned_data
    try:
        hold = settings.DECISION_HOLD_SECONDS
        decisions.decide(request.user, approval, said["verdict"], said["note"], **form.evidence(), hold_seconds=hold)
    except errors.Refused as refused:
        return _refused(request, approval, refused.message, refused.status, refused.code)
    if request.htmx:
        return HttpResponse(fragments.answer(load_approval(request.user, pk), request.user))
    return redirect("approval", pk)


@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def recall(request: SignedIn, pk: int) -> HttpResponse:
    """Take the approval's decision back while it is held; leads to where the pause is asked again."""
    approval = load_approval(request.user, pk)
    decision = get_object_or_404(Decision.objects.select_related("approval__run"), approval=approval)
    try:
        again = recalls.recall(request.user, decision)
    except errors.Refused as refused:
        if request.htmx:
            return HttpResponse(fragments.too_late(approval, request.user, refused.message), status=refused.status)
        messages.warning(request, refused.message)
        return redirect("approval", pk)
    there = again.pk if again else pk
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("approval", args=[there])})
    return redirect("approval", there)


def _problems(form: forms.Decide) -> list[str]:
    return [f"{name.replace('_', ' ').capitalize()}: {error}" for name, all_ in form.errors.items() for error in all_]


def _refused(request: SignedIn, approval: Approval, sentence: str, status: int, code: str = "") -> HttpResponse:
    """Says who won or what moved, shows the facts anew, and keeps what was typed."""
    fresh = load_approval(request.user, approval.pk)
    if request.htmx:
        return HttpResponse(fragments.refusal(fresh, request.user, sentence, code), status=status)
    typed = {"refused": sentence, "code": code, "note": request.POST.get("note", "")}
    return render(request, "approvals/detail.html", page(request, fresh, **typed), status=status)


@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def claim(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)
    try:
        if request.POST.get("release"):
            claims.release(request.user, approval)
        else:
            claims.claim(request.user, approval)
    except errors.Refused:
        pass  # a claim only informs; the state shows how the approval stands
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("approval", pk)
