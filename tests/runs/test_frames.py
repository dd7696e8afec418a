"""Pictures: each once, by upstream's own cursor, checked before they are kept."""

from __future__ import annotations

import pytest

from coasty_api import errors
from runs import frames
from tests.scripted_runs import picture

pytestmark = pytest.mark.django_db


def test_frames_are_stored_once_each_over_pages(pair):
    scripted, run = pair
    for _ in range(23):
        scripted.step()
    assert frames.collect(run) == 23
    assert frames.collect(run) == 0
    scripted.step()
    assert frames.collect(run) == 1
    assert list(run.frames.values_list("index", flat=True)) == list(range(24))
    newest = run.frames.last()
    assert (newest.image, newest.mime_type, newest.step) == (picture(24), "image/png", 24)
    assert len(newest.sha256) == 64
    assert newest.sha256 != "0" * 64, "counted here, not believed"


def test_a_service_without_frames_gives_the_screen_at_moments_that_matter(pair, upstream):
    _scripted, run = pair
    upstream.has_frames = False
    assert frames.collect(run) == 0
    assert frames.collect(run, is_moment=True) == 1
    assert frames.collect(run, is_moment=True) == 0, "the same picture at the same place is one"
    assert upstream.count("GET", "/screenshots") == 1, "it is not asked at every step"


@pytest.mark.parametrize("image", [b"<svg onload='alert(1)'/>", b"", b"GIF89a"])
def test_what_is_no_picture_is_not_kept(image, pair):
    scripted, run = pair
    scripted.frames.append(image)
    scripted.frames.append(picture(1))
    assert frames.collect(run) == 1
    assert list(run.frames.values_list("index", flat=True)) == [1]


@pytest.mark.django_db(transaction=True)
def test_the_relay_fetches_frames_after_steps(upstream, relay, until, mirrored):
    scripted = upstream.add(task="live pictures")
    until(lambda: mirrored(scripted))
    scripted.step()
    until(lambda: mirrored(scripted).frames.count() == 1)
    scripted.step()
    until(lambda: mirrored(scripted).frames.count() == 2)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_brings_many_frames_and_says_no_more_gets_them_all(upstream, relay, until, mirrored):
    scripted = upstream.add(task="a long past")
    for _ in range(frames.AT_ONCE + 5):
        scripted.step()
    until(lambda: mirrored(scripted))
    until(lambda: mirrored(scripted).frames.count() == frames.AT_ONCE + 5)


@pytest.mark.django_db(transaction=True)
def test_frames_that_could_not_be_fetched_are_asked_for_again(upstream, relay, until, mirrored):
    scripted = upstream.add(task="a service in trouble")
    until(lambda: mirrored(scripted))
    upstream.fail("GET", "/screenshots", status=503, times=1)
    scripted.step()
    until(lambda: mirrored(scripted).frames.count() == 1)
    assert upstream.count("GET", "/screenshots") == 2


def test_a_run_that_upstream_has_forgotten_does_not_end_the_frames_of_others(pair, upstream):
    scripted, run = pair
    scripted.step()
    upstream.fail("GET", "/screenshots", status=404, code="RUN_NOT_FOUND")
    with pytest.raises(errors.NotFound):
        frames.collect(run)
    assert frames.collect(run) == 1
