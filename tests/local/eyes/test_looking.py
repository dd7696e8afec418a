"""Looking again, noticing changes, waiting for rest, and the worker behind the eyes."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np

from coasty_local.agent.perception import Eyes, number, office
from coasty_local.agent.scene import Box

FORM = "<h1>Sign in</h1><p>Email</p><input id=a style='padding:8px;width:300px'><p>Some words to read, and a few more of them</p>"


def test_a_second_look_reads_only_what_changed(shot, page):
    eyes, first = Eyes(), shot(FORM)
    eyes.see(first)
    page.fill("#a", "ada@example.com")
    second = shot()
    begun = time.perf_counter()
    again = eyes.see(second)
    changed = time.perf_counter() - begun
    assert [c.text for c in again.controls if c.kind == "input"] == ["ada@example.com"]
    assert again.lines[0].text == "Sign in"
    begun = time.perf_counter()
    assert eyes.see(second.copy()) == again
    assert time.perf_counter() - begun < changed


def test_changes_are_boxes_around_what_differs():
    before = np.full((200, 300, 3), 255, np.uint8)
    after = before.copy()
    after[20:40, 30:80] = 0
    after[150:160, 200:210] = 0
    assert sorted(Eyes().changed(before, after), key=lambda b: b.y) == [Box(30, 20, 50, 20), Box(200, 150, 10, 10)]
    assert Eyes().changed(before, before) == []


def test_a_screen_is_still_when_only_a_caret_blinks():
    frames = [np.full((100, 100, 3), shade, np.uint8) for shade in (10, 60, 200, 200)]
    frames[3][40:56, 50:52] = 0
    left = iter(frames)
    last = Eyes().still(lambda: next(left), lambda: None)
    assert np.array_equal(last, frames[3])


def test_a_screen_that_never_rests_is_given_up_at_the_time_out():
    shades = iter(range(0, 10_000, 7))
    begun = time.monotonic()
    Eyes().still(lambda: np.full((50, 50, 3), next(shades) % 256, np.uint8), lambda: None, timeout_s=0.5)
    assert 0.4 < time.monotonic() - begun < 5


def test_marks_are_drawn_on_a_copy():
    picture = np.full((100, 200, 3), 255, np.uint8)
    marked = number(picture, [Box(50, 20, 40, 20), Box(0, 60, 30, 20)])
    assert picture.min() == 255
    assert Eyes().changed(picture, marked)


def test_a_killed_worker_is_replaced(shot, until):
    picture = shot(FORM)
    Eyes().see(picture)
    gone = office.pid()
    os.kill(gone, signal.SIGKILL)
    assert Eyes().see(picture).lines[0].text == "Sign in"
    assert office.pid() != gone


def test_many_threads_share_one_worker_and_each_sees_its_own_picture(shot):
    words = ["Alpha", "Bravo", "Gamma", "Delta"]
    pictures = {word: shot(f"<h1>{word}</h1>") for word in words}
    seen: dict[str, str] = {}

    def look(word: str) -> None:
        seen[word] = Eyes().see(pictures[word]).text()

    threads = [threading.Thread(target=look, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == {word: word for word in words}
