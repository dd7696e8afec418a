"""Start-up of the composition: system checks, roles."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ConsoleConfig(AppConfig):
    name = "coasty_console"
    verbose_name = "Coasty Console"

    def ready(self) -> None:
        from coasty_console import act_words, catalogs, celery, checks, roles, sessions  # noqa: F401 (registers them)

        catalogs.compile_all()

        # The last app with permissions of ours; this one has no models, so no signal is sent for it.
        post_migrate.connect(roles.make, sender=apps.get_app_config("approvals"))
