"""Shape of what days that are over amount to, so that figures need not read their rows again."""

from __future__ import annotations

from django.db import models


class Digest(models.Model):
    """One day (UTC) that can't change any more, as `approvals.digests` has read it. Made anew at any time."""

    day = models.DateField(unique=True)
    decisions = models.TextField()  # JSON: what they amount to, as `approvals.tallies` tells it
    starts = models.TextField()  # JSON: for each quarter of an hour in which runs began, how many, and their cents
    runs_until = models.PositiveBigIntegerField()  # runs with a higher key are not in it
    checked_at = models.DateTimeField(db_index=True)  # when it was last compared with the rows

    def __str__(self) -> str:
        return self.day.isoformat()
