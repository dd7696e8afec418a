"""How the audit log's page says who signed in and what became of people."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from coasty_console import roles
from runs import acts
from runs.acts import Area

ACTS: dict[str, Promise] = {
    "session.signed_in": gettext_lazy("Signed in"),
    "session.signed_out": gettext_lazy("Signed out"),
    "session.failed": gettext_lazy("Was refused at the sign-in"),
    "person.added": gettext_lazy("Added a person"),
    "person.changed": gettext_lazy("Changed a person"),
}
LABELS: dict[str, Promise] = {
    "address": gettext_lazy("Address"),
    "role": gettext_lazy("Role"),
    "is_active": gettext_lazy("May sign in"),
    "new_password": gettext_lazy("New password"),
}


def _role(value: Any) -> str:
    return str(roles.WORDS.get(value, value))


acts.know(
    ACTS,
    [Area(gettext_lazy("Sessions"), ("session",)), Area(gettext_lazy("People"), ("person",))],
    LABELS,
    {"role": _role},
)
acts.know_names(
    {"not signed in": gettext_lazy("not signed in")}, {"no such name": gettext_lazy("a name that nobody has")}
)
