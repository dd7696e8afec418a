"""One follower per run: claims, the dead, fairness, and the fence."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from runs.models import Lease, Worker
from runs.relay import leases
from runs.states import Stream

pytestmark = pytest.mark.django_db


def test_a_run_is_claimed_by_one_worker_only(connection, make_run):
    run = make_run()
    leases.beat("a")
    assert leases.claim("a", 10) == {run.pk: 1}
    leases.beat("b")
    assert leases.claim("b", 10) == {}
    assert leases.held("a") == {run.pk: 1}


def test_the_runs_of_a_dead_worker_are_claimed_with_a_higher_token(connection, make_run, settings):
    run = make_run()
    long_ago = timezone.now() - timedelta(seconds=settings.LEASE_SECONDS + 1)
    leases.beat("dead", now=long_ago)
    leases.claim("dead", 10)
    leases.beat("b")
    assert leases.claim("b", 10) == {run.pk: 2}
    assert leases.held("dead") == {}


def test_a_sign_of_life_keeps_every_lease(connection, make_run, settings):
    make_run()
    start = timezone.now()
    leases.beat("a", now=start)
    leases.claim("a", 10, now=start)
    later = start + timedelta(seconds=settings.LEASE_SECONDS - 1)
    leases.beat("a", now=later)
    assert leases.claim("b", 10, now=later + timedelta(seconds=settings.LEASE_SECONDS - 1)) == {}


def test_what_was_given_up_is_free_at_once_and_its_token_still_rises(connection, make_run):
    run = make_run()
    leases.beat("a")
    leases.claim("a", 10)
    leases.release("a", [run.pk])
    assert leases.claim("b", 10) == {run.pk: 2}
    leases.leave("b")
    assert leases.claim("a", 10) == {run.pk: 3}


def test_runs_whose_log_has_ended_are_nobodys(connection, make_run):
    make_run("succeeded", stream=Stream.ENDED)
    unfinished = make_run("succeeded")
    assert leases.claim("a", 10) == {unfinished.pk: 1}


def test_a_worker_that_has_too_much_gives_up_what_is_over_its_share(connection, make_run):
    for _ in range(9):
        make_run()
    leases.beat("a")
    assert len(leases.claim("a", leases.share("a"))) == 9
    leases.beat("b")
    assert leases.share("a") == leases.share("b") == 5
    assert leases.surplus(9, 5) == 4
    assert leases.surplus(6, 5) == 0


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_in_the_same_instant_share_without_overlap(connection, make_run):
    for _ in range(30):
        make_run()
    names = [f"worker-{n}" for n in range(6)]
    for name in names:
        leases.beat(name)
    start, got = threading.Barrier(len(names)), {}

    def claim(name):
        start.wait()
        got[name] = leases.claim(name, 10)
        connections.close_all()

    threads = [threading.Thread(target=claim, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claimed = [pk for runs in got.values() for pk in runs]
    assert len(claimed) == len(set(claimed)) == 30
    assert set(Lease.objects.values_list("token", flat=True)) == {1}
    assert Worker.objects.count() == 6


def test_a_run_whose_follower_died_is_not_shown_as_live(connection, make_run, settings):
    from runs import tasks

    settings.UPSTREAM_TIMEOUT_SECONDS = 1
    followed, lost = make_run(stream=Stream.LIVE), make_run(stream=Stream.LIVE)
    leases.beat("a")
    leases.beat("dead", now=timezone.now() - timedelta(seconds=settings.LEASE_SECONDS + 1))
    Lease.objects.create(run=followed, worker="a")
    Lease.objects.create(run=lost, worker="dead")
    tasks.sweep()
    followed.refresh_from_db()
    lost.refresh_from_db()
    assert (followed.stream, lost.stream) == (Stream.LIVE, Stream.IDLE)
    assert "manage.py relay" in lost.stream_detail
    leases.leave("a")
    followed.refresh_from_db()
    assert followed.stream == Stream.IDLE


def test_without_a_relay_the_sweep_looks_at_the_live_runs(upstream, connection, make_run):
    from runs import tasks

    scripted = upstream.add()
    run = make_run(upstream_id=scripted.id, status_at=timezone.now() - timedelta(minutes=1))
    scripted.finish("failed")
    tasks.sweep()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert (run.status, connection.health) == ("failed", "up")
