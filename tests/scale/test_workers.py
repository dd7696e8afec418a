"""Relay workers on PostgreSQL: they share, join, die, stall, lose their database; no event is lost or doubled."""

from __future__ import annotations

import time

import pytest

from tests.conftest import wait_until

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]


def follow(console, upstream, workers, count=60):
    runs = [upstream.add() for _ in range(count)]
    for run in runs:
        run.go()
    started = [console.start("relay") for _ in range(workers)]
    wait_until(lambda: len(console.shares()) == workers and sum(console.shares().values()) == count, 60)
    wait_until(lambda: upstream.open_streams >= count, 30)
    return runs, started


def is_even(console, workers):
    shares = console.shares().values()
    return len(shares) == workers and max(shares) / min(shares) <= 1.3


def all_stored(console, runs):
    return all([row[0] for row in console.events(run)] == list(range(1, len(run.log) + 1)) for run in runs)


def same(console, runs):
    return all(console.events(run) == [(seq, kind, raw) for seq, kind, raw, _at in run.log] for run in runs)


def test_workers_share_evenly_and_the_runs_of_a_killed_one_are_followed_again(console, upstream):
    runs, (first, _second) = follow(console, upstream, 2)
    began = time.monotonic()
    wait_until(lambda: is_even(console, 2), 30)
    first.kill()
    first.wait()
    killed = time.monotonic()
    for run in runs:
        run.step()
    wait_until(lambda: list(console.shares().values()) == [len(runs)], 15)
    wait_until(lambda: all_stored(console, runs), 15)
    took = time.monotonic() - killed
    print(f"even after {killed - began:.1f} s; followed again {took:.1f} s after SIGKILL")
    assert took < 15
    assert same(console, runs)


def test_one_who_joins_gets_its_share(console, upstream):
    runs, _ = follow(console, upstream, 1)
    console.start("relay")
    began = time.monotonic()
    wait_until(lambda: is_even(console, 2), 30)
    print(f"even {time.monotonic() - began:.1f} s after a join: {console.shares()}")
    for run in runs:
        run.step()
    wait_until(lambda: all_stored(console, runs), 15)
    assert same(console, runs)


def test_one_who_stalled_and_wakes_writes_nothing_that_is_not_its_own(console, upstream):
    import signal

    runs, (first, _second) = follow(console, upstream, 2)
    first.send_signal(signal.SIGSTOP)
    wait_until(lambda: list(console.shares().values()) == [len(runs)], 15)
    for run in runs:
        run.step()
    first.send_signal(signal.SIGCONT)
    wait_until(lambda: is_even(console, 2), 30)
    for run in runs:
        run.step()
    wait_until(lambda: all_stored(console, runs), 15)
    assert same(console, runs)


def test_a_database_that_restarts_costs_nothing(console, upstream, engines):
    runs, workers = follow(console, upstream, 2)
    engines[0].stop()
    for run in runs:
        run.step()
    engines[0].start()
    wait_until(lambda: all_stored(console, runs), 30)
    assert same(console, runs)
    assert all(worker.poll() is None for worker in workers)
