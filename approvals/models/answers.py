"""What people say beside a decision: that they agree to one which needs several, and the notes they use again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from approvals import kinds
from approvals.models.desk import Approval


class Endorsement(models.Model):
    """One person's yes where several are needed, on the evidence it was given on. It lapses when the facts move."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="endorsements")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)
    secret_code = models.CharField(max_length=16, blank=True)  # of the secret note, where it holds a secret
    idempotency_key = models.CharField(max_length=128, blank=True)
    seen_seq = models.PositiveBigIntegerField(null=True, blank=True)
    seen_frame_sha256 = models.CharField(max_length=64, blank=True)
    seen_reason = models.TextField(blank=True)
    seen_cost_cents = models.PositiveIntegerField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    lapsed_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["approval", "user"], condition=Q(lapsed_at=None), name="endorsement_one_of_each_person"
            ),
        ]
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.user} agrees to {self.approval_id}"


class NoteTemplateQuerySet(models.QuerySet["NoteTemplate"]):
    def usable_by(self, user: Any) -> NoteTemplateQuerySet:
        return self.filter(Q(owner=None) | Q(owner=user.pk))


class NoteTemplate(models.Model):
    """A note that somebody uses again: their own, or everybody's where it has no owner."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="note_templates"
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=16, choices=kinds.Kind.choices, blank=True)  # empty: for every kind of park
    text = models.CharField(max_length=500)

    objects = NoteTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["text", "id"]

    def __str__(self) -> str:
        return self.text[:60]
