"""The calls of an approval's page that are about people: comment, hand over."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from approvals import claims, comments, company, errors, policies
from approvals.models import Approval
from approvals.views import load_approval
from runs.requests import SignedIn


@require_POST
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def comment(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)
    return _answer(request, approval, lambda: comments.say(request.user, approval, request.POST.get("text", "")))


@require_POST
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def hand_over(request: SignedIn, pk: int) -> HttpResponse:
    approval = load_approval(request.user, pk)

    def hand() -> object:
        if sentence := policies.why_not_comment(request.user):
            raise errors.NotAllowed(sentence)
        to = claims.colleague(request.user, request.POST.get("to", ""))
        return claims.hand_over(request.user, approval, to, request.POST.get("word", ""))

    return _answer(request, approval, hand)


def _answer(request: SignedIn, approval: Approval, act: Callable[[], object]) -> HttpResponse:
    problem, status = "", 200
    try:
        act()
    except errors.Refused as refused:
        problem, status = refused.message, refused.status
    if request.htmx:
        return HttpResponse(
            company.answer(load_approval(request.user, approval.pk), request.user, problem), status=status
        )
    if status == errors.NotAllowed.status:
        raise PermissionDenied(problem)
    if problem:
        messages.warning(request, problem)
    return redirect("approval", approval.pk)
