"""One's own password: the old one is asked, guesses are stopped, and what it let in elsewhere ends."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from coasty_console import passwords
from runs import audit, tokens
from runs.models import AuditEntry

pytestmark = pytest.mark.django_db
FRESH = "a long enough phrase 77"


@pytest.fixture
def me(people):
    client = Client()
    client.force_login(people.viewer)
    return client


def change(client, old, new=FRESH, again=None):
    return client.post("/settings/password/", {"old": old, "new": new, "again": new if again is None else again})


def test_a_password_is_changed_by_its_person_and_ends_what_else_it_let_in(people, me):
    elsewhere, other = Client(), Client()
    elsewhere.force_login(people.viewer)
    other.force_login(people.operator)
    token, others = tokens.issue(people.viewer), tokens.issue(people.operator)
    assert 'href="/settings/password/"' in me.get("/settings/").content.decode()
    assert "your API token ends" in me.get("/settings/password/").content.decode()
    assert change(me, people.password).headers["Location"] == "/settings/"
    assert "You stay signed in here" in me.get("/settings/").content.decode()
    assert elsewhere.get("/settings/").status_code == 302
    assert other.get("/settings/").status_code == 200
    assert tokens.user_of(token) is None
    assert tokens.user_of(others) == people.operator
    assert User.objects.get(pk=people.viewer.pk).check_password(FRESH)
    entry = AuditEntry.objects.get(act="person.changed")
    assert (entry.actor_name, entry.subject, entry.detail) == ("viewer", "viewer", {"new_password": True})
    assert AuditEntry.objects.get(act="token.revoked").actor_name == "viewer"
    assert FRESH not in str([e.detail for e in AuditEntry.objects.all()])
    assert audit.verify() == (True, None)


@pytest.mark.parametrize(
    ("old", "new", "again", "wrong"),
    [
        ("not it", FRESH, FRESH, "old"),
        ("", FRESH, FRESH, "old"),
        (None, FRESH, FRESH + "8", "again"),
        (None, "short", "short", "new"),
        (None, "password123", "password123", "new"),
        (None, "viewer12", "viewer12", "new"),
        (None, None, None, "new"),
        (None, "", "", "new"),
    ],
)
def test_what_is_not_taken_is_explained_and_changes_nothing(people, me, old, new, again, wrong):
    given = [people.password if said is None else said for said in (old, new, again)]
    token = tokens.issue(people.viewer)
    answer = change(me, *given)
    assert answer.status_code == 422
    assert wrong in answer.context["form"].errors
    assert User.objects.get(pk=people.viewer.pk).check_password(people.password)
    assert tokens.user_of(token) == people.viewer
    assert not AuditEntry.objects.filter(act="person.changed").exists()


def test_guessing_the_old_password_is_stopped_as_at_the_sign_in_and_named(people, me):
    for _ in range(12):
        stopped = change(me, "wrong")
    assert stopped.status_code in {403, 429}
    assert change(me, people.password).status_code in {403, 422, 429}
    assert User.objects.get(pk=people.viewer.pk).check_password(people.password)
    guesses = AuditEntry.objects.filter(act="session.failed")
    assert 0 < guesses.count() <= 10
    assert set(guesses.values_list("actor_name", "subject")) == {("viewer", "viewer")}


def test_of_two_changes_at_once_only_one_counts(people):
    first, second = (User.objects.get(pk=people.viewer.pk) for _ in range(2))
    assert passwords.replace(first, FRESH)
    assert not passwords.replace(second, "another long phrase 78")
    assert User.objects.get(pk=people.viewer.pk).check_password(FRESH)
    assert AuditEntry.objects.filter(act="person.changed").count() == 1


def test_nobody_changes_a_password_without_being_signed_in(people):
    answer = change(Client(), people.password)
    assert answer.headers["Location"].startswith("/sign-in/")
    assert User.objects.get(pk=people.viewer.pk).check_password(people.password)
