"""`manage.py move_to --database URL`: everything into PostgreSQL, once, with nothing lost."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import environ
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure
from django.db import connections
from django.utils import timezone

from coasty_console import moving
from runs.models import Worker

_AT_WORK = timedelta(seconds=20)


class Command(BaseCommand):
    help = (
        "Copy the database of the settings into an empty PostgreSQL database. Stop the console first. May be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--database", required=True, help="for example postgres://user:password@host/coasty")

    def handle(self, *args: Any, **options: Any) -> None:
        self._name_target(options["database"])
        try:
            self._move()
        except moving.CannotMove as problem:
            raise CommandError(str(problem)) from None
        except DatabaseFailure as problem:
            raise CommandError(f"The move was interrupted; repeat it to go on: {problem}") from None

    def _name_target(self, url: str) -> None:
        config = environ.Env.db_url_config(url)
        if "postgresql" not in config.get("ENGINE", ""):
            raise CommandError("Give the address of a PostgreSQL database: postgres://user:password@host/name")
        connections.databases[moving.TARGET] = {**connections.databases[moving.SOURCE], "OPTIONS": {}, **config}

    def _move(self) -> None:
        if Worker.objects.filter(beat_at__gt=timezone.now() - _AT_WORK).exists():
            raise moving.CannotMove("The console is at work, or was until a moment ago: stop it, wait 20 s, try again.")
        ordered = moving.in_order()
        moving.check_empty()
        moving.mark()
        if not moving.is_prepared():
            call_command("migrate", database=moving.TARGET, interactive=False, verbosity=0)
            moving.begin(ordered)
        changed = sum(self._copy(model) for model in ordered)
        moving.set_sequences(ordered)
        moving.verify(ordered)
        moving.finish()
        if changed:
            self.stdout.write(f"{changed} values were put right: NUL in text, numbers or texts beyond their column.")
        self.stdout.write("All is there: counts are equal and the audit log's chain is whole. Set DATABASE_URL to it.")

    def _copy(self, model: moving.Model) -> int:
        label = model._meta.label
        counts = moving.copy(model, lambda rows: self.stdout.write(f"  {label}: {rows}", ending="\r"))
        self.stdout.write(f"  {label}: {counts.rows}")
        return counts.changed
