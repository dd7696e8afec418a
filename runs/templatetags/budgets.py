"""The one tag that says how budgets stand, wherever that matters: `{% budget_notices connection=… %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from runs import budgets
from runs.models import Connection

register = template.Library()


@register.inclusion_tag("parts/budget.html")
def budget_notices(connection: Connection | None = None) -> dict[str, Any]:
    """Budgets that are nearly or wholly spent: those of a connection, or all of them."""
    return {"found": budgets.near(timezone.now(), connection)}
