"""The film of a run: a stop a step, its frame and marks, what was said, done, spent; in parts, and while it grows."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from runs import replay, screens, timeline
from runs.models import Event, Frame, Run


@pytest.fixture
def write():
    def go(run, steps, first=1):
        """So many steps as upstream tells them: text, act, result, step, billing; a frame each."""
        seq, now, made = run.events.count(), timezone.now(), []
        for number in range(first, first + steps):
            told = [
                ("text", {"text": f"page {number}", "step": number}),
                ("tool_call", {"step": number, "action_type": "click", "params": {"x": number, "y": 2}}),
                ("tool_result", {"step": number, "success": True}),
                ("step", {"steps_completed": number}),
                ("billing", {"cost_cents": 5 * number}),
            ]
            for kind, payload in told:
                seq += 1
                made.append(Event(run=run, seq=seq, type=kind, data=json.dumps(payload), received_at=now))
            Frame.objects.create(
                run=run, index=number, step=number, width=64, height=36, sha256=f"{number:064}", received_at=now,
                mime_type="image/png", image=b"", after_seq=seq,
            )  # fmt: skip
        Event.objects.bulk_create(made)
        Run.objects.filter(pk=run.pk).update(cursor=seq, steps_completed=first + steps - 1, frame_cursor=first + steps)
        run.refresh_from_db()
        return run

    return go


def add(run, kind, payload):
    seq = run.events.count() + 1
    Event.objects.create(run=run, seq=seq, type=kind, data=json.dumps(payload), received_at=timezone.now())


def test_each_step_is_a_stop_with_its_frame_marks_words_and_the_cost_by_then(make_run, write) -> None:
    told = replay.film(write(make_run(), 3))
    assert told["next"] == 0
    assert [(stop["step"], stop["frame"], stop["after"], stop["cents"]) for stop in told["stops"]] == [
        (1, 1, 2, "$0.05"), (2, 2, 3, "$0.10"), (3, 3, None, "$0.15"),
    ]  # fmt: skip
    second = told["stops"][1]
    assert (second["says"], second["did"]) == ("page 2", "Click: 2, 2")
    assert second["marks"] == [{"number": 1, "title": "Click", "spots": [(2, 2)]}]


def test_errors_and_pauses_are_marked_and_a_note_with_a_password_is_masked(make_run, write) -> None:
    run = write(make_run(), 1)
    add(run, "awaiting_human", {"reason": "Who?"})
    add(run, "resumed", {"note": "the password is hunter2"})
    write(run, 1, first=2)
    add(run, "tool_result", {"step": 2, "success": False, "error": "no such button"})
    stops = replay.film(run)["stops"]
    assert [stop["is"] for stop in stops] == ["pause", "error"]
    assert "hunter2" not in json.dumps(stops)
    assert "no such button" in stops[1]["wrong"]


def test_a_long_run_comes_in_parts_that_join_to_the_whole_with_the_same_cost(make_run, write) -> None:
    run = write(make_run(), 500)
    stops, after, parts = [], 0, 0
    while True:
        began = time.perf_counter()
        part = replay.film(run, after)
        assert time.perf_counter() - began < 1
        stops, after, parts = stops + part["stops"], part["next"], parts + 1
        if not after:
            break
    assert parts > 2
    assert [stop["step"] for stop in stops] == list(range(1, 501))
    assert [stop["frame"] for stop in stops] == list(range(1, 501))
    assert stops[-1]["cents"] == "$25.00"
    assert [stop["cents"] for stop in stops] == [f"${5 * n / 100:.2f}" for n in range(1, 501)]


def test_a_live_run_is_taken_up_where_its_last_stop_began(make_run, write) -> None:
    run = write(make_run(), 3)
    add(run, "text", {"text": "half a step", "step": 4})
    last = replay.film(run)["stops"][-1]
    assert (last["step"], last["frame"]) == (4, None)
    add(run, "tool_call", {"step": 4, "action_type": "wait", "params": {}})
    grown = replay.film(run, last["first"] - 1)["stops"]
    assert [(stop["step"], stop["says"], stop["did"]) for stop in grown] == [(4, "half a step", "Wait")]


def test_an_act_of_two_megabytes_is_told_by_its_beginning(make_run, write, people, client) -> None:
    run = write(make_run(), 1)
    add(run, "tool_call", {"step": 1, "action_type": "type", "params": {"text": "\u202e<script>" + "A" * 2_000_000}})
    stop = replay.film(run)["stops"][0]
    assert "Type: <script>AAAA" in stop["did"]
    assert len(json.dumps(stop)) < 3000
    client.force_login(people.viewer)
    page = client.get(reverse("run", args=[run.upstream_id]))
    assert page.status_code == 200
    assert len(page.content) < 100_000
    assert "<script>A" not in page.content.decode()


def test_the_film_and_the_screen_are_for_those_who_may_see_the_run(make_run, people, client) -> None:
    run = make_run()
    for name in ("film", "screen_now"):
        client.force_login(people.stranger)
        assert client.get(reverse(name, args=[run.upstream_id])).status_code == 403
        client.logout()
        assert client.get(reverse(name, args=[run.upstream_id])).status_code == 302
    client.force_login(people.viewer)
    assert client.get(reverse("film", args=[run.upstream_id]) + "?after=x").json() == {"stops": [], "next": 0}


def test_many_who_watch_a_machine_cost_upstream_one_request_in_two_seconds(upstream, make_run, people, client) -> None:
    run = make_run(machine_id=upstream.machines[0]["id"])
    client.force_login(people.viewer)
    answers = [client.get(reverse("screen_now", args=[run.upstream_id])) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "no-store" in answers[0]["Cache-Control"]
    assert answers[0].content.startswith(b"\x89PNG")
    assert upstream.count("GET", "/machines/.*/screenshot") == 1


def test_the_live_screen_says_why_there_is_none(upstream, make_run, people, client) -> None:
    client.force_login(people.viewer)

    def ask(run):
        answer = client.get(reverse("screen_now", args=[run.upstream_id]))
        assert answer["Content-Type"] == "application/json"
        return answer.json()

    assert ask(make_run("succeeded", machine_id="m1")) == {"over": True, "why": "The run has ended."}
    assert ask(make_run())["why"] == "Upstream names no machine for this run."
    parked = make_run("awaiting_human", machine_id=upstream.machines[0]["id"])
    soon = timezone.now() + timedelta(minutes=1)
    parked.takeovers.create(user=people.reviewer, expires_at=soon)
    assert ask(parked)["why"] == "A person drives the machine now; what they type is not shown."
    broken = make_run(machine_id="mch_nobody_knows")
    upstream.fail("GET", "/machines/mch_nobody", status=503, times=9)
    assert ask(broken)["why"]
    assert screens.FRESH_SECONDS >= 2


def test_a_reader_goes_to_any_event_of_a_long_run_and_what_stands_between_is_kept_for_later(make_run, write):
    run = write(make_run(), 200)
    page = timeline.newest(run)
    for seq in (1, 2, 347, 500, page.earlier - 6, page.earlier - 1):
        part = timeline.around(run, seq, page.earlier)
        told = [line.event.seq for step in part.steps for line in step.lines]
        assert seq in told
        assert told == list(range(told[0], told[-1] + 1))
        assert len(told) <= timeline.LEAD + timeline.TAIL
        assert [len(step.lines) for step in part.steps] == [5] * len(part.steps), "no step is cut in two"
        assert [step.frames[0].index for step in part.steps] == [step.number for step in part.steps]
        assert part.earlier == (told[0] if told[0] > 1 else 0)
        assert part.later == (told[-1] if told[-1] + 1 < page.earlier else 0)
        rest = timeline.earlier(run, page.earlier, told[-1]).steps
        assert not rest or rest[-1].lines[-1].event.seq == page.earlier - 1
        assert (not rest) == (not part.later)


def test_the_steps_around_an_event_come_with_a_way_to_the_rest_on_both_sides(
    client, make_run, write, django_user_model
):
    run = write(make_run(), 200)
    client.force_login(
        django_user_model.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend"
    )
    address = reverse("earlier_steps", args=[run.upstream_id])
    told = client.get(f"{address}?before=841&after=100&around=400").content.decode()
    assert 'data-before="361" data-after="100"' in told
    assert 'data-before="841" data-after="515"' in told
    assert told.count('class="step"') == 31
    for odd in ("", "?before=x", "?before=9&around=" + "9" * 40, "?before=" + "9" * 18 + "&after=5&around=7"):
        assert client.get(address + odd).status_code == 200
