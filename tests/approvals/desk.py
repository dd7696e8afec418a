"""A desk in front of a scripted upstream: runs that park there, mirrored here without a relay."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from approvals import delivery
from approvals.models import Approval, Decision
from coasty_api import wire
from runs import ingest
from runs.models import AuditEntry, Run
from tests.scripted_runs import AT_ONCE, Manner


class Desk:
    """`parked()` gives a run upstream, its mirror and the approval that stands for its pause."""

    def __init__(self, far, connection):
        self.far = far
        self.connection = connection

    def run(self, *, times=True, manner=None):
        manner = manner or Manner(has_created_at=times, rotate_seconds=AT_ONCE)
        scripted = self.far.add(manner=manner, task="Pay the invoice")
        mirror = Run.objects.create(
            connection=self.connection, upstream_id=scripted.id, task="Pay the invoice", machine_id="mch_test_00000001"
        )
        scripted.go()
        self.follow(scripted)
        mirror.refresh_from_db()
        return scripted, mirror

    def parked(self, reason="May I pay?", **how):
        scripted, mirror = self.run(**how)
        scripted.pause(reason)
        self.follow(scripted)
        mirror.refresh_from_db()
        return scripted, mirror, mirror.approvals.get(state="open")

    def follow(self, scripted, until=None):
        """Bring the events to the mirror, as the relay would; `until` leaves the later ones out."""
        mirror = Run.objects.get(upstream_id=scripted.id)
        batch = [
            ingest.Arrived(
                mirror.pk, seq, kind, raw, wire.time(at) if scripted.manner.has_created_at else None, timezone.now()
            )
            for seq, kind, raw, at in scripted.log
            if seq > mirror.cursor and (until is None or seq <= until)
        ]
        ingest.take_events(batch)

    def snapshot(self, scripted, asked_at=None):
        return ingest.take_snapshot(self.connection, scripted.view(), asked_at=asked_at or timezone.now())

    def deliver(self, decision, later=0.0):
        return delivery.deliver(decision.pk, now=timezone.now() + timedelta(seconds=later))

    def pursue(self, decision, seconds=300):
        """What the sweeps would do, until it is settled: each time a little later."""
        for later in range(0, seconds, 5):
            decision = self.deliver(decision, later)
            if decision.delivery in {"delivered", "refused"}:
                return decision
        raise AssertionError(f"still {decision.delivery}: {decision.delivery_detail}")

    def sent(self, verb="(resume|cancel)"):
        return self.far.count("POST", rf"/{verb}$")


def resumed_notes(scripted):
    """The notes of the resumes that upstream carried out."""
    return [json.loads(raw)["note"] for _, kind, raw, _ in scripted.log if kind == "resumed"]


def acts_in(run):
    return list(AuditEntry.objects.filter(run=run).order_by("seq").values_list("act", flat=True))


def newest(run):
    return run.approvals.order_by("-id").first()


def decision_row(approval, user, verdict="resume", note="", **fields):
    """A decision in any state of delivery, as if it had come there."""
    with transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(state="decided")
        count = Decision.objects.count()
        return Decision.objects.create(
            approval=approval, code=f"{count:08x}", verdict=verdict, note=note, decided_by=user, **fields
        )


def code_in(note):
    return re.search(r"\[decision ([0-9a-f]{8})\]$", note)[1]
