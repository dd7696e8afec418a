"""The jobs of notices: a sweep every two seconds, and one sending for each channel or device that has something due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from celery import current_app, shared_task
from django.utils import timezone

from approvals.notices import outbox, push, reminding, sending

log = logging.getLogger(__name__)

SWEEP = "approvals.notices.tasks.sweep"
SEND = "approvals.notices.tasks.send"


@shared_task(name=SEND)
def send(name: str, pk: int) -> None:
    sending.send(name, pk)


@shared_task(name=SWEEP)
def sweep() -> None:
    """Each part by itself: one that fails stops no other."""
    now = timezone.now()
    parts: tuple[Callable[[datetime], object], ...] = (
        reminding.remind, reminding.escalate, outbox.spread, sending.recover, hand_out, outbox.forget, _make_key,
    )  # fmt: skip
    for part in parts:
        try:
            part(now)
        except Exception:
            log.exception("The part %s of the notices' sweep failed; it is tried again at the next.", part.__name__)


def hand_out(now: datetime) -> None:
    """Hand each target that something is due for to the workers. A lost message costs one sweep."""
    for name, pk in sending.targets(now):
        current_app.send_task(SEND, args=[name, pk], retry=False, ignore_result=True, expires=30)


def _make_key(now: datetime) -> None:
    push.make_key()
