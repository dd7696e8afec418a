"""Shape and constraints: connections, runs, events, frames, leases, workers, hints, tokens, the audit log."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from coasty_api import wire
from runs import states
from runs.models.told import Beginning, Code, Passed


def new_slug() -> str:
    """A slug for a connection that was given none."""
    return secrets.token_hex(6)


class Connection(models.Model):
    """One upstream: its address, its key (sealed, or named by the environment), its limits, and how it answered last.

    The one that the settings describe keeps no key here: `runs.upstream.key` reads it where it stands.
    """

    class Health(models.TextChoices):
        UNKNOWN = "unknown", _("Not asked yet")
        UP = "up", _("Up")
        DOWN = "down", _("Down")
        REFUSED = "refused", _("Key refused")

    class Colour(models.TextChoices):
        SLATE = "slate", _("Slate")
        BLUE = "blue", _("Blue")
        TEAL = "teal", _("Teal")
        GREEN = "green", _("Green")
        AMBER = "amber", _("Amber")
        RED = "red", _("Red")
        PINK = "pink", _("Pink")
        VIOLET = "violet", _("Violet")

    name = models.CharField(max_length=64, unique=True)
    slug = models.SlugField(max_length=64, unique=True, default=new_slug)  # never changes: in its webhook's address
    base_url = models.CharField(max_length=512)
    colour = models.CharField(max_length=16, choices=Colour.choices, default=Colour.SLATE)
    is_enabled = models.BooleanField(default=True)
    is_from_settings = models.BooleanField(default=False)
    sealed_key = models.TextField(blank=True)  # by `runs.vault`
    key_env = models.CharField(max_length=128, blank=True)  # the environment's variable that holds the key instead
    wants_webhooks = models.BooleanField(default=False)  # runs started here tell upstream our address
    sealed_webhook_secret = models.TextField(blank=True)
    max_requests_a_second = models.PositiveIntegerField(null=True, blank=True)
    max_runs = models.PositiveIntegerField(null=True, blank=True)  # live ones that were started here
    is_unlisted = models.BooleanField(default=False)  # upstream has live runs that its listings can't show
    hides_ended = models.BooleanField(default=False)  # its listings don't reach what began and ended in between
    listed_at = models.DateTimeField(null=True, blank=True)  # when the last listing of all began
    key_kind = models.CharField(max_length=16, blank=True)  # live, test or legacy, as upstream said
    health = models.CharField(max_length=16, choices=Health.choices, default=Health.UNKNOWN)
    health_detail = models.CharField(max_length=500, blank=True)
    health_since_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Allowance(models.Model):
    """When a connection may be asked next, over all processes. Unix times in seconds, as they are compared by value."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True, related_name="allowance")
    next_at = models.FloatField(default=0.0)  # the first moment that nobody has taken yet
    held_until = models.FloatField(default=0.0)  # upstream has asked to wait so long


class Starting(models.Model):
    """A run that is being started: it counts against limits and budgets until its row is there."""

    LOST_AFTER = timedelta(minutes=2)  # one that never came back counts no longer

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128, unique=True)
    at = models.DateTimeField()
    cents = models.PositiveIntegerField(default=0)  # what it may cost at most: budgets count it until its row is there


_NEWEST = F("created_at").desc(), F("id").desc()
_NARROWED = "status", "connection", "machine_id", "is_ours", "started_by", "ended_cents", "finished_at"
# One comparison a status: SQLite recognises the condition of a partial index in no other form.
IS_LIVE = reduce(and_, (~Q(status=status) for status in sorted(states.TERMINAL)))


class RunQuerySet(models.QuerySet["Run"]):
    def live(self) -> RunQuerySet:
        """Also those of a status that the contract does not name; told as the index `run_live` is, so found by it."""
        return self.filter(IS_LIVE)

    def parked(self) -> RunQuerySet:
        return self.filter(status=states.Status.AWAITING_HUMAN)

    def visible_to(self, user: Any) -> RunQuerySet:
        return self if user.has_perm("runs.view_run") else self.none()


class Run(models.Model):
    """A run as upstream last reported it. Written by `runs.ingest` only, but for what the operator submitted."""

    class Waste(models.TextChoices):
        ACT = "act", _("The same act on the same screen")
        SCREEN = "screen", _("Steps that change nothing")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="runs")
    upstream_id = models.CharField(max_length=128)
    status = models.CharField(max_length=32, default=states.Status.QUEUED)
    task = models.TextField(blank=True)
    machine_id = models.CharField(max_length=128, blank=True)
    cua_version = models.CharField(max_length=16, blank=True)
    instructions = models.TextField(blank=True)
    max_steps = models.PositiveIntegerField(null=True, blank=True)
    on_awaiting_human = models.CharField(max_length=16, blank=True)
    deadline_seconds = models.PositiveIntegerField(null=True, blank=True)
    awaiting_human_timeout_seconds = models.PositiveIntegerField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    steps_completed = models.PositiveIntegerField(default=0)
    cost_cents = models.PositiveIntegerField(default=0)
    # For indexes: an index of the cost itself would have each event with a bill write to all of them (PostgreSQL).
    ended_cents = models.GeneratedField(
        expression=Case(When(finished_at__isnull=False, then="cost_cents"), default=None),
        output_field=models.PositiveIntegerField(null=True),
        db_persist=True,
    )
    awaiting_human_reason = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    awaiting_human_since = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    is_ours = models.BooleanField(default=False)  # this console has started it
    seen_at = models.DateTimeField(default=timezone.now)  # when the console first knew of it
    cursor = models.PositiveBigIntegerField(default=0)  # seq of the newest stored event
    last_event_at = models.DateTimeField(null=True, blank=True)
    stream = models.CharField(max_length=16, choices=states.Stream.choices, default=states.Stream.IDLE)
    stream_detail = models.CharField(max_length=500, blank=True)
    stream_since_at = models.DateTimeField(null=True, blank=True)
    frame_cursor = models.IntegerField(default=-1)  # index of the newest stored frame
    events_until = models.DateTimeField(null=True, blank=True)  # retention has removed what came in before

    # What tells an older report from a newer one (`runs.fold`).
    status_at = models.DateTimeField(null=True, blank=True)  # our clock: the status was true then, or later
    log_status = models.CharField(max_length=32, blank=True)  # the status that the stored events alone add up to
    log_steps = models.PositiveIntegerField(default=0)
    pause_seq = models.PositiveBigIntegerField(null=True, blank=True)  # first event of the last pause in the log
    log_offset = models.PositiveBigIntegerField(default=0)  # upstream's seq + this is ours: its log has gone back
    log_from = models.PositiveBigIntegerField(default=1)  # the first seq (ours) for which that holds
    log_epoch = models.PositiveSmallIntegerField(default=0)  # odd: the log is read again, to see where it has gone back
    is_ahead = models.BooleanField(default=False)  # a snapshot told the status; events up to it are still to come

    # Whether it burns money, as `runs.waste` last saw it.
    waste_kind = models.CharField(max_length=8, choices=Waste.choices, blank=True, default="")
    waste_since = models.PositiveIntegerField(null=True, blank=True)  # the step that was the first of its kind
    waste_steps = models.PositiveIntegerField(default=0)
    waste_cents = models.PositiveIntegerField(default=0)
    waste_seen_steps = models.PositiveIntegerField(default=0)  # `steps_completed` when it was looked at

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "upstream_id"], name="run_once_per_connection"),
        ]
        indexes = [
            models.Index(*_NEWEST, name="run_newest"),
            models.Index("status", *_NEWEST, name="run_status_newest"),
            models.Index(fields=["finished_at"], name="run_ended", condition=Q(events_until=None)),
            models.Index(fields=["upstream_id"], name="run_upstream_id"),
            models.Index(fields=["connection", "id"], name="run_followed", condition=~Q(stream="ended")),
            # Lists that are narrowed, and the counts of their states; nothing that the journal writes with an event.
            models.Index(fields=["connection", "id"], name="run_live", condition=IS_LIVE),
            models.Index("machine_id", *_NEWEST, name="run_machine"),
            models.Index(fields=["status", "connection", "is_ours"], name="run_counted"),
            models.Index("started_by", *_NEWEST, name="run_person", condition=Q(started_by__isnull=False)),
            models.Index(*_NEWEST, name="run_burning", condition=~Q(waste_kind="")),
            # All that lists are narrowed by, of runs that have ended: walked without the runs' rows, which are wide.
            # On SQLite it holds `cost_cents` (migration 0026), as it may: an update there costs only what it changes.
            models.Index(*_NEWEST, *_NARROWED, name="run_walked", condition=Q(finished_at__isnull=False)),
            models.Index(fields=["ended_cents"], name="run_billed", condition=Q(finished_at__isnull=False)),
            models.Index(Beginning("task"), Length("task"), *_NEWEST, name="run_task"),
            models.Index(Passed("result"), "status", *_NEWEST, name="run_passed", condition=Q(result__isnull=False)),
            models.Index(Code("error"), "status", *_NEWEST, name="run_error_code", condition=Q(error__isnull=False)),
        ]
        permissions = [
            ("start_run", "Start runs"),
            ("cancel_run", "Cancel runs"),
            ("export_run", "Take away a run's case file"),
            ("take_over", "Take over a machine"),
        ]

    def __str__(self) -> str:
        return self.upstream_id

    @property
    def is_terminal(self) -> bool:
        return states.is_terminal(self.status)

    @property
    def is_burning(self) -> bool:
        """It goes round in circles, and each further step is billed: a parked run bills none."""
        return bool(self.waste_kind) and not self.is_terminal and self.status != states.Status.AWAITING_HUMAN

    @property
    def worst_case_cents(self) -> int | None:
        """What the run may cost at most: max_steps x step price (runs.md, section 10)."""
        return self.max_steps * step_cents(self.cua_version) if self.max_steps else None


def step_cents(cua_version: str) -> int:
    """Price of a step in cents (runs.md, section 10)."""
    return 8 if cua_version == "v1" else 5


class Event(models.Model):
    """One event of a run's stream, its payload to the letter as upstream sent it."""

    # `event_once` is an index as well. No constraint of the database: the journal has locked the run that it writes of.
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events", db_index=False, db_constraint=False)
    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=64)
    data = models.TextField()  # the raw JSON text
    created_at = models.DateTimeField(null=True, blank=True)  # upstream's time, when it told one
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="event_once")]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    @property
    def payload(self) -> Any:
        """The parsed payload; the raw text itself where it is not JSON."""
        return wire.answer(self.data)


class Frame(models.Model):
    """A picture that the agent looked at, as upstream keeps it (runs.md, section 9)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="frames")
    index = models.IntegerField()
    step = models.IntegerField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    after_seq = models.PositiveBigIntegerField(default=0)  # the run's cursor when the frame came in
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    mime_type = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    likeness = models.CharField(max_length=16, blank=True, default="")  # by `runs.likeness`; empty for an old one
    image = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "index"], name="frame_once")]
        indexes = [
            models.Index(fields=["received_at"], name="frame_age"),
            models.Index(fields=["run", "index", "likeness"], name="frame_likeness"),  # read without the pictures
        ]
        ordering = ["index"]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.index}"


class RunSecret(models.Model):
    """What upstream signs a run's webhooks with, told once when the run was started with our address. Sealed."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="secret")
    sealed = models.TextField()


class Hint(models.Model):
    """A webhook has named this run: read it. The row goes when the run was read after the hint."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    upstream_id = models.CharField(max_length=128)
    at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "upstream_id"], name="hint_once")]
        indexes = [models.Index(fields=["due_at"], name="hint_due")]


class SeenSignature(models.Model):
    """A webhook's signature that was accepted: the same one again is a replay. Kept for the window of time."""

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(db_index=True)


class LeaseQuerySet(models.QuerySet["Lease"]):
    def fence(self, **changes: Any) -> int:
        """Whatever was read under these leases and is not written counts no more."""
        return self.update(**changes, token=F("token") + 1)


class Lease(models.Model):
    """Which worker follows a run. `token` rises with each claim: who holds an older one can't commit.

    It holds for as long as its worker gives signs of life (`Worker.beat_at`); an empty worker is nobody.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    worker = models.CharField(max_length=64, blank=True, db_index=True)
    token = models.PositiveBigIntegerField(default=1)

    objects = LeaseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.run_id} by {self.worker or 'nobody'}, {self.token}"


class Worker(models.Model):
    """A process that does background work and when it last gave a sign: what `/readyz` reads."""

    name = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=16)  # relay or jobs
    beat_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A bearer token of a person, known by its SHA-256 only."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token of {self.user}"


class AuditEntry(models.Model):
    """One act of a person or a policy. Rows never change or go; each carries the hash of the one before it."""

    seq = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, db_constraint=False)
    actor_name = models.CharField(max_length=150)  # outlives the account
    act = models.CharField(max_length=64)  # for example approval.decided
    run = models.ForeignKey(Run, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            models.Index(F("seq").desc(), name="audit_newest"),
            models.Index("run", "seq", name="audit_run"),
            models.Index("act", "seq", name="audit_act"),
            models.Index("actor_name", "seq", name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.act}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit entry never changes.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("An audit entry never goes.")


class AuditCheckpoint(models.Model):
    """How far the chain was verified, and where it was found broken. One row, written by `runs.audit` only."""

    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    broken_at = models.PositiveBigIntegerField(null=True, blank=True)  # seq
    whole_at = models.DateTimeField(null=True, blank=True)  # when it was last walked from its first entry
