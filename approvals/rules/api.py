"""The JSON API of policies: reads only. They are written on the pages, by an administrator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from approvals.models import Policy
from approvals.rules import stopping, words
from approvals.rules.matching import readable
from runs.api import need

router = Router(tags=["Policies"])


class PolicyOut(Schema):
    id: int
    position: int = Field(description="of those that decide, the first that fits counts")
    name: str
    sentence: str = Field(description="empty where its row can't be read; it does nothing then")
    mode: str = Field(description="off, dry or on")
    decides: bool
    version: int
    expires_at: datetime | None
    when: dict[str, Any]
    then: dict[str, Any]


class PoliciesOut(Schema):
    data: list[PolicyOut]
    stopped_at: datetime | None = Field(description="since when the kill switch is on: no policy decides")


@router.get("/policies", response=PoliciesOut, summary="All policies in their order")
def list_policies(request: HttpRequest) -> dict[str, Any]:
    need(request, "approvals.view_policy")
    names, stop = words.Names.load(), stopping.current()
    rows = [shape(policy, place, names) for place, policy in enumerate(Policy.objects.kept(), 1)]
    return {"data": rows, "stopped_at": stop.stopped_at if stop else None}


def shape(policy: Policy, place: int, names: words.Names) -> dict[str, Any]:
    """A policy as the API shows it."""
    rule = readable(policy)
    named = ("id", "name", "decides", "version", "expires_at", "when", "then")
    return {
        **{name: getattr(policy, name) for name in named},
        "position": place,
        "mode": "off" if policy.is_expired(timezone.now()) else policy.mode,
        "sentence": words.sentence(rule.when, rule.then, names) if rule else "",
    }
