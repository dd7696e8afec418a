"""People: who may change them, what is recorded, and that an administrator can't lock everybody out."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from coasty_console import roles
from runs import audit, tokens
from runs.models import ApiToken, AuditEntry

PASSWORD = "a long enough phrase 77"


@pytest.fixture
def admin(people):
    client = Client()
    client.force_login(people.admin)
    return client


def change(client, person, role, *, is_active=True, password=""):
    data = {"role": role, "password": password, **({"is_active": "on"} if is_active else {})}
    return client.post(f"/people/{person.pk}/", data)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["viewer", "operator", "reviewer", "stranger", ""])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_administrators_see_and_change_people(people, name, method):
    client = Client()
    if name:
        client.force_login(getattr(people, name))
    for path in ("/people/", f"/people/{people.viewer.pk}/"):
        answer = getattr(client, method)(path, {"role": "admin", "is_active": "on"})
        assert answer.status_code == (403 if name else 302)
    assert roles.role_of(people.viewer) == "viewer"


@pytest.mark.django_db
def test_a_person_is_added_with_a_role_and_may_sign_in(admin):
    assert admin.get("/people/").status_code == 200
    added = admin.post("/people/", {"username": "nora", "role": "reviewer", "password": PASSWORD})
    assert added.status_code == 302
    nora = User.objects.get(username="nora")
    assert roles.role_of(nora) == "reviewer"
    assert nora.check_password(PASSWORD)
    entry = AuditEntry.objects.get(act="person.added")
    assert (entry.actor_name, entry.subject, entry.detail) == ("admin", "nora", {"role": "reviewer"})
    assert PASSWORD not in str([e.detail for e in AuditEntry.objects.all()])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "role", "password"),
    [
        ("viewer", "viewer", PASSWORD),
        ("VIEWER", "viewer", PASSWORD),
        ("a b", "viewer", PASSWORD),
        ("", "viewer", PASSWORD),
        ("nora", "owner", PASSWORD),
        ("nora", "viewer", "short"),
        ("nora", "viewer", "password123"),
        ("nora" * 50, "viewer", PASSWORD),
    ],
)
def test_what_cannot_be_added_is_explained(admin, username, role, password):
    before = User.objects.count()
    answer = admin.post("/people/", {"username": username, "role": role, "password": password})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert User.objects.count() == before


@pytest.mark.django_db
def test_a_change_counts_at_once_and_is_recorded(admin, people):
    token = tokens.issue(people.viewer)
    assert admin.get(f"/people/{people.viewer.pk}/").status_code == 200
    assert change(admin, people.viewer, "operator", password=PASSWORD).status_code == 302
    assert roles.role_of(people.viewer) == "operator"
    assert User.objects.get(pk=people.viewer.pk).check_password(PASSWORD)
    entry = AuditEntry.objects.get(act="person.changed")
    assert entry.detail == {"role": {"from": "viewer", "to": "operator"}, "new_password": True}
    assert change(admin, people.viewer, "operator", is_active=False).status_code == 302
    assert tokens.user_of(token) is None
    assert not ApiToken.objects.filter(user=people.viewer).exists()
    assert change(admin, people.viewer, "operator", is_active=False).status_code == 302
    assert AuditEntry.objects.filter(act="person.changed").count() == 2
    assert audit.verify() == (True, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "is_active"), [("viewer", True), ("admin", False)])
def test_an_administrator_cannot_lock_himself_out(admin, people, role, is_active):
    answer = change(admin, people.admin, role, is_active=is_active)
    assert answer.status_code == 422
    assert roles.role_of(people.admin) == "admin"
    assert User.objects.get(pk=people.admin.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once(people):
    roles.give(people.operator, "admin")
    pairs = [(people.admin, people.operator), (people.operator, people.admin)]
    barrier = threading.Barrier(2)

    def remove(by, other):
        client = Client()
        client.force_login(by)
        barrier.wait()
        change(client, other, "viewer")
        connections.close_all()

    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert User.objects.filter(groups__name="admin", is_active=True).count() == 1


@pytest.mark.django_db
def test_signing_in_and_out_and_failing_to_is_recorded(people):
    client = Client()
    client.post("/sign-in/", {"username": "viewer", "password": "wrong"})
    client.post("/sign-in/", {"username": "hunter2", "password": "wrong"})
    client.post("/sign-in/", {"username": "viewer", "password": people.password})
    client.post("/sign-out/")
    entries = list(AuditEntry.objects.order_by("seq").values_list("act", "actor_name", "subject"))
    assert entries == [
        ("session.failed", "not signed in", "viewer"),
        ("session.failed", "not signed in", "no such name"),
        ("session.signed_in", "viewer", "viewer"),
        ("session.signed_out", "viewer", "viewer"),
    ]


@pytest.mark.django_db
def test_guessing_passwords_is_stopped_and_does_not_fill_the_log(people):
    client = Client()
    for _ in range(20):
        answer = client.post("/sign-in/", {"username": "viewer", "password": "wrong"})
    assert answer.status_code in {403, 429}
    assert AuditEntry.objects.filter(act="session.failed").count() <= 10
    locked = client.post("/sign-in/", {"username": "viewer", "password": people.password})
    assert "_auth_user_id" not in client.session
    assert locked.status_code in {403, 429}


@pytest.mark.django_db
def test_a_new_password_ends_the_api_tokens_and_nothing_else_of_a_change_does(admin, people):
    token = tokens.issue(people.viewer)
    assert (
        "ends the sessions of this person, and 1 API token."
        in admin.get(f"/people/{people.viewer.pk}/").content.decode()
    )
    change(admin, people.viewer, "operator")
    assert tokens.user_of(token) == people.viewer
    change(admin, people.viewer, "operator", password=PASSWORD)
    assert tokens.user_of(token) is None
    entry = AuditEntry.objects.get(act="token.revoked")
    assert (entry.actor_name, entry.subject, entry.detail["count"]) == ("admin", "viewer", 1)
