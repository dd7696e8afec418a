"""The rows of the desk, a module for each part of it; import them from here."""

from approvals.models.desk import Approval, ApprovalQuerySet, Claim, Decision, Takeover

__all__ = ["Approval", "ApprovalQuerySet", "Claim", "Decision", "Takeover"]
