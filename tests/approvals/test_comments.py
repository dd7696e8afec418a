"""People talk about an approval; nothing of it goes upstream, and nothing that looks like a password is kept."""

from __future__ import annotations

import pytest

from approvals import comments, decisions
from approvals.errors import Invalid, NotAllowed
from approvals.models import Comment
from runs.models import AuditEntry
from tests.approvals.desk import acts_in, resumed_notes


@pytest.mark.django_db
def test_a_comment_is_kept_audited_and_never_sent_upstream(desk, people):
    scripted, run, approval = desk.parked()
    asked = len(desk.far.requests)
    comments.say(people.operator, approval, "Is this\r\nthe right vendor? ")
    comments.say(people.reviewer, approval, "It is.")
    assert len(desk.far.requests) == asked
    assert [(one.author.username, one.text) for one in comments.thread(approval)] == [
        ("operator", "Is this\nthe right vendor?"),
        ("reviewer", "It is."),
    ]
    assert acts_in(run) == ["approval.commented", "approval.commented"]
    desk.pursue(decisions.decide(people.reviewer, approval, "resume", "go on"))
    assert "vendor" not in str(resumed_notes(scripted))


@pytest.mark.django_db
def test_what_looks_like_a_password_is_stored_nowhere(desk, people):
    _, _, approval = desk.parked()
    said = comments.say(people.reviewer, approval, "The password is Tr0ub4dor, try it")
    assert "Tr0ub4dor" not in said.text
    assert "Tr0ub4dor" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001, "a\x00b", "lone \ud800"])
def test_what_is_no_text_or_too_long_is_refused(desk, people, text):
    _, run, approval = desk.parked()
    with pytest.raises(Invalid):
        comments.say(people.reviewer, approval, text)
    assert not Comment.objects.exists()
    assert acts_in(run) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["viewer", "stranger"])
def test_who_only_watches_does_not_comment(desk, people, name):
    _, _, approval = desk.parked()
    with pytest.raises(NotAllowed):
        comments.say(getattr(people, name), approval, "hello")


@pytest.mark.django_db
def test_a_closed_approval_can_still_be_talked_about(desk, people):
    scripted, _, approval = desk.parked()
    scripted.resume("elsewhere")
    desk.follow(scripted)
    comments.say(people.reviewer, approval, "Who did that?")
    assert [one.text for one in comments.thread(approval)] == ["Who did that?"]


@pytest.mark.django_db
def test_a_long_thread_shows_its_newest(desk, people):
    _, _, approval = desk.parked()
    Comment.objects.bulk_create([Comment(approval=approval, author=people.admin, text=str(n)) for n in range(105)])
    assert [one.text for one in comments.thread(approval)] == [str(n) for n in range(5, 105)]
