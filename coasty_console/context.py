"""What every page's frame shows: who is signed in, how many approvals wait, how upstream stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from approvals.models import Approval
from coasty_console import roles
from runs.models import Connection


def frame(request: HttpRequest) -> dict[str, Any]:
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {
        "role": roles.role_of(request.user),
        "open_approvals": Approval.objects.visible_to(request.user).open().count(),
        "connections": list(Connection.objects.all()),
    }
