"""The one tag that says how budgets stand, wherever that matters: `{% budget_notices connection=… run=… %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from runs import budgets
from runs.models import Connection, Run

register = template.Library()


@register.inclusion_tag("parts/budget.html")
def budget_notices(connection: Connection | None = None, run: Run | None = None) -> dict[str, Any]:
    """Budgets that are nearly or wholly spent: those of a run alone, of a connection, or all of them."""
    return {"found": budgets.near_of_run(run) if run else budgets.near(timezone.now(), connection)}
