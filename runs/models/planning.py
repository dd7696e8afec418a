"""Shape of what people plan with: saved views, the search index, templates, batches and what each row came to."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from runs.models.mirror import Connection, Run


def new_gesture() -> str:
    """Names one gesture of a person, however many acts it leads to."""
    return secrets.token_hex(8)


class SavedView(models.Model):
    """A list of runs as somebody narrowed it, by its query string. Shared ones are everybody's to use."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="view_once_per_person")]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class SearchText(models.Model):
    """The different words of a run, of its events up to `seq`. The database's own index over them is made and kept by
    migration 0011: FTS5 and triggers on SQLite, a generated column with GIN on PostgreSQL.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="search_text")
    words = models.TextField()
    seq = models.PositiveBigIntegerField(default=0)
    is_whole = models.BooleanField(default=False)  # the run has ended and all of it is here

    class Meta:
        indexes = [models.Index(fields=["run"], name="search_open", condition=Q(is_whole=False))]


class Label(models.Model):
    """A pair of a run's metadata, which lists are narrowed by. Written by `runs.indexing`, with the words."""

    LONGEST = 200  # of each; longer than any that is looked for, so what is cut is never taken for another

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="labels", db_index=False)
    key = models.CharField(max_length=LONGEST)
    value = models.CharField(max_length=LONGEST)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="label_once")]
        indexes = [models.Index(fields=["key", "value", "run"], name="label_runs")]


class SearchState(models.Model):
    """How far the index is: all that was stored before `indexed_at` is in it. One row."""

    indexed_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    known_until = models.PositiveBigIntegerField(default=0)  # each run up to this number has its SearchText


class Recipe(models.Model):
    """A template: a task with variables in it, `{{number}}`, and the fields that a run of it starts with."""

    name = models.CharField(max_length=80, unique=True)
    text = models.TextField()
    fields = models.JSONField(default=dict, blank=True)  # of POST /v1/runs, without the task
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Many acts of one gesture, done one by one by a job: runs to start from a table, or runs to cancel."""

    class Act(models.TextChoices):
        START = "start", _("Start")
        CANCEL = "cancel", _("Cancel")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Under way")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", pgettext_lazy("batch", "Done")

    act = models.CharField(max_length=16, choices=Act.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    name = models.CharField(max_length=120, blank=True)
    gesture = models.CharField(max_length=32, unique=True, default=new_gesture)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="batches")
    made_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.PROTECT, related_name="+")
    recipe = models.ForeignKey(Recipe, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(blank=True)  # the template's, as it was when the batch was made
    fields = models.JSONField(default=dict, blank=True)
    mapping = models.JSONField(default=dict, blank=True)  # variable -> column
    sealed_table = models.TextField(blank=True)  # of a draft: the table as it was given, as it may hold secrets
    limit_cents = models.PositiveIntegerField(null=True, blank=True)  # what all its runs may cost together
    waits_for = models.CharField(max_length=500, blank=True)  # why nothing is done just now, in a sentence
    due_at = models.DateTimeField(null=True, blank=True)  # not before
    claimed_until = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True)  # of the worker that is at it
    asked = models.CharField(max_length=64, blank=True, default="")  # keyed digest of what a program sent with its key

    class Meta:
        indexes = [models.Index(fields=["state"], name="batch_running", condition=Q(state="running"))]

    def __str__(self) -> str:
        return self.name or f"{self.act} {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.STOPPED, self.State.DONE}


class BatchItem(models.Model):
    """One act of a batch and what came of it. `key` is what upstream knows it by: told twice, it is done once."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        DONE = "done", pgettext_lazy("batch", "Done")
        REFUSED = "refused", _("Refused")
        UNSURE = "unsure", _("Not known")
        LEFT = "left", _("Left out")

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()  # the line of the table; of a cancel: its place
    key = models.CharField(max_length=64, unique=True)
    values = models.JSONField(default=dict, blank=True)  # by variable, without secrets
    sealed = models.TextField(blank=True)  # the secrets among them, until the row was sent
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="batch_items")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    detail = models.CharField(max_length=500, blank=True)
    tries = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="item_once_per_batch")]
        indexes = [models.Index(fields=["batch", "state", "number"], name="item_next")]
        ordering = ["number"]


class Origin(models.Model):
    """How a run was started from here: the key that upstream knows the start by, the template, the batch."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="origin")
    key = models.CharField(max_length=128, db_index=True)
    recipe = models.ForeignKey(Recipe, null=True, on_delete=models.SET_NULL, related_name="+")
    gesture = models.CharField(max_length=32, blank=True)


class Withheld(models.Model):
    """A task that holds a secret: known by a keyed digest only, and kept as `shown` wherever upstream tells it."""

    digest = models.CharField(max_length=64, primary_key=True)
    shown = models.TextField()
    at = models.DateTimeField(default=timezone.now)
