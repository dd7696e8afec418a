"""While a secret is typed on a run's screen no picture of it is fetched or stored; what was left out is counted."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from coasty_api import wire
from runs import frames, private
from runs.models import AuditEntry, PrivateTime
from tests.scripted_runs import picture

pytestmark = pytest.mark.django_db


def moment(seconds):
    return timezone.now() + timedelta(seconds=seconds)


def written(at):
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stored(run):
    return list(run.frames.values_list("index", flat=True))


def pictures_asked(upstream):
    """The index after which, and how many, of each question that asks for pictures themselves."""
    asked = [target for method, target, _ in upstream.requests if "include_image" in target and method == "GET"]
    return [tuple(int(n) for n in re.findall(r"(?:after_index|limit)=(\d+)", target)) for target in asked]


def test_nothing_is_asked_of_upstream_while_it_is_on(pair, upstream):
    scripted, run = pair
    scripted.step()
    assert private.begin(run)
    assert not private.begin(run), "on already"
    assert frames.collect(run, is_moment=True) == 0
    upstream.has_frames = False
    assert frames.collect(run, is_moment=True) == 0
    assert upstream.count("GET", "screenshot") == 0
    assert stored(run) == []


def test_frames_of_the_time_are_never_fetched_and_those_around_it_are(pair, upstream):
    scripted, run = pair
    for seconds in (-120, -119, -60, -55, -50, -10, -9):
        scripted.take(picture(1), written(moment(seconds)))
    private.begin(run, now=moment(-62))
    private.end(run, now=moment(-48))
    assert frames.collect(run) == 4
    assert stored(run) == [0, 1, 5, 6]
    assert pictures_asked(upstream) == [(2,), (4, 2)], "exactly those that may be seen"
    assert PrivateTime.objects.get().skipped == 3
    entry = AuditEntry.objects.get(act="frames.skipped")
    assert (entry.actor, entry.detail) == (None, {"count": 3})
    assert frames.collect(run) == 0
    assert PrivateTime.objects.get().skipped == 3, "counted once"


def test_many_frames_around_many_times_come_over_pages(pair):
    scripted, run = pair
    for number in range(130):
        scripted.take(picture(number), written(moment(number - 1000)))
    for start in (100, 110):
        private.begin(run, now=moment(start - 1000.2))
        private.end(run, now=moment(start - 1000))
    assert frames.collect(run) == 130 - 8
    assert [n for n in range(130) if n not in stored(run)] == [*range(100, 104), *range(110, 114)]
    run.refresh_from_db()
    assert run.frame_cursor == 129


def test_what_was_typed_may_still_be_seen_for_some_seconds(pair):
    scripted, run = pair
    private.begin(run, now=moment(-60))
    private.end(run, now=moment(-30))
    scripted.take(picture(1), written(moment(-28)))
    scripted.take(picture(2), written(moment(-26)))
    assert frames.collect(run) == 1
    assert stored(run) == [1]


def test_a_frame_without_a_moment_of_its_own_is_left_out(pair):
    scripted, run = pair
    scripted.step()
    frames.collect(run)
    private.begin(run)
    private.end(run)
    scripted.take(picture(7), "no time at all")
    assert frames.collect(run) == 0
    assert PrivateTime.objects.get().skipped == 1


def test_a_time_that_begins_while_pictures_are_on_their_way_counts(pair, upstream):
    """What the fetch brings is judged again in the transaction that stores it."""
    scripted, run = pair
    scripted.take(picture(1), written(moment(-60)))
    scripted.take(picture(2), written(moment(0)))
    client = frames.upstream.client(run.connection)
    told = client.screenshots(run.upstream_id)["data"]
    private.begin(run, now=moment(-1))
    assert frames._store(client, run, [frames._frame(item) for item in told], 1) == 1
    assert stored(run) == [0]
    run.refresh_from_db()
    assert run.frame_cursor == 1


def test_the_screen_that_stands_in_for_frames_is_not_stored_when_it_came_too_late(pair, upstream):
    _scripted, run = pair
    client = frames.upstream.client(run.connection)
    shot = client.machine_screenshot(run.machine_id)
    private.begin(run)
    frame = frames._frame({**shot, "captured_at": None, "index": 0})
    assert frames._store(client, run, [frame], 0) == 0
    assert stored(run) == []


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
def test_another_clock_upstream_makes_no_difference(ahead):
    time = PrivateTime(since_at=moment(-60), until_at=moment(-30), frame_cursor=-1)
    told = [moment(seconds + ahead) for seconds in (-62, -59, -31, -26)]
    assert [bool(private.hiding([time], 0, at, ahead)) for at in told] == [False, True, True, False]


def test_the_clock_is_read_from_the_date_of_an_answer():
    now = 1_700_000_000.5
    assert wire.ahead("Tue, 14 Nov 2023 22:13:20 GMT", now, 7.0) == 0.0
    assert wire.ahead("Tue, 14 Nov 2023 23:13:20 GMT", now, 7.0) == 3599.5
    assert wire.ahead("yesterday", now, 7.0) == 7.0
    assert wire.ahead("", now, 7.0) == 7.0


def test_a_run_may_have_many_times_but_one_at_a_time(pair):
    _scripted, run = pair
    for _ in range(3):
        with transaction.atomic():
            assert private.begin(run)
            assert private.is_on(run.pk)
            assert private.end(run)
            assert not private.end(run)
    assert not private.is_on(run.pk)
    assert len(private.times(run.pk)) == 3
