"""Shape of how people work on one approval together: what they say to each other, who looks at it now."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from approvals.models.desk import Approval


class Comment(models.Model):
    """What a person said on an approval, or a hand-over with its word. Never sent upstream, never changed."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)  # plain; what looks like a password is masked before it comes here
    created_at = models.DateTimeField(default=timezone.now)
    handed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # set: the author asks this person to go on

    class Meta:
        indexes = [
            models.Index(fields=["approval", "id"], name="comment_thread"),
            models.Index(fields=["handed_to", "-created_at"], name="comment_handed"),
        ]

    def __str__(self) -> str:
        return f"{self.author} on {self.approval_id}"


class Presence(models.Model):
    """A person has the page of an approval open. It counts until `expires_at`; the row stays for a day."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since_at = models.DateTimeField()  # when they came, this time
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.user} looks at {self.approval_id}"
