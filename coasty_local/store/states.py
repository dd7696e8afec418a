"""The states of a run and the moves between them; pure."""

from __future__ import annotations

QUEUED, RUNNING, AWAITING_HUMAN = "queued", "running", "awaiting_human"
SUCCEEDED, FAILED, CANCELLED, TIMED_OUT = "succeeded", "failed", "cancelled", "timed_out"

LIVE = (QUEUED, RUNNING, AWAITING_HUMAN)
TERMINAL = (SUCCEEDED, FAILED, CANCELLED, TIMED_OUT)
ALL = LIVE + TERMINAL

# move: (states it may start from, state it leads to)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "start": ((QUEUED,), RUNNING),
    "park": ((RUNNING,), AWAITING_HUMAN),
    "resume": ((AWAITING_HUMAN,), RUNNING),
    "succeed": ((RUNNING,), SUCCEEDED),
    "fail": (LIVE, FAILED),
    "decline": ((RUNNING,), CANCELLED),  # a person was needed and the run was created with on_awaiting_human = cancel
    "cancel": (LIVE, CANCELLED),
    "expire": (LIVE, TIMED_OUT),  # the deadline
    "give_up": ((AWAITING_HUMAN,), TIMED_OUT),  # one pause lasted too long
}


def may(move: str, status: str) -> bool:
    """Whether that move may be made from that state."""
    return status in MOVES[move][0]


def is_final(status: str) -> bool:
    return status in TERMINAL
