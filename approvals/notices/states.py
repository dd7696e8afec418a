"""The words of notices: occasions, how a notice stands, how often a person wants to be told. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Occasion(TextChoices):
    OPENED = "opened", _("An approval opens")
    ROUTED = "routed", _("One is put to me first")
    HANDED = "handed", _("One is handed over to me")
    DUE_SOON = "due_soon", _("One is due soon")
    ESCALATED = "escalated", _("One is overdue and escalates")
    REFUSED = "refused", _("Upstream refuses my decision")
    BURNING = "burning", _("A run goes round in circles and burns money")
    SETTLED = "settled", _("One needs nobody any more")  # goes to devices that were told of it, to take it back


CHOSEN = tuple(each for each in Occasion if each != Occasion.SETTLED)  # what a person may switch off
PERSONAL = frozenset({Occasion.ROUTED, Occasion.HANDED, Occasion.REFUSED})  # never for a team's channel


class State(TextChoices):
    PENDING = "pending", _("Waiting to be sent")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    DROPPED = "dropped", _("Not needed any more")
    UNSURE = "unsure", _("Perhaps sent")
    FAILED = "failed", _("Given up")


class Digest(TextChoices):
    OFF = "off", _("At once")
    EVERY = "every", _("Together, every so many minutes")
    DAILY = "daily", _("Together, once a day")
