"""The figures count what is in the rows, to the cent, and each number leads to just those rows."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals import charts, digests, drawing, figures, figuring
from approvals.models import Approval, Decision, Digest, Policy
from approvals.states import Outcome
from runs.models import Event, Run
from runs.signals import status_changed
from tests.approvals.desk import decision_row

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def decided(
    desk, user, n, *, kind="payment", waited=60, days_ago=1, verdict="resume", run_status="succeeded", cost=50, now=NOW,
    **more,
):  # fmt: skip
    at = now - timedelta(days=days_ago)
    run = Run.objects.create(
        connection=desk.connection, upstream_id=f"run-{n}", status=run_status, cost_cents=cost, created_at=at,
        seen_at=at, finished_at=at,
    )  # fmt: skip
    approval = Approval.objects.create(run=run, kind=kind, opened_at=at - timedelta(seconds=waited), pause_seq=3)
    return decision_row(approval, user, verdict, decided_at=at, delivery=more.pop("delivery", "delivered"), **more)


def found(user, days=14):
    return figures.tallies(user, figures.Span.last(days, NOW))


@pytest.mark.django_db
def test_time_to_decide_is_the_nearest_rank_and_leaves_policies_out(desk, people):
    for n, waited in enumerate([10, 20, 30, 40, 1000]):
        decided(desk, people.reviewer, n, waited=waited)
    whole, payment = figures.waits(found(people.viewer))
    assert (whole.count, whole.p50, whole.p95) == (5, 30, 1000)
    assert payment.kind == "payment"


@pytest.mark.django_db
def test_what_took_no_effect_counts_nowhere(desk, people):
    decided(desk, people.reviewer, 1, outcome=Outcome.VOID)
    decided(desk, people.reviewer, 2, delivery="refused")
    decided(desk, people.reviewer, 3, days_ago=30)
    assert found(people.viewer) == []


@pytest.mark.django_db
def test_each_number_of_the_outcomes_leads_to_just_its_rows(desk, people):
    outcomes = [
        (Outcome.FINISHED, 4), (Outcome.FINISHED, 9), (Outcome.PARKED, 1), (Outcome.PARKED, 7), (Outcome.PARKED, None),
        (Outcome.FAILED, 2), ("", None),
    ]  # fmt: skip
    for n, (outcome, steps) in enumerate(outcomes):
        decided(desk, people.reviewer, n, outcome=outcome, outcome_steps=steps, kind="login" if n == 1 else "payment")
    decided(desk, people.reviewer, 99, verdict="cancel", outcome=Outcome.STOPPED)
    counted = {each.kind: each.counts for each in figures.came(found(people.viewer), soon=3)}
    assert counted["payment"] == {"finished": 1, "soon": 1, "later": 2, "failed": 1, "stopped": 0, "": 1}
    for kind, counts in counted.items():
        for came, count in counts.items():
            narrowed = figures.Narrowed.read({"kind": kind, "came": came, "soon": "3"})
            assert figures.behind(people.viewer, narrowed, NOW).count() == count


@pytest.mark.django_db
def test_a_run_decided_on_twice_costs_once(desk, people):
    decided(desk, people.reviewer, 1, cost=101)
    run = Run.objects.get()
    again = Approval.objects.create(run=run, kind="payment", opened_at=NOW, pause_seq=9)
    decision_row(again, people.reviewer, decided_at=NOW - timedelta(hours=1), delivery="delivered")
    decided(desk, people.reviewer, 2, cost=100, run_status="failed")
    [price] = figures.prices(found(people.viewer), "kind")
    assert (price.runs, price.succeeded, price.cents, price.per_success) == (2, 1, 201, 201)


@pytest.mark.django_db
def test_a_persons_own_share_counts_their_resumes_only(desk, people):
    for n, seen in enumerate([True, False, False, None]):
        decided(desk, people.reviewer, n, seen_frame_open=seen)
    decided(desk, people.admin, 8, seen_frame_open=False)
    decided(desk, people.reviewer, 9, verdict="cancel", seen_frame_open=False)
    mine = figures.own(found(people.reviewer), people.reviewer)
    assert (mine.resumed, mine.unseen, mine.untold, mine.share) == (4, 2, 1, 67)
    for frame, count in (("unseen", 2), ("untold", 1), ("", 4)):
        narrowed = figures.Narrowed.read({"mine": "1", "frame": frame})
        assert figures.behind(people.reviewer, narrowed, NOW).count() == count


LINKED = re.compile(r'<a href="(/figures/decisions/[^"]*)">\s*(\d+)')


def rows_behind(client, address):
    """How many rows the pages of an address list, and what their title counts."""
    listed, more = 0, f"{address}&page=1"
    while more:
        page = client.get(more).content.decode()
        listed += page.count('<li class="row">')
        more = next(iter(re.findall(r'rel="next" href="(\?[^"]*)"', page)), None)
        more = more and "/figures/decisions/" + unescape(more)
    return listed, int(re.search(r"<h1>(\d+)", page)[1])


@pytest.mark.django_db
@pytest.mark.parametrize("is_kept", [False, True])
def test_each_number_on_the_page_is_that_of_the_rows_its_link_lists(client, desk, people, monkeypatch, is_kept):
    now = timezone.now()
    monkeypatch.setattr(figuring, "PAGE_SIZE", 20)
    policies = [Policy.objects.create(name="Captchas", when={}, then={}) for _ in range(2)]  # one was written anew
    outcomes = [("finished", 4), ("parked", 2), ("parked", None), ("void", None), ("", None), ("failed", 1)]
    for n in range(36):
        outcome, steps = outcomes[n % 6]
        row = decided(
            desk, people.reviewer, n, now=now, days_ago=n / 3, kind=("payment", "login", "captcha")[n % 3], cost=n,
            verdict=("resume", "cancel")[n % 7 == 0], outcome=outcome, outcome_steps=steps,
            seen_frame_open=(True, False, None)[n % 3],
        )  # fmt: skip
        run = row.approval.run
        if n % 3 == 0:  # asked again: at once, or a day later
            at = row.decided_at + timedelta(days=n % 2, minutes=1)
            again = Approval.objects.create(run=run, kind="payment", opened_at=at, pause_seq=9)
            decision_row(again, people.reviewer, decided_at=min(at, now), delivery="delivered", outcome="finished")
        if n % 4 == 1:
            Decision.objects.filter(pk=row.pk).update(decided_by=None, policy=policies[n % 8 == 1])
    if is_kept:
        while digests.keep(now):
            pass
        assert 0 < Digest.objects.count() < digests.DAYS_KEPT
    client.force_login(people.reviewer, "django.contrib.auth.backends.ModelBackend")
    page = client.get("/figures/?days=30&soon=2").content.decode()
    linked = [(unescape(address), int(number)) for address, number in LINKED.findall(page)]
    assert len(linked) > 15
    assert max(number for _address, number in linked) > 20
    for address, number in linked:
        assert rows_behind(client, address) == (number, number), address


def told(user, days=30):
    """All that the page of figures is made of."""
    span = figures.Span.last(days, NOW)
    read = figures.tallies(user, span)
    numbers = {
        "waits": figures.waits(read), "over time": figures.waits_over_time(read, span),
        "came": [figures.came(read, soon) for soon in (1, 2, 50)],
        "prices": [figures.prices(read, by) for by in ("kind", "policy")],
        "own": [figures.own(read, person) for person in User.objects.order_by("pk")],
    }  # fmt: skip
    return numbers, figures.spent(user, span)


def keep():
    while digests.keep(NOW):
        pass


def varied(desk, people):
    """Decisions of some days, none of which can change any more."""
    policy = Policy.objects.create(name="Small sums", when={}, then={})
    for n in range(12):
        more = {"decided_by": None, "policy": policy} if n % 4 == 3 else {}
        outcome, steps = [("finished", 4), ("parked", 2), ("parked", None), ("void", None)][n % 4 if n < 8 else 0]
        row = decided(
            desk, people.reviewer, n, days_ago=2 + n * 0.77, waited=n * 7.5, cost=n, kind=("payment", "login")[n % 2],
            outcome=outcome, outcome_steps=steps, seen_frame_open=(True, False, None)[n % 3],
        )  # fmt: skip
        Decision.objects.filter(pk=row.pk).update(**more)


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati"])
def test_days_that_are_kept_say_just_what_their_rows_say(desk, people, zone):
    varied(desk, people)
    with timezone.override(ZoneInfo(zone)):
        fresh = {days: told(people.viewer, days) for days in figures.DAYS}
        assert sum(price.runs for price in fresh[30][0]["prices"][0]) == 10
        assert sum(each.cents for each in fresh[30][1]) == sum(range(12))
        keep()
        assert Digest.objects.count() == digests.DAYS_KEPT
        assert {days: told(people.viewer, days) for days in figures.DAYS} == fresh


@pytest.mark.django_db
def test_kept_days_are_read_without_a_look_at_their_rows(desk, people):
    varied(desk, people)
    before = told(people.viewer)
    keep()
    Decision.objects.update(outcome="failed")
    Run.objects.update(cost_cents=1000)
    assert told(people.viewer) == before
    Digest.objects.update(checked_at=NOW - timedelta(days=2))
    while digests.check(NOW) or Digest.objects.filter(checked_at__lt=NOW).exists():
        pass
    numbers, spent = told(people.viewer)
    assert sum(each.counts["failed"] for each in numbers["came"][0]) == 12
    assert sum(price.cents for price in numbers["prices"][0]) == 12_000
    assert sum(each.cents for each in spent) == 12_000


@pytest.mark.django_db
def test_a_day_is_not_kept_while_it_can_still_change(desk, people):
    open_ones = [
        decided(desk, people.reviewer, 1, days_ago=3, outcome=""),
        decided(desk, people.reviewer, 2, days_ago=4, outcome="parked", run_status="running"),
    ]
    keep()
    assert not Digest.objects.filter(day__in=[one.decided_at.date() for one in open_ones]).exists()
    assert Digest.objects.count() == digests.DAYS_KEPT - 2
    assert not Digest.objects.filter(day__gte=NOW.date()).exists()
    Decision.objects.update(outcome="finished")
    Run.objects.update(status="succeeded", cost_cents=70)
    [came] = told(people.viewer)[0]["came"][0]
    assert came.counts["finished"] == came.total == 2
    keep()
    assert Digest.objects.count() == digests.DAYS_KEPT


@pytest.mark.django_db
def test_a_run_that_is_heard_of_late_counts_at_once_and_then_once(desk, people, monkeypatch):
    varied(desk, people)
    keep()
    monkeypatch.setattr(digests, "_MANY", 0)
    for seen_at in (NOW, NOW - timedelta(hours=2)):  # only just, and long enough ago to be kept
        Run.objects.update_or_create(
            upstream_id="late", connection=desk.connection,
            defaults={"created_at": NOW - timedelta(days=5), "finished_at": NOW - timedelta(days=5), "cost_cents": 900,
                      "status": "succeeded", "seen_at": seen_at},
        )  # fmt: skip
        for _ in range(2):
            spent = told(people.viewer)[1]
            assert (sum(each.runs for each in spent), sum(each.cents for each in spent)) == (13, 966)
            keep()
    assert Digest.objects.count() == digests.DAYS_KEPT


@pytest.mark.django_db
def test_a_run_that_moves_after_its_end_takes_its_days_away(desk, people):
    varied(desk, people)
    keep()
    run = Run.objects.get(upstream_id="run-4")
    status_changed.send(Run, run=run, old="succeeded", new="failed", seq=None)
    assert not Digest.objects.filter(day=run.created_at.date()).exists()
    assert Digest.objects.count() == digests.DAYS_KEPT - 1


@pytest.mark.django_db(transaction=True)
def test_the_costs_agree_with_billing_to_the_cent(desk, people):
    for cents in (5, 15, 8):
        scripted, _run = desk.run()
        for _ in range(3):
            scripted.step(cost_cents=cents)
        desk.follow(scripted)
    billed = 0
    for run in Run.objects.all():
        said = Event.objects.filter(run=run, type="billing").values_list("data", flat=True)
        billed += max(json.loads(data)["cost_cents"] for data in said)
    spent = figures.spent(people.viewer, figures.Span.last(7))
    assert sum(each.cents for each in spent) == billed == sum(Run.objects.values_list("cost_cents", flat=True)) > 0
    assert sum(each.runs for each in spent) == 3


def test_a_span_is_whole_days_where_the_reader_lives_also_when_clocks_change():
    with timezone.override(ZoneInfo("Europe/Berlin")):
        span = figures.Span.last(7, datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
        assert (span.until - timedelta(hours=1)).date().isoformat() == "2026-04-01"
        assert all(start.hour == end.hour == 0 for start, end in span.buckets)
        hours = [(end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() / 3600 for start, end in span.buckets]
        assert hours == [24, 24, 24, 23, 24, 24, 24]


def test_charts_stand_in_their_place():
    assert [bar.height for bar in charts.bars([0, 50, 100])] == [0, 80, 160]
    assert [charts.top(values) for values in ([0, 0], [101], [25])] == [1, 200, 25]
    assert charts.line([None, 10.0], 10.0) == [(540.0, 0.0)]
    assert charts.shares([1, 0, 3]) == [(0.0, 25.0), (25.0, 0.0), (25.0, 75.0)]
    assert charts.shares([0]) == [(0.0, 0.0)]
    assert [drawing.duration(s) for s in (8, 185, 3720, 180000)] == ["8 s", "3 min 05 s", "1 h 02 min", "2 d 2 h"]


@pytest.mark.django_db
def test_the_states_of_today_lead_to_the_runs_of_today_alone(client, desk, people):
    now = timezone.now()
    for n, at in enumerate((now, now, now - timedelta(days=1), now - timedelta(days=40))):
        Run.objects.create(connection=desk.connection, upstream_id=f"run-{n}", status="failed", created_at=at)
    client.force_login(people.viewer, "django.contrib.auth.backends.ModelBackend")
    [(address, count)] = re.findall(r'<dd><a href="([^"]*)">(\d+)', client.get("/").content.decode())
    listed = client.get(unescape(address)).content.decode()
    assert int(count) == len(set(re.findall(r"/runs/(run-\d)/", listed))) == 2


@pytest.mark.django_db
def test_the_pages_open_for_who_may_see_them_and_take_odd_questions(client, desk, people):
    decided(desk, people.reviewer, 1)
    for who, status in (("viewer", 200), ("stranger", 403)):
        client.force_login(getattr(people, who), "django.contrib.auth.backends.ModelBackend")
        for query in (
            "",
            "?days=90",
            "?days=x&soon=0&kind=%00&page=zz",
            "?came=finished&mine=1&frame=%00&policy=%00",
            "?once=1&people=1&policy=99999999999999999999",
        ):
            for path in ("/figures/", "/figures/decisions/"):
                assert client.get(path + query).status_code == status


@pytest.mark.django_db
def test_the_overview_shows_the_first_run_and_the_first_decision_at_once(client, desk, people):
    client.force_login(people.reviewer, "django.contrib.auth.backends.ModelBackend")
    none = ("No run was started in these days.", "Nobody has decided anything in these days.")
    read = lambda: [words in client.get("/").content.decode() for words in none]  # noqa: E731
    assert read() == [True, True]
    Run.objects.create(
        connection=desk.connection, upstream_id="run-0", created_at=timezone.now(), seen_at=timezone.now()
    )
    assert read() == [False, True]
    decided(desk, people.reviewer, 1, days_ago=0, now=timezone.now())
    assert read() == [False, False]
