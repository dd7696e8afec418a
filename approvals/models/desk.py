"""Shape and constraints of the desk: approvals, decisions with their evidence, claims, takeovers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import kinds, states
from runs.models import Run


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def open(self) -> ApprovalQuerySet:
        return self.filter(state=states.State.OPEN)

    def visible_to(self, user: Any) -> ApprovalQuerySet:
        return self if user.has_perm("approvals.view_approval") else self.none()

    def update_in_order(self, **values: Any) -> int:
        """Update many, their rows locked by key first: of two that do so at once neither ever waits for the other's.
        Inside a transaction.
        """
        pks = list(self.select_for_update().order_by("pk").values_list("pk", flat=True))
        return self.order_by().filter(pk__lte=pks[-1]).update(**values) if pks else 0


class Approval(models.Model):
    """One pause of one run that a person must answer. Opened and closed by `approvals.queue`."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="approvals")
    pause_seq = models.PositiveBigIntegerField(null=True, blank=True)  # the pause's first event; null until it is known
    paused_at = models.DateTimeField(null=True, blank=True)  # upstream's own `awaiting_human_since`, from a snapshot
    ask = models.PositiveSmallIntegerField(
        default=1
    )  # above 1: the decision on the one before was refused upstream, or recalled
    state = models.CharField(max_length=16, choices=states.State.choices, default=states.State.OPEN)
    reason = models.TextField(blank=True)  # what the agent says: untrusted
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)  # when upstream gives the pause up
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_because = models.CharField(max_length=200, blank=True)

    # How it is handled: set by the rules for kinds, then by the policies that fit.
    kind = models.CharField(max_length=16, choices=kinds.Kind.choices, default=kinds.Kind.OTHER)  # read from the reason
    priority = models.SmallIntegerField(default=0)  # above 0 comes earlier in the queue, below 0 later
    people_needed = models.PositiveSmallIntegerField(default=1)  # how many must say resume
    not_starter = models.BooleanField(default=False)  # whoever has started the run may not resume it
    routed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # who is asked first; anybody else who may decide still can
    due_at = models.DateTimeField(null=True, blank=True)  # when people want it answered; upstream knows nothing of it
    escalated_at = models.DateTimeField(null=True, blank=True)  # a policy has called for more people
    rules_due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)  # when policies look at it next
    asked_cost_cents = models.PositiveIntegerField(null=True, blank=True)  # the run's bill when it asked
    ruled_cost_cents = models.PositiveIntegerField(null=True, blank=True)  # and when policies were last put to it
    reminders = models.PositiveSmallIntegerField(default=0)  # 1: whom it is put to was reminded, 2: everyone was
    overdue_at = models.DateTimeField(null=True, blank=True)  # when it was found that nobody had answered in time

    # Kept by `approvals.queue` beside what they are made of.
    rank_at = models.DateTimeField(default=timezone.now)  # when it starts to hurt, by `approvals.ranking`
    sameness = models.CharField(max_length=16, blank=True, default="")  # what those alike share, by `approvals.groups`

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "pause_seq", "ask"], name="approval_once_per_ask"),
            models.UniqueConstraint(fields=["run"], condition=Q(state="open"), name="approval_one_open_per_run"),
            models.CheckConstraint(condition=Q(state__in=states.State.values), name="approval_state_known"),
        ]
        indexes = [
            models.Index("state", "opened_at", name="approval_state_age"),
            models.Index("state", "closed_at", name="approval_state_closed"),
            models.Index(fields=["state", "expires_at", "rank_at", "routed_to"], name="approval_in_order"),
            models.Index(fields=["state", "kind"], name="approval_state_kind"),
            models.Index(fields=["sameness", "state", "rank_at"], condition=~Q(sameness=""), name="approval_alike"),
            models.Index(fields=["rules_due_at"], condition=Q(state="open"), name="approval_rules_due"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="approval_open_due"),
        ]
        permissions = [("decide_approval", "Decide approvals")]

    def __str__(self) -> str:
        return f"approval {self.pk} of {self.run_id}"

    @property
    def is_open(self) -> bool:
        return self.state == states.State.OPEN

    @property
    def is_careful(self) -> bool:
        """Whether it costs money or can't be undone."""
        return kinds.is_careful(self.kind)


class Decision(models.Model):
    """What a person or a policy decided, on what evidence, and how its delivery stands. One at most per approval."""

    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="decision")
    code = models.CharField(max_length=16, unique=True)  # short id that the resume's note carries upstream
    verdict = models.CharField(max_length=16, choices=states.Verdict.choices)
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )  # null: a policy has
    policy = models.ForeignKey(
        "approvals.Policy", null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    decided_at = models.DateTimeField(default=timezone.now)

    idempotency_key = models.CharField(max_length=128, blank=True)  # tells a call that is repeated from a rival one

    # the evidence: what the person had on screen
    seen_seq = models.PositiveBigIntegerField(null=True, blank=True)
    seen_frame_sha256 = models.CharField(max_length=64, blank=True)
    seen_reason = models.TextField(blank=True)
    seen_cost_cents = models.PositiveIntegerField(null=True, blank=True)
    seen_frame_open = models.BooleanField(null=True, blank=True)  # the frame was on screen; null: nobody has told

    delivery = models.CharField(
        max_length=16, choices=states.Delivery.choices, default=states.Delivery.PENDING, db_index=True
    )
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)  # untried and in the future: held, can be recalled
    sending_since_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivery_detail = models.CharField(max_length=500, blank=True)

    # what came of it, written by `approvals.outcomes`
    outcome = models.CharField(max_length=16, blank=True, choices=states.Outcome.choices)
    outcome_steps = models.PositiveIntegerField(null=True, blank=True)  # that the run made until then
    outcome_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-decided_at"], name="decision_newest"),
            models.Index(fields=["id"], name="decision_unsettled", condition=Q(outcome="")),
            models.Index("decided_by", "decided_at", name="decision_by"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=states.Verdict.values), name="decision_verdict_known"),
            models.CheckConstraint(condition=Q(delivery__in=states.Delivery.values), name="decision_delivery_known"),
            models.CheckConstraint(
                condition=Q(decided_by=None, policy__isnull=False) | Q(decided_by__isnull=False, policy=None),
                name="decision_by_a_person_or_a_policy",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} [{self.code}]"

    @property
    def decider(self) -> str:
        """Who decided, in words: a person's name, or the policy's."""
        if self.decided_by is not None:
            return self.decided_by.get_username()
        return _("policy “%(name)s”") % {"name": self.policy.name if self.policy else ""}

    def is_held(self, now: datetime | None = None) -> bool:
        """Whether nobody has begun to send it and its hold is not over: it can still be recalled."""
        untouched = self.delivery == states.Delivery.PENDING and self.attempts == 0
        return untouched and self.next_try_at > (now or timezone.now())


class Claim(models.Model):
    """One reviewer works on one approval until `expires_at`. It informs others; it blocks nobody by itself."""

    approval = models.OneToOneField(Approval, on_delete=models.CASCADE, related_name="claim")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    claimed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} until {self.expires_at:%H:%M:%S}"


class Takeover(models.Model):
    """One person drives the machine of one parked run until `expires_at` or `ended_at`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="takeovers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    started_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    acts = models.PositiveIntegerField(default=0)

    # What they did, by kind and never by content: the note that is drafted at the end is made of these.
    clicks = models.PositiveIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0)  # typing that nothing else interrupts counts once
    presses = models.PositiveIntegerField(default=0)
    scrolls = models.PositiveIntegerField(default=0)
    drags = models.PositiveIntegerField(default=0)
    visits = models.PositiveIntegerField(default=0)
    last_kind = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run"], condition=Q(ended_at=None), name="takeover_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.user} drives {self.run_id}"
