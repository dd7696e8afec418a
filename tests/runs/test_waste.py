"""A run that burns money is flagged before it parks, with what it has cost; one that gets on is left alone."""

from __future__ import annotations

import json
import time

import pytest
from django.urls import reverse
from django.utils import timezone

from runs import moves, waste
from runs.models import Event, Frame, Run
from runs.moves import Act, Move, Screen


def step(number, screen="same", place=(100, 100), name="click", likeness=""):
    return Move(number, [Act(name, "", (place,))], Screen(number, screen, likeness) if screen else None)


def judge(made):
    return waste.judge(made, repeats=4, still_steps=6)


def test_the_same_act_on_the_same_screen_is_found_at_the_fourth_time_and_not_before() -> None:
    assert judge([step(n) for n in (1, 2, 3)]) is None
    found = judge([step(n) for n in (1, 2, 3, 4)])
    assert (found.kind, found.since, found.times) == ("act", 1, 4)


def test_a_click_some_pixels_off_is_the_same_and_one_elsewhere_is_not() -> None:
    near = [step(n, f"s{n}", (100 + n, 100), likeness="0f0f0f0f0f0f0f0f") for n in range(1, 5)]
    assert judge(near).kind == "act"
    assert judge([step(n, f"s{n}", (100 + 40 * n, 100), likeness="0f0f0f0f0f0f0f0f") for n in range(1, 5)]) is None


def test_a_clock_that_ticks_on_the_screen_does_not_hide_it_and_an_even_picture_is_no_likeness() -> None:
    assert judge([step(n, f"s{n}", likeness=f"0f0f0f0f0f0f0f0{n % 2}") for n in range(1, 5)]).kind == "act"
    assert judge([step(n, f"s{n}", likeness="0" * 16) for n in range(1, 5)]) is None


def test_paging_through_a_list_is_no_waste_though_the_button_is_the_same() -> None:
    assert judge([step(n, f"page {n}") for n in range(1, 30)]) is None


def test_going_round_in_circles_over_two_screens_is_found() -> None:
    made = [step(n, f"screen {n % 2}", (100 * (n % 2), 50)) for n in range(1, 9)]
    found = judge(made)
    assert (found.kind, found.times) == ("act", 4)


def test_steps_that_change_nothing_are_found_whatever_they_do() -> None:
    made = [step(n, "stuck", (50 * n, 10)) for n in range(1, 7)]
    assert judge(made[:5]) is None
    found = judge(made)
    assert (found.kind, found.since, found.times) == ("screen", 1, 6)


def test_without_any_picture_the_acts_alone_tell() -> None:
    assert judge([step(n, None) for n in range(1, 5)]).kind == "act"
    assert judge([step(n, None, (n * 50, 0)) for n in range(1, 20)]) is None
    assert judge([]) is None


def go_on(run, acts, screens, first=1):
    """Write steps of a run as the journal would: one act each, and the cost."""
    seq, now = run.events.count() + 1, timezone.now()
    for number, (said, screen) in enumerate(zip(acts, screens, strict=True), first):
        told = {"tool_call": {"step": number, "action_type": "click", "params": said}}
        told |= {"tool_result": {"step": number, "success": True}, "step": {"steps_completed": number}}
        for kind, payload in told.items():
            data = payload if isinstance(payload, str) else json.dumps(payload)
            Event.objects.create(run=run, seq=seq, type=kind, data=data, received_at=now)
            seq += 1
        Frame.objects.create(run=run, index=number, step=number, sha256=screen, received_at=now, image=b"")
    last = first + len(acts) - 1
    Run.objects.filter(pk=run.pk).update(steps_completed=last, cost_cents=5 * last)
    run.refresh_from_db()
    return run


@pytest.fixture
def drive(make_run):
    return go_on


HERE = {"x": 10, "y": 20}


def test_a_live_run_is_flagged_with_its_cents_grows_and_is_cleared_when_it_gets_on(make_run, drive) -> None:
    run = drive(make_run(), [HERE] * 3, ["a"] * 3)
    assert waste.look() == 0
    drive(run, [HERE], ["a"], first=4)
    assert waste.look() == 1
    run.refresh_from_db()
    assert (run.waste_kind, run.waste_since, run.waste_steps, run.waste_cents) == ("act", 1, 4, 15)
    assert waste.look() == 0  # nothing new was done
    drive(run, [HERE] * 40, ["a"] * 40, first=5)
    waste.look()
    run.refresh_from_db()
    assert (run.waste_since, run.waste_steps, run.waste_cents) == (1, 44, 43 * 5)
    drive(run, [{"x": 600, "y": 300}], ["elsewhere"], first=45)
    assert waste.look() == 1
    run.refresh_from_db()
    assert (run.waste_kind, run.waste_cents) == ("", 0)


def test_an_ended_run_is_left_alone_and_thresholds_are_settings(make_run, drive, settings) -> None:
    ended = drive(make_run("succeeded"), [HERE] * 8, ["a"] * 8)
    patient = drive(make_run(), [HERE] * 8, ["a"] * 8)
    settings.WASTE_REPEATS, settings.WASTE_STILL_STEPS = 9, 9
    assert waste.look() == 0
    settings.WASTE_REPEATS = 8
    Run.objects.update(waste_seen_steps=0)
    assert waste.look() == 1
    ended.refresh_from_db()
    patient.refresh_from_db()
    assert (ended.waste_kind, patient.waste_kind) == ("", "act")


def test_acts_of_two_megabytes_and_garbage_are_compared_by_their_text_and_cost_little(make_run, drive) -> None:
    long = {"x": 1, "y": 2, "text": "\u202e<b>" + "A" * 2_000_000}
    run = drive(make_run(), [long] * 4, ["a", "b", "c", "d"])
    began = time.perf_counter()
    assert waste.look() == 0  # another screen each time
    Run.objects.update(waste_seen_steps=0)
    run.frames.update(sha256="a")
    assert waste.look() == 1
    assert time.perf_counter() - began < 2
    odd = moves.act(None, '{"step": 4, "x', 10), moves.act(None, '{"step": 5, "x', 10)
    assert odd[0].is_same(odd[1])


def test_the_chip_says_it_in_the_lists_and_on_the_runs_page(make_run, drive, people, client) -> None:
    run = drive(make_run(task="Do it again"), [HERE] * 5, ["a"] * 5)
    waste.look()
    client.force_login(people.viewer)
    for address in (reverse("runs"), reverse("overview")):
        assert "$0.20 wasted, 5 steps alike" in client.get(address).content.decode()
    page = client.get(reverse("run", args=[run.upstream_id])).content.decode()
    assert "It burns money." in page
    assert "$0.20" in page


def test_a_run_can_be_started_again_from_its_fields_by_who_may_start_runs_only(make_run, people, client) -> None:
    run = make_run(
        "failed", task="Sign in with password lovelace", machine_id="mch_1", max_steps=7, metadata={"ticket": "A-17"}
    )
    client.force_login(people.operator)
    page = client.get(reverse("new_run") + f"?from={run.upstream_id}").content.decode()
    assert "Sign in with password lovelace" in page
    assert "Its task holds a password" in page
    assert "&quot;ticket&quot;: &quot;A-17&quot;" in page
    assert 'value="7"' in page
    client.force_login(people.reviewer)
    assert client.get(reverse("new_run") + f"?from={run.upstream_id}").status_code == 403
    client.force_login(people.operator)
    assert client.get(reverse("new_run") + "?from=no-such-run").status_code == 200
