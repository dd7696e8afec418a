"""How the audit log's page and case files say what people and policies do at the desk."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from approvals import delivery
from approvals.models import Policy
from approvals.rules import retelling
from runs import acts, told
from runs.acts import Area
from runs.casefile import words

ACTS: dict[str, Promise] = {
    "approval.claimed": gettext_lazy("Took the approval on"),
    "approval.released": gettext_lazy("Let the approval go"),
    "approval.handed_over": gettext_lazy("Handed the approval over"),
    "approval.commented": gettext_lazy("Commented"),
    "approval.overdue": gettext_lazy("Nobody answered in time"),
    "approval.decided": gettext_lazy("Decided"),
    "approval.endorsed": gettext_lazy("Agreed to the resume"),
    "endorsement.lapsed": gettext_lazy("Consent lapsed"),
    "endorsement.withdrawn": gettext_lazy("Took the consent back"),
    "decision.delivered": gettext_lazy("Upstream confirmed the decision"),
    "decision.refused": gettext_lazy("Upstream refused the decision"),
    "decision.unsure": gettext_lazy("Upstream's answer was lost"),
    "decision.recalled": gettext_lazy("Took the decision back"),
    "policy.applied": gettext_lazy("A policy decided or added to it"),
    "policy.would_have": gettext_lazy("A policy would have decided (dry run)"),
    "policy.stood_back": gettext_lazy("A policy stood back"),
    "takeover.started": gettext_lazy("Took the machine over"),
    "takeover.acted": gettext_lazy("Acted on the machine"),
    "takeover.ended": gettext_lazy("Handed the machine back"),
    "takeover.private": gettext_lazy("Made the machine private"),
    "takeover.not_private": gettext_lazy("Ended the private time"),
    "approvals.decided_alike": gettext_lazy("Decided many that are alike"),
    "policy.created": gettext_lazy("Wrote a policy"),
    "policy.changed": gettext_lazy("Changed a policy"),
    "policy.tried": gettext_lazy("Tried a policy on past approvals"),
    "policy.switched": gettext_lazy("Switched a policy"),
    "policy.moved": gettext_lazy("Moved a policy in the order"),
    "policy.removed": gettext_lazy("Removed a policy"),
    "policies.stopped": gettext_lazy("Stopped all policies that decide"),
    "policies.allowed_again": gettext_lazy("Let policies decide again"),
    "note.saved": gettext_lazy("Saved a note"),
    "note.removed": gettext_lazy("Removed a saved note"),
    "settings.changed": gettext_lazy("Changed their own settings"),
    "working_time.changed": gettext_lazy("Changed the working time"),
    "channel.added": gettext_lazy("Added a channel"),
    "channel.switched": gettext_lazy("Switched a channel"),
    "channel.removed": gettext_lazy("Removed a channel"),
    "channel.tested": gettext_lazy("Sent a test over a channel"),
    "device.subscribed": gettext_lazy("Lets a device ring"),
    "device.removed": gettext_lazy("Removed a device"),
}
AREAS = [
    Area(gettext_lazy("Approvals"), ("approval", "approvals")),
    Area(gettext_lazy("Decisions"), ("decision", "endorsement")),
    Area(gettext_lazy("Policies"), ("policy", "policies")),
    Area(gettext_lazy("Takeovers"), ("takeover",)),
    Area(gettext_lazy("Saved notes"), ("note",)),
    Area(gettext_lazy("Notices"), ("channel", "device", "working_time")),
    Area(gettext_lazy("Settings"), ("settings",)),
]
LABELS: dict[str, Promise] = {
    "of": gettext_lazy("Of"),
    "to": pgettext_lazy("whom or where", "To"),
    "word": gettext_lazy("Word"),
    "because": gettext_lazy("Because"),
    "why": gettext_lazy("Why"),
    "detail": gettext_lazy("What upstream said"),
    "held_seconds": gettext_lazy("Held"),
    "done": gettext_lazy("Decided"),
    "refused": gettext_lazy("Refused"),
    "policy": gettext_lazy("Policy"),
    "policies": gettext_lazy("Policies"),
    "version": gettext_lazy("Version"),
    "mode": gettext_lazy("State"),
    "was": gettext_lazy("Before"),
    "sentence": gettext_lazy("What it says"),
    "expires_at": gettext_lazy("Ends"),
    "looked_at": gettext_lazy("Approvals it was tried on"),
    "counts": gettext_lazy("What came of it"),
    "kinds": gettext_lazy("Acts by kind"),
    "routed_to_id": gettext_lazy("Put to the person of number"),
    "escalated_at": gettext_lazy("Escalated"),
    "is_for_all": gettext_lazy("For all"),
    "of_team": gettext_lazy("Of the team"),
    "on": gettext_lazy("On"),
    "shown": gettext_lazy("Address"),
    "result": gettext_lazy("Result"),
    "changed": gettext_lazy("Changed"),
}
TAKEOVER: dict[str, Promise] = {
    "clicks": gettext_lazy("Clicks"),
    "texts": gettext_lazy("Texts"),
    "presses": gettext_lazy("Keys"),
    "scrolls": gettext_lazy("Scrolling"),
    "drags": gettext_lazy("Drags"),
    "visits": gettext_lazy("Addresses"),
}
TRIED: dict[str, Promise] = {
    "as_people": gettext_lazy("as people did"),
    "otherwise": gettext_lazy("otherwise"),
    "refused": gettext_lazy("people refused"),
    "undecided": gettext_lazy("nobody decided"),
    "handled": gettext_lazy("would apply"),
}
CHOSEN: dict[str, Promise] = {  # by people for themselves, and of the working time
    "time_zone": gettext_lazy("Time zone"),
    "language": gettext_lazy("Language"),
    "quiet_from": gettext_lazy("Quiet from"),
    "quiet_to": gettext_lazy("Quiet until"),
    "escalations_break_through": gettext_lazy("What is overdue may break through quiet hours and digests"),
    "digest": gettext_lazy("How often"),
    "digest_minutes": gettext_lazy("Minutes between"),
    "digest_at": gettext_lazy("Daily at"),
    "muted_occasions": gettext_lazy("Tell me when"),
    "muted_kinds": gettext_lazy("New approvals of these kinds"),
    "is_tour_over": gettext_lazy("First steps"),
    "is_limited": gettext_lazy("Count due times within working hours only"),
    "days": gettext_lazy("Working days"),
    "starts_at": gettext_lazy("From"),
    "ends_at": gettext_lazy("Until"),
    "due_minutes": gettext_lazy("Due times"),
    "remind_minutes": gettext_lazy("Remind so many minutes before"),
    "escalates": gettext_lazy("What is overdue moves up in the queue and everyone is told"),
}


def _named(names: dict[str, Promise]) -> words.Say:
    return lambda name: str(names.get(name, name))


acts.know(
    ACTS,
    AREAS,
    LABELS,
    {
        "because": told.told,
        "refused": lambda value: told.told(value) if isinstance(value, str) else value,
        "why": told.told,
        "detail": told.told,
        "held_seconds": lambda value: words.seconds(f"{value:g}" if isinstance(value, float) else value),
        "mode": words.choice(Policy.Mode),
        "was": words.choice(Policy.Mode),  # of one that was changed: its sentence, retold
        "changed": _named(CHOSEN),
    },
    {"counts": _named(TRIED), "kinds": _named(TAKEOVER), "changed": _named(CHOSEN)},
)
acts.know_exceptions(
    {"decision.delivered": {"detail": delivery.CONFIRMED}},
    {"sentence": retelling.retold, "was": retelling.retold},
    {"rule", "was_rule"},
)
acts.know_names(
    {r"policy “(?P<name>.*)”": gettext_lazy("policy “%(name)s”")},
    {
        r"approval (?P<number>\d+)": gettext_lazy("approval %(number)s"),
        r"(?P<count>\d+) approvals": gettext_lazy("%(count)s approvals"),
        r"decision (?P<code>\w+)": gettext_lazy("decision %(code)s"),
        r"policy (?P<name>.*)": gettext_lazy("policy %(name)s"),
        r"note (?P<number>\d+)": gettext_lazy("saved note %(number)s"),
    },
    {r"approval (\d+)\Z": "approval", r"policy (\d+) ": "policy"},
)
