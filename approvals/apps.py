"""Start-up of the desk: listens to what the mirror tells of runs."""

from __future__ import annotations

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"

    def ready(self) -> None:
        from approvals import (
            act_words,  # noqa: F401 (says what people do)
            case_words,  # noqa: F401 (says what they hold)
            cases,
            receivers,  # noqa: F401 (connects them)
            telling,  # noqa: F401 (says what is stored)
            troubles,
        )
        from approvals.notices import preferences
        from live import manner
        from runs.casefile import parts

        manner.preferred_by(preferences.manner)
        parts.decided_by(cases.told)
        troubles.offer()
