"""Processes killed by a seeded plan while runs are in flight and decided: nothing is lost, nothing doubled."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest

from bench.chaos import ROOT, Chaos, plan


@pytest.mark.slow
@pytest.mark.xdist_group("chaos")
def test_what_is_killed_at_random_moments_comes_back_with_everything():
    command = [sys.executable, "-m", "bench.chaos", "--seconds=18", "--seed=8", "--mode=split"]
    done = subprocess.run(
        [*command, "--runs=50", "--rate=70"],
        cwd=ROOT, env=os.environ | {"DECISION_HOLD_SECONDS": "1"},
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kill relay" in done.stdout
    assert "kill journal" in done.stdout
    assert "kill web" in done.stdout
    assert "All of it holds." in done.stdout


def test_a_seed_repeats_its_plan():
    parts = ["web", "relay-1", "relay-2"]
    assert plan(7, 300, parts) == plan(7, 300, parts) != plan(8, 300, parts)
    assert {blow.part for blow in plan(7, 300, parts)} == {
        *parts,
        "upstream",
        "journal of relay-1",
        "journal of relay-2",
    }


SENT = {"life-0": {"count": 2, "last": 2, "hash": "ab", "status": "succeeded"}}
WRITES = [{"run": "life-0", "verb": "resume", "note": "go [decision c0de]", "status": 200}]
DECISION = {
    "code": "c0de", "verdict": "resume", "delivery": "delivered", "approval_id": 1,
    "approval__run__upstream_id": "life-0",
}  # fmt: skip
FACTS = {
    "runs": {"life-0": {**SENT["life-0"], "stream": "ended"}}, "decisions": [DECISION], "open": [],
    "chain": [True, None], "hides": False,
}  # fmt: skip
WRONG = {
    "an event less": lambda facts, writes: facts["runs"]["life-0"].update(count=1),
    "another payload": lambda facts, writes: facts["runs"]["life-0"].update(hash="cd"),
    "another end": lambda facts, writes: facts["runs"]["life-0"].update(status="running"),
    "an unknown run": lambda facts, writes: facts["runs"].clear(),
    "an open approval": lambda facts, writes: facts["open"].append("life-0"),
    "a decision that was told and is gone": lambda facts, writes: facts["decisions"].clear(),
    "a decision without an answer": lambda facts, writes: facts["decisions"][0].update(delivery="unsure"),
    "a resume that never came": lambda facts, writes: writes.clear(),
    "a resume sent twice": lambda facts, writes: writes.append(dict(writes[0])),
    "a resume sent again": lambda facts, writes: writes.append({**writes[0], "status": 409}),
    "two decisions of one approval": lambda facts, writes: facts["decisions"].append({**DECISION, "code": "2"}),
    "a broken chain": lambda facts, writes: facts.update(chain=[False, 7]),
}


class Told:
    """A far side and parts that tell what they are given."""

    def __init__(self, writes):
        self.writes, self.tokens, self.base, self.listed = writes, {}, "", ["life-0"]
        self.ended = []

    def ask(self, what):
        return {"sent": SENT, "writes": self.writes, "listed": self.listed}[what]

    def words(self, sign):
        return []


@pytest.mark.parametrize("wrong", [None, *WRONG])
def test_the_judge_sees_what_is_wrong(wrong):
    facts, writes = copy.deepcopy(FACTS), copy.deepcopy(WRITES)
    if wrong:
        WRONG[wrong](facts, writes)
    told = Told(writes)
    chaos = Chaos(told, told, 1, 0)
    chaos.reviewers = [type("Caller", (), {"told": [{"code": "c0de", "action": "resume"}]})]
    assert chaos.judge(facts) is (wrong is None)


def test_the_judge_sees_a_process_that_ended_by_itself():
    told = Told(WRITES)
    told.ended = ["worker with 1"]
    chaos = Chaos(told, told, 1, 0)
    chaos.reviewers = []
    assert not chaos.judge(copy.deepcopy(FACTS))
    assert chaos.failures == ["no process ended but by a blow"]


def test_a_run_that_no_listing_has_shown_is_to_be_told_of():
    facts, told = {"runs": {}, "hides": False}, Told([])
    for listed, hides, holds in (([], True, True), ([], False, False), (["life-0"], True, False)):
        chaos, told.listed = Chaos(told, told, 1, 0), listed
        chaos._runs(SENT, {**facts, "hides": hides})
        assert (not chaos.failures) is holds
