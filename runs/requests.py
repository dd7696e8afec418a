"""Owns the type of a request that a signed-in person made, and reading numbers and texts from what was asked."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from runs import paging


class SignedIn(HttpRequest):
    """What `login_required` lets through. For annotations only."""

    user: User
    htmx: HtmxDetails


def findable(text: str) -> str:
    """The text as a database may be asked for it: some take no NUL, and nothing that is stored holds one."""
    return text.replace("\x00", "")


def number(request: HttpRequest, name: str) -> int:
    """The whole number of that name in the address; 0 for none, and for what no row could have."""
    return paging.whole(request.GET.get(name, ""))
