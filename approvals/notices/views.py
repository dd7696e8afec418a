"""The pages of settings: a person's own, and the team's channels and hours. Fetch and check access, call, render."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from approvals.notices import channels, forms, preferences, push, sending, timers
from approvals.notices.addresses import Refused
from runs.requests import SignedIn


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def mine(request: SignedIn) -> HttpResponse:
    """My settings; POST saves language, zone and wishes."""
    start = forms.Wishes.start(preferences.of(request.user))
    form = forms.Wishes(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        changed = preferences.change(request.user, **form.wishes())
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect("settings")
    return _mine(request, form=form)


def _mine(request: SignedIn, **more: Any) -> HttpResponse:
    context = {
        "form": forms.Wishes(initial=forms.Wishes.start(preferences.of(request.user))),
        "channel_form": forms.AddChannel(),
        "channels": channels.of(request.user),
        "devices": channels.devices(request.user),
        "push_key": push.public_key(),
        **more,
    }
    return render(request, "settings/mine.html", context, status=_status(context, "form", "channel_form"))


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required(channels.MANAGES, raise_exception=True)
def team(request: SignedIn) -> HttpResponse:
    """The team's channels and working hours; POST saves the hours."""
    form = forms.WorkingHours(request.POST or None, initial=forms.WorkingHours.start(timers.working_time()))
    if request.method == "POST" and form.is_valid():
        changed = timers.change(request.user, **form.hours())
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect("team_settings")
    return _team(request, form=form)


def _team(request: SignedIn, **more: Any) -> HttpResponse:
    context = {
        "form": forms.WorkingHours(initial=forms.WorkingHours.start(timers.working_time())),
        "channel_form": forms.AddTeamChannel(),
        "channels": [{"row": row, "events": forms.events_of(row)} for row in channels.of_team()],
        **more,
    }
    return render(request, "settings/team.html", context, status=_status(context, "form", "channel_form"))


def _status(context: dict[str, Any], *names: str) -> int:
    return 422 if any(context[name].errors for name in names) else 200


@sensitive_post_parameters("url")
@require_POST
@never_cache
@login_required
def add_channel(request: SignedIn) -> HttpResponse:
    """One more channel of mine."""
    form = forms.AddChannel(request.POST)
    if form.is_valid() and _add(request, form, owner=request.user):
        return redirect("settings")
    return _mine(request, channel_form=form)


@sensitive_post_parameters("url")
@require_POST
@never_cache
@login_required
@permission_required(channels.MANAGES, raise_exception=True)
def add_team_channel(request: SignedIn) -> HttpResponse:
    form = forms.AddTeamChannel(request.POST)
    if form.is_valid() and _add(request, form, owner=None, **form.muted()):
        return redirect("team_settings")
    return _team(request, channel_form=form)


def _add(request: SignedIn, form: forms.AddChannel, **more: Any) -> bool:
    said = form.cleaned_data
    try:
        row = channels.add(request.user, name=said["name"], url=said["url"], **more)
    except Refused as refused:
        form.add_error("url", str(refused))
        return False
    messages.success(request, _("%(name)s was added. Send a test to see that it works.") % {"name": row.name})
    return True


@require_POST
@never_cache
@login_required
def change_channel(request: SignedIn, pk: int) -> HttpResponse:
    """Test, switch or remove a channel; 404 for one that is not this person's to change."""
    row = get_object_or_404(channels.reachable(request.user), pk=pk)
    act = request.POST.get("act", "")
    if act == "test":
        _tell_test(request, row.name, channels.test(request.user, row))
    elif act in {"on", "off"}:
        channels.switch(request.user, row, on=act == "on")
    elif act == "remove":
        channels.remove(request.user, row)
        messages.success(request, _("%(name)s was removed.") % {"name": row.name})
    return redirect("settings" if row.owner_id else "team_settings")


def _tell_test(request: SignedIn, name: str, problem: str) -> None:
    if problem:
        messages.error(request, _("The test to %(name)s failed: %(why)s") % {"name": name, "why": problem})
    else:
        messages.success(request, _("The test was taken by %(name)s. Look there whether it arrived.") % {"name": name})


@require_POST
@never_cache
@login_required
def subscribe(request: SignedIn) -> HttpResponse:
    """A browser's subscription to Web Push, as JSON; `gone` takes it back."""
    try:
        said = json.loads(request.body)
        endpoint, keys = str(said["endpoint"]), dict(said.get("keys") or {})
        if said.get("gone"):
            channels.unsubscribe_endpoint(request.user, endpoint)
            return JsonResponse({"device": None})
        given = {"p256dh": str(keys.get("p256dh", "")), "auth": str(keys.get("auth", ""))}
        name = str(said.get("name") or _("A browser"))
        row = channels.subscribe(request.user, endpoint=endpoint, name=name, **given)
    except Refused as refused:
        return JsonResponse({"error": str(refused)}, status=422)
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": _("This is not a subscription for Web Push.")}, status=422)
    return JsonResponse({"device": row.pk})


@require_POST
@never_cache
@login_required
def change_device(request: SignedIn, pk: int) -> HttpResponse:
    """Test or remove a device of mine."""
    row = get_object_or_404(channels.devices(request.user), pk=pk)
    if request.POST.get("act") == "test":
        said = sending.test(row)
        problem = _("It has taken its subscription back, and was removed.") if said == "gone" else said
        _tell_test(request, row.name, problem)
    elif request.POST.get("act") == "remove":
        channels.unsubscribe(request.user, row)
        messages.success(request, _("%(name)s was removed.") % {"name": row.name})
    return redirect("settings")
