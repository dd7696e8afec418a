"""How a case file's page says what the desk holds: labels of its fields and its choices."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from approvals import kinds, states
from runs import steps, told
from runs.casefile import words

LABELS: dict[str, Promise] = {  # in this order they stand on the page
    "by": gettext_lazy("By"),
    "verdict": gettext_lazy("Verdict"),
    "at": pgettext_lazy("moment", "When"),
    "note": gettext_lazy("Note"),
    "decided_at": gettext_lazy("Decided"),
    "kind": gettext_lazy("Kind"),
    "state": gettext_lazy("State"),
    "opened_at": gettext_lazy("Asked"),
    "paused_at": gettext_lazy("Paused upstream"),
    "due_at": gettext_lazy("Due"),
    "expires_at": gettext_lazy("Upstream gives it up"),
    "closed_at": gettext_lazy("Closed"),
    "closed_because": gettext_lazy("Closed because"),
    "seen_reason": gettext_lazy("Reason on screen"),
    "seen_frame_sha256": gettext_lazy("Frame on screen"),
    "seen_frame_open": gettext_lazy("The frame was looked at"),
    "seen_seq": gettext_lazy("Last event on screen"),
    "seen_cost_cents": gettext_lazy("Cost on screen"),
    "delivery": gettext_lazy("Delivery"),
    "delivery_detail": gettext_lazy("What upstream said"),
    "delivered_at": gettext_lazy("Delivered"),
    "attempts": gettext_lazy("Attempts"),
    "outcome": gettext_lazy("What came of it"),
    "outcome_steps": gettext_lazy("Steps until then"),
    "outcome_at": gettext_lazy("Known since"),
    "code": gettext_lazy("Code of the decision"),
    "lapsed_at": gettext_lazy("Lapsed"),
    "lapsed_because": gettext_lazy("Lapsed because"),
    "people_needed": gettext_lazy("People who must agree to a resume"),
    "not_starter": gettext_lazy("Kept from whoever started the run"),
    "priority": gettext_lazy("Priority"),
    "pause_seq": gettext_lazy("Event of the pause"),
    "ask": gettext_lazy("Question of this pause, number"),
    "id": gettext_lazy("Approval"),
    "ended_at": gettext_lazy("Ended"),
    "acts": gettext_lazy("Acts"),
}
SAYS: dict[str, words.Say] = {
    "state": words.choice(states.State),
    "kind": words.choice(kinds.Kind),
    "verdict": words.choice(states.Verdict),
    "delivery": words.choice(states.Delivery),
    "outcome": words.choice(states.Outcome),
    "by": told.told,
    "closed_because": told.told,
    "delivery_detail": told.told,
    "lapsed_because": told.told,
    "not_starter": words.yes_or_no,
    "seen_frame_open": words.yes_or_no,
    "seen_cost_cents": steps.money,
    "pause_seq": words.event,
    "seen_seq": words.event,
    "code": words.as_code,
    **{name: words.moment for name in LABELS if name.endswith("_at") or name == "at"},
}
words.know(LABELS, SAYS)
