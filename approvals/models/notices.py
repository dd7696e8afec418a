"""Shape of time and notices: a person's preferences, channels, devices, occasions, the outbox, working hours."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from approvals.models.desk import Approval
from approvals.notices.states import Digest, State
from approvals.notices.states import Occasion as Occasions
from runs.models import Run


class Preferences(models.Model):
    """How one person wants the console: absent until they change something, and every default stands."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="preferences"
    )
    time_zone = models.CharField(max_length=64, blank=True)  # of the IANA list; empty: as the device has it
    language = models.CharField(max_length=8, blank=True)  # empty: as the browser asks for
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    escalations_break_through = models.BooleanField(default=False)
    digest = models.CharField(max_length=8, choices=Digest.choices, default=Digest.OFF)
    digest_minutes = models.PositiveSmallIntegerField(default=60)
    digest_at = models.TimeField(default=time(8, 0))
    muted_occasions = models.JSONField(default=list)
    muted_kinds = models.JSONField(default=list)
    is_tour_over = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Target(models.Model):
    """What a channel and a device share: how sending to it stands."""

    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)  # the last time that it worked
    failing_since_at = models.DateTimeField(null=True, blank=True)
    gave_up_at = models.DateTimeField(null=True, blank=True)  # a notice was given up since it last worked
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class Channel(Target):
    """An address that apprise speaks to. Of one person, or of the team where it has no owner."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    name = models.CharField(max_length=64)
    sealed_url = models.TextField()  # the whole address is a secret: it holds tokens
    shown = models.CharField(max_length=200)  # scheme and host
    is_enabled = models.BooleanField(default=True)
    muted_occasions = models.JSONField(default=list)
    muted_kinds = models.JSONField(default=list)

    class Meta:
        permissions = [("manage_team_notices", "Manage team channels and working hours")]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="channel_named_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(owner=None), name="channel_of_team_named_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown})"


class Device(Target):
    """A browser that takes Web Push for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    endpoint_digest = models.CharField(max_length=64, unique=True)
    sealed = models.TextField()  # JSON: endpoint, p256dh, auth
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class PushKey(models.Model):
    """The pair of keys by which push services know this console. One row."""

    public = models.CharField(max_length=128)
    sealed_private = models.TextField()

    def __str__(self) -> str:
        return self.public


class Occasion(models.Model):
    """Something that people may want to know, written in the transaction in which it came about."""

    event = models.CharField(max_length=16, choices=Occasions.choices)
    approval = models.ForeignKey(Approval, null=True, blank=True, on_delete=models.CASCADE, related_name="occasions")
    run = models.ForeignKey(  # what it is about where that is no approval
        Run, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    person = models.ForeignKey(  # whom alone it concerns; empty: everyone who may decide
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    spread_at = models.DateTimeField(null=True, blank=True)  # when its notices were written

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approval=None, run__isnull=False) | Q(approval__isnull=False, run=None),
                name="occasion_one_subject",
            )
        ]
        indexes = [
            models.Index(fields=["at"], condition=Q(spread_at=None), name="occasion_to_spread"),
            models.Index(fields=["at"], name="occasion_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} of {self.approval_id or self.run_id}"


class Notice(models.Model):
    """One occasion for one channel or device: the outbox."""

    occasion = models.ForeignKey(Occasion, on_delete=models.CASCADE, related_name="notices")
    event = models.CharField(max_length=16, choices=Occasions.choices, default=Occasions.OPENED)  # as it is told here
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    batch = models.CharField(max_length=16, blank=True)  # the sending that has claimed it
    sending_since_at = models.DateTimeField(null=True, blank=True)
    was_unsure = models.BooleanField(default=False)  # a worker died over it: it may have been sent already
    sent_at = models.DateTimeField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["occasion", "channel"], name="notice_once_a_channel"),
            models.UniqueConstraint(fields=["occasion", "device"], name="notice_once_a_device"),
            models.CheckConstraint(
                condition=Q(channel=None, device__isnull=False) | Q(channel__isnull=False, device=None),
                name="notice_one_target",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="notice_to_send"),
            models.Index(fields=["sending_since_at"], condition=Q(state="sending"), name="notice_under_way"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk} of {self.occasion_id}"


def _nine() -> time:
    return time(9, 0)  # as a value Django would warn of it each day at nine, taking it for the present


def _five() -> time:
    return time(17, 0)


class WorkingTime(models.Model):
    """When people work and how long each kind of approval may wait then. One row; absent: the defaults."""

    is_limited = models.BooleanField(default=False)  # due times count within the hours below only
    days = models.JSONField(default=list)  # 0 is Monday
    starts_at = models.TimeField(default=_nine)
    ends_at = models.TimeField(default=_five)
    time_zone = models.CharField(max_length=64, blank=True)
    due_minutes = models.JSONField(default=dict)  # by kind; none: no due time
    remind_minutes = models.PositiveSmallIntegerField(default=10)
    escalates = models.BooleanField(default=True)

    def __str__(self) -> str:
        return "working time"
