"""`manage.py seal_anew`: after a change of SECRET_KEY, seals every stored secret with the new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from runs import vault


class Command(BaseCommand):
    help = "Seal every stored secret with the present SECRET_KEY; SECRET_KEY_FALLBACKS opens them."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                count = sum(_seal(model, names) for model, names in sealed_columns())
        except vault.Unreadable as problem:
            raise CommandError(f"{problem} Nothing was changed.") from problem
        self.stdout.write(f"{count} secrets are sealed with the present SECRET_KEY. The fallbacks can go.")


def sealed_columns() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every table with what it holds sealed: a text column named so, here and in the apps above."""
    for model in apps.get_models():
        names = [
            field.name for field in model._meta.concrete_fields
            if field.name.startswith("sealed") and isinstance(field, (models.CharField, models.TextField))
        ]  # fmt: skip
        if names:
            yield model, names


def _seal(model: type[models.Model], names: list[str]) -> int:
    count = 0
    for row in model._default_manager.select_for_update().iterator():
        anew = {name: vault.sealed_anew(getattr(row, name)) for name in names if getattr(row, name)}
        if anew:
            model._default_manager.filter(pk=row.pk).update(**anew)
        count += len(anew)
    return count
