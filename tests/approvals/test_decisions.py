"""One decision stands for an approval, whoever comes at once, and only on what was really seen."""

from __future__ import annotations

import threading
from collections import Counter
from hashlib import sha256

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from approvals import claims, decisions, takeovers
from approvals.models import Approval, Decision
from approvals.rules import asking
from approvals.seen import Seen, compared
from runs import audit, timeline
from runs.models import AuditEntry, Frame, Run
from tests.approvals.desk import acts_in, newest
from tests.conftest import wait_until


def in_the_same_instant(calls):
    """Run all calls on threads that start together; what each gave or raised."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def work(index, call):
        barrier.wait()
        try:
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_many_who_decide_at_once_one_stands_and_the_others_are_told_by_whom(desk, people):
    _, run, approval = desk.parked()
    voters = [(people.reviewer if n % 2 else people.admin, ("resume", "fail", "cancel")[n % 3], n) for n in range(24)]
    results = in_the_same_instant(
        [lambda u=u, v=v, n=n: decisions.decide(u, approval, v, f"caller {n}") for u, v, n in voters]
    )
    stands = [result for result in results if isinstance(result, Decision)]
    told = [result for result in results if isinstance(result, decisions.AlreadyDecided)]
    assert (len(stands), len(told)) == (1, 23)
    assert Decision.objects.count() == 1
    assert {error.decision.pk for error in told} == {stands[0].pk}
    assert all(error.facts["decided_by"] == stands[0].decided_by.username for error in told)
    assert acts_in(run) == ["approval.decided"]
    assert audit.verify() == (True, None)


@pytest.mark.django_db(transaction=True)
def test_many_approvals_under_many_hands_get_one_decision_each(desk, people):
    approvals = [desk.parked()[2] for _ in range(6)]
    calls = [
        lambda a=a, u=u: decisions.decide(u, a, "cancel", f"{u.username}")
        for a in approvals
        for u in (people.reviewer, people.admin, people.reviewer, people.admin)
    ]
    results = in_the_same_instant(calls)
    kinds = Counter(type(result).__name__ for result in results)
    assert set(kinds) <= {"Decision", "AlreadyDecided"}
    assert Decision.objects.count() == 6
    assert AuditEntry.objects.filter(act="approval.decided").count() == 6


@pytest.mark.django_db(transaction=True)
def test_a_decision_and_the_end_of_the_pause_at_once_leave_one_truth(desk, people):
    for _ in range(5):
        scripted, _, approval = desk.parked()
        scripted.resume("elsewhere")
        result, _ = in_the_same_instant(
            [lambda a=approval: decisions.decide(people.reviewer, a, "resume"), lambda s=scripted: desk.follow(s)]
        )
        approval.refresh_from_db()
        if isinstance(result, Decision):
            assert approval.state == "decided"
            assert desk.deliver(result).delivery == "refused"
        else:
            assert isinstance(result, (decisions.ApprovalClosed, decisions.RunMoved))
            assert approval.state == "closed"
            assert not Decision.objects.filter(approval=approval).exists()
    assert desk.sent() == 0


@pytest.mark.django_db
def test_the_evidence_is_kept_with_the_decision(desk, people):
    _, run, approval = desk.parked("Pay 10?")
    seen = {"seen_seq": run.cursor, "seen_frame_sha256": "ab" * 32, "seen_reason": "Pay 10?", "seen_cost_cents": 15}
    decision = decisions.decide(people.reviewer, approval, "resume", **seen)
    decision.refresh_from_db()
    assert {name: getattr(decision, name) for name in seen} == seen
    entry = AuditEntry.objects.get(act="approval.decided")
    assert entry.actor_name == "reviewer"
    assert entry.detail["seen_seq"] == run.cursor
    assert entry.detail["seen_frame_sha256"] == "ab" * 32


@pytest.mark.django_db
def test_a_call_repeated_with_its_key_gets_the_standing_decision_and_every_other_is_told_who_decided(desk, people):
    _, _, approval = desk.parked()
    first = decisions.decide(people.reviewer, approval, "resume", "yes", idempotency_key="a")
    assert decisions.decide(people.reviewer, approval, "resume", "yes", idempotency_key="a").pk == first.pk
    for user, key in ((people.reviewer, ""), (people.reviewer, "b"), (people.admin, "a")):
        with pytest.raises(decisions.AlreadyDecided) as told:
            decisions.decide(user, approval, "resume", "yes", idempotency_key=key)
        assert told.value.facts["decided_by"] == "reviewer"
        assert told.value.facts["action"] == "resume"
        assert told.value.facts["decided_at"] == first.decided_at
    with pytest.raises(decisions.AlreadyDecided):  # the key of another wish
        decisions.decide(people.reviewer, approval, "cancel", idempotency_key="a")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["viewer", "operator", "stranger"])
def test_only_reviewers_and_admins_decide(desk, people, name):
    _, run, approval = desk.parked()
    with pytest.raises(decisions.NotAllowed):
        decisions.decide(getattr(people, name), approval, "resume")
    assert Approval.objects.get(pk=approval.pk).is_open
    assert acts_in(run) == []


@pytest.mark.django_db
def test_somebody_who_is_switched_off_decides_nothing(desk, people):
    _, _, approval = desk.parked()
    people.reviewer.is_active = False
    with pytest.raises(decisions.NotAllowed):
        decisions.decide(people.reviewer, approval, "resume")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verdict", "note", "seen_seq"),
    [
        ("approve", "", None),
        ("", "", None),
        ("resume", "x" * 1981, None),
        ("resume", "a\x00b", None),
        ("resume", "\ud800", None),
        ("resume", "", -1),
        ("resume", "", 2**63),
    ],
)
def test_what_cannot_be_taken_changes_nothing(desk, people, verdict, note, seen_seq):
    _, _, approval = desk.parked()
    with pytest.raises(decisions.Invalid):
        decisions.decide(people.reviewer, approval, verdict, note, seen_seq=seen_seq)
    assert Approval.objects.get(pk=approval.pk).is_open


@pytest.mark.django_db
def test_the_longest_note_fits_upstream_with_its_code(desk, people):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "x" * 1980)
    desk.deliver(decision)
    raw = next(raw for _, kind, raw, _ in scripted.log if kind == "resumed")
    assert len(raw) == len('{"note": ""}') + 2000


@pytest.mark.django_db
def test_who_saw_a_page_from_before_the_pause_is_refused(desk, people):
    scripted, run = desk.run()
    seen = Run.objects.get(pk=run.pk).cursor
    scripted.pause("Pay 10?")
    desk.follow(scripted)
    approval = newest(run)
    with pytest.raises(decisions.RunMoved) as moved:
        decisions.decide(people.reviewer, approval, "resume", seen_seq=seen)
    assert moved.value.difference
    assert moved.value.facts["pause_seq"] == approval.pause_seq
    assert Approval.objects.get(pk=approval.pk).is_open
    assert decisions.decide(people.reviewer, approval, "resume", seen_seq=approval.pause_seq)


@pytest.mark.django_db
def test_an_approval_whose_pause_is_over_can_not_be_decided_for_the_next_one(desk, people):
    scripted, run, first = desk.parked("Pay 10?")
    scripted.resume("elsewhere")
    scripted.pause("Pay 10,000?")
    desk.follow(scripted)
    for seen_seq in (None, scripted.next_seq):
        with pytest.raises(decisions.ApprovalClosed):
            decisions.decide(people.reviewer, first, "resume", seen_seq=seen_seq)
    second = newest(run)
    assert second.is_open
    assert second.reason == "Pay 10,000?"


@pytest.mark.django_db
def test_a_run_that_left_its_pause_unnoticed_is_not_decided(desk, people):
    _, run, approval = desk.parked()
    Run.objects.filter(pk=run.pk).update(status="running")
    with pytest.raises(decisions.RunMoved):
        decisions.decide(people.reviewer, approval, "resume")
    assert Approval.objects.get(pk=approval.pk).is_open
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_nobody_resumes_while_somebody_else_drives(desk, people):
    _, run, approval = desk.parked()
    takeovers.begin(people.operator, run)
    with pytest.raises(decisions.TakenOver) as held:
        decisions.decide(people.reviewer, approval, "resume")
    assert held.value.facts["held_by"] == "operator"
    assert Approval.objects.get(pk=approval.pk).is_open
    assert decisions.decide(people.reviewer, approval, "cancel")
    assert takeovers.active(run) is None
    assert acts_in(run) == ["takeover.started", "takeover.ended", "approval.decided"]


@pytest.mark.django_db
def test_who_drives_may_resume_and_hands_back_by_it(desk, people):
    _, run, approval = desk.parked()
    takeovers.begin(people.reviewer, run)
    assert decisions.decide(people.reviewer, approval, "resume", "done by hand")
    assert takeovers.active(run) is None


@pytest.mark.django_db
def test_a_decision_ends_the_claim(desk, people):
    _, _, approval = desk.parked()
    claims.claim(people.admin, approval)
    decisions.decide(people.reviewer, approval, "resume")
    assert claims.active(approval) is None


def seen_of(approval):
    approval.refresh_from_db()
    approval.run.refresh_from_db()
    return vars(Seen.of(approval, timeline.latest_frame(approval.run)))


def take_frame(run, index, picture=b"x"):
    Frame.objects.create(
        run=run, index=index, received_at=timezone.now(), mime_type="image/png", sha256=sha256(picture).hexdigest(),
        image=picture,
    )  # fmt: skip


@pytest.mark.django_db
def test_what_was_on_screen_must_still_be_so(desk, people):
    _, run, approval = desk.parked("Pay 10?")
    take_frame(run, 0)
    seen = seen_of(approval)
    take_frame(run, 1, b"another picture")
    Approval.objects.filter(pk=approval.pk).update(reason="Pay 10,000?")
    Run.objects.filter(pk=run.pk).update(cost_cents=run.cost_cents + 6)
    with pytest.raises(decisions.RunMoved) as moved:
        decisions.decide(people.reviewer, approval, "resume", **seen)
    assert [(c["what"], c["before"], c["after"]) for c in moved.value.facts["changes"]] == [
        ("reason", "Pay 10?", "Pay 10,000?"),
        ("frame", 0, 1),
        ("cost", run.cost_cents, run.cost_cents + 6),
    ]
    assert Approval.objects.get(pk=approval.pk).is_open
    assert decisions.decide(people.reviewer, approval, "resume", **seen_of(approval))


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["nothing", "one step more", "the same picture again", "line ends", "not told"])
def test_what_does_not_matter_stops_nobody(desk, people, change):
    _, run, approval = desk.parked("Pay 10?\nNow?")
    take_frame(run, 0)
    seen = seen_of(approval)
    if change == "one step more":
        Run.objects.filter(pk=run.pk).update(cost_cents=run.cost_cents + 5)
    elif change == "the same picture again":
        take_frame(run, 1)
    elif change == "line ends":
        seen["seen_reason"] = "Pay 10?\r\nNow?"
    elif change == "not told":
        Approval.objects.filter(pk=approval.pk).update(reason="Another?")
        seen = {"seen_seq": seen["seen_seq"]}
    assert decisions.decide(people.reviewer, approval, "resume", **seen)


def test_two_texts_are_compared_word_by_word():
    left, right = compared("Pay 10 to Ada.", "Pay 10,000 to Ada.")
    assert [(p.tone, p.text) for p in left] == [("same", "Pay "), ("gone", "10"), ("same", " to Ada.")]
    assert [(p.tone, p.text) for p in right] == [("same", "Pay "), ("new", "10,000"), ("same", " to Ada.")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="no row locks")
def test_many_approvals_are_made_due_in_one_order(desk, people):
    first, second = desk.parked()[2], desk.parked()[2]
    Approval.objects.filter(pk=first.pk).update(priority=1)  # its row stands behind the other's now
    with transaction.atomic():
        Approval.objects.select_for_update().get(pk=first.pk)
        asks = threading.Thread(target=_ask_all)
        asks.start()
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"

        def is_waiting():
            with connection.cursor() as cursor:
                cursor.execute(waits)
                return cursor.fetchone()[0] > 0

        wait_until(is_waiting)
        # Who waits for the first holds none behind it.
        assert Approval.objects.select_for_update(nowait=True).get(pk=second.pk)
    asks.join(10)
    assert not Approval.objects.filter(rules_due_at=None).exists()


def _ask_all():
    with transaction.atomic():
        asking.ask_all()
    connection.close()
