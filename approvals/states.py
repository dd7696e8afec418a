"""The words and transition tables of approvals and of a decision's delivery. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    OPEN = "open", _("Open")
    DECIDED = "decided", _("Decided")
    CLOSED = "closed", _("Closed elsewhere")


NEXT: dict[str, frozenset[str]] = {
    State.OPEN: frozenset({State.DECIDED, State.CLOSED}),
    State.DECIDED: frozenset(),
    State.CLOSED: frozenset(),
}


class Verdict(TextChoices):
    RESUME = "resume", _("Resume")
    FAIL = "fail", _("Fail")
    CANCEL = "cancel", _("Cancel")


class Delivery(TextChoices):
    PENDING = "pending", _("Waiting to be sent")
    SENDING = "sending", _("Sending")
    UNSURE = "unsure", _("Sent, answer lost")
    DELIVERED = "delivered", _("Upstream confirmed")
    REFUSED = "refused", _("Upstream refused")
    RECALLED = "recalled", _("Recalled before it was sent")


class Outcome(TextChoices):
    """What came of a decision; empty while that is not known yet."""

    FINISHED = "finished", _("The run succeeded")
    PARKED = "parked", _("It waited again")
    FAILED = "failed", _("The run failed")
    STOPPED = "stopped", _("The run was ended")  # cancelled, or out of time
    VOID = "void", _("It took no effect")  # recalled, or refused by upstream


DELIVERY_NEXT: dict[str, frozenset[str]] = {
    Delivery.PENDING: frozenset({Delivery.SENDING, Delivery.REFUSED, Delivery.RECALLED}),
    Delivery.SENDING: frozenset({Delivery.PENDING, Delivery.UNSURE, Delivery.DELIVERED, Delivery.REFUSED}),
    Delivery.UNSURE: frozenset({Delivery.PENDING, Delivery.DELIVERED, Delivery.REFUSED}),
    Delivery.DELIVERED: frozenset(),
    Delivery.REFUSED: frozenset(),
    Delivery.RECALLED: frozenset(),
}

DELIVERY_VOID = frozenset({Delivery.REFUSED, Delivery.RECALLED})  # the run was left as it was: it is asked again
DELIVERY_OPEN = frozenset({Delivery.PENDING, Delivery.SENDING, Delivery.UNSURE})


def may_follow(old: str, new: str) -> bool:
    return new in NEXT.get(old, frozenset())


def delivery_may_follow(old: str, new: str) -> bool:
    return new in DELIVERY_NEXT.get(old, frozenset())
