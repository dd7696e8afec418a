"""`manage.py retain`: removes events and frames of runs that ended before the chosen age, or says what it would."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from approvals import tasks
from runs import retention


class Command(BaseCommand):
    help = "Remove the events and frames of runs that ended more than RETENTION_DAYS ago."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is due and remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["dry_run"]:
            self.stdout.write(f"Due: {_words(retention.planned(now))}.")
            return
        done = retention.sweep(now, tasks.named_frames, seconds=float("inf"), tell=self._tell)
        self.stdout.write(f"Removed: {_words(done)}.")

    def _tell(self, swept: retention.Swept) -> None:
        if swept.runs % 100 == 0:
            self.stdout.write(f"{_words(swept)} so far")


def _words(swept: retention.Swept) -> str:
    return f"{swept.events} events and {swept.frames} frames of {swept.runs} runs"
