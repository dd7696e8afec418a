"""The rows of the mirror, a module for each part of it; import them from here."""

from runs.models.mirror import (
    Allowance,
    ApiToken,
    AuditCheckpoint,
    AuditEntry,
    Connection,
    Event,
    Frame,
    Hint,
    Lease,
    Run,
    RunQuerySet,
    RunSecret,
    SeenSignature,
    Starting,
    Worker,
    new_slug,
    step_cents,
)

__all__ = [
    "Allowance", "ApiToken", "AuditCheckpoint", "AuditEntry", "Connection", "Event", "Frame", "Hint", "Lease", "Run",
    "RunQuerySet", "RunSecret", "SeenSignature", "Starting", "Worker", "new_slug", "step_cents",
]  # fmt: skip
