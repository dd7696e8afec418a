"""Owns running a task again with changes: what the form of a new run begins with when it is made from another run."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from runs import secrets
from runs.models import Run
from runs.requests import known_run

_SAME = (
    "task", "instructions", "machine_id", "cua_version", "max_steps", "on_awaiting_human", "deadline_seconds",
    "awaiting_human_timeout_seconds", "metadata",
)  # fmt: skip


def source(user: User, upstream_id: str) -> Run | None:
    """The run to begin from; None where there is none that this person may both see and start anew."""
    if not upstream_id or not user.has_perm("runs.start_run"):
        return None
    return known_run(user, upstream_id)


def initial(run: Run) -> dict[str, Any]:
    """The form's first values, the task as it was sent: dots in place of a password would be sent as dots.

    Only for who may start runs (`source`). Left out is what upstream never tells again: the system prompt, the model,
    the webhook's address. The form makes its own idempotency key.
    """
    return {name: value for name in _SAME if (value := getattr(run, name)) not in (None, "", {})}


def gives_away(run: Run) -> bool:
    """Whether the form will show a password that pages mask."""
    return secrets.holds_secret(run.task) or secrets.holds_secret(run.instructions)
