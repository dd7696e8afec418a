"""The pages of the desk and the overview: fetch and check access, call, render."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals import (
    answers,
    claims,
    company,
    decisions,
    endorsements,
    errors,
    figuring,
    forms,
    fragments,
    phrases,
    policies,
    recalls,
    tour,
)
from approvals.kinds import Kind
from approvals.models import Approval, Decision, NoteTemplate
from approvals.rules import fragments as rule_fragments
from approvals.states import Verdict
from runs import timeline
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
def detail(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)
    return render(request, "approvals/detail.html", page(request, approval))


def page(request: SignedIn, approval: Approval, **more: Any) -> dict[str, Any]:
    """The context of the approval's page; `more` adds what a refused decision has to say and what was typed."""
    frame = timeline.latest_frame(approval.run)  # read once: what is shown is what a decision is bound to
    return {
        "approval": approval,
        "run": approval.run,
        "title": fragments.approval_title(approval, request.user),
        "state": fragments.approval_state(approval, request.user),
        "facts": fragments.facts(approval, frame),
        "says": fragments.says(approval),
        "answer": fragments.answer_fields(approval),
        "presets": answers.form(approval.kind, approval.reason).presets,
        "templates": NoteTemplate.objects.usable_by(request.user).filter(kind__in=["", approval.kind])[:30],
        "why_not_resume": policies.why_not_decide(request.user, approval, Verdict.RESUME),
        "fallback": fragments.note_of_others(approval, request.user),
        "evidence": fragments.evidence(approval, frame),
        "moved": fragments.moved(approval, frame),
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
    approval = load_approval(request.user, pk)
    return HttpResponse(fragments.shown_anew(approval, had_asked=request.GET.get("asked", "")))


@sensitive_post_parameters("secret", "note")
@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def decide(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)
    form = forms.Decide(request.POST, approval)
    if not form.is_valid():
        return _refused(request, approval, form.problems(), 422)
    said = form.cleaned_data
    try:
        hold = settings.DECISION_HOLD_SECONDS
        decisions.decide(
            request.user, approval, said["verdict"], said["note"], secret=said["secret"], **form.evidence(),
            hold_seconds=hold,
        )  # fmt: skip
    except errors.Refused as refused:
        return _refused(request, approval, refused.message, refused.status, refused.code, refused.facts)
    return _answered(request, pk)


def _answered(request: SignedIn, pk: int) -> HttpResponse:
    """How the approval stands after what was done to it."""
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


def _refused(
    request: SignedIn,
    approval: Approval,
    sentence: str,
    status: int,
    code: str = "",
    told: dict[str, Any] | None = None,
) -> HttpResponse:
    """Says who won or what moved, shows the facts anew, and keeps what was typed."""
    fresh = load_approval(request.user, approval.pk)
    said = fragments.refusal(fresh, sentence, code, (told or {}).get("changes", []))
    if request.htmx:
        had = request.POST.get("asked", "")
        return HttpResponse(said + fragments.beside(fresh, request.user, code, had_asked=had), status=status)
    typed = {"refusal": said, "note": request.POST.get("note", "")}
    return render(request, "approvals/detail.html", page(request, fresh, **typed), status=status)


@require_http_methods(["GET", "POST"])
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def note_templates(request: SignedIn) -> HttpResponse:
    """The notes that are saved to use again; a POST saves one more."""
    context: dict[str, Any] = {"kinds": Kind.choices}
    if request.method == "POST":
        given = request.POST
        try:
            phrases.add(request.user, given.get("text", ""), given.get("kind", ""), is_for_all="is_for_all" in given)
            return redirect("note_templates")
        except errors.Refused as refused:
            context |= {"problem": refused.message, "text": given.get("text", "")}
    rows = NoteTemplate.objects.usable_by(request.user).select_related("made_by")
    context["rows"] = [{"template": row, "may_remove": phrases.may_remove(request.user, row)} for row in rows]
    return render(request, "approvals/notes.html", context, status=422 if "problem" in context else 200)


@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def remove_note_template(request: SignedIn, pk: int) -> HttpResponse:
    template = get_object_or_404(NoteTemplate.objects.usable_by(request.user), pk=pk)
    try:
        phrases.remove(request.user, template)
    except errors.Refused as refused:
        messages.warning(request, refused.message)
    return redirect("note_templates")


@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    """Take one's own yes back, where several are needed."""
    approval = load_approval(request.user, pk)
    endorsements.withdraw(request.user, approval)
    return _answered(request, pk)


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
