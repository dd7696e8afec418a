"""`manage.py verify_case`: is a case file as this console has made it?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.casefile import holding


class Command(BaseCommand):
    help = "Verify a case file: every byte, its signature, and its audit entries against the log as it is now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")

    def handle(self, file: str, **_: Any) -> None:
        try:
            report = holding.against_log(file)
        except OSError as problem:
            raise CommandError(f"It can't be read: {problem}") from None
        for fault in report.faults:
            self.stdout.write(f"CHANGED  {fault}")
        if not report.is_whole:
            raise CommandError("The case file is not as this console has made it.")
        told = report.manifest
        self.stdout.write(f"WHOLE    run {told['run']}, {report.files} files, made {told['made_at']}")
        self.stdout.write(f"SIGNED   by this console, {told['public_key']}")
        known = holding.seal_is_known(report, file)
        self.stdout.write("SEALED   the audit log holds its seal" if known else "NO SEAL  the audit log has none of it")
