"""The names of what can be watched. A topic is a channel-layer group: letters, digits, `-_.`, under 100."""

from __future__ import annotations

RUNS = "runs"  # any run changed: lists, counts
QUEUE = "queue"  # approvals opened, changed or closed
AUDIT = "audit"
HEALTH = "health"  # upstream or relay health changed
BATCHES = "batches"  # any batch was begun or has ended


def run(pk: int) -> str:
    """One run: its events, status, frames, stream."""
    return f"run.{pk}"


def approval(pk: int) -> str:
    """One approval: state, decision, delivery, claim, takeover."""
    return f"approval.{pk}"


def batch(pk: int) -> str:
    """One batch: its rows, their results, its state."""
    return f"batch.{pk}"
