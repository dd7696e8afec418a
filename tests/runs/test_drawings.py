"""What was drawn once is shown again for equal values in an equal manner, and for no others."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from live.drawings import Drawings, facts
from runs import fragments, listing, timeline
from runs.models import Connection, Event, Run

pytestmark = pytest.mark.django_db


def test_equal_values_are_drawn_once_in_each_language_and_zone_and_the_oldest_go() -> None:
    kept, drawn = Drawings(3), []

    def of(values):
        return kept.of(values, lambda: drawn.append(values) or f"{values}")

    assert of(("a", 1)) == of(("a", 1)) == "('a', 1)"
    assert drawn == [("a", 1)]
    of(("a", "1"))
    with translation.override("de"):
        of(("a", 1))
    with timezone.override("Asia/Tokyo"):
        of(("a", 1))
    assert drawn == [("a", 1), ("a", "1"), ("a", 1), ("a", 1)]
    of(("a", 1))
    assert len(drawn) == 5, "three were kept, and it was the oldest"


def test_a_row_of_the_list_is_drawn_anew_for_whatever_of_it_changes(make_run, connection) -> None:
    run = make_run(task="Pay it", metadata={"team": "a"})

    def row() -> str:
        return listing.run_row(Run.objects.select_related("connection", "started_by").get(pk=run.pk), [connection])

    before = row()
    assert row() == before
    for change in ({"task": "Read it"}, {"cost_cents": 15}, {"status": "failed"}, {"waste_kind": "act"}):
        Run.objects.filter(pk=run.pk).update(**change)
        assert row() != before
        before = row()
    Connection.objects.filter(pk=connection.pk).update(name="Another name")
    assert "Another name" in row()
    assert facts(run)["metadata"] == {"team": "a"}


def test_a_step_is_drawn_anew_when_it_grows_and_names_only_its_own_run(make_run) -> None:
    one, other = make_run(), make_run()
    now = timezone.now()
    for run in (one, other):
        Event.objects.create(run=run, seq=1, type="text", data='{"text": "Look", "step": 1}', received_at=now)
    shown = [fragments.step(run, timeline.newest(run).steps[0]) for run in (one, other, one)]
    assert shown[0] == shown[2]
    assert f"line-{one.pk}-1" in shown[0]
    assert f"line-{other.pk}-1" in shown[1]
    Event.objects.create(run=one, seq=2, type="text", data='{"text": "And more", "step": 1}', received_at=now)
    assert "And more" in fragments.step(one, timeline.newest(one).steps[0])
