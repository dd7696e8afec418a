"""Finding runs: by any word of theirs, at once or honestly late, narrowed by the address, saved under a name."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from runs import indexing, ingest, listing, searching
from runs.models import AuditEntry, Run, SavedView, SearchText
from runs.searching import Filters

pytestmark = pytest.mark.django_db


def found(**given) -> set[str]:
    runs = searching.matching(Run.objects.all(), Filters.read({name: str(value) for name, value in given.items()}))
    return set(runs.values_list("upstream_id", flat=True))


@pytest.fixture
def say(arrived):
    def store(run, *texts, kind="text"):
        run.refresh_from_db()
        first = run.cursor + 1
        events = [arrived(run, first + n, kind, json.dumps({"text": text})) for n, text in enumerate(texts)]
        ingest.take_events(events)

    return store


def test_a_word_of_an_event_finds_its_run_from_the_words_beginning_in_any_case_and_without_accents(make_run, say):
    run, other = make_run(), make_run()
    say(run, "I see the Übersicht of Nordwind GmbH", "an amount of 1,240.00")
    say(other, "nothing of that")
    assert found(q="nordwind") == set()
    indexing.index(timezone.now())
    for q in ("NORDW", "ubersicht", "gmbh nordwind", "Nordwind 240"):
        assert found(q=q) == {run.upstream_id}, q
    assert found(q="nordwind nothing") == found(q="ordwind") == found(q="%") == found(q="' OR 1=1 --") == set()


def test_words_of_one_run_that_came_at_different_times_are_found_together(make_run, say):
    run = make_run()
    for text in ("alpha beta", "gamma"):
        say(run, text)
        assert indexing.index(timezone.now()) == 1
    assert found(q="alpha gamma") == {run.upstream_id}
    assert SearchText.objects.get(run=run).seq == 2
    say(run, "alpha again beta")
    indexing.index(timezone.now())
    assert SearchText.objects.get(run=run).words.split().count("alpha") == 1


def test_a_new_run_is_found_by_task_reason_and_id_before_any_job_has_looked_at_it(make_run):
    run = make_run(task="Pay the invoice of Contoso", status="awaiting_human", awaiting_human_reason="Which card?")
    for q in ("contoso", "WHICH card", run.upstream_id):
        assert found(q=q) == {run.upstream_id}, q


def test_the_list_says_how_far_the_words_of_events_go(make_run, say, people):
    run = make_run()
    say(run, "early")
    now = timezone.now()
    assert searching.standing(now).is_late
    indexing.index(now)
    assert searching.standing(now) == searching.Standing(0, now, False)
    say(run, "later")
    assert searching.standing(now).runs == 1
    html = listing.run_list(people.viewer, Filters(q="early"))
    assert "may be missing" in html
    assert searching.standing(now + timedelta(minutes=2)).is_late


def test_an_ended_run_is_read_whole_once_and_left_alone(make_run, say):
    run = make_run("succeeded", stream="ended", finished_at=timezone.now(), result={"summary": "Paid INV-1042"})
    say(run, "the end")
    indexing.index(timezone.now())
    assert SearchText.objects.get(run=run).is_whole
    assert found(q="inv-1042 paid end") == {run.upstream_id}
    assert indexing.index(timezone.now()) == indexing.behind() == 0


def test_words_go_with_the_events_that_they_stood_in(make_run, say, settings):
    from runs import retention

    settings.RETENTION_DAYS = 1
    old = timezone.now() - timedelta(days=3)
    run = make_run("succeeded", stream="ended", finished_at=old, task="Still known")
    say(run, "lovelace")
    indexing.index(timezone.now())
    assert found(q="lovelace") == {run.upstream_id}
    retention.sweep(timezone.now(), lambda _run: [])
    indexing.index(timezone.now())
    assert found(q="lovelace") == set()
    assert found(q="known") == {run.upstream_id}


def test_a_run_whose_row_is_there_late_is_indexed_though_later_ones_are_known(make_run):
    now = timezone.now()
    old, late, new = (make_run(seen_at=now - timedelta(minutes=age)) for age in (30, 5, 1))
    SearchText.objects.create(run=new, words="", seq=0)  # as if the one before it were still being written
    SearchText.objects.create(run=old, words="", seq=0)
    assert indexing.behind() == 1
    indexing.index(now)
    assert indexing.SearchState.objects.get(pk=1).known_until == old.pk, "further on one may still turn up"
    SearchText.objects.filter(run=late).delete()
    assert indexing.behind() == indexing.index(now) == 1
    assert SearchText.objects.filter(run=late).exists()
    indexing.index(now + timedelta(hours=1))
    assert indexing.SearchState.objects.get(pk=1).known_until == new.pk


def test_two_jobs_do_not_index_at_once(make_run):
    make_run()
    now = timezone.now()
    indexing.SearchState.objects.create(pk=1, claimed_until=now + timedelta(seconds=5))
    assert indexing.index(now) == 0
    assert indexing.index(now + timedelta(seconds=6)) == 1


def test_each_filter_narrows_and_odd_values_count_as_none(make_run, people):
    day = timezone.now() - timedelta(days=10)
    mine = make_run(
        started_by=people.operator, is_ours=True, machine_id="m1", cost_cents=250, metadata={"ticket": "A-17", "n": 3}
    )
    failed = make_run("failed", error={"code": "MAX_STEPS_REACHED"}, created_at=day)
    ids = {mine.upstream_id, failed.upstream_id}
    for given in ({"by": "Operator"}, {"machine": "m1"}, {"cost": "2.50"}, {"meta": "ticket=A-17"}, {"meta": "n=3"},
                  {"since": str((day + timedelta(days=1)).date())}, {"status": "live"}):  # fmt: skip
        assert found(**given) == {mine.upstream_id}, given
    for given in ({"by": "-"}, {"trouble": "ended-badly"}, {"trouble": "out-of-steps"}, {"until": str(day.date())}):
        assert found(**given) == {failed.upstream_id}, given
    for given in ({"trouble": "x"}, {"cost": "NaN"}, {"since": "2026-13-01"}, {"meta": "x"}, {"page": "-1"}):
        assert found(**given) == ids, given
        assert Filters.read(given).query() == ""
    assert found(meta="ticket__regex=.", cost="2.51") == set()
    told = Filters.read({"q": "a b", "status": "failed", "cost": "1", "page": "3"})
    assert told.query() == "status=failed&q=a+b&cost=1"
    assert told.query(page=3, cost="") == "status=failed&q=a+b&page=3"


def test_a_page_keeps_its_rows_counts_new_ones_and_tells_which_no_longer_fit(make_run, people):
    runs = [make_run(task=f"job {n}") for n in range(3)]
    shown, filters = [run.pk for run in runs], Filters(status="running")
    _tabs, news, *rows = listing.regions(people.viewer, filters, shown, runs[-1].pk)
    assert 'data-new="0"' in news
    assert [f"run-row-{run.pk}" in row for run, row in zip(reversed(runs), rows, strict=True)] == [True] * 3
    make_run(task="came later")
    make_run("failed")
    Run.objects.filter(pk=runs[0].pk).update(status="failed")
    _tabs, news, *rows = listing.regions(people.viewer, filters, shown, runs[-1].pk)
    assert 'data-new="1"' in news
    assert "1 no longer fits" in news
    assert "Failed" in rows[-1]
    assert len(rows) == 3
    assert listing.regions(people.stranger, filters, shown, 0)[2:] == []


def test_a_view_is_saved_used_shared_and_removed_by_its_owner_only(people, make_run):
    make_run()
    operator, viewer = Client(), Client()
    operator.force_login(people.operator)
    viewer.force_login(people.viewer)
    answer = operator.post("/views/?status=failed&cost=1&page=2", {"name": "  Dear   failures ", "is_shared": "on"})
    view = SavedView.objects.get()
    assert (view.name, view.query, answer.headers["location"]) == (
        "Dear failures", "status=failed&cost=1", "/runs/?status=failed&cost=1"
    )  # fmt: skip
    assert AuditEntry.objects.get(act="view.shared").subject == "Dear failures"
    page = viewer.get("/runs/?status=failed&cost=1").content.decode()
    assert "Dear failures" in page
    assert f"/views/{view.pk}/remove/" not in page
    assert viewer.post(f"/views/{view.pk}/remove/").status_code == 404
    viewer.post("/views/?q=mine", {"name": "Dear failures"})
    assert "?q=mine" not in operator.get("/runs/").content.decode()
    assert operator.post(f"/views/{view.pk}/remove/").status_code == 302
    assert SavedView.objects.get().owner == people.viewer
