"""Budgets: what was billed is booked to the cent, the last cents go to one of two, and each act is told once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone, translation

from coasty_api import errors
from runs import batch_work, budgets, control, spending, tasks, told
from runs.models import Account, AuditEntry, Batch, Budget, BudgetNote, Charge, Run, Starting

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def make(**fields) -> Budget:
    return Budget.objects.create(**{"name": "Day", "period": "day", "limit_cents": 1000, "act": "stop", **fields})


def acts(prefix="budget.") -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(act__startswith=prefix).order_by("seq").values_list("act", "subject"))


def test_charges_add_up_to_what_was_billed_over_days_corrections_and_late_finds(make_run):
    day = timedelta(days=1)
    run = make_run(cost_cents=15)
    old = make_run("succeeded", cost_cents=40, finished_at=NOW - 3 * day)
    spending.book(NOW)
    Run.objects.filter(pk=run.pk).update(cost_cents=35)
    spending.book(NOW + day)
    spending.book(NOW + day)
    Run.objects.filter(pk=run.pk).update(cost_cents=30, status="failed", finished_at=NOW + day)
    spending.book(NOW + 2 * day)
    today = timezone.localdate(NOW)
    told = {(c.run_id, (c.day - today).days): c.cents for c in Charge.objects.all()}
    assert told == {(run.pk, 0): 15, (run.pk, 1): 15, (old.pk, -3): 40}
    assert spending.totals() == spending.Totals(70, 70)
    assert Account.objects.filter(is_closed=True).count() == 2
    Run.objects.filter(pk=old.pk).update(cost_cents=41)  # a late correction of a run whose account is closed
    spending.book(NOW + 2 * day)
    assert spending.totals().booked == 70
    assert spending.compare(NOW + 2 * day) == 1
    assert spending.totals() == spending.Totals(71, 71)
    assert spending.spent(today, today + day) == 30


def test_a_start_reserves_its_worst_case_and_is_refused_where_it_could_exceed(upstream, connection, people):
    make(limit_cents=600)
    first = control.start(people.operator, {"task": "a", "max_steps": 100})
    with pytest.raises(budgets.OverBudget, match=r"\$5\.00 are promised.*\$1\.00 are left.*\$2\.50") as refused:
        control.start(people.operator, {"task": "b"})
    with translation.override("de"):  # a batch stores it as it was said, and each reader reads it as it is said to them
        assert "($6.00, je Tag)" in told.told(str(refused.value))
    assert upstream.count("POST", "/runs$") == 1
    control.start(people.operator, {"task": "c", "max_steps": 20})
    assert not Starting.objects.exists()
    with pytest.raises(budgets.OverBudget):
        control.start(people.operator, {"task": "d", "max_steps": 1})
    Run.objects.filter(pk=first.pk).update(status="succeeded", cost_cents=35, finished_at=timezone.now())
    control.start(people.operator, {"task": "e", "max_steps": 93})
    with pytest.raises(budgets.OverBudget):
        control.start(people.operator, {"task": "f", "max_steps": 1})


def test_the_same_start_told_again_needs_no_second_place(upstream, connection, people):
    make(limit_cents=250)
    fields = {"task": "once", "max_steps": 50}
    first = control.start(people.operator, fields, "the-key")
    assert control.start(people.operator, fields, "the-key") == first
    assert len(upstream.runs) == 1


def test_a_budget_a_run_refuses_by_worst_case_and_one_that_only_warns_refuses_nothing(upstream, connection, people):
    make(name="Run", period="run", limit_cents=100)
    make(name="Soft", limit_cents=1, act="warn")
    with pytest.raises(budgets.OverBudget, match=r"allows \$1\.00 a run"):
        control.start(people.operator, {"task": "a", "max_steps": 21})
    with pytest.raises(budgets.OverBudget):
        control.start(people.operator, {"task": "a", "max_steps": 13, "cua_version": "v1"})
    control.start(people.operator, {"task": "a", "max_steps": 20})


def test_a_budget_of_one_connection_leaves_others_alone(upstream, connection, people, make_run):
    from runs.models import Connection

    other = Connection.objects.create(name="Other", slug="other", base_url="http://127.0.0.1:1/v1")
    make(connection=other, limit_cents=5)
    control.start(people.operator, {"task": "here"})
    make(name="Here", connection=connection, limit_cents=5)
    with pytest.raises(budgets.OverBudget, match="Here"):
        control.start(people.operator, {"task": "here"})


@pytest.mark.django_db(transaction=True)
def test_of_two_starts_that_race_for_the_last_cents_one_gets_them(upstream, connection, people):
    make(limit_cents=499)
    barrier, outcomes = threading.Barrier(4), []

    def begin(n):
        barrier.wait()
        try:
            outcomes.append(control.start(people.operator, {"task": str(n), "max_steps": 50}, connection=connection))
        except errors.CoastyError as refused:
            outcomes.append(refused)
        connections.close_all()

    threads = [threading.Thread(target=begin, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, Run) for one in outcomes) == upstream.count("POST", "/runs$") == 1
    assert sum(isinstance(one, budgets.OverBudget) for one in outcomes) == 3
    assert not Starting.objects.exists()


def test_a_start_whose_answer_is_lost_keeps_its_place_for_a_while(upstream, connection, people):
    make(limit_cents=300)
    upstream.fail("POST", "/runs", lose="before", times=2)
    with pytest.raises(errors.Lost):
        control.start(people.operator, {"task": "a"}, "k1")
    with pytest.raises(budgets.OverBudget):
        control.start(people.operator, {"task": "b"})
    make(name="Month", period="month", limit_cents=10_000)
    now = timezone.now()
    for at, promised in ((now, 250), (now + timedelta(minutes=3), 0)):  # it has never been there
        assert [one.promised for one in budgets.standings(at)] == [promised] * 2
        assert budgets.standing(Budget.objects.first(), at).promised == promised
    control.start(people.operator, {"task": "a"}, "k1")


def test_each_level_is_told_and_audited_once_a_period_and_anew_under_new_terms(make_run, people):
    budget = make(limit_cents=100, act="warn")
    run = make_run(cost_cents=79)
    tasks.keep_budgets()
    assert acts() == []
    Run.objects.filter(pk=run.pk).update(cost_cents=80)
    tasks.keep_budgets()
    tasks.keep_budgets()
    assert acts() == [("budget.warned", "Day")]
    Run.objects.filter(pk=run.pk).update(cost_cents=100)
    tasks.keep_budgets()
    assert [act for act, _ in acts()] == ["budget.warned", "budget.reached"]
    assert budgets.near(timezone.now())[0].percent == 100
    assert budgets.change(people.admin, budget, limit_cents=110, warn_percent=90) == ["limit_cents", "warn_percent"]
    tasks.keep_budgets()
    assert [act for act, _ in acts()][2:] == ["budget.changed", "budget.warned"]
    assert not Batch.objects.exists()
    assert BudgetNote.objects.get().level == "warned"


def test_a_reached_budget_cancels_what_bills_each_run_once_and_leaves_a_parked_one(upstream, connection, people):
    make(limit_cents=100, act="cancel", name="Hard")
    runs = [control.start(people.operator, {"task": str(n), "max_steps": 5}) for n in range(3)]
    far = [upstream.runs[run.upstream_id] for run in runs]
    Run.objects.filter(pk=runs[2].pk).update(status="awaiting_human")
    Run.objects.filter(pk=runs[0].pk).update(cost_cents=98)
    assert tasks.keep_budgets() == 2
    assert tasks.keep_budgets() == 0
    batch = Batch.objects.get()
    batch_work.work(batch.pk)
    assert [one.status for one in far] == ["cancelled", "cancelled", "queued"]
    assert [item.state for item in batch.items.all()] == ["done", "done"]
    told = AuditEntry.objects.filter(act="run.cancelled")
    assert {(entry.actor_name, entry.detail["gesture"]) for entry in told} == {("budget Hard", batch.gesture)}
    assert tasks.keep_budgets() == 0


def test_a_budget_a_run_cancels_that_run_alone(upstream, connection, people):
    dear, cheap = (control.start(people.operator, {"task": str(n)}) for n in range(2))
    make(name="Run", period="run", limit_cents=50, act="cancel")
    Run.objects.filter(pk=dear.pk).update(cost_cents=46)
    dear.refresh_from_db()
    assert budgets.near_of_run(dear)[0].is_reached
    assert budgets.near_of_run(cheap) == []
    assert tasks.keep_budgets() == 1
    batch_work.work(Batch.objects.get().pk)
    dear.refresh_from_db()
    assert dear.status == "cancelled"
    assert upstream.runs[cheap.upstream_id].status == "queued"
