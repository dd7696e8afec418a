"""How lists of runs are found among very many: through an index that holds them, and never one too few."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import Count
from django.utils import timezone

from runs import budgets, comparing, indexing, listing, searching, states, windows
from runs.models import Account, Label, Run, SearchText
from runs.searching import Filters

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
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


@pytest.mark.parametrize(
    "given",
    [
        {"by": "ada"}, {"by": "-"}, {"cost": "1"}, {"meta": "team=a"}, {"machine": "m"}, {"q": "mmm"},
        {"machine": "m", "cost": "1"}, {"q": "mmm", "meta": "team=a", "by": "ada"},
        {"since": "2020-01-01", "until": "2090-01-01", "machine": "m"},
    ],
)  # fmt: skip
def test_the_counts_of_a_narrowed_list_are_those_of_its_runs(make_run, given):
    ada = User.objects.create(username="ada")
    told = {"started_by": ada, "cost_cents": 100, "metadata": {"team": "a"}, "machine_id": "m", "task": "mmm"}
    for status in ("running", "running", "failed"):
        make_run(status, **told, finished_at=timezone.now() if status == "failed" else None)
    make_run("failed", is_ours=True)
    filters = Filters.read(given)
    window = windows.read(Run.objects.all(), filters) if windows.fits(filters) else None
    tabs = listing._tabs(Run.objects.all(), filters, window)
    assert {tab["value"]: tab["count"] for tab in tabs} == {"": 3, "running": 2, "failed": 1}


def test_an_outcome_is_read_to_the_letter(make_run):
    no = make_run("succeeded", result={"passed": False})
    for result in (
        {"passed": True},
        {"passed": "false"},
        {"passed": None},
        {},
        None,
        ["passed"],
        {"passed": "x" * 5000},
    ):
        make_run("succeeded", result=result)
    make_run("failed", result={"passed": False})
    assert list(narrowed(trouble="unverified")) == [no]
    spent = make_run("failed", error={"code": "MAX_STEPS_REACHED"})
    for error in ({"code": "MAX_STEPS_REACHED_TOO"}, {"code": {"a": "x" * 5000}}, "MAX_STEPS_REACHED", {}, None):
        make_run("failed", error=error)
    assert list(narrowed(trouble="out-of-steps")) == [spent]


def ended(**given):
    _going, rows = windows._parts(Run.objects.all(), Filters.read(given))
    return rows.order_by("-created_at", "-id").values_list("created_at", "pk", "status")[:40]


@pytest.fixture
def many(make_run, monkeypatch):
    """Windows so small that few runs are many: eleven runs say it, each made a minute after the one before."""
    for name, value in {"MOST": 4, "_SPARE": 2, "_FURTHER": 1, "_LEAST": 2}.items():
        monkeypatch.setattr(windows, name, value)
    now = timezone.now()
    runs = [make_run(task="walk on", metadata={"team": "a"}, created_at=now + n * MINUTE) for n in range(11)]
    indexing.index(now)
    return runs


def listed(**given):
    filters = Filters.read(given)
    window = windows.read(Run.objects.all(), replace(filters, status=""))
    return windows.chosen(Run.objects.all(), filters, window)


@pytest.mark.parametrize("given", [{"q": "walk"}, {"q": "wal on"}, {"meta": "team=a"}])
def test_of_very_many_runs_the_newest_are_listed_and_it_is_told_that_there_are_more(many, people, given):
    found = listed(**given)
    assert found.ids == [run.pk for run in reversed(many)][:4]
    assert not found.is_all
    page = listing.run_list(people.viewer, Filters.read(given))
    assert '<span class="count">4+</span>' in page
    assert "The newest 4 that fit. There may be older ones" in page
    assert "of the newest" not in page  # one page holds them
    assert "Narrow the list further" in page  # all of one day
    few = listing.run_list(people.viewer, Filters(q="nowhere"))
    assert '<span class="count">0</span>' in few
    assert "The newest" not in few


def test_a_list_that_is_cut_goes_on_from_the_day_of_its_oldest_run(many, people):
    for n, run in enumerate(many):
        Run.objects.filter(pk=run.pk).update(created_at=run.created_at - timedelta(days=20 - n))
    page = listing.run_list(people.viewer, Filters.read({"q": "walk"}))
    day = timezone.localdate(Run.objects.get(pk=many[7].pk).created_at).isoformat()
    assert f'href="?q=walk&amp;until={day}">Go on with those until {day}<' in page
    further = listing.run_list(people.viewer, Filters.read({"q": "walk", "until": day}))
    assert f'id="run-row-{many[7].pk}"' in further
    assert f'id="run-row-{many[4].pk}"' in further
    assert "Go on with those" in further


def test_a_run_that_was_known_late_stands_where_it_was_made(many, make_run):
    Run.objects.filter(pk=many[0].pk).update(created_at=many[8].created_at + MINUTE / 2)  # known first, made late
    assert listed(q="walk").ids == [many[n].pk for n in (10, 9)]
    Run.objects.filter(pk=many[0].pk).update(created_at=many[10].created_at + MINUTE)  # newer than all the others
    assert listed(q="walk").ids == [many[n].pk for n in (0, 10, 9, 8)]
    make_run(task="walk back", created_at=many[10].created_at + 2 * MINUTE)
    assert listed(q="walk back").is_all


def test_the_newest_of_one_state_are_found_among_very_many_of_other_states(many):
    Run.objects.filter(pk__in=[many[0].pk, many[1].pk, many[10].pk]).update(status="failed")
    assert listed(q="walk", status="failed").ids == [many[n].pk for n in (10, 1, 0)]
    assert listed(meta="team=a", status="failed").ids == [many[n].pk for n in (10, 1, 0)]
    assert listed(q="walk", status="live").ids == [many[n].pk for n in (9, 8, 7)]


def test_words_that_only_begin_so_are_found_between_those_that_say_the_very_word(many, make_run):
    begun = make_run(task="walking home", created_at=many[10].created_at + MINUTE)
    Run.objects.filter(pk=many[10].pk).update(created_at=begun.created_at + MINUTE)
    SearchText.objects.filter(run=many[10]).delete()
    indexing.index(timezone.now())
    SearchText.objects.update(is_whole=True)  # as after their end: the index alone knows their words
    assert begun.pk in listed(q="walk").ids
    assert begun.pk not in listed(q="walk on").ids


def test_words_that_many_runs_say_are_read_in_the_newest_that_fit_otherwise(many, make_run):
    rare = [many[1], many[4]]
    for run in rare:
        Run.objects.filter(pk=run.pk).update(machine_id="m", finished_at=run.created_at, status="failed")
    SearchText.objects.update(is_whole=True)
    found = listed(q="wal on", machine="m")
    assert (found.ids, found.is_all) == ([rare[1].pk, rare[0].pk], True)
    assert listed(q="wal off", machine="m") == windows.Window([], is_all=True)
    found = listed(q="wal on", by="-")
    assert (found.ids, found.is_all) == ([run.pk for run in reversed(many)][:4], False)


def test_a_page_that_was_found_by_words_is_told_what_is_new_and_what_no_longer_fits(many, make_run, people):
    shown = [many[n].pk for n in (10, 9, 0)]  # the last one is older than the window
    regions = listing.regions(people.viewer, Filters(q="wal on", by="-"), shown, many[10].pk)
    assert 'data-new="0"' in regions[1]
    assert "no longer" not in regions[1]
    make_run(task="walk on", created_at=many[10].created_at + MINUTE)
    make_run(task="run off", created_at=many[10].created_at + MINUTE)
    Run.objects.filter(pk__in=[many[9].pk, many[0].pk]).update(is_ours=True)
    news = listing.regions(people.viewer, Filters(q="wal on", by="-"), shown, many[10].pk)[1]
    assert 'data-new="1"' in news
    assert "2 no longer fit" in news


@pytest.mark.parametrize("are_many", [False, True])
def test_what_a_run_carries_in_its_metadata_is_found_when_the_run_has_ended_too(make_run, monkeypatch, are_many):
    monkeypatch.setattr(searching, "_MANY", 1 if are_many else 100)
    told = {"ticket": "A-17", "n": 3, "odd": {"a": [True]}, "long": "x" * 900}
    runs = [make_run(metadata=told), make_run(metadata={"ticket": "A-18", "team": "A-17"}), make_run(metadata=["A-17"])]
    indexing.index(timezone.now())
    SearchText.objects.update(is_whole=True)  # as after their end
    for meta in ("ticket=A-17", "n=3", " ticket = A-17 ", 'odd={"a": [true]}'):
        assert list(narrowed(meta=meta)) == [runs[0]], meta
    assert not narrowed(meta="team=A-18").exists()
    new = make_run(metadata={"ticket": "A-17"})
    assert set(narrowed(meta="ticket=A-17")) == {runs[0], new}
    Run.objects.filter(pk=new.pk).update(metadata={"ticket": "A-18"}, cursor=1)
    indexing.index(timezone.now())
    assert set(narrowed(meta="ticket=A-18")) == {runs[1], new}
    assert set(narrowed(meta="ticket=A-17")) == {runs[0]}
    known = set(Label.objects.values_list("run", "key", "value"))
    Label.objects.all().delete()
    import_module("runs.migrations.0025_labels_filled").fill(apps, database.schema_editor())
    assert set(Label.objects.values_list("run", "key", "value")) == known


@of_sqlite
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: Run.objects.live().order_by().values_list("connection").annotate(Count("id")), "run_live"),
        (lambda: narrowed(machine="mch_1").order_by("-created_at", "-id")[:40], "run_machine"),
        (lambda: narrowed(trouble="burning").order_by("-created_at", "-id")[:40], "run_burning"),
        (lambda: counted(narrowed(by="-")), "COVERING INDEX run_counted"),
        (lambda: counted(narrowed(trouble="unverified")), "run_passed"),
        (lambda: narrowed(trouble="unverified").order_by("-created_at", "-id")[:40], "run_passed"),
        (lambda: narrowed(trouble="out-of-steps").order_by("-created_at", "-id")[:40], "run_error_code"),
        (lambda: narrowed(by="ada").order_by("-created_at", "-id")[:40], "run_person"),
        (lambda: narrowed(trouble="not-followed"), "run_live"),
        (lambda: narrowed(meta="team=a"), "label_runs"),
        (lambda: ended(cost="80", by="-", since="2020-01-01"), "COVERING INDEX run_walked"),
        (lambda: ended(by="ada", status="running"), "run_status_newest"),
        (lambda: comparing.of_task(Run.objects.all(), "Pay").order_by("-created_at", "-id")[:20], "run_task (<expr>=?"),
    ],
)
def test_a_list_among_very_many_is_found_through_its_index(db, rows, index):
    assert index in rows().explain()
