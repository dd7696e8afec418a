"""Shape of the times in which nothing of a run's screen may be stored."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from runs.models.mirror import Run


class PrivateTime(models.Model):
    """A person types something secret on the run's machine from `since_at` to `until_at` (null: it goes on)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="private_times")
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    frame_cursor = models.IntegerField(default=-1)  # the newest frame that was stored when it began
    skipped = models.PositiveIntegerField(default=0)  # frames that upstream took meanwhile and that were not fetched

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run"], condition=Q(until_at=None), name="private_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} from {self.since_at:%H:%M:%S}"
