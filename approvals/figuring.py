"""The pages of figures: fetch and check access, compute, render."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required, permission_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from approvals import drawing, figures
from approvals.kinds import Kind
from approvals.models import Policy
from runs import paging
from runs.requests import SignedIn

PAGE_SIZE = 40
KEPT_SECONDS = 60


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def page(request: SignedIn) -> HttpResponse:
    narrowed = figures.Narrowed.read(request.GET)
    span = figures.Span.last(narrowed.days)
    found = figures.tallies(request.user, span)
    spent = figures.spent(request.user, span)
    came = figures.came(found, narrowed.soon)
    context = {
        "narrowed": narrowed,
        "spans": figures.DAYS,
        "waits": [(each, _kind(each.kind)) for each in figures.waits(found)],
        "waits_drawing": drawing.waits(figures.waits_over_time(found, span), span),
        "came": [(each, _kind(each.kind), drawing.shares(each)) for each in came],
        "came_names": drawing.CAME_WORDS,
        "by_kind": figures.prices(found, "kind"),
        "by_policy": figures.prices(found, "policy"),
        "spent_drawing": drawing.spent(spent),
        "spent_cents": sum(each.cents for each in spent),
        "spent_runs": sum(each.runs for each in spent),
        "own": figures.own(found, request.user),
        "behind": _addresses(narrowed),
    }
    return render(request, "approvals/figures.html", context)


def _kind(value: str) -> str:
    return str(Kind(value).label) if value in Kind.values else ""


def _addresses(narrowed: figures.Narrowed) -> str:
    """The beginning of the address of the rows behind a number of this page."""
    return reverse("figures_behind") + "?" + urlencode({"days": narrowed.days, "soon": narrowed.soon})


def overview_charts(user: Any) -> dict[str, Any]:
    """The charts of the overview, of the last days; kept for a minute, since they move slowly."""
    zone, language = timezone.get_current_timezone_name(), translation.get_language()
    sees = user.has_perm("approvals.view_approval")
    name = f"charts-{sees}-{timezone.localdate()}-{zone}-{language}"
    found: dict[str, Any] | None = cache.get(name)
    if found is None:
        found = _overview_charts(user)
        if found["spent_runs"] and not found["waits_drawing"]["is_empty"]:  # "nothing yet" must not outlive the first
            cache.set(name, found, KEPT_SECONDS)
    return found


def _overview_charts(user: Any) -> dict[str, Any]:
    span = figures.Span.last(figures.DAYS_SHOWN)
    spent = figures.spent(user, span)
    return {
        "spent_drawing": drawing.spent(spent),
        "spent_cents": sum(each.cents for each in spent),
        "spent_runs": sum(each.runs for each in spent),
        "waits_drawing": drawing.waits(figures.waits_over_time(figures.tallies(user, span), span), span),
    }


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def behind(request: SignedIn) -> HttpResponse:
    """The decisions that one number counts; those of one's own are shown to oneself only."""
    narrowed = figures.Narrowed.read(request.GET)
    number = request.GET.get("page", "1")
    rows = figures.behind(request.user, narrowed)
    found = paging.Pages(rows, PAGE_SIZE, read=figures.in_full())
    kept: dict[str, Any] = {name: value for name, value in request.GET.items() if name != "page"}
    context = {
        "narrowed": narrowed,
        "kind": _kind(narrowed.kind),
        "came": drawing.CAME_WORDS.get(narrowed.came, ""),
        "policy": Policy.objects.filter(pk=narrowed.policy).first(),
        "page": found.get_page(number),
        "keep": urlencode(kept),
    }
    return render(request, "approvals/behind.html", context)
