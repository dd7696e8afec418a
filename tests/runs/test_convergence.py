"""Whatever the order in which events, repeats and answers come in, the mirror ends where upstream is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import ingest, states
from runs.ingest import Arrived
from runs.models import Connection

START = datetime(2026, 7, 1, 10, tzinfo=UTC)
TERMINAL = sorted(states.TERMINAL)


class World:
    """Upstream's truth, the console's mirror, and what is under way between them."""

    def __init__(self):
        self.connection = Connection.objects.create(name="World", base_url="http://127.0.0.1:9/v1")
        self.now = START
        self.truth = {"id": "r", "status": "queued", "steps_completed": 0, "cost_cents": 0}
        self.log = []
        self.pause_seq = None
        self.delivered = 0
        self.answers = []
        self.emit("status", {"status": "queued"})
        self.run = ingest.take_snapshot(self.connection, dict(self.truth), asked_at=self.now)

    def emit(self, kind, payload):
        self.log.append((len(self.log) + 1, kind, json.dumps(payload)))

    # Upstream acts.

    def go_on(self, _n):
        if self.truth["status"] == "queued":
            self.truth["status"] = "running"
            self.emit("status", {"status": "running"})
        elif self.truth["status"] == "running":
            self.truth["steps_completed"] += 1
            self.truth["cost_cents"] += 5
            self.emit("step", {"steps_completed": self.truth["steps_completed"]})
            self.emit("billing", {"cost_cents": self.truth["cost_cents"]})

    def pause(self, n):
        if self.truth["status"] == "running":
            reason = f"question {len(self.log)}"
            self.truth |= {"status": "awaiting_human", "awaiting_human_reason": reason}
            self.truth["awaiting_human_since"] = self.now.isoformat()
            self.pause_seq = len(self.log) + 1
            signals = [("status", {"status": "awaiting_human"}), ("awaiting_human", {"reason": reason})]
            for kind, payload in signals if n % 2 else reversed(signals):
                self.emit(kind, payload)

    def resume(self, _n):
        if self.truth["status"] == "awaiting_human":
            self.truth |= {"status": "running", "awaiting_human_reason": None}
            self.emit("resumed", {"note": None})
            self.emit("status", {"status": "running"})

    def finish(self, n):
        if n % 4 == 0 and not states.is_terminal(self.truth["status"]):
            self.truth |= {"status": TERMINAL[n // 4 % 4], "finished_at": self.now.isoformat()}
            self.emit("status", {"status": self.truth["status"]})
            self.emit("done", {"status": self.truth["status"]})

    # The way between.

    def deliver(self, n):
        repeated = self.log[max(0, self.delivered - n % 3) : self.delivered]
        self.take([*repeated, *self.log[self.delivered : self.delivered + n]])
        self.delivered = min(len(self.log), self.delivered + n)

    def take(self, entries):
        ingest.take_events([Arrived(self.run.pk, *entry, None, self.now) for entry in entries])

    def ask(self, _n):
        self.answers.append((self.now, dict(self.truth)))

    def answer(self, n):
        if self.answers:
            asked_at, payload = self.answers.pop(n % len(self.answers))
            ingest.take_snapshot(self.connection, payload, asked_at=asked_at)

    def act(self, name, n):
        before = self.run.status
        self.now += timedelta(milliseconds=1 + n * 400)
        getattr(self, name)(n)
        self.run.refresh_from_db()
        if states.is_terminal(before):
            assert self.run.status == before, "an end is an end"

    def check(self):
        seen = list(self.run.events.values_list("seq", "type", "data"))
        assert seen == self.log[: self.delivered]


ACTS = st.tuples(
    st.sampled_from(["go_on", "go_on", "pause", "resume", "finish", "deliver", "deliver", "ask", "answer"]),
    st.integers(0, 15),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, max_size=40))
def test_the_mirror_converges_on_upstream(db, acts):
    with transaction.atomic():
        world = World()
        for name, n in acts:
            world.act(name, n)
            world.check()
        world.now += timedelta(seconds=1)
        world.deliver(len(world.log))
        while world.answers:  # late answers to old questions
            world.answer(0)
        world.run.refresh_from_db()
        world.check()
        assert world.run.status == world.truth["status"], "the whole log is known: old answers change nothing"
        world.now += timedelta(seconds=10)
        world.ask(0)
        world.answer(0)
        world.run.refresh_from_db()
        assert world.run.status == world.truth["status"]
        assert world.run.steps_completed == world.truth["steps_completed"]
        assert world.run.cost_cents == world.truth["cost_cents"]
        if world.truth["status"] == "awaiting_human":
            assert world.run.pause_seq == world.pause_seq
            assert world.run.awaiting_human_reason == world.truth["awaiting_human_reason"]
        transaction.set_rollback(True)
