"""A claim tells others, lapses when its page falls silent, and can be handed to somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as live
from django.utils import timezone

from approvals import claims, comments, decisions, lists, presence, queue, tasks
from approvals.errors import ApprovalClosed, Invalid, NotAllowed
from approvals.models import Approval, Claim
from runs.models import AuditEntry
from tests.approvals.desk import acts_in


@pytest.mark.django_db
def test_a_claim_tells_others_and_blocks_nobody(desk, people):
    _, run, approval = desk.parked()
    mine = claims.claim(people.reviewer, approval)
    assert claims.claim(people.admin, approval).user == people.reviewer
    assert claims.claim(people.reviewer, approval).claimed_at == mine.claimed_at
    assert not claims.release(people.admin, approval)
    assert claims.release(people.reviewer, approval)
    assert claims.claim(people.admin, approval).user == people.admin
    with pytest.raises(NotAllowed):
        claims.claim(people.viewer, approval)
    assert acts_in(run) == ["approval.claimed", "approval.released", "approval.claimed"]
    decisions.decide(people.reviewer, approval, "resume")
    with pytest.raises(ApprovalClosed):
        claims.claim(people.admin, approval)


@pytest.mark.django_db
def test_a_claim_lapses_on_silence_and_lasts_while_its_page_lives(desk, people):
    _, _, approval = desk.parked()
    start = timezone.now()
    claims.claim(people.reviewer, approval, now=start)
    long = timedelta(seconds=live.CLAIM_SECONDS - 1)
    assert claims.renew(people.reviewer, approval.pk, now=start + long)
    assert claims.active(approval, now=start + 2 * long).user == people.reviewer
    assert claims.active(approval, now=start + 3 * long) is None
    assert not claims.renew(people.reviewer, approval.pk, now=start + 3 * long)
    assert not claims.renew(people.admin, approval.pk, now=start)


@pytest.mark.django_db
def test_many_signs_of_life_write_seldom(desk, people, django_assert_num_queries):
    _, _, approval = desk.parked()
    start = timezone.now()
    claims.claim(people.reviewer, approval, now=start)
    with django_assert_num_queries(1):  # a read
        claims.renew(people.reviewer, approval.pk, now=start + timedelta(seconds=14))
    with django_assert_num_queries(2):
        claims.renew(people.reviewer, approval.pk, now=start + timedelta(seconds=16))


@pytest.mark.django_db
def test_a_claim_that_was_renewed_while_the_sweep_looked_stays(desk, people):
    _, _, approval = desk.parked()
    claims.claim(people.reviewer, approval, now=timezone.now() - timedelta(hours=1))
    claims.claim(people.reviewer, approval)
    tasks.sweep()
    assert claims.active(approval).user == people.reviewer


@pytest.mark.django_db
def test_handing_over_routes_it_ends_my_claim_and_leaves_the_word_for_all_to_read(desk, people):
    _, run, approval = desk.parked()
    claims.claim(people.reviewer, approval)
    claims.hand_over(people.reviewer, approval, people.admin, "  You know this vendor. ")
    approval.refresh_from_db()
    assert approval.routed_to == people.admin
    assert claims.active(approval) is None
    (said,) = comments.thread(approval)
    assert (said.author, said.handed_to, said.text) == (people.reviewer, people.admin, "You know this vendor.")
    assert acts_in(run)[-1] == "approval.handed_over"
    assert AuditEntry.objects.order_by("-seq")[0].detail == {"to": "admin", "word": "You know this vendor."}


@pytest.mark.django_db
def test_handing_over_leaves_somebody_elses_claim_alone(desk, people):
    _, _, approval = desk.parked()
    claims.claim(people.admin, approval)
    claims.hand_over(people.operator, approval, people.reviewer)
    assert claims.active(approval).user == people.admin


@pytest.mark.django_db
def test_it_is_handed_only_to_somebody_else_who_may_decide_and_while_it_is_open(desk, people):
    _, run, approval = desk.parked()
    for user, to in [
        (people.reviewer, people.reviewer),
        (people.reviewer, people.operator),
        (people.reviewer, people.stranger),
        (people.viewer, people.admin),
    ]:
        with pytest.raises(NotAllowed):
            claims.hand_over(user, approval, to)
    people.admin.is_active = False
    people.admin.save()
    assert claims.colleagues(people.operator) == [people.reviewer]
    with pytest.raises(Invalid):
        claims.colleague(people.reviewer, people.admin.pk)
    with pytest.raises(Invalid):
        claims.hand_over(people.operator, approval, people.reviewer, "x" * 501)
    decisions.decide(people.reviewer, approval, "cancel")
    with pytest.raises(ApprovalClosed):
        claims.hand_over(people.operator, approval, people.reviewer)
    assert "approval.handed_over" not in acts_in(run)
    assert not Claim.objects.exists()
    assert Approval.objects.get().routed_to is None


@pytest.mark.django_db
def test_the_colleague_sees_what_was_handed_over_first_and_the_others_as_before(desk, people):
    _, _, old = desk.parked()
    _, _, new = desk.parked()
    assert list(queue.ordered(people.admin)) == [old, new]
    claims.hand_over(people.reviewer, new, people.admin)
    assert list(queue.ordered(people.admin)) == [new, old]
    assert list(queue.ordered(people.reviewer)) == [old, new]
    shown = str(lists.approval_queue(people.admin))
    assert shown.index(f"queue-row-{new.pk}") < shown.index(f"queue-row-{old.pk}")


@pytest.mark.django_db
def test_the_queue_marks_what_others_look_at(desk, people):
    _, _, approval = desk.parked()
    presence.note(people.reviewer, approval.pk)
    assert "Looks at this now" in lists.approval_queue(people.admin)
    assert "Looks at this now" not in lists.approval_queue(people.reviewer)
