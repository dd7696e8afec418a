"""`manage.py api_token`: the token alone on stdout, a sentence for anything else."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from runs import tokens
from runs.models import AuditEntry

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("api_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_prints_the_token_and_nothing_else(people):
    out, err = run("reviewer")
    assert err == ""
    assert out == out.strip() + "\n"
    assert " " not in out
    assert tokens.user_of(out.strip()) == people.reviewer
    entry = AuditEntry.objects.get(act="token.issued")
    assert (entry.actor_name, entry.subject) == ("command line", "reviewer")


def test_it_takes_all_tokens_of_a_person_back(people):
    first, second = run("reviewer")[0].strip(), run("reviewer")[0].strip()
    other = run("viewer")[0].strip()
    out, err = run("reviewer", "--revoke")
    assert out == ""
    assert "2" in err
    assert [tokens.user_of(token) for token in (first, second, other)] == [None, None, people.viewer]


def test_nobody_and_somebody_switched_off_get_none(people):
    people.viewer.is_active = False
    people.viewer.save(update_fields=["is_active"])
    for name in ("nobody", "viewer"):
        with pytest.raises(CommandError):
            run(name)
