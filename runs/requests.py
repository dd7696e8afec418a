"""Owns the type of a request that a signed-in person made, and reading runs, numbers and texts from what was asked."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest
from django_htmx.middleware import HtmxDetails

from runs import paging
from runs.models import Run


class SignedIn(HttpRequest):
    """What `login_required` lets through. For annotations only."""

    user: User
    htmx: HtmxDetails


def known_run(user: Any, upstream_id: str) -> Run | None:
    """The run of that id, if this person may see it; where two connections know one by it, the one that came last."""
    runs = Run.objects.visible_to(user).select_related("connection", "started_by")
    return runs.filter(upstream_id=findable(upstream_id)).order_by("-id").first()


def load_run(user: Any, upstream_id: str) -> Run:
    """The same; Http404 where there is none."""
    run = known_run(user, upstream_id)
    if run is None:
        raise Http404(f"There is no run {upstream_id[:128]!r}.")
    return run


def findable(text: str) -> str:
    """The text as a database may be asked for it: some take no NUL, and nothing that is stored holds one."""
    return text.replace("\x00", "")


def number(request: HttpRequest, name: str) -> int:
    """The whole number of that name in the address; 0 for none, and for what no row could have."""
    return paging.whole(request.GET.get(name, ""))
