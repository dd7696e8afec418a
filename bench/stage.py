"""Prepares a bench's database in a process of its own: migrated, with its runs and people who are signed in."""

from __future__ import annotations

import json
import os
import sys

import django


def main(count: int, people: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from bench.crowd_upstream import run_id
    from coasty_console import roles
    from runs import upstream
    from runs.models import Run

    call_command("migrate", interactive=False, verbosity=0)
    roles.make()
    connection, now = upstream.connection(), timezone.now()
    facts = {"status": "running", "log_status": "running", "status_at": now, "started_at": now, "max_steps": 100_000}
    made = [
        Run(connection=connection, upstream_id=run_id(n), task=f"Errand {n}", machine_id="mch_test_00000001", **facts)
        for n in range(count)
    ]
    Run.objects.bulk_create(made, batch_size=500)
    print(json.dumps({"sessions": [_signed_in(f"person-{n}") for n in range(people)]}), flush=True)


def _signed_in(name: str) -> str:
    """A person who may do what an operator may; the key of a session of theirs."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User

    from coasty_console import roles

    person = User.objects.create_user(name)
    roles.give(person, "operator")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(person.pk), settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
