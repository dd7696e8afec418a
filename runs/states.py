"""The words and the transition table of a run, as the contract has them (runs.md, section 5). Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    AWAITING_HUMAN = "awaiting_human", _("Needs a person")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    TIMED_OUT = "timed_out", _("Timed out")


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT})
LIVE = frozenset(Status) - TERMINAL

NEXT: dict[str, frozenset[str]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.AWAITING_HUMAN}) | TERMINAL,
    Status.RUNNING: frozenset({Status.AWAITING_HUMAN}) | TERMINAL,
    Status.AWAITING_HUMAN: frozenset({Status.RUNNING}) | TERMINAL,
    **{status: frozenset() for status in TERMINAL},
}


def is_terminal(status: str) -> bool:
    return status in TERMINAL


def may_follow(old: str, new: str) -> bool:
    """Whether `new` may come after `old`. Statuses that the contract does not name come and go until a terminal one."""
    if old == new or is_terminal(old):
        return False
    if old not in NEXT or new not in Status.values:
        return True
    return new in NEXT[old]


class Stream(TextChoices):
    """How the following of a run's stream stands; the page says it in words."""

    IDLE = "idle", _("Not followed yet")
    CONNECTING = "connecting", _("Connecting")
    LIVE = "live", _("Live")
    RECONNECTING = "reconnecting", _("Reconnecting")
    REFUSED = "refused", _("Refused by upstream")
    ENDED = "ended", _("Ended")
