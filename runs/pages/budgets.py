"""The pages of budgets: how each stands for all, and changing them for administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from runs import budgets, spending
from runs.models import Budget
from runs.planning_forms import SaveBudget
from runs.requests import SignedIn

_MAY = "runs.change_budget"


@require_http_methods(["GET", "POST"])
@login_required
@permission_required("runs.view_run", raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    """All budgets and how they stand; POST adds one."""
    may = request.user.has_perm(_MAY)
    form = SaveBudget(request.POST or None) if may else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid() and _try(form, budgets.add, request.user, **form.values()):
            messages.success(request, _("The budget is in force."))
            return redirect("budgets")
    now = timezone.now()
    stands = {one.budget.pk: one for one in budgets.standings(now)}
    rows = [(row, stands.get(row.pk)) for row in Budget.objects.select_related("connection")]
    zone = timezone.get_default_timezone_name()
    context = {"rows": rows, "form": form, "totals": spending.totals(), "may_change": may, "zone": zone}
    return render(request, "budgets/listing.html", context, status=422 if form is not None and form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
@permission_required(_MAY, raise_exception=True)
def change(request: SignedIn, pk: int) -> HttpResponse:
    row = get_object_or_404(Budget, pk=pk)
    named = ("name", "period", "connection", "act", "warn_percent", "is_enabled")
    initial: dict[str, Any] = {"limit": f"{row.limit_cents / 100:.2f}", **{name: getattr(row, name) for name in named}}
    form = SaveBudget(request.POST or None, initial=initial)
    is_good = request.method == "POST" and form.is_valid()
    if is_good and _try(form, budgets.change, request.user, row, **form.values()) is not None:
        messages.success(request, _("Saved."))
        return redirect("budgets")
    return render(request, "budgets/change.html", {"budget": row, "form": form}, status=422 if form.errors else 200)


@require_POST
@login_required
@permission_required(_MAY, raise_exception=True)
def remove(request: SignedIn, pk: int) -> HttpResponse:
    budgets.remove(request.user, get_object_or_404(Budget, pk=pk))
    messages.success(request, _("The budget is removed."))
    return redirect("budgets")


def _try(form: SaveBudget, verb: Any, *given: Any, **fields: Any) -> Any:
    """What the verb answers; None when it refuses, said at the form's field."""
    try:
        return verb(*given, **fields)
    except budgets.Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return None
