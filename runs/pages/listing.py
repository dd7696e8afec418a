"""The list of runs: narrowed by its address, kept up by its socket, saved under names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from runs import listing as fragments
from runs import saved, troubles
from runs.requests import SignedIn
from runs.searching import ELSEWHERE, Filters

_MOST_NAMES = 200


class SaveView(forms.Form):
    """A name for what the list shows."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, strip=True)
    is_shared = forms.BooleanField(label=gettext_lazy("Everybody may use it"), required=False)


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    filters = Filters.read(request.GET)
    run_list = fragments.run_list(request.user, filters)
    if request.htmx:
        answer = HttpResponse(run_list)
    else:
        answer = render(request, "runs/listing.html", {**_around(request, filters), "run_list": run_list})
    patch_vary_headers(answer, ["HX-Request"])  # else the way back would show the part alone
    return answer


def _around(request: SignedIn, filters: Filters) -> dict[str, Any]:
    here = filters.query()
    views = list(saved.seen_by(request.user))
    return {
        "filters": filters,
        "views": views,
        "view": next((view for view in views if view.query == here), None),
        "is_narrowed": bool(here),
        "narrowed": filters.narrowed,
        "here": here,
        "kept": parse_qsl(replace(filters, q="").query()),
        "troubles": troubles.known(),
        "names": User.objects.order_by("username").values_list("username", flat=True)[:_MOST_NAMES],
        "elsewhere": ELSEWHERE,
        "save_form": SaveView(),
    }


@require_POST
@login_required
@permission_required("runs.view_run", raise_exception=True)
def save_view(request: SignedIn) -> HttpResponse:
    filters, form = Filters.read(request.GET), SaveView(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the view a name of at most 60 letters."))
    else:
        try:
            told = form.cleaned_data
            saved.keep(request.user, told["name"], filters, is_shared=told["is_shared"])
            messages.success(request, _("The view is saved."))
        except saved.Refused as refused:
            messages.error(request, str(refused))
    return redirect(f"{reverse('runs')}?{filters.query()}")


@require_POST
@login_required
@permission_required("runs.view_run", raise_exception=True)
def drop_view(request: SignedIn, pk: int) -> HttpResponse:
    if not saved.drop(request.user, pk):
        raise Http404
    messages.success(request, _("The view is removed."))
    return redirect("runs")
