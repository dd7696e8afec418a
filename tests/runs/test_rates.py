"""What machines bill while their runs are parked: read by a job from either answer, and never asked by a page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from runs import rates
from runs.models import MachineRate

pytestmark = pytest.mark.django_db


@pytest.fixture
def parked(make_run):
    since = timezone.now() - timedelta(minutes=90, seconds=30)
    return make_run("awaiting_human", machine_id="m-1", awaiting_human_since=since)


def told(run):
    return rates.of(run).cents_per_hour


def test_the_list_of_billing_tells_the_rate_and_the_cents_since_the_run_parked(parked, upstream):
    upstream.billing = [{"machine_id": "m-1", "status": "running", "running_credits_per_hour": 40}]
    assert rates.read_due() == 1
    rate = rates.of(parked)
    assert (rate.cents_per_hour, rate.per_hour, rate.cents()) == (40, "$0.40/h", 60)
    assert rate.cents(rate.since + timedelta(minutes=1, seconds=59)) == 0, "by the minute, rounded down"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"status": "running", "billing": {"running_credits_per_hour": 5, "stopped_credits_per_hour": 1}}, 5),
        ({"status": "stopped", "billing": {"running_credits_per_hour": 5, "stopped_credits_per_hour": 1}}, 1),
        ({"status": "running", "billing": {"rate_cents_per_hour": "4.5"}}, Decimal("4.5")),
        ({"status": "running", "is_test": True}, 0),
        ({"status": "running"}, None),
        ({"status": "running", "billing": {"running_credits_per_hour": -3}}, None),
        ({"status": "running", "billing": {"running_credits_per_hour": "NaN"}}, None),
        ({"status": "running", "billing": {"running_credits_per_hour": True}}, None),
        ({"status": "running", "billing": "five"}, None),
    ],
)
def test_the_machine_itself_tells_it_where_there_is_no_list(record, expected, parked, upstream):
    upstream.machines = [{"id": "m-1", "display_name": "One", **record}]
    rates.read_due()
    assert told(parked) == expected
    assert bool(rates.of(parked).why_not) == (expected is None)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 403, "code": "INSUFFICIENT_SCOPE"}, "lacks the scope machines:read"),
        ({"status": 404, "code": "MACHINE_NOT_FOUND"}, "does not show this machine"),
    ],
)
def test_a_key_that_may_not_know_is_normal(fault, words, parked, upstream):
    upstream.fail("GET", "/(billing|machines)", times=9, **fault)
    rates.read_due()
    assert told(parked) is None
    assert words in rates.of(parked).why_not


def test_it_is_asked_once_a_minute_and_what_was_told_outlives_a_bad_minute(parked, upstream):
    upstream.billing = [{"machine_id": "m-1", "status": "running", "running_credits_per_hour": 40}]
    now = timezone.now()
    assert [rates.read_due(now), rates.read_due(now + timedelta(seconds=59))] == [1, 0]
    assert upstream.count("GET", "/billing/active") == 1
    upstream.fail("GET", "/billing", status=503, times=9)
    assert rates.read_due(now + timedelta(seconds=61)) == 0
    assert upstream.count("GET", "/billing/active") == 2
    assert told(parked) == 40


def test_nothing_is_asked_for_runs_that_are_not_parked(make_run, upstream):
    make_run("running", machine_id="m-2")
    make_run("awaiting_human")
    assert rates.read_due() == 0
    assert (upstream.requests, MachineRate.objects.count()) == ([], 0)


def test_many_runs_cost_one_query(parked, make_run, django_assert_num_queries, upstream):
    upstream.billing = [{"machine_id": "m-1", "status": "running", "running_credits_per_hour": 9}]
    rates.read_due()
    runs = [parked, make_run("awaiting_human", machine_id="m-1"), make_run("awaiting_human", machine_id="m-3")]
    with django_assert_num_queries(1):
        found = rates.of_many(runs)
    assert [found[run.pk].cents_per_hour for run in runs] == [9, 9, None]
