"""What hurts most comes first, and says why; the order of the database is the order of the rules."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from approvals import kinds, queue, ranking
from approvals.models import Approval
from approvals.ranking import Facts
from runs import rates
from runs.models import MachineRate, Run

NOW = timezone.now()
MINUTE = timedelta(minutes=1)


def facts(**given):
    return Facts(**{"kind": "other", "opened_at": NOW - MINUTE, "due_at": NOW + 60 * MINUTE, **given})


def names(**given):
    return [reason.name for reason in ranking.reasons(facts(**given), NOW)]


@pytest.mark.parametrize(
    "sooner",
    [
        {"due_at": NOW + 50 * MINUTE},
        {"expires_at": NOW + 50 * MINUTE},
        {"kind": "payment"},
        {"kind": "irreversible"},
        {"priority": 1},
        {"cents_per_hour": Decimal(40)},
        {"spent_cents": 500},
        {"due_at": None, "opened_at": NOW - timedelta(hours=24)},
    ],
)
def test_each_thing_that_hurts_brings_it_forward(sooner):
    assert ranking.rank_at(facts(**sooner)) < ranking.rank_at(facts())


def test_no_price_and_no_priority_puts_a_row_off_for_ever():
    worst = facts(priority=32_000, cents_per_hour=Decimal(10**6), spent_cents=10**9)
    assert ranking.rank_at(worst) >= ranking.rank_at(facts()) - timedelta(hours=24)
    assert ranking.rank_at(facts(priority=-5)) > ranking.rank_at(facts())
    assert ranking.rank_at(facts(cents_per_hour=Decimal(0))) == ranking.rank_at(facts())


def test_the_reason_of_the_rank_is_told_the_weightiest_first():
    assert names(expires_at=NOW + 4 * MINUTE, kind="payment") == ["left", "careful"]
    assert names(due_at=NOW - 12 * MINUTE, priority=2) == ["overdue", "priority"]
    assert names(due_at=NOW - 12 * MINUTE, priority=-2) == ["overdue", "later"]
    assert names(priority=-2, kind="payment", cents_per_hour=Decimal(40)) == ["later", "careful", "machine"]
    assert names(cents_per_hour=Decimal(40)) == ["machine"]
    assert names(due_at=NOW + 20 * MINUTE) == ["due"]
    assert names(spent_cents=240, cents_per_hour=Decimal(40)) == ["machine", "spent"]
    assert names(spent_cents=40) == ["age"]
    assert names() == names(cents_per_hour=Decimal(0)) == ["age"]
    assert names(expires_at=NOW + 200 * MINUTE) == ["left"]


def _many(connection, people, count):
    """So many open approvals with every mix of what hurts."""
    dice = random.Random(7)
    runs = Run.objects.bulk_create(
        Run(connection=connection, upstream_id=f"many-{n}", status="awaiting_human", cost_cents=dice.randrange(900))
        for n in range(count)
    )
    made = []
    for run in runs:
        opened = NOW - MINUTE * dice.randrange(600)
        made.append(
            Approval(
                run=run,
                kind=dice.choice(kinds.Kind.values),
                reason=f"Reason {run.pk}",
                opened_at=opened,
                due_at=dice.choice([None, opened + MINUTE * dice.randrange(600)]),
                expires_at=dice.choice([None, NOW + MINUTE * dice.randrange(-2, 90)]),
                priority=dice.choice([0, 0, 0, 1, 5, -1]),
                routed_to=dice.choice([None] * 9 + [people.reviewer]),
            )
        )
        made[-1].rank_at = ranking.rank_at(queue.facts(made[-1], None))
    Approval.objects.bulk_create(made)


@pytest.mark.django_db
def test_the_order_of_two_thousand_is_that_of_the_rules_and_is_read_quickly(desk, people):
    _many(desk.connection, people, 2_000)

    def hurts(row):
        is_soon = row.expires_at is not None and row.expires_at <= NOW + ranking.SOON
        mine = row.routed_to_id != people.reviewer.pk
        end = row.expires_at.timestamp() if is_soon else float("inf")
        return mine, end, ranking.rank_at(queue.facts(row, None)), row.pk

    expected = sorted(Approval.objects.select_related("run"), key=hurts)
    assert list(queue.ordered(people.reviewer, NOW).values_list("pk", flat=True)) == [row.pk for row in expected]
    began = time.perf_counter()
    first = list(queue.ordered(people.reviewer, NOW).values_list("pk", flat=True)[:100])
    took = time.perf_counter() - began
    assert first == [row.pk for row in expected[:100]]
    assert took < 0.25, "about 3 ms on an idle machine"


@pytest.mark.django_db
def test_a_rate_that_is_told_later_and_a_priority_that_is_set_move_it(desk):
    _, first_run, first = desk.parked()
    _, _run, second = desk.parked()
    assert [row.pk for row in queue.ordered()] == [first.pk, second.pk]
    Approval.objects.filter(pk=second.pk).update(priority=1)
    assert queue.weigh_all() == 1
    assert [row.pk for row in queue.ordered()] == [second.pk, first.pk]
    Approval.objects.filter(pk=second.pk).update(priority=0)
    Run.objects.filter(pk=first_run.pk).update(machine_id="dear")
    MachineRate.objects.create(
        connection=desk.connection, machine_id="dear", cents_per_hour=Decimal(90), asked_at=timezone.now()
    )
    assert (queue.weigh_all(), queue.weigh_all()) == (2, 0)
    assert rates.of(Run.objects.get(pk=first_run.pk)).per_hour == "$0.90/h"
    assert [row.pk for row in queue.ordered()] == [first.pk, second.pk]


@pytest.mark.django_db
def test_the_kind_sets_the_due_time_and_a_setting_how_many_people(desk, settings):
    settings.TWO_PEOPLE_KINDS = frozenset({"payment"})
    scripted, _, captcha = desk.parked("A captcha.")
    assert captcha.due_at - captcha.opened_at == timedelta(minutes=15)
    assert (captcha.kind, captcha.people_needed) == ("captcha", 1)
    scripted.pause("About to pay $5.")
    desk.follow(scripted)
    payment = captcha.run.approvals.get(state="open")
    assert (payment.kind, payment.people_needed) == ("payment", 2)
    assert payment.due_at - payment.opened_at == timedelta(hours=1)
    assert payment.sameness == ""
