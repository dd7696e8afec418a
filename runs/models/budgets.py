"""Shape of budgets: what may be spent, what was spent on which day, and what was done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from runs.models.mirror import Connection, Run


class Budget(models.Model):
    """So many cents a run, a day, a month or in all, of one connection or of all together."""

    class Period(models.TextChoices):
        RUN = "run", _("each run")
        DAY = "day", _("each day")
        MONTH = "month", _("each month")
        TOTAL = "total", _("in all, since it was made")

    class Act(models.TextChoices):
        WARN = "warn", _("Warn")
        STOP = "stop", _("Warn, and start no run that could exceed it")
        CANCEL = "cancel", _("Warn, start none, and cancel what is under way")

    name = models.CharField(max_length=60, unique=True)
    period = models.CharField(max_length=8, choices=Period.choices)
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="budgets")
    limit_cents = models.PositiveIntegerField()
    act = models.CharField(max_length=8, choices=Act.choices, default=Act.WARN)
    warn_percent = models.PositiveSmallIntegerField(default=80)
    is_enabled = models.BooleanField(default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(limit_cents__gt=0), name="budget_of_something"),
            models.CheckConstraint(condition=Q(warn_percent__gte=1, warn_percent__lte=100), name="budget_warns_within"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def warn_cents(self) -> int:
        """From so much on it warns: rounded up, so that a warning never comes before its share is spent."""
        return -(-self.limit_cents * self.warn_percent // 100)


class BudgetNote(models.Model):
    """What a budget did, once a period and level: the audit log tells it, this keeps it from being done twice."""

    class Level(models.TextChoices):
        WARNED = "warned", _("warned")
        REACHED = "reached", _("reached")

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="notes")
    period = models.CharField(max_length=40)  # 2026-11-26, 2026-11, total, or a run's number
    level = models.CharField(max_length=8, choices=Level.choices)
    cents = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "period", "level"], name="budget_note_once")]


class Account(models.Model):
    """What was booked of a run: the sum of its charges. Open until the run has ended and all was booked."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="account")
    cents = models.BigIntegerField(default=0)
    is_closed = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["run"], name="account_open", condition=Q(is_closed=False))]


class Charge(models.Model):
    """What a run cost on a day: over all days it is what upstream has billed for it, to the cent."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="charges")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    cents = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "day"], name="charge_once_a_day")]
        indexes = [models.Index(F("day"), F("connection"), F("cents"), name="charge_of_day")]
