"""Context and rendering of the fragments of notices; they read, and never write."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString

from approvals.notices import channels
from live import fragments


def notice_alerts(user: Any) -> SafeString:
    """On every page: channels of the team that do not get through, for who can mend them."""
    failing = list(channels.failing_of_team()) if user.has_perm(channels.MANAGES) else []
    return fragments.render("approvals/_notice_alerts.html", {"channels": failing})
