"""Every route of policies by every role: who may, who may not, and who is not known."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from approvals.models import Policy, Stop
from runs.models import AuditEntry
from tests.approvals.rules_desk import policy

SEES = {"viewer", "operator", "reviewer", "admin"}
STOPS = {"reviewer", "admin"}
WRITES = {"admin"}
ROUTES = [
    ("GET", "", SEES, 200),
    ("GET", "{pk}/", SEES, 200),
    ("GET", "new/", WRITES, 200),
    ("POST", "new/", WRITES, 422),
    ("POST", "sentence/", WRITES, 200),
    ("GET", "stop/", STOPS, 200),
    ("POST", "stop/", STOPS, 302),
    ("GET", "{pk}/change/", WRITES, 200),
    ("POST", "{pk}/change/", WRITES, 422),
    ("POST", "{pk}/try/", WRITES, 302),
    ("POST", "{pk}/switch/", WRITES, 302),
    ("POST", "{pk}/move/", WRITES, 302),
    ("POST", "{pk}/remove/", WRITES, 302),
]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["viewer", "operator", "reviewer", "admin", "stranger", "nobody"])
def test_each_route_answers_each_role_as_it_should(client, people, role):
    for method, path, allowed, good in ROUTES:
        made = policy(people.admin, {"kinds": ("captcha",)}, {"two_people": True}, mode="off")
        if role != "nobody":
            client.force_login(getattr(people, role))
        before, wrote = Policy.objects.values().get(pk=made.pk), AuditEntry.objects.count()
        answer = client.generic(
            method,
            f"/policies/{path.format(pk=made.pk)}",
            "mode=on&version=1&turn=stop",
            content_type="application/x-www-form-urlencoded",
        )
        expected = good if role in allowed else 302 if role == "nobody" else 403
        assert answer.status_code == expected, (method, path)
        if role not in allowed:
            assert role != "nobody" or answer["Location"].startswith("/sign-in/")
            assert Policy.objects.values().get(pk=made.pk) == before
            assert AuditEntry.objects.count() == wrote
            assert role in STOPS or not Stop.objects.filter(stopped_at__isnull=False).exists()


def test_the_table_above_names_every_route():
    from approvals.rules import urls

    named = {str(pattern.pattern).replace("<int:pk>", "{pk}") for pattern in urls.urlpatterns}
    assert named == {path for _method, path, _allowed, _good in ROUTES}
    assert get_resolver().reverse_dict.getlist("policies")
