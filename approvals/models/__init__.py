"""The rows of the desk, a module for each part of it; import them from here."""

from approvals.models.answers import Endorsement, NoteTemplate
from approvals.models.desk import Approval, ApprovalQuerySet, Claim, Decision, Takeover
from approvals.models.digests import Digest
from approvals.models.notices import Channel, Device, Notice, Occasion, Preferences, PushKey, WorkingTime
from approvals.models.rules import Applied, Policy, PolicyQuerySet, Stop, Trial
from approvals.models.together import Comment, Presence

__all__ = [
    "Applied", "Approval", "ApprovalQuerySet", "Channel", "Claim", "Comment", "Decision", "Device", "Digest",
    "Endorsement", "NoteTemplate", "Notice", "Occasion", "Policy", "PolicyQuerySet", "Preferences", "Presence",
    "PushKey", "Stop", "Takeover", "Trial", "WorkingTime",
]  # fmt: skip
