"""A policy tried on what people decided before: it counts as people did, and says where it would not have."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals import claims
from approvals.models import Applied, Approval, Decision
from approvals.rules import trying
from approvals.rules.matching import Rule
from runs.models import Run
from tests.approvals.rules_desk import NOW, policy, rule

CAPTCHA = {"kinds": ("captcha",)}
RESUME = {"verdict": "resume"}
ASKS = "Please solve the captcha"

pytestmark = pytest.mark.django_db


@pytest.fixture
def past(desk, people):
    """Give it (reason, verdict) or more facts: each an approval of a run of its own that ended that way."""
    made = []

    def remember(reason=ASKS, verdict="resume", *, run=None, lasted=5, opened=NOW - timedelta(days=1), **fields):
        number = Approval.objects.count()
        run = run or Run.objects.create(connection=desk.connection, upstream_id=f"past_{number}", task="Old", **fields)
        state = "decided" if verdict else "closed"
        ended = opened + timedelta(minutes=lasted)
        approval = Approval.objects.create(
            run=run,
            pause_seq=number,
            state=state,
            reason=reason,
            opened_at=opened,
            closed_at=None if verdict else ended,
        )
        if verdict:
            Decision.objects.create(
                approval=approval, code=f"{number:08x}", verdict=verdict, decided_by=people.reviewer, decided_at=ended,
                delivery="delivered", seen_cost_cents=10,
            )  # fmt: skip
        made.append(approval)
        return approval

    return remember


def counted(when, then, **columns):
    found = trying.replay(rule(when, then, **columns), trying.past(1000))
    return sorted((str(each.outcome), each.approval_id) for each in found)


def test_what_people_did_otherwise_and_refused_is_told_apart(past):
    same, other, ended = past(), past(verdict="cancel"), past(verdict="")
    past("Which of the two?")
    assert counted(CAPTCHA, RESUME) == [("as_people", same.pk), ("refused", other.pk), ("undecided", ended.pk)]
    assert counted(CAPTCHA, {"verdict": "fail"}) == [
        ("otherwise", same.pk), ("otherwise", other.pk), ("undecided", ended.pk),
    ]  # fmt: skip
    assert {outcome for outcome, _ in counted(CAPTCHA, {"two_people": True})} == {"handled"}


def test_a_try_holds_to_all_that_holds_when_it_is_on(past):
    capped = {"kinds": ("payment",), "amount_at_most_cents": 5000, "page_text": True}
    fits = past("May I pay $12.00?")
    past("May I pay $12.00 and $13.00?")
    past("May I pay $120.00?")
    assert counted(capped, RESUME) == [("as_people", fits.pk)]
    assert not counted({"connection": fits.run.connection.slug}, RESUME)
    first = past()
    more = [past(run=first.run) for _ in range(3)]
    assert [pk for _, pk in counted(CAPTCHA, RESUME, per_run=2)] == [first.pk, more[0].pk]


def test_waiting_and_hours_are_tried_at_the_time_that_it_was_then(past):
    past(lasted=9)
    long = past(lasted=11)
    assert counted({**CAPTCHA, "waits_minutes": 10}, {"verdict": "cancel"}) == [("otherwise", long.pk)]
    monday = NOW.replace(hour=12, minute=0) - timedelta(days=NOW.weekday() + 7)
    on_monday = past("Is this the one?", opened=monday)
    past("Is this the one?", opened=monday + timedelta(days=1))
    hours = {"days": (0,), "start": 9 * 60, "end": 17 * 60, "zone": "UTC"}
    assert counted({"kinds": ("other",), "hours": hours}, RESUME) == [("as_people", on_monday.pk)]


def test_what_policies_decided_and_what_was_taken_back_is_no_measure(past, people):
    by_policy, recalled = past(), past()
    made = policy(people.admin, CAPTCHA, RESUME)
    Decision.objects.filter(approval=by_policy).update(decided_by=None, policy=made)
    Decision.objects.filter(approval=recalled).update(delivery="recalled")
    assert not counted(CAPTCHA, RESUME)


def test_a_try_is_kept_with_its_version_and_its_rows_the_worrying_first(past, people):
    same, refused = past(), past(verdict="fail")
    trial = trying.try_out(people.admin, made := policy(people.admin, CAPTCHA, RESUME, mode="off"))
    assert (trial.looked_at, trial.counts, trial.version) == (2, {"as_people": 1, "refused": 1}, 1)
    assert trial.rows == [[refused.pk, "refused"], [same.pk, "as_people"]]
    assert trying.latest(made) == trial
    for _ in range(7):
        trying.try_out(people.admin, made)
    assert made.trials.count() == trying.KEPT_TRIALS


def test_the_page_of_an_untried_policy_shows_what_it_would_have_done_and_that_allows_nothing(past, people, client):
    made = policy(people.admin, CAPTCHA, RESUME, mode="off")
    client.force_login(people.viewer)
    page = client.get(f"/policies/{made.pk}/").content.decode()
    assert "Nothing was decided here yet" in page
    same, other = past(), past(verdict="cancel")
    page = client.get(f"/policies/{made.pk}/").content.decode()
    assert "It was not tried yet. At a glance, on the newest 2:" in page
    assert "<strong>1 of the last 2 as people did</strong>" in page
    assert page.index(f'id="tried-row-{other.pk}"') < page.index(f'id="tried-row-{same.pk}"')
    assert not made.trials.exists()


def test_what_waits_now_is_counted_too(desk, people):
    desk.parked(ASKS)
    desk.parked("Which of the two?")
    assert len(trying.would_act_now(rule(CAPTCHA, RESUME), timezone.now())) == 1
    assert trying.would_act_now(rule({**CAPTCHA, "waits_minutes": 5}, {"verdict": "fail"}), timezone.now()) == []


def test_all_that_waits_is_counted_but_what_somebody_is_on_or_the_policy_has_dealt_with(desk, people, past):
    made = policy(people.admin, CAPTCHA, RESUME, per_run=1)
    count = lambda: len(trying.would_act_now(Rule.of(made), timezone.now()))  # noqa: E731
    runs = Run.objects.bulk_create(
        Run(connection=desk.connection, upstream_id=f"waits_{n}", status="awaiting_human") for n in range(210)
    )
    waiting = Approval.objects.bulk_create(Approval(run=run, kind="captcha", reason=ASKS) for run in runs)
    assert count() == 210
    claims.claim(people.reviewer, waiting[0])
    assert count() == 209
    earlier = past(run=runs[1])
    Applied.objects.create(policy=made, approval=earlier, version=1, outcome="did", verdict="resume", at=NOW)
    assert count() == 208
    Applied.objects.create(policy=made, approval=waiting[2], version=made.version, outcome="stood_back", at=NOW)
    Applied.objects.create(policy=made, approval=waiting[3], version=made.version, outcome="would", at=NOW)
    assert count() == 207


def test_a_thousand_past_approvals_are_tried_in_a_few_queries_and_two_seconds_of_work(desk, people):
    runs = [Run(connection=desk.connection, upstream_id=f"many_{n}", task="Old " * 50) for n in range(500)]
    runs = Run.objects.bulk_create(runs)
    reason = "Please solve the captcha on this page before I go on. " * 8
    rows = Approval.objects.bulk_create(
        Approval(run=runs[n % 500], pause_seq=n, state="decided", reason=reason, opened_at=NOW) for n in range(1000)
    )
    Decision.objects.bulk_create(
        Decision(approval=row, code=f"{row.pk:08x}", verdict="resume", decided_by=people.reviewer, delivery="delivered")
        for row in rows
    )
    made = policy(people.admin, {**CAPTCHA, "amount_at_most_cents": 500, "page_text": True}, RESUME, mode="off")
    hours = {"days": (0, 1, 2, 3, 4, 5, 6), "start": 0, "end": 24 * 60, "zone": "UTC"}
    made = policy(people.admin, {**CAPTCHA, "hours": hours}, RESUME, mode="off")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        began = time.process_time()
        trial = trying.try_out(people.admin, made, limit=1000)
        took = time.process_time() - began
    assert trial.counts == {"as_people": 1000}
    assert len(asked) < 20
    assert took < 2, took
