"""Reads upstream before and after a decision is sent: does the run still wait as it did, and whose resume was it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.utils import timezone

from approvals import pauses
from approvals.models import Approval, Decision
from approvals.seen import Seen
from coasty_api import backlog, wire
from coasty_api.client import Client
from runs import secret_notes
from runs.models import Event
from runs.states import Status, is_terminal

# A stream that is silent for so long has told all that it had stored.
GLANCE_SECONDS = 0.3  # where the times say already that it is the same pause
QUIET_SECONDS = 1.0
PATIENT_SECONDS = 3.0  # where nobody waits for the answer


class Resumed(Enum):
    """What the events after a pause say about who ended it."""

    BY_US = "this decision"
    BY_OTHERS = "somebody else"
    NOT_SEEN = "nobody, as far as is told"


@dataclass(frozen=True)
class Look:
    """One reading of the run upstream."""

    payload: dict[str, Any]
    asked_at: datetime

    @property
    def status(self) -> str:
        return str(self.payload.get("status") or "")

    @property
    def is_terminal(self) -> bool:
        return is_terminal(self.status)

    @property
    def words(self) -> str:
        return (
            "it waits for a person"
            if self.status == Status.AWAITING_HUMAN
            else f"it is {self.status}".replace("_", " ")
        )


def look(client: Client, approval: Approval) -> Look:
    """Read the run. Raises the tree of `coasty_api.errors`."""
    asked_at = timezone.now()
    return Look(client.get_run(approval.run.upstream_id), asked_at)


def waits_still(client: Client, approval: Approval, seen: Look) -> bool:
    """Whether the run waits in the very pause that the approval is about. Raises the tree of `coasty_api.errors`."""
    if seen.status != Status.AWAITING_HUMAN:
        return False
    exactly = pauses.is_exactly(approval, wire.time(seen.payload.get("awaiting_human_since")))
    if exactly is False or _stored(approval).exists():
        return False
    if approval.pause_seq is None:
        return True
    return not any(_resumes(client, approval, GLANCE_SECONDS if exactly else QUIET_SECONDS))


def says_other(decision: Decision, seen: Look) -> bool:
    """Whether the agent says something else by now than what was decided on; of who told no evidence nobody knows."""
    has_told = decision.seen_cost_cents is not None
    now = Seen(seen_reason=decision.seen_reason)
    reason = wire.pause_reason(seen.payload)
    return has_told and bool(reason) and now.differs_from(reason)


def resumed_by(client: Client, decision: Decision) -> Resumed:
    """Whose resume ended the pause, by the code in the note that the event repeats. Raises `coasty_api.errors`."""
    tag = secret_notes.tag(decision.code)
    is_told = False
    for data in _resumes_known(client, decision.approval):
        is_told = True
        if _note(data).endswith(tag):
            return Resumed.BY_US
    return Resumed.BY_OTHERS if is_told else Resumed.NOT_SEEN


def _resumes_known(client: Client, approval: Approval) -> Iterator[str]:
    """The payloads of `resumed` events after the pause, first from what the console has, then from upstream."""
    yield from _stored(approval).values_list("data", flat=True)
    for event in _resumes(client, approval, PATIENT_SECONDS):
        yield event.data


def _stored(approval: Approval) -> Any:
    """The `resumed` events after the pause that the console has already; none while the pause's place is unknown."""
    if approval.pause_seq is None:
        return Event.objects.none()
    return Event.objects.filter(run=approval.run, type="resumed", seq__gt=approval.pause_seq)


def _resumes(client: Client, approval: Approval, quiet_seconds: float) -> Iterator[wire.Event]:
    after = max(0, (approval.pause_seq or 0) - approval.run.log_offset)  # as upstream counts
    events = backlog.read(client, approval.run.upstream_id, after, quiet_seconds=quiet_seconds)
    return (event for event in events if event.type == "resumed")


def _note(data: str) -> str:
    payload = wire.parse(data)
    note = payload.get("note") if isinstance(payload, dict) else None
    return note.rstrip() if isinstance(note, str) else ""
