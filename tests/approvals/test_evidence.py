"""Whose resume was it, and is it still the same pause: read from streams of every manner, or not claimed at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import decisions, evidence, pauses
from approvals.evidence import Resumed
from approvals.models import Approval
from approvals.pauses import Pause, Relation
from coasty_api.errors import CoastyError
from runs import upstream
from runs.models import Frame, Run
from tests.scripted_runs import AT_ONCE, Manner

MANNERS = {
    "plain": Manner(),
    "with times": Manner(has_created_at=True, rotate_seconds=AT_ONCE),
    "wrapped": Manner(is_wrapped=True, has_id=False, has_event=False, rotate_seconds=AT_ONCE),
    "not chunked": Manner(is_chunked=False, rotate_seconds=AT_ONCE),
    "byte by byte": Manner(is_trickle=True),
    "carriage returns": Manner(eol="\r", rotate_seconds=AT_ONCE),
    "with comments": Manner(comments=3, rotate_seconds=AT_ONCE),
    "repeating": Manner(repeat=3, rotate_seconds=AT_ONCE),
    "closing at a pause": Manner(closes_at_pause=True),
}


@pytest.mark.django_db
def test_the_facts_of_a_run_tell_steps_that_are_left_while_it_may_take_them(desk, people, client):
    scripted, run, approval = desk.parked()
    client.force_login(people.viewer)
    facts = f"/approvals/{approval.pk}/facts/"
    Run.objects.filter(pk=run.pk).update(max_steps=50, steps_completed=3)
    assert ", 47 left" in client.get(facts).content.decode()
    Run.objects.filter(pk=run.pk).update(steps_completed=51)  # one in flight overshot
    assert ", 0 left" in client.get(facts).content.decode()
    scripted.finish("cancelled")
    desk.follow(scripted)
    assert " left" not in client.get(facts).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["", "facts/"])
def test_what_is_shown_and_what_a_decision_is_bound_to_are_one_reading_of_the_newest_frame(desk, people, client, part):
    _, run, approval = desk.parked()
    Frame.objects.create(run=run, index=0, sha256="a" * 64, received_at=datetime.now(UTC), after_seq=1)
    client.force_login(people.reviewer)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(f"/approvals/{approval.pk}/{part}").content.decode()
    newest = [each for each in asked if 'FROM "runs_frame"' in each["sql"] and '"index" DESC LIMIT 1' in each["sql"]]
    assert len(newest) == 1, "a frame that comes between two readings would be decided on unseen"
    assert f'name="seen_frame_sha256" value="{"a" * 64}"' in page
    assert f"/runs/{run.upstream_id}/frames/0.jpg" in page


@pytest.mark.django_db
@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS)
def test_a_resume_is_known_by_its_code_in_every_manner(desk, people, manner):
    client = upstream.client(desk.connection)
    for note, whose in (
        (None, Resumed.NOT_SEEN),
        ("mine [decision {code}]", Resumed.BY_US),
        ("hers", Resumed.BY_OTHERS),
    ):
        scripted, _, approval = desk.parked(manner=manner)
        decision = decisions.decide(people.reviewer, approval, "resume")
        if note:
            scripted.resume(note.format(code=decision.code))
            scripted.step()
        assert evidence.resumed_by(client, decision) == whose
        assert evidence.waits_still(client, approval, evidence.look(client, approval)) == (note is None)


@pytest.mark.django_db
def test_a_note_that_only_mentions_the_code_proves_nothing(desk, people):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    scripted.emit("text", {"text": f"[decision {decision.code}]"})
    scripted.resume(f"[decision {decision.code}] was not sent by us")
    assert evidence.resumed_by(upstream.client(desk.connection), decision) == Resumed.BY_OTHERS


@pytest.mark.django_db
def test_a_stream_that_breaks_proves_nothing(desk, people):
    _, _, approval = desk.parked(manner=Manner(drop_after=1))
    decision = decisions.decide(people.reviewer, approval, "resume")
    Approval.objects.filter(pk=approval.pk).update(pause_seq=1)
    decision.approval.refresh_from_db()
    with pytest.raises(CoastyError):
        evidence.resumed_by(upstream.client(desk.connection), decision)
    assert desk.deliver(decision).delivery == "pending"
    assert desk.sent() == 0


T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOON, LATER = T0 + timedelta(milliseconds=400), T0 + timedelta(seconds=30)
OLDER, SAME, NEWER = Relation.OLDER, Relation.SAME, Relation.NEWER


@pytest.mark.parametrize(
    ("pause_seq", "paused_at", "seq", "at", "arrived", "expected"),
    [
        (10, None, 10, None, True, SAME),
        (10, None, 11, None, False, SAME),
        (10, None, 14, None, False, SAME),
        (10, None, 14, None, True, NEWER),
        (10, None, 9, None, True, OLDER),
        (None, T0, 10, T0, False, SAME),
        (None, T0, 10, SOON, False, SAME),
        (None, T0, 10, LATER, True, NEWER),
        (None, LATER, 10, T0, True, OLDER),
        (None, T0, None, T0, True, SAME),
        (None, T0, None, LATER, True, NEWER),
        (10, T0, None, T0, False, SAME),
        (10, T0, None, LATER, False, NEWER),
        (None, None, 10, None, False, SAME),
        (None, None, 10, T0, True, SAME),
    ],
)
def test_one_pause_is_told_from_another(pause_seq, paused_at, seq, at, arrived, expected):
    approval = Approval(run=Run(), pause_seq=pause_seq, paused_at=paused_at, state="open")
    assert pauses.relation(approval, Pause(seq, at, arrived)) == expected


@pytest.mark.parametrize(
    ("paused_at", "since", "expected"),
    [(T0, T0, True), (T0, SOON, False), (T0, LATER, False), (T0, None, None), (None, T0, None)],
)
def test_only_equal_times_prove_a_pause(paused_at, since, expected):
    assert pauses.is_exactly(Approval(run=Run(), paused_at=paused_at), since) is expected
