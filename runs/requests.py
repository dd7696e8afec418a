"""Owns the type of a request that a signed-in person made."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class SignedIn(HttpRequest):
    """What `login_required` lets through. For annotations only."""

    user: User
    htmx: HtmxDetails
