"""Context and rendering of the fragments of notices; they read, and never write."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString

from approvals.notices import channels
from live import fragments


def notice_alerts(user: Any) -> SafeString:
    """On every page: channels and devices that do not get through, for who relies on them."""
    failing = channels.failing_for(user) if user.is_authenticated else []
    manages = bool(failing) and user.has_perm(channels.MANAGES)
    told = [(each, getattr(each, "owner_id", user.pk) == user.pk) for each in failing]
    return fragments.render("approvals/_notice_alerts.html", {"failing": told, "manages": manages})
