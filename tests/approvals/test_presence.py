"""Who looks at an approval is told while they look, soon not any more, and costs next to nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from approvals import presence
from approvals.models import Presence
from tests.approvals.test_decisions import in_the_same_instant


def after(seconds):
    return timedelta(seconds=seconds)


@pytest.mark.django_db
def test_a_person_is_shown_while_their_page_gives_signs_and_gone_within_thirty_seconds(desk, people):
    _, _, approval = desk.parked()
    start = timezone.now()
    for tick in range(0, 65, 5):
        presence.note(people.reviewer, approval.pk, now=start + after(tick))
        (row,) = presence.watching(approval.pk, now=start + after(tick + 5))
        assert row.user == people.reviewer
        assert row.since_at == start
    assert presence.watching(approval.pk, now=start + after(60 + 30)) == []


@pytest.mark.django_db
def test_a_page_that_stays_open_writes_at_most_each_eighteen_seconds(desk, people):
    _, _, approval = desk.parked()
    start = timezone.now()
    written = [tick for tick in range(0, 120) if presence.note(people.reviewer, approval.pk, now=start + after(tick))]
    assert len(written) == 7
    assert all(late - early >= 18 for early, late in pairwise(written))


@pytest.mark.django_db
def test_who_comes_back_has_come_anew(desk, people):
    _, _, approval = desk.parked()
    start = timezone.now()
    presence.note(people.reviewer, approval.pk, now=start)
    presence.note(people.reviewer, approval.pk, now=start + after(90))
    (row,) = presence.watching(approval.pk, now=start + after(91))
    assert row.since_at == start + after(90)


@pytest.mark.django_db
def test_the_names_for_many_approvals_cost_one_question(desk, people, django_assert_num_queries):
    _, _, first = desk.parked()
    _, _, second = desk.parked()
    for user in (people.reviewer, people.admin):
        presence.note(user, first.pk)
    presence.note(people.viewer, second.pk, now=timezone.now() - after(60))
    with django_assert_num_queries(1):
        found = presence.names([first.pk, second.pk], but=people.admin)
    assert found == {first.pk: ["reviewer"]}
    assert [row.user for row in presence.watching(first.pk, but=people.reviewer)] == [people.admin]


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_make_one_row(desk, people):
    _, _, approval = desk.parked()
    results = in_the_same_instant([lambda: presence.note(people.reviewer, approval.pk)] * 6)
    assert not [result for result in results if isinstance(result, Exception)]
    assert Presence.objects.count() == 1


@pytest.mark.django_db
def test_rows_of_yesterday_are_removed(desk, people):
    _, _, approval = desk.parked()
    presence.note(people.reviewer, approval.pk, now=timezone.now() - timedelta(days=2))
    presence.note(people.admin, approval.pk)
    assert presence.forget() == 1
    assert [row.user for row in Presence.objects.all()] == [people.admin]
