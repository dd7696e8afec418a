"""Owns what a run's case file holds of the desk: each question, who answered it, on what evidence, and the talk."""

from __future__ import annotations

from typing import Any

from approvals.models import Approval
from runs.models import Run
from runs.secrets import mask

_ASKED = (
    "id", "pause_seq", "paused_at", "ask", "state", "kind", "priority", "people_needed", "not_starter", "opened_at",
    "due_at", "expires_at", "closed_at", "closed_because",
)  # fmt: skip
_SEEN = ("seen_seq", "seen_frame_sha256", "seen_cost_cents")
_DECIDED = (
    "code", "verdict", "decided_at", *_SEEN, "seen_frame_open", "delivery", "attempts", "delivered_at",
    "delivery_detail", "outcome", "outcome_steps", "outcome_at",
)  # fmt: skip


def told(run: Run) -> dict[str, Any]:
    """Approvals with their decisions, takeovers; texts of people masked, as they may hold a password."""
    approvals = Approval.objects.filter(run=run).order_by("id")
    return {
        "approvals": [_approval(one) for one in approvals.select_related("decision__decided_by", "decision__policy")],
        "takeovers": [
            {"by": one.user.get_username(), "started_at": _time(one.started_at), "ended_at": _time(one.ended_at),
             "acts": one.acts}
            for one in run.takeovers.select_related("user").order_by("id")
        ],
    }  # fmt: skip


def _approval(one: Approval) -> dict[str, Any]:
    decision = getattr(one, "decision", None)
    return {
        "reason": one.reason,
        **_read(one, _ASKED),
        "decision": decision
        and {
            "by": decision.decider,
            **_read(decision, _DECIDED),
            "note": mask(decision.note),
            "seen_reason": decision.seen_reason,
        },
        "endorsements": [
            {"by": other.user.get_username(), **_read(other, ("at", *_SEEN, "lapsed_at", "lapsed_because")),
             "note": mask(other.note), "seen_reason": other.seen_reason}
            for other in one.endorsements.select_related("user")
        ],
        "comments": [
            {"author": said.author.get_username(), "at": _time(said.created_at), "text": mask(said.text)}
            for said in one.comments.select_related("author").order_by("id")
        ],
    }  # fmt: skip


def _read(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _time(getattr(row, name)) for name in names}


def _time(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
