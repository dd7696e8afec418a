"""Brings the database to what this version needs: checks, migrations, roles, demo accounts, the connection."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from coasty_console import roles
from runs import upstream


class Command(BaseCommand):
    help = "Check the settings, migrate, and create what the first start needs. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        roles.make_demo_accounts()
        upstream.connection()
