"""What every page's frame shows: who is signed in, how many approvals wait, how upstream stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from approvals import fragments as approval_fragments
from approvals.notices import fragments as notice_fragments
from approvals.rules import fragments as rule_fragments
from coasty_console import manners, roles
from runs import fragments as run_fragments


def frame(request: HttpRequest) -> dict[str, Any]:
    shown = {"words_stamp": manners.words_stamp(), "manner": getattr(request, "manner", None)}
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return shown
    return {
        **shown,
        "role": roles.role_of(request.user),
        "nav_counts": approval_fragments.nav_counts(request.user),
        "health": run_fragments.health(),
        "alerts": run_fragments.alerts(),
        "notice_alerts": notice_fragments.notice_alerts(request.user),
        "stopped": rule_fragments.stopped(),
    }
