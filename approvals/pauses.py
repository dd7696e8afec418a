"""Tells one pause of a run from another: by the seq of its event, else by upstream's own time of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from approvals.models import Approval
from approvals.states import DELIVERY_OPEN, DELIVERY_VOID
from runs.models import Event, Run

NEAR = timedelta(seconds=1)  # an event's time and the run's `awaiting_human_since` of one pause differ by less
EXACT = timedelta(milliseconds=50)  # nearly: a resume and a new pause hardly fit in between


class Relation(Enum):
    """How a sight of a pause stands to an approval."""

    OLDER = "older"
    SAME = "same"
    NEWER = "newer"


@dataclass(frozen=True)
class Pause:
    """A pause as it was seen: by the event `seq`, or by a snapshot (`seq` None). `at` is upstream's time of it."""

    seq: int | None
    at: datetime | None
    arrived: bool  # the run was not known to be parked before


def seen(run: Run, seq: int | None, *, arrived: bool) -> Pause:
    """What this sight of the run tells of its pause."""
    if seq is None:
        return Pause(None, run.awaiting_human_since, arrived)
    return Pause(seq, _event_time(run.pk, seq), arrived)


def relation(approval: Approval, pause: Pause) -> Relation:
    """Whether the pause is the approval's, one before it, or one after it."""
    if pause.seq is not None and approval.pause_seq is not None:
        return _by_seq(approval.pause_seq, pause)
    known_at = time_of(approval)
    if pause.at and known_at:
        return _by_time(known_at, pause.at)
    return _by_state(approval, pause)


def is_before(approval: Approval, moved: Pause) -> bool:
    """Whether a move of the run, told late, happened before the approval's pause began."""
    if moved.seq is None:
        return False
    if approval.pause_seq is not None:
        return moved.seq < approval.pause_seq
    return bool(approval.paused_at and moved.at and moved.at < approval.paused_at)


def time_of(approval: Approval) -> datetime | None:
    """Upstream's time of the approval's pause, where it told one."""
    if approval.paused_at or approval.pause_seq is None:
        return approval.paused_at
    return _event_time(approval.run_id, approval.pause_seq)


def is_exactly(approval: Approval, since: datetime | None) -> bool | None:
    """Whether a pause that began `since`, as upstream says, is the approval's; None when the times don't prove it."""
    known = time_of(approval)
    if since is None or known is None:
        return None
    if approval.paused_at is not None:
        return since == known
    if abs(since - known) <= EXACT:
        return True
    return False if since > known + NEAR else None


def _by_seq(known: int, pause: Pause) -> Relation:
    seq = pause.seq or 0
    if seq < known:
        return Relation.OLDER
    # A pause is told by two events in a row; what follows while the run stays parked tells of the same one.
    if seq <= known + 1 or not pause.arrived:
        return Relation.SAME
    return Relation.NEWER


def _by_time(known: datetime, at: datetime) -> Relation:
    if abs(at - known) <= NEAR:
        return Relation.SAME
    return Relation.NEWER if at > known else Relation.OLDER


def _by_state(approval: Approval, pause: Pause) -> Relation:
    """Neither seq nor time can tell: the approval still stands for the pause unless the run is known to have left."""
    decision = getattr(approval, "decision", None)
    settling = decision is not None and decision.delivery in DELIVERY_OPEN | DELIVERY_VOID
    if approval.is_open or settling or not pause.arrived:
        return Relation.SAME
    return Relation.NEWER


def _event_time(run_id: int, seq: int) -> datetime | None:
    return Event.objects.filter(run_id=run_id, seq=seq).values_list("created_at", flat=True).first()
