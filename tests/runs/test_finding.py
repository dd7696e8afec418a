"""How lists of runs are found among very many: through an index that holds them, and never one too few."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import Count

from runs import budgets, listing, searching, states
from runs.models import Account, Run
from runs.searching import Filters

pytestmark = pytest.mark.django_db
of_sqlite = pytest.mark.skipif(database.vendor != "sqlite", reason="reads SQLite's plans")


def narrowed(**given):
    return searching.matching(Run.objects.all(), Filters.read(given))


@pytest.fixture
def one_of_each(make_run):
    return {status: make_run(status) for status in [*states.Status.values, "paused_by_upstream"]}


def test_a_run_of_a_status_that_nobody_knows_is_live_and_one_that_has_ended_is_not(one_of_each):
    live = {status for status in one_of_each if status not in states.TERMINAL}
    assert set(Run.objects.live().values_list("status", flat=True)) == live
    assert set(narrowed(status="live").values_list("status", flat=True)) == live


def test_what_is_promised_counts_each_live_run_of_whatever_status_once(one_of_each):
    Run.objects.update(max_steps=10, cost_cents=20)
    Account.objects.create(run=one_of_each["running"], cents=20)
    found = Run.objects.live().aggregate(cents=budgets.still_to_come(paid="account__cents"))["cents"]
    assert found == 4 * 50 - 20


def test_a_persons_runs_are_found_by_the_name_in_any_case_and_not_by_a_part_of_it(make_run):
    ada, other = User.objects.create(username="Ada"), User.objects.create(username="Adam")
    mine = make_run(started_by=ada)
    make_run(started_by=other)
    make_run()
    assert list(narrowed(by="ada")) == list(narrowed(by="ADA")) == [mine]
    assert not narrowed(by="ad").exists()
    assert not narrowed(by="nobody").exists()


def counted(runs):
    return runs.order_by().values_list("status").annotate(Count("id"))


@pytest.mark.parametrize("given", [{"by": "ada"}, {"by": "-"}, {"cost": "1"}, {"meta": "team=a"}, {"machine": "m"}])
def test_the_counts_of_a_narrowed_list_are_those_of_its_runs(make_run, given):
    ada = User.objects.create(username="ada")
    told = {"started_by": ada, "cost_cents": 100, "metadata": {"team": "a"}, "machine_id": "m"}
    for status in ("running", "running", "failed"):
        make_run(status, **told)
    make_run("failed", is_ours=True)
    tabs = listing._tabs(Run.objects.all(), Filters.read(given))
    assert {tab["value"]: tab["count"] for tab in tabs} == {"": 3, "running": 2, "failed": 1}


@of_sqlite
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: Run.objects.live().order_by().values_list("connection").annotate(Count("id")), "run_live"),
        (lambda: narrowed(machine="mch_1").order_by("-created_at", "-id")[:40], "run_machine"),
        (lambda: narrowed(trouble="burning").order_by("-created_at", "-id")[:40], "run_burning"),
        (lambda: counted(narrowed(by="-")), "COVERING INDEX run_counted"),
        (lambda: narrowed(by="ada").order_by("-created_at", "-id")[:40], "run_person"),
    ],
)
def test_a_list_among_very_many_is_found_through_its_index(db, rows, index):
    assert index in rows().explain()
