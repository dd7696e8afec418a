"""Policies for tests, made in one line, and cases that they may fit."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from approvals.models import Applied, Policy
from approvals.rules import editing, trying
from approvals.rules.matching import Case, Rule
from approvals.rules.shape import Then, When

NOW = timezone.now()


def case(**facts):
    """A captcha on the sandbox that has just opened, but for what is said."""
    known = {"kind": "captcha", "reason": "Please solve the captcha", "connection": "sandbox", "machine": "mch_1"}
    return Case(**{"approval_id": 1, "run_id": 1, "opened_at": NOW, **known, **facts})


def rule(when=None, then=None, **columns):
    columns = {"pk": 1, "name": "A rule", "version": 1, "mode": "on", "per_run": 3, **columns}
    return Rule(when=When(**(when or {})), then=Then(**(then or {"two_people": True})), **columns)


def policy(admin, when=None, then=None, *, name="A rule", mode="on", per_run=3, days=90, **draft):
    """A policy as an administrator makes it: tried where it must be, and switched."""
    made = Policy.objects.get(
        pk=editing.create(
            admin,
            editing.Draft(
                name, When(**(when or {})), Then(**(then or {"two_people": True})), per_run,
                expires_at=timezone.now() + timedelta(days=days), **draft,
            ),
        ).pk
    )  # fmt: skip
    if mode == "on" and made.decides:
        trying.try_out(admin, made)
    if mode != "off":
        editing.switch(admin, made, mode, version=made.version)
    made.refresh_from_db()
    return made


def did(approval):
    """What policies did with it: (name, outcome, verdict or what was set)."""
    rows = Applied.objects.filter(approval=approval).order_by("id").select_related("policy")
    return [(row.policy.name, row.outcome, row.verdict or sorted(row.effects)) for row in rows]
