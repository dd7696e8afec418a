"""Receives each change of a run's status, inside the transaction that wrote it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from approvals import queue, takeovers
from runs.models import Run
from runs.signals import status_changed
from runs.states import Status


@receiver(status_changed, dispatch_uid="approvals.on_status")
def on_status(run: Run, old: str, new: str, seq: int | None, **_: Any) -> None:
    queue.on_status(run, old, new, seq)
    if new != Status.AWAITING_HUMAN:
        takeovers.on_left(run)
