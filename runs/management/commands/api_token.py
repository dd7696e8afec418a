"""Issues an API token of a person and prints it alone."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from runs import tokens


class Command(BaseCommand):
    help = "Print a new API token of a person. It is shown this once; --revoke takes all of theirs back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--revoke", action="store_true", help="take back all tokens of the person instead")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is nobody named {options['username']!r}.")
        if options["revoke"]:
            gone = tokens.revoke(user, actor_name="command line")
            self.stderr.write(f"{gone} tokens of {user.username} no longer work.")
            return
        if not user.is_active:
            raise CommandError(f"{user.username} is switched off: a token would not work.")
        self.stdout.write(tokens.issue(user, actor_name="command line"))
