"""The pages of policies: fetch and check access, call a verb, render."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals import errors
from approvals.models import Approval, Policy, Trial
from approvals.rules import editing, fragments, record, stopping, trying, words
from approvals.rules.forms import PolicyForm
from approvals.rules.matching import Rule, readable
from runs import paging
from runs.requests import SignedIn

_MAY_SEE = permission_required("approvals.view_policy", raise_exception=True)
_MAY_EDIT = permission_required(editing.EDITS, raise_exception=True)
SHOWN_ROWS = 50
SHOWN_NOW = 10  # of those that wait, and at a glance
GLANCE = 50  # past approvals that the page of an untried policy looks at by itself


@require_GET
@login_required
@_MAY_SEE
def listing(request: SignedIn) -> HttpResponse:
    """All policies in their order, each as its sentence."""
    now, names = timezone.now(), words.Names.load()
    rows = list(Policy.objects.kept())
    records = record.lately(rows, now)
    shown = [{**_said(policy, names), "record": records[policy.pk]} for policy in rows]
    on = sum(policy.decides and policy.mode == Policy.Mode.ON and not policy.is_expired(now) for policy in rows)
    return render(request, "policies/listing.html", {"rows": shown, "stop": stopping.current(), "deciding": on})


@require_GET
@login_required
@_MAY_SEE
def detail(request: SignedIn, pk: int) -> HttpResponse:
    """One policy: its sentence, its try, what it has done lately."""
    return _page(request, _load(pk))


@require_http_methods(["GET", "POST"])
@login_required
@_MAY_EDIT
def new(request: SignedIn) -> HttpResponse:
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            policy = editing.create(request.user, form.draft())
        except errors.Refused as refused:
            form.add_error(_field(form, refused), refused.message)
        else:
            messages.success(request, _("Kept, and off. Try it on what people decided before you switch it on."))
            return redirect("policy", policy.pk)
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@login_required
@_MAY_EDIT
def change(request: SignedIn, pk: int) -> HttpResponse:
    policy = _load(pk)
    form = PolicyForm(request.POST or None, policy=policy)
    if request.method == "POST" and form.is_valid():
        try:
            changed = editing.change(request.user, policy, form.draft(), version=_version(request))
        except errors.Refused as refused:
            form.add_error(_field(form, refused), refused.message)
        else:
            messages.success(request, _("Kept as a new version.") if changed else _("Nothing was changed."))
            return redirect("policy", pk)
    return _form_page(request, form, policy)


@require_POST
@login_required
@_MAY_EDIT
def sentence(request: SignedIn) -> HttpResponse:
    """What the form says so far; writes nothing."""
    return HttpResponse(fragments.sentence(PolicyForm(request.POST)))


@require_POST
@login_required
@_MAY_EDIT
def try_out(request: SignedIn, pk: int) -> HttpResponse:
    policy = _load(pk)
    wanted = request.POST.get("limit", "")
    limit = int(wanted) if wanted.isdecimal() and len(wanted) < 6 else trying.USUAL
    if readable(policy) is None:
        messages.error(request, _("What this policy says can't be read any more. Change it first."))
    else:
        trying.try_out(request.user, policy, limit=max(1, limit))
    return redirect("policy", pk)


@require_POST
@login_required
@_MAY_EDIT
def switch(request: SignedIn, pk: int) -> HttpResponse:
    mode = request.POST.get("mode", "")
    return _do(request, pk, lambda policy: editing.switch(request.user, policy, mode, version=_version(request)))


@require_POST
@login_required
@_MAY_EDIT
def move(request: SignedIn, pk: int) -> HttpResponse:
    editing.move(request.user, _load(pk), up=request.POST.get("to") == "up")
    return redirect("policies")


@require_POST
@login_required
@_MAY_EDIT
def remove(request: SignedIn, pk: int) -> HttpResponse:
    policy = _load(pk)
    if editing.remove(request.user, policy):
        messages.success(request, _("%(name)s was removed; its decisions keep naming it.") % {"name": policy.name})
    return redirect("policies")


@require_http_methods(["GET", "POST"])
@login_required
@permission_required(stopping.STOPS, raise_exception=True)
def stop(request: SignedIn) -> HttpResponse:
    """The kill switch: GET asks, POST turns it."""
    if request.method == "POST":
        return _turned(request)
    now = timezone.now()
    deciding = Policy.objects.at_work(now).filter(decides=True, mode=Policy.Mode.ON)
    return render(request, "policies/stop.html", {"stop": stopping.current(), "deciding": list(deciding)})


def _turned(request: SignedIn) -> HttpResponse:
    try:
        if request.POST.get("turn") == "allow":
            stopping.allow_again(request.user)
            messages.success(request, _("Policies may decide again what opens from now on."))
        else:
            recalled = stopping.stop(request.user, request.POST.get("because", "").strip())
            messages.success(request, _stopped_words(recalled))
    except errors.Refused as refused:
        messages.error(request, refused.message)
        return redirect("policies_stop")
    return redirect("policies")


def _stopped_words(recalled: int) -> str:
    said = _("Stopped: no policy decides any more.")
    if not recalled:
        return said
    told = ngettext("%(count)s held decision was taken back.", "%(count)s held decisions were taken back.", recalled)
    return f"{said} {told % {'count': recalled}}"


def _load(pk: int) -> Policy:
    return get_object_or_404(Policy.objects.kept(), pk=pk)


def _do(request: SignedIn, pk: int, act: Callable[[Policy], bool]) -> HttpResponse:
    """An act on one policy; a refusal is said on its page."""
    policy = _load(pk)
    try:
        act(policy)
    except errors.Refused as refused:
        return _page(request, policy, refused=refused.message, status=refused.status)
    return redirect("policy", pk)


def _said(policy: Policy, names: words.Names) -> dict[str, Any]:
    """A policy with its sentence; without one where its row can't be read."""
    rule = readable(policy)
    return {
        "policy": policy,
        "rule": rule,
        "sentence": words.sentence(rule.when, rule.then, names) if rule else "",
        "is_expired": policy.is_expired(timezone.now()),
    }


def _page(request: SignedIn, policy: Policy, *, refused: str = "", status: int = 200) -> HttpResponse:
    policy.refresh_from_db()
    now, names = timezone.now(), words.Names.load()
    said, trial = _said(policy, names), trying.latest(policy)
    rule = said["rule"]
    glance = trying.counted(policy, rule, GLANCE) if rule and not trial else None
    context = {
        **said,
        "record": record.lately([policy], now)[policy.pk],
        "applications": [{"row": row, "deed": words.deed(row, names)} for row in record.applications(policy)],
        "trial": trial,
        "glance": glance,
        "tried": _tried(trial) if trial else _tried(glance, SHOWN_NOW) if glance else [],
        **_acts_now(rule, now),
        "needs_try": policy.decides and trial is None,
        "stop": stopping.current(),
        "refused": refused,
        "sizes": (trying.USUAL, 500, trying.MOST),
    }
    return render(request, "policies/detail.html", context, status=status)


def _acts_now(rule: Rule | None, now: datetime) -> dict[str, Any]:
    """On how many of those that wait it would act at once, and the first of these."""
    ids = sorted(trying.would_act_now(rule, now)) if rule else []
    found = Approval.objects.filter(pk__in=ids[:SHOWN_NOW]).order_by("pk")
    return {"acts_now": len(ids), "acts_on": list(found)}


def _tried(trial: Trial, most: int = SHOWN_ROWS) -> list[dict[str, Any]]:
    """The rows of a try with the approvals that they are about, the worrying ones first."""
    shown = trial.rows[:most]
    ids = [pk for pk, _outcome in shown]
    found = Approval.objects.select_related("run", "decision__decided_by").in_bulk(ids)
    return [{"approval": found[pk], "outcome": outcome} for pk, outcome in shown if pk in found]


def _form_page(request: SignedIn, form: PolicyForm, policy: Policy | None = None) -> HttpResponse:
    context = {"form": form, "policy": policy, "sentence": fragments.sentence(form)}
    return render(request, "policies/form.html", context, status=422 if form.errors else 200)


def _version(request: SignedIn) -> int:
    return paging.whole(request.POST.get("version", ""))


def _field(form: PolicyForm, refused: errors.Refused) -> str | None:
    field = refused.facts.get("field")
    return field if field in form.fields else None
