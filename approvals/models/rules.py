"""Shape and constraints of policies: the rules that people wrote, their tries on history, what each has done."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.models.desk import Approval


class PolicyQuerySet(models.QuerySet["Policy"]):
    def kept(self) -> PolicyQuerySet:
        """Those that nobody has removed, in their order."""
        return self.filter(removed_at=None).order_by("position", "id")

    def at_work(self, now: datetime) -> PolicyQuerySet:
        """Those that are on or in a dry run, and not expired, in their order."""
        lives = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.kept().filter(lives, mode__in=[Policy.Mode.ON, Policy.Mode.DRY])


class Policy(models.Model):
    """One rule that a person wrote: when an approval fits, then do so. Written by `approvals.rules.editing` only."""

    class Mode(models.TextChoices):
        OFF = "off", _("Off")
        DRY = "dry", _("Dry run")
        ON = "on", _("On")

    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField(default=0)
    when = models.JSONField(default=dict)  # `approvals.rules.shape.When`
    then = models.JSONField(default=dict)  # `approvals.rules.shape.Then`
    decides = models.BooleanField(default=False)  # its action is a verdict
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.OFF)
    version = models.PositiveIntegerField(default=1)  # rises with each change of what it says
    per_run = models.PositiveSmallIntegerField(default=3)  # how often it decides in one run at most
    expires_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)  # its decisions name it for ever

    objects = PolicyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=["off", "dry", "on"]), name="policy_mode_known"),
            models.CheckConstraint(
                condition=Q(decides=False) | Q(expires_at__isnull=False), name="policy_that_decides_expires"
            ),
        ]
        permissions = [("stop_policies", "Stop all policies that decide")]

    def __str__(self) -> str:
        return self.name

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Trial(models.Model):
    """One try of one version of a policy on past approvals; what it counted, and the rows that it counted."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="trials")
    version = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    looked_at = models.PositiveIntegerField()  # past approvals
    counts = models.JSONField(default=dict)  # `approvals.rules.trying.Outcome` -> how many
    rows = models.JSONField(default=list)  # [approval's id, outcome], the worrying ones first

    class Meta:
        indexes = [models.Index("policy", "version", name="trial_of_version")]

    def __str__(self) -> str:
        return f"{self.policy_id} v{self.version} on {self.looked_at}"


class Applied(models.Model):
    """What one version of a policy did with one approval, or would have done, or why it stood back. Never changes."""

    class Outcome(models.TextChoices):
        DID = "did", _("Done")
        WOULD = "would", _("Dry run")
        STOOD_BACK = "stood_back", _("Stood back")

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="applied")
    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="applied")
    version = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    verdict = models.CharField(max_length=16, blank=True)  # of a policy that decides
    effects = models.JSONField(default=dict)  # what it set
    why = models.CharField(max_length=300, blank=True)  # why it stood back
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "approval", "version", "outcome"], name="applied_once_per_outcome"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["did", "would", "stood_back"]), name="applied_outcome_known"
            ),
        ]
        indexes = [models.Index(fields=["policy", "-at"], name="applied_of_policy")]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.outcome} {self.approval_id}"


class Stop(models.Model):
    """The kill switch: while `stopped_at` is set, no policy decides. One row, written by `approvals.rules.stopping`."""

    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    because = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"stopped {self.stopped_at}" if self.stopped_at else "running"
