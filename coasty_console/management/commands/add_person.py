"""Adds a person with a role, or gives one a new role and password."""

from __future__ import annotations

import getpass
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from coasty_console import roles
from runs import audit


class Command(BaseCommand):
    help = "Add a person: asks for the password on a terminal, reads it from a pipe, or makes one with --generate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=roles.ROLES, default=roles.VIEWER)
        parser.add_argument("--generate", action="store_true", help="make a password and print it once")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(12) if options["generate"] else read_password()
        try:
            validate_password(password, User(username=options["username"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        with transaction.atomic():
            user, created = User.objects.get_or_create(username=options["username"])
            user.set_password(password)
            user.is_active = True
            user.save()
            roles.give(user, options["role"])
            act = "person.added" if created else "person.changed"
            audit.record(None, act, subject=user.username, actor_name="command line", role=options["role"])
        self.stdout.write(f"{user.username} may sign in as {options['role']}.")
        if options["generate"]:
            self.stdout.write(password)


def read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise CommandError("The two passwords differ. Nothing was changed.")
    return password
