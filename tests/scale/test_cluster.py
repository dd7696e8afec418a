"""A cluster as `make cluster` starts it: it decides, it outlives its Redis, and Ctrl-C leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from tests.conftest import find_free_port, wait_until
from tests.e2e.driver import Client
from tests.e2e.test_launcher import processes_of
from tests.scale.conftest import ROOT

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]
REVIEWER = """
from datetime import timedelta
from django.contrib.auth.models import User
from approvals import delivery
from coasty_console import roles
from runs import tokens
user = User.objects.create_user("ada")
roles.give(user, "reviewer")
delivery.ask(0, timedelta(hours=1))  # a worker holds this hint when Redis goes
print(tokens.issue(user))
"""


def get(address):
    try:
        return requests.get(address, timeout=8)
    except requests.RequestException:
        return None


@pytest.fixture
def cluster(console):
    """Its process, its address, and what it has said until it was ready."""
    port = find_free_port()
    env = {**console.env, "CONSOLE_PORT": str(port), "WEB": "1", "RELAYS": "1", "DECISION_HOLD_SECONDS": "0"}
    process = subprocess.Popen(
        [sys.executable, "deploy/cluster.py"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    console.started.append(process)
    said = []
    while not said or "Ctrl-C" not in said[-1]:
        said.append(process.stdout.readline())
        assert said[-1], said
    yield process, f"http://127.0.0.1:{port}", said
    process.stdout.close()


def test_a_cluster_decides_outlives_its_redis_and_leaves_nothing_behind(console, cluster, engines, upstream):
    process, base, _said = cluster
    assert len(processes_of(console.folder)) == 6, "the launcher, one of each that the Procfile names, and a journal"
    a_decision_goes_out(console, base, upstream)
    wait_until(lambda: (answer := get(f"{base}/readyz")) and answer.ok, 60, every=0.5)
    redis_goes_and_comes_back(console, base, engines[1])
    process.send_signal(signal.SIGINT)
    told = process.stdout.read()
    assert process.wait(20) == 0
    assert told.strip() == "Stopped.", "nothing was started again: all recovered by themselves"
    wait_until(lambda: not processes_of(console.folder), 10)


def a_decision_goes_out(console, base, upstream):
    run = upstream.add(task="Pay the invoice")
    run.go()
    run.pause("May I pay?")
    reviewer = Client(base, console.manage("shell", "-v0", "-c", REVIEWER).strip())
    (approval,) = wait_until(reviewer.open_approvals, 30)
    reviewer.resume(approval, "Go on.")
    wait_until(lambda: run.status == "running", 20)


def redis_goes_and_comes_back(console, base, redis):
    redis.stop(signal.SIGKILL)
    told = wait_until(lambda: get(f"{base}/readyz") is not None and get(f"{base}/readyz").json()["checks"], 15)
    assert not told["pushes"]["ok"]
    assert "Redis" in told["pushes"]["detail"]
    assert told["database"]["ok"]
    assert told["relay"]["ok"]
    assert get(f"{base}/healthz").ok
    redis.start()
    wait_until(lambda: (answer := get(f"{base}/readyz")) is not None and answer.ok, 30, every=0.5)
    swept = console.ask("SELECT beat_at FROM runs_worker WHERE kind = 'jobs'")
    wait_until(lambda: console.ask("SELECT beat_at FROM runs_worker WHERE kind = 'jobs'") != swept, 30)
