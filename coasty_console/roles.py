"""The four roles as groups of permissions, and the demo accounts of the embedded default."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

VIEWER, OPERATOR, REVIEWER, ADMIN = "viewer", "operator", "reviewer", "admin"
ROLES = (VIEWER, OPERATOR, REVIEWER, ADMIN)
WORDS = {VIEWER: _("Viewer"), OPERATOR: _("Operator"), REVIEWER: _("Reviewer"), ADMIN: _("Admin")}

SEES = frozenset({"runs.view_run", "approvals.view_approval", "approvals.view_policy", "runs.view_auditentry"})
OPERATES = SEES | {"runs.start_run", "runs.cancel_run", "runs.take_over", "runs.export_run"}
REVIEWS = SEES | {"approvals.decide_approval", "approvals.stop_policies", "runs.take_over", "runs.export_run"}
ADMINISTERS = frozenset(
    {
        "auth.view_user",
        "auth.add_user",
        "auth.change_user",
        "runs.change_budget",
        "runs.change_connection",
        "approvals.manage_team_notices",
        "approvals.change_policy",
    }
)
GRANTS = {
    VIEWER: SEES,
    OPERATOR: OPERATES,
    REVIEWER: REVIEWS,
    ADMIN: OPERATES | REVIEWS | ADMINISTERS,
}


def make(**_: Any) -> None:
    """Bring the groups to what is written above. Runs after each migrate."""
    for role, names in GRANTS.items():
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.set(_permissions(names))


def _permissions(names: frozenset[str]) -> list[Permission]:
    wanted = Q()
    for app_label, codename in (name.split(".") for name in sorted(names)):
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return list(Permission.objects.filter(wanted))


def give(user: User, role: str) -> None:
    """Make `role` the one role of the user; ValueError for a role that there is not."""
    if role not in ROLES:
        raise ValueError(f"There is no role {role!r}. Choose one of: {', '.join(ROLES)}.")
    user.groups.set([Group.objects.get(name=role)])


def role_of(user: User) -> str:
    """The user's role; empty when they have none."""
    return user.groups.filter(name__in=ROLES).values_list("name", flat=True).first() or ""


def make_demo_accounts() -> None:
    """The accounts `operator`, `reviewer`, `admin`, `viewer` with the demo password; they go where demo mode is off."""
    if not settings.DEMO:
        User.objects.filter(username__in=ROLES, email="demo@localhost").update(is_active=False)
        return
    for role in ROLES:
        user, _created = User.objects.get_or_create(username=role, defaults={"email": "demo@localhost"})
        if user.email == "demo@localhost":
            _freshen(user)
            give(user, role)


def _freshen(user: User) -> None:
    if not user.is_active or not user.check_password(settings.DEMO_PASSWORD):
        user.is_active = True
        user.set_password(settings.DEMO_PASSWORD)
        user.save(update_fields=["is_active", "password"])
