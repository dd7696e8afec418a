"""Receives what the mirror tells of a run, inside the transaction that wrote it: its status, that it burns money."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from approvals import digests, queue, takeovers
from approvals.notices import occasions
from live import publish, topics
from runs.models import Run
from runs.signals import status_changed, waste_found
from runs.states import Status, is_terminal


@receiver(status_changed, dispatch_uid="approvals.on_status")
def on_status(run: Run, old: str, new: str, seq: int | None, **_: Any) -> None:
    queue.on_status(run, old, new, seq)
    if is_terminal(old):
        digests.forget(run)
    if new != Status.AWAITING_HUMAN:
        takeovers.on_left(run)


@receiver(waste_found, dispatch_uid="approvals.on_waste")
def on_waste(run: Run, has_begun: bool, **_: Any) -> None:
    publish.nudge(topics.QUEUE)  # a row of the queue says it too
    if has_begun:
        occasions.note_burning(run)
