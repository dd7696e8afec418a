"""Ingest in any order of events, snapshots, webhooks, doubles, late arrivals and decisions: the rules always hold.

`HYPOTHESIS_PROFILE=long` looks much longer.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from approvals import decisions, errors, recalls
from approvals.models import Approval, Decision
from approvals.states import State
from coasty_console import roles
from runs import audit, ingest, states
from runs.ingest import Arrived
from runs.models import Connection, Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
LENGTHS = {"long": (400, 80), "quick": (25, 30)}
EXAMPLES, STEPS = LENGTHS["long" if os.environ.get("HYPOTHESIS_PROFILE") == "long" else "quick"]


class Ingest(RuleBasedStateMachine):
    """Upstream is a log and a state that move by the table; the mirror gets pieces of both, in any order."""

    @initialize()
    def begin(self):
        self.world = transaction.atomic()  # each example has one of its own
        self.world.__enter__()
        roles.make()
        self.reviewers = [User.objects.create_user(f"reviewer-{number}") for number in range(2)]
        for reviewer in self.reviewers:
            roles.give(reviewer, "reviewer")
        self.connection = Connection.objects.create(name="far", base_url="http://127.0.0.1:9/v1")
        self.clock = timezone.now() - timedelta(hours=2)
        self.log, self.views, self.pauses = [], [], []
        self.state = {"id": "run-1", "status": "queued", "steps_completed": 0, "cost_cents": 0}
        self.given, self.ended_as = set(), None
        self._tell("status", {"status": "queued"})
        ingest.take_snapshot(self.connection, dict(self.state), asked_at=self.clock)

    # Upstream's life.

    def _tell(self, kind, payload):
        self.clock += timedelta(seconds=7)
        self.log.append((len(self.log) + 1, kind, json.dumps(payload), self.clock))
        self.views.append((self.clock + timedelta(seconds=3), dict(self.state)))

    def _goes_on(self):
        return not states.is_terminal(self.state["status"])

    @precondition(lambda self: self._goes_on() and self.state["status"] != "awaiting_human")
    @rule()
    def works(self):
        self.state.update(status="running", steps_completed=self.state["steps_completed"] + 1)
        self.state["cost_cents"] += 5
        self._tell("status", {"status": "running"})
        self._tell("step", {"steps_completed": self.state["steps_completed"]})
        self._tell("billing", {"cost_cents": self.state["cost_cents"]})

    @precondition(lambda self: self.state["status"] == "running")
    @rule(is_status_first=st.booleans())
    def parks(self, is_status_first):
        reason = f"Question {len(self.log)}"
        since = (self.clock + timedelta(seconds=7)).isoformat()
        self.state.update(status="awaiting_human", awaiting_human_reason=reason, awaiting_human_since=since)
        told = [("status", {"status": "awaiting_human"}), ("awaiting_human", {"reason": reason})]
        for kind, payload in told if is_status_first else told[::-1]:
            self._tell(kind, payload)
        self.pauses.append(len(self.log) - 1)

    @precondition(lambda self: self.state["status"] == "awaiting_human")
    @rule()
    def is_resumed(self):
        self.state.update(status="running", awaiting_human_reason=None)
        self._tell("resumed", {"note": None})
        self._tell("status", {"status": "running"})

    @precondition(lambda self: self._goes_on())
    @rule(status=st.sampled_from(sorted(states.TERMINAL)))
    def ends(self, status):
        self.state.update(status=status, result={"passed": status == "succeeded"})
        self._tell("status", {"status": status})
        self._tell("done", {"status": status, "result": self.state["result"]})

    # What the console gets of it.

    def _give(self, seqs):
        run = Run.objects.get()
        batch = []
        for seq in seqs:
            _seq, kind, raw, at = self.log[seq - 1]
            batch.append(Arrived(run.pk, seq, kind, raw, None, at + timedelta(milliseconds=5)))
        if batch:
            ingest.take_events(batch)
            self.given.update(seqs)

    @rule(count=st.integers(1, 12))
    def a_stream_brings_what_is_next(self, count):
        after = max(self.given, default=0)
        self._give([seq for seq in range(after + 1, after + 1 + count) if seq <= len(self.log)])

    @rule(data=st.data())
    def a_stream_brings_anything_again_or_late(self, data):
        newest = max(self.given, default=0)
        if newest:
            self._give(data.draw(st.lists(st.integers(1, newest), max_size=6)))

    @rule(gap=st.integers(1, 2))
    def a_stream_leaves_out_some(self, gap):
        seq = max(self.given, default=0) + 1 + gap
        if seq <= len(self.log):
            self._give([seq])

    @rule(data=st.data(), is_webhook=st.booleans())
    def somebody_reads_the_run(self, data, is_webhook):
        """A webhook makes the console read it now; an answer of a listing may have been long on its way."""
        oldest = 0 if not is_webhook else len(self.views) - 1
        at, view = self.views[data.draw(st.integers(oldest, len(self.views) - 1))]
        ingest.take_snapshots(self.connection, [dict(view)], asked_at=at)

    @rule(
        who=st.integers(0, 1),
        verdict=st.sampled_from(["resume", "fail", "cancel"]),
        is_old=st.booleans(),
        is_held=st.booleans(),
    )
    def somebody_decides(self, who, verdict, is_old, is_held):
        approval = Approval.objects.order_by("id" if is_old else "-id").first()
        if approval is not None:
            try:
                decisions.decide(self.reviewers[who], approval, verdict, hold_seconds=60 * is_held)
            except (errors.AlreadyDecided, errors.ApprovalClosed, errors.RunMoved):
                pass

    @rule(who=st.integers(0, 1))
    def somebody_takes_a_decision_back(self, who):
        decision = Decision.objects.select_related("approval__run").order_by("-id").first()
        if decision is not None:
            try:
                recalls.recall(self.reviewers[who], decision)
            except (errors.TooLate, errors.NotAllowed):
                pass

    # What always holds.

    @invariant()
    def each_event_is_stored_once_and_to_the_letter(self):
        stored = list(Run.objects.get().events.values_list("seq", "type", "data"))
        assert stored == [self.log[seq - 1][:3] for seq in sorted(self.given)]

    @invariant()
    def the_cursor_is_the_newest_stored(self):
        assert Run.objects.get().cursor == max(self.given, default=0)

    @invariant()
    def an_end_is_final(self):
        status = Run.objects.get().status
        if self.ended_as:
            assert status == self.ended_as
        if states.is_terminal(status):
            self.ended_as = status
            assert status == self.state["status"]

    @invariant()
    def one_approval_stands_for_a_pause(self):
        found = Approval.objects.filter(pause_seq__isnull=False).values_list("pause_seq", "ask")
        # A pause is told by two events; where the first is still missing, the second stands for it.
        pauses = {seq: pause for pause in self.pauses for seq in (pause, pause + 1)}
        assert {seq for seq, _ask in found} <= set(pauses)
        assert all(times == 1 for times in Counter((pauses[seq], ask) for seq, ask in found).values())
        assert Approval.objects.filter(state=State.OPEN).count() <= 1

    @invariant()
    def one_decision_stands_for_an_approval(self):
        assert all(times == 1 for times in Counter(Decision.objects.values_list("approval", flat=True)).values())

    @invariant()
    def a_parked_run_is_asked_about_or_decided(self):
        run = Run.objects.get()
        if run.status == "awaiting_human" and run.approvals.exists():
            latest = run.approvals.order_by("-id").first()
            assert latest.state != State.DECIDED or latest.decision.delivery != "recalled"

    @invariant()
    def nothing_is_open_for_a_run_that_moved_on(self):
        if Approval.objects.filter(state=State.OPEN).exists():
            assert Run.objects.get().status == "awaiting_human"

    @invariant()
    def the_audit_log_is_whole(self):
        assert audit.verify()[0]

    def teardown(self):
        """In the end the whole log comes: the mirror is as upstream is."""
        if not hasattr(self, "world"):
            return
        try:
            self._all_comes()
        finally:
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    def _all_comes(self):
        self._give(range(1, len(self.log) + 1))
        self.each_event_is_stored_once_and_to_the_letter()
        ingest.take_snapshots(self.connection, [dict(self.state)], asked_at=self.clock + timedelta(minutes=1))
        assert Run.objects.get().status == self.state["status"]
        self.nothing_is_open_for_a_run_that_moved_on()


@pytest.mark.django_db
def test_the_rules_hold_whatever_comes_in_whatever_order():
    checks = list(HealthCheck)
    run_state_machine_as_test(
        Ingest,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=checks, database=None
        ),
    )
