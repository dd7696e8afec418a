"""The rows of the mirror, a module for each part of it; import them from here."""

from runs.models.budgets import Account, Budget, BudgetNote, Charge
from runs.models.mirror import (
    IS_LIVE,
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
from runs.models.planning import (
    Batch,
    BatchItem,
    Label,
    Origin,
    Recipe,
    SavedView,
    SearchState,
    SearchText,
    Withheld,
)
from runs.models.private import PrivateTime
from runs.models.rates import MachineRate, RateRound
from runs.models.secret_notes import SecretNote

__all__ = [
    "IS_LIVE", "Account", "Allowance", "ApiToken", "AuditCheckpoint", "AuditEntry", "Batch", "BatchItem", "Budget",
    "BudgetNote", "Charge", "Connection", "Event", "Frame", "Hint", "Label", "Lease", "MachineRate", "Origin",
    "PrivateTime", "RateRound", "Recipe", "Run", "RunQuerySet", "RunSecret", "SavedView", "SearchState", "SearchText",
    "SecretNote", "SeenSignature", "Starting", "Withheld", "Worker", "new_slug", "step_cents",
]  # fmt: skip
