"""Two runs of a task side by side: which are offered, what is the same, where they part first, and the difference."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from runs import comparing
from runs.models import Event, Frame, Run
from runs.moves import Act, Move, Screen


def move(step, name="click", place=(10, 10), screen="a", likeness="", told=""):
    return Move(step, [Act(name, told, (place,) if place else ())], Screen(step, screen, likeness) if screen else None)


def parts(left, right):
    found = comparing.rows(left, right)
    return comparing.first_difference(found), [
        (row.left and row.left.step, row.right and row.right.step) for row in found
    ]


def test_equal_runs_have_no_difference_though_a_click_lies_some_pixels_off() -> None:
    left = [move(n, place=(100, 10 * n)) for n in range(1, 6)]
    right = [move(n, place=(104, 10 * n - 3)) for n in range(1, 6)]
    assert parts(left, right) == (None, [(n, n) for n in range(1, 6)])


def test_the_first_other_act_is_marked_and_what_comes_after_it_stays_beside_its_like() -> None:
    left = [move(1), move(2, "type", None, told='{"text": "Ada"}'), move(3, "key"), move(4, "scroll")]
    right = [move(1), move(2, "wait"), move(3, "type", None, told='{"text": "Ada"}'), move(4, "key"), move(5, "scroll")]
    first, pairs = parts(left, right)
    assert first == 1
    assert pairs == [(1, 1), (None, 2), (2, 3), (3, 4), (4, 5)]


def test_the_same_act_elsewhere_or_on_another_screen_is_a_difference_and_a_screen_that_looks_alike_is_none() -> None:
    assert parts([move(1)], [move(1, place=(300, 10))])[0] == 0
    row = comparing.rows([move(1, screen="a", likeness="f" * 16)], [move(1, screen="b", likeness="0f" * 8)])[0]
    assert (row.acts_differ, row.screens_differ) == (False, True)
    assert parts([move(1, likeness="f" * 16)], [move(1, screen="b", likeness="f" * 15 + "e")])[0] is None
    assert parts([move(1, screen=None)], [move(1)])[0] is None  # one has no picture: nothing is known
    assert parts([], [move(1)])[0] == 0
    assert parts([], []) == (None, [])


@pytest.fixture
def write():
    def go(run, places, screens=None):
        now, seq = timezone.now(), 0
        for step, place in enumerate(places, 1):
            told = [
                ("tool_call", {"step": step, "action_type": "click", "params": {"x": place, "y": 5}}),
                ("step", {"steps_completed": step}),
            ]
            for kind, payload in told:
                seq += 1
                Event.objects.create(run=run, seq=seq, type=kind, data=json.dumps(payload), received_at=now)
            shot = (screens or places)[step - 1]
            Frame.objects.create(run=run, index=step, step=step, sha256=str(shot), received_at=now, image=b"")
        Run.objects.filter(pk=run.pk).update(steps_completed=len(places), cost_cents=5 * len(places))
        run.refresh_from_db()
        return run

    return go


def test_the_same_task_is_offered_first_then_similar_ones_and_nothing_else(make_run) -> None:
    task = "Pay invoice INV-1 of Nordwind and check that it says Paid"
    run = make_run(task=task)
    same = make_run(task=task)
    similar = make_run(task="Pay invoice INV-2 of Nordwind and check that it says Paid")
    by_metadata = make_run(task="Pay the invoice of Contoso", metadata={"ticket": "A-1"})
    make_run(task="Read the newest order")
    Run.objects.filter(pk=run.pk).update(metadata={"ticket": "A-1"})
    run.refresh_from_db()
    offered = comparing.candidates(run, Run.objects.all())
    assert [one.run.pk for one in offered] == [same.pk, similar.pk, by_metadata.pk]
    assert [one.is_same for one in offered] == [True, False, False]


def test_the_page_marks_where_they_part_and_what_it_cost_and_hides_what_one_may_not_see(
    make_run, write, people, client
) -> None:
    start = timezone.now() - timedelta(hours=2)
    times = {"started_at": start, "finished_at": start + timedelta(seconds=60)}
    earlier = write(make_run("succeeded", task="Pay <b>it</b>", created_at=start, **times), [10, 20, 30])
    later = {"started_at": start, "finished_at": start + timedelta(seconds=85)}
    run = write(make_run("failed", task="Pay <b>it</b>", **later), [10, 20, 500, 600])
    client.force_login(people.viewer)
    page = client.get(reverse("compare_runs", args=[run.upstream_id])).content.decode()
    assert "2 steps are the same." in page
    assert page.count('id="first-difference"') == 1
    assert page.index("Step 2") < page.index('id="first-difference"') < page.index("Step 3")
    assert "another act on another screen" in page
    assert "only in this run" in page
    assert "+1" in page
    assert "+$0.05" in page
    assert "+25 s" in page
    assert "<b>it" not in page
    named = client.get(reverse("compare_runs", args=[earlier.upstream_id]) + f"?with={run.upstream_id}")
    assert "-$0.05" in named.content.decode()
    assert client.get(reverse("compare_runs", args=[run.upstream_id]) + "?with=nobody").status_code == 404
    client.force_login(people.stranger)
    assert client.get(reverse("compare_runs", args=[run.upstream_id])).status_code == 403


def test_a_run_without_its_like_says_so(make_run, people, client) -> None:
    run = make_run(task="The only one")
    client.force_login(people.viewer)
    assert "Nothing to compare with" in client.get(reverse("compare_runs", args=[run.upstream_id])).content.decode()
