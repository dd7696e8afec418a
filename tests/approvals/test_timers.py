"""Due times within working hours, reminders, escalation: and that time alone never decides."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.models import Approval, Claim, Decision, Occasion, WorkingTime
from approvals.notices import reminding, timers
from runs.models import AuditEntry, Run

ROME = ZoneInfo("Europe/Rome")
OFFICE = {"is_limited": True, "days": [0, 1, 2, 3, 4], "starts_at": time(9), "ends_at": time(17)}


def row(**fields):
    return WorkingTime(**{**OFFICE, "time_zone": "Europe/Rome", "due_minutes": {"payment": 60}, **fields})


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-07-06 10:00", "2026-07-06 11:00"),  # a Monday
        ("2026-07-06 16:30", "2026-07-07 09:30"),
        ("2026-07-06 16:00", "2026-07-06 17:00"),
        ("2026-07-06 03:00", "2026-07-06 10:00"),
        ("2026-07-10 16:50", "2026-07-13 09:50"),  # over a weekend
        ("2026-07-11 12:00", "2026-07-13 10:00"),
        ("2026-10-23 16:30", "2026-10-26 09:30"),  # summer time ends meanwhile
    ],
)
def test_a_due_time_counts_within_working_hours(since, due):
    since, due = (datetime.fromisoformat(text).replace(tzinfo=ROME) for text in (since, due))
    assert timers.due_at("payment", since, row=row()) == due


def test_without_working_hours_the_clock_counts_and_a_shift_may_end_after_midnight():
    since = datetime(2026, 7, 11, 23, 30, tzinfo=ROME)
    assert timers.due_at("payment", since, row=row(is_limited=False)) == since + timedelta(hours=1)
    night = row(days=[5], starts_at=time(22), ends_at=time(0))
    assert timers.due_at("payment", since, row=night) == datetime(2026, 7, 18, 22, 30, tzinfo=ROME)
    assert timers.due_at("captcha", since, row=row()) is None


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-07-07 02:00", "2026-07-07 03:00"),  # a Tuesday, in the shift that began on Monday
        ("2026-07-07 05:30", "2026-07-07 22:30"),
        ("2026-07-11 03:00", "2026-07-11 04:00"),  # Friday's goes on into the Saturday
        ("2026-07-12 03:00", "2026-07-13 23:00"),  # Saturday has none
        ("2026-10-26 04:00", "2026-10-26 23:00"),  # Sunday has none, and summer time ended in it
    ],
)
def test_a_shift_that_began_yesterday_counts(since, due):
    since, due = (datetime.fromisoformat(text).replace(tzinfo=ROME) for text in (since, due))
    assert timers.due_at("payment", since, row=row(starts_at=time(22), ends_at=time(6))) == due


def test_it_is_due_before_upstream_gives_it_up():
    since = datetime(2026, 7, 6, 10, tzinfo=ROME)
    assert timers.due_at("payment", since, since + timedelta(minutes=20), row()) == since + timedelta(minutes=15)


@pytest.fixture
def parked(desk):
    _, _, approval = desk.parked("May I pay?")
    Occasion.objects.all().delete()
    return approval


def noted():
    return list(Occasion.objects.order_by("pk").values_list("event", "person__username"))


@pytest.mark.django_db
def test_an_approval_is_due_by_its_kind_also_when_its_reason_came_after_it(desk, people):
    timers.change(people.admin, due_minutes={"payment": 7, "other": 50})
    scripted, run = desk.run()
    scripted.state["status"] = "awaiting_human"
    scripted.emit("status", {"status": "awaiting_human"})
    desk.follow(scripted)
    approval = run.approvals.get()
    assert approval.due_at == approval.opened_at + timedelta(minutes=50)
    scripted.emit("awaiting_human", {"reason": "May I pay?"})
    desk.follow(scripted)
    approval.refresh_from_db()
    assert approval.due_at == approval.opened_at + timedelta(minutes=7)


@pytest.mark.django_db
def test_whom_it_is_put_to_is_reminded_first_then_everyone_and_each_once(parked, people):
    Approval.objects.filter(pk=parked.pk).update(routed_to=people.reviewer)
    due = parked.due_at
    Claim.objects.create(approval=parked, user=people.admin, expires_at=due - timedelta(minutes=20))  # who has left
    for minutes in (30, 10.5, 10, 9, 5, 3, 1):
        reminding.remind(due - timedelta(minutes=minutes))
        reminding.remind(due - timedelta(minutes=minutes))
    assert noted() == [("due_soon", "reviewer"), ("due_soon", None)]


@pytest.mark.django_db
def test_what_nobody_is_asked_first_is_reminded_of_once_and_a_short_one_not_as_it_opens(parked):
    reminding.remind(parked.due_at - timedelta(minutes=9))
    reminding.remind(parked.due_at - timedelta(minutes=1))
    assert noted() == [("due_soon", None)]
    Approval.objects.filter(pk=parked.pk).update(reminders=0, due_at=parked.opened_at + timedelta(minutes=4))
    assert reminding.remind(parked.opened_at + timedelta(seconds=100)) == 0
    assert reminding.remind(parked.opened_at + timedelta(seconds=125)) == 1


@pytest.mark.django_db
def test_what_is_overdue_comes_earlier_and_is_told_once_and_audited_and_still_open(parked):
    assert reminding.escalate(parked.due_at - timedelta(seconds=1)) == 0
    late = parked.due_at + timedelta(days=400)
    assert reminding.escalate(late) == 1
    assert reminding.escalate(late) == 0
    parked.refresh_from_db()
    assert (parked.state, parked.priority, parked.overdue_at) == ("open", 1, late)
    assert parked.rank_at < parked.due_at - timedelta(minutes=60), "it stands earlier in the queue"
    assert noted() == [("escalated", None)]
    entry = AuditEntry.objects.get(act="approval.overdue")
    assert (entry.actor_name, entry.run_id) == ("system", parked.run_id)
    assert not Decision.objects.exists()
    assert Run.objects.get(pk=parked.run_id).status == "awaiting_human"


@pytest.mark.django_db
def test_escalation_can_be_switched_off_and_the_change_is_audited(parked, people):
    assert timers.change(people.admin, escalates=False)
    assert not timers.change(people.admin, escalates=False)
    assert reminding.escalate(parked.due_at + timedelta(days=1)) == 0
    assert AuditEntry.objects.get(act="working_time.changed").detail == {"changed": {"escalates": "False"}}
    assert timers.working_time().due_minutes == timers.DEFAULT_MINUTES
