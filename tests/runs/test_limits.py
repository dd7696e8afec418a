"""Limits over processes: two of them before an upstream that counts, and what upstream asks of one told to all."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
import time

import pytest
from django.db import connections

from coasty_api import errors
from runs import control, limits
from runs import upstream as upstreams
from runs.models import Allowance, Connection, Run
from tests.runs.test_processes import ROOT, console  # noqa: F401 (a fixture)

A_SECOND = 10
ASK = """
import sys, threading, time
from runs import upstream
from runs.models import Connection
from coasty_api import errors
from django.db import connections
row = Connection.objects.get(is_from_settings=True)
client = upstream.client(row, 10)
until = time.monotonic() + {seconds}
print("ready", flush=True)
sys.stdin.readline()
def ask():
    while time.monotonic() < until:
        try:
            client.get_run("x")
        except errors.Busy as busy:
            print("busy", round(busy.retry_after or 0, 2), flush=True)
            time.sleep(0.05)
        except errors.NotFound:
            pass
    connections.close_all()
threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.slow
def test_two_processes_together_stay_within_a_connections_limit(upstream, console):  # noqa: F811
    subprocess.run([sys.executable, "manage.py", "prepare"], env=console.env, cwd=ROOT, check=True)
    with_limit = f"UPDATE runs_connection SET max_requests_a_second = {A_SECOND}"
    write(console, with_limit)
    moments = when_asked(upstream)
    both = [asker(console, 3) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=40)
    most = max(sum(1 for later in moments if at <= later < at + 1) for at in moments)
    assert most <= A_SECOND + 2, "slots are spaced; two may be late by what a process waits for the processor"
    assert len(moments) >= A_SECOND * 1.5, "and it is used"


@pytest.mark.slow
def test_a_request_to_wait_that_one_process_got_is_kept_by_the_other(upstream, console):  # noqa: F811
    subprocess.run([sys.executable, "manage.py", "prepare"], env=console.env, cwd=ROOT, check=True)
    both = [asker(console, 3) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    moments = when_asked(upstream)
    told = upstream.fail("GET", "/runs/x", status=429, retry_after=60, code="RATE_LIMITED")
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=40)[0] for process in both]
    assert told.times == 0
    assert all(re.search(r"busy 5\d", output) for output in outputs), "both wait for what one was told"
    assert max(moments) - min(moments) < 1.5, "a quarter of a second, in which the other had not looked, and some"


def when_asked(upstream):
    """The moments of the requests from now on that no fault answers."""
    moments, serve = [time.monotonic()], upstream._route

    def route(*asked):
        moments.append(time.monotonic())
        return serve(*asked)

    upstream._route = route
    return moments


def asker(console, seconds):  # noqa: F811
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", ASK.format(seconds=seconds)],
        env=console.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def write(console, statement):  # noqa: F811
    import sqlite3

    with sqlite3.connect(console.folder / "console.sqlite3", timeout=20) as database:
        database.execute(statement)
    database.close()


@pytest.mark.django_db(transaction=True)
def test_no_two_get_the_same_slot(connection):
    got, start = [], threading.Barrier(6)

    def take():
        start.wait()
        got.extend(limits._slot(connection.pk, 0.5, 60) for _ in range(5))
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got.sort()
    assert len(got) == 30
    assert min(later - sooner for sooner, later in itertools.pairwise(got)) > 0.49


@pytest.mark.django_db
def test_whoever_would_wait_too_long_is_told_at_once(upstream, connection):
    Connection.objects.filter(pk=connection.pk).update(max_requests_a_second=1)
    connection.refresh_from_db()
    client = upstreams.client(connection, 0.5)
    client.list_runs()
    with pytest.raises(errors.Busy) as refused:
        client.list_runs()
    assert (refused.value.code, upstream.count("GET", "/runs")) == (limits.OURS, 1)
    assert 0.4 < refused.value.retry_after <= 1


@pytest.mark.django_db
def test_too_many_runs_upstream_is_no_request_to_wait(upstream, connection, people):
    upstream.fail("POST", "/runs$", status=429, code="TOO_MANY_RUNS", retry_after=30)
    with pytest.raises(errors.Busy):
        control.start(people.operator, {"task": "one too many"})
    assert not Allowance.objects.filter(held_until__gt=time.time()).exists()
    control.start(people.operator, {"task": "now"})


@pytest.mark.django_db(transaction=True)
def test_no_more_runs_are_started_at_once_than_the_connection_may_have(upstream, connection, people):
    Connection.objects.filter(pk=connection.pk).update(max_runs=2)
    connection.refresh_from_db()
    upstream.add(task="started elsewhere: it does not count")
    start, outcomes = threading.Barrier(5), []

    def begin(n):
        start.wait()
        try:
            outcomes.append(control.start(people.operator, {"task": str(n)}, connection=connection))
        except errors.Busy as busy:
            outcomes.append(busy)
        connections.close_all()

    threads = [threading.Thread(target=begin, args=[n]) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Run.objects.filter(is_ours=True).count() == upstream.count("POST", "/runs$") == 2
    refused = [outcome for outcome in outcomes if isinstance(outcome, errors.Busy)]
    assert len(refused) == 3
    assert "2 runs" in refused[0].message
    for run in Run.objects.filter(is_ours=True)[:1]:
        control.cancel(people.operator, run)
    control.start(people.operator, {"task": "in its place"}, connection=connection)
