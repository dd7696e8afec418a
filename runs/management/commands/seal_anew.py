"""`manage.py seal_anew`: after a change of SECRET_KEY, seals every stored secret with the new one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from runs import vault
from runs.models import Connection, RunSecret, SecretNote


class Command(BaseCommand):
    help = "Seal the stored keys and webhook secrets with the present SECRET_KEY; SECRET_KEY_FALLBACKS opens them."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                count = _connections() + _runs() + _notes()
        except vault.Unreadable as problem:
            raise CommandError(f"{problem} Nothing was changed.") from problem
        self.stdout.write(f"{count} secrets are sealed with the present SECRET_KEY. The fallbacks can go.")


def _connections() -> int:
    count = 0
    for row in Connection.objects.select_for_update():
        anew = {name: vault.sealed_anew(getattr(row, name)) for name in ("sealed_key", "sealed_webhook_secret")}
        Connection.objects.filter(pk=row.pk).update(**anew)
        count += sum(1 for sealed in anew.values() if sealed)
    return count


def _notes() -> int:
    count = 0
    for row in SecretNote.objects.select_for_update().exclude(sealed="").iterator():
        SecretNote.objects.filter(pk=row.pk).update(sealed=vault.sealed_anew(row.sealed))
        count += 1
    return count


def _runs() -> int:
    count = 0
    for row in RunSecret.objects.select_for_update().iterator():
        RunSecret.objects.filter(pk=row.pk).update(sealed=vault.sealed_anew(row.sealed))
        count += 1
    return count
