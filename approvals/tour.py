"""The first-run tour on the practice site: what to do next, ticked off by what has really happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.models import Approval, Decision, Preferences
from runs import forms
from runs.models import Run


@dataclass(frozen=True)
class Step:
    """One thing to do: what, where, and whether it is done."""

    title: str
    words: str
    address: str
    link: str
    is_done: bool
    is_next: bool = False


def is_offered(user: Any) -> bool:
    """Whether to show it: there is a practice site, and the person has neither ended the tour nor done all of it."""
    if not settings.UPSTREAM_IS_LOCAL or not user.has_perm("runs.view_run"):
        return False
    return not Preferences.objects.filter(user=user, is_tour_over=True).exists()


def end(user: Any) -> None:
    """Never show it to this person again."""
    Preferences.objects.update_or_create(user=user, defaults={"is_tour_over": True})


def steps(user: Any) -> list[Step]:
    """The steps in their order, the first that is not done marked as the next."""
    found = _steps(user)
    at = next((n for n, step in enumerate(found) if not step.is_done), -1)
    return [replace(step, is_next=n == at) for n, step in enumerate(found)]


def _steps(user: Any) -> list[Step]:
    """Who may not do one is told who can."""
    may_start, may_decide = user.has_perm("runs.start_run"), user.has_perm("approvals.decide_approval")
    runs = Run.objects.filter(started_by=user) if may_start else Run.objects.all()
    run = runs.order_by("-id").first()
    approval = Approval.objects.filter(run__in=runs).order_by("-id").first()
    mine = Decision.objects.filter(decided_by=user) if may_decide else Decision.objects.filter(approval__run__in=runs)
    decision = mine.order_by("-id").first()
    ended = decision is not None and decision.approval.run.is_terminal
    return [
        Step(
            _("Start a run that pays an invoice"),
            _("It pays on the practice site: no money moves, and with the test key a step costs nothing.")
            if may_start
            else _("Your role watches. Ask an operator, or sign in as one in a private window."),
            f"{reverse('new_run')}?{urlencode({'preset': forms.PAYS})}" if may_start else reverse("runs"),
            _("New run") if may_start else _("Runs"),
            run is not None,
        ),
        Step(
            _("Watch it until it asks"),
            _("Each step comes with the picture that the agent saw. Before it pays it stops and waits for a person."),
            reverse("run", args=[run.upstream_id]) if run else reverse("runs"),
            _("The run"),
            approval is not None,
        ),
        Step(
            _("Decide"),
            _("Compare what the agent says with what was recorded, then let it go on, or end it.")
            if may_decide
            else _("Your role can read it. A reviewer decides: sign in as one in a private window."),
            reverse("approval", args=[approval.pk]) if approval else reverse("approvals"),
            _("The approval"),
            decision is not None,
        ),
        Step(
            _("See what came of it"),
            _("The run goes on with your note and ends; who decided what, on which evidence, stands in the audit log."),
            reverse("audit") + (f"?run={decision.approval.run.upstream_id}" if decision else ""),
            _("Audit"),
            ended,
        ),
    ]
