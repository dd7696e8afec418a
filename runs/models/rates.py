"""Shape and constraints of what machines bill by the hour. Written by `runs.rates` only."""

from __future__ import annotations

from django.db import models

from runs.models.mirror import Connection


class MachineRate(models.Model):
    """What upstream last said that a machine bills while it runs; without a rate, why none was told."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    machine_id = models.CharField(max_length=128)
    cents_per_hour = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    detail = models.CharField(max_length=200, blank=True)  # why it was not told, as `runs.rates` names it
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "machine_id"], name="rate_once_per_machine")]

    def __str__(self) -> str:
        return f"{self.machine_id}: {self.cents_per_hour if self.cents_per_hour is not None else 'not told'}"


class RateRound(models.Model):
    """When a connection may next be asked for its machines' rates, over all processes."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True, related_name="+")
    due_at = models.DateTimeField()
