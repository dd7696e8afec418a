"""Offers the kinds of park as kinds of trouble that a list of runs can be narrowed to."""

from __future__ import annotations

from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from approvals.kinds import Kind
from approvals.models import Approval
from runs import troubles


def offer() -> None:
    """Once at start-up. A run counts whether its approval is open or decided."""
    for kind in Kind:
        asked = Approval.objects.filter(kind=kind).values("run_id")
        troubles.add(f"asked-{kind.value}", format_lazy(_("Asked: {kind}"), kind=kind.label), Q(pk__in=asked))
