"""Context and rendering of the fragments of notices; they read, and never write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from approvals.models import Channel, Device
from approvals.notices import channels
from live import fragments
from runs import plain

_GROUPS = 2  # more would take the page's head; the settings tell each


def notice_alerts(user: Any) -> SafeString:
    """On every page: channels and devices that do not get through, for who relies on them. Those that fail alike are
    told in one sentence.
    """
    failing = channels.failing_for(user) if user.is_authenticated else []
    manages = bool(failing) and user.has_perm(channels.MANAGES)
    alike: dict[tuple[bool, str], list[Channel | Device]] = {}
    for each in failing:
        is_mine = getattr(each, "owner_id", user.pk) == user.pk
        alike.setdefault((is_mine, each.failure if is_mine or manages else ""), []).append(each)
    groups = [
        {"is_mine": is_mine, "failure": failure, "names": _names(some), "since": min(_since(one) for one in some)}
        for (is_mine, failure), some in alike.items()
    ]
    told = {"count": len(failing), "names": _names(failing), "groups": groups, "is_brief": len(groups) > _GROUPS}
    return fragments.render("approvals/_notice_alerts.html", {**told, "manages": manages})


def _names(failing: list[Channel | Device]) -> str:
    return ", ".join(plain.line(each.name, 64) for each in failing)


def _since(each: Channel | Device) -> datetime:
    return each.failing_since_at or timezone.now()
