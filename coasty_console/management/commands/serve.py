"""`manage.py serve`: the whole console in one process."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseFailure
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from coasty_console import roles
from runs import reach
from runs.relay.supervisor import Relay


class Command(BaseCommand):
    help = "Serve pages, API and websockets, follow runs, and do jobs, until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-relay", action="store_true", help="follow no runs: a `manage.py relay` does")
        parser.add_argument("--no-jobs", action="store_true", help="do no jobs: a Celery worker and beat do")

    def handle(self, *args: Any, **options: Any) -> None:
        # Daphne installs its reactor on import, so only here.
        from coasty_console import serving
        from coasty_console.jobs import Jobs

        self._check_database()
        if not settings.DEMO:
            roles.make_demo_accounts()  # takes away those of an earlier start
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        does_jobs = not options["no_jobs"] and not settings.REDIS_URL
        try:
            serving.probe_port(settings.CONSOLE_HOST, settings.CONSOLE_PORT)
            serving.serve(
                settings.CONSOLE_HOST,
                settings.CONSOLE_PORT,
                relay=None if options["no_relay"] else Relay(),
                jobs=Jobs() if does_jobs else None,
                ready=self._say_ready,
            )
        except serving.CannotServe as problem:
            self._end(str(problem))

    def _check_database(self) -> None:
        if sentence := reach.why_not(connections["default"]):
            self._end(sentence)
        try:
            executor = MigrationExecutor(connections["default"])
            waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseFailure as problem:
            self._end(f"The database can't be used: {problem}".splitlines()[0])
        else:
            if waiting:
                self._end("The database is not up to date: run `python manage.py migrate` first.")

    def _say_ready(self) -> None:
        self.stdout.write(f"Serving on http://{settings.CONSOLE_HOST}:{settings.CONSOLE_PORT}")
        self.stdout.flush()

    def _end(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(1)
