"""Sockets of one process: one listener marks them, and those that show the same use one reading."""

from __future__ import annotations

import asyncio
import time

import pytest

from live import hub, sharing
from live.layer import MemoryLayer


class Page:
    def __init__(self):
        self.marked = asyncio.Event()

    def nudged(self, at):
        self.marked.set()


def reading(results):
    async def read():
        await asyncio.sleep(0)
        results.append(len(results))
        if results[-1] == 13:
            raise ValueError
        return results[-1]

    return read


async def test_sockets_that_ask_at_once_share_one_reading():
    read = reading(made := [])
    since = time.monotonic()
    assert await asyncio.gather(*(sharing.once("a page", since, read) for _ in range(50))) == [0] * 50
    assert await sharing.once("another page", since, read) == 1
    assert made == [0, 1]


async def test_a_reading_that_began_before_the_news_is_not_used():
    read = reading([])
    assert await sharing.once("a page", time.monotonic(), read) == 0
    assert await sharing.once("a page", time.monotonic(), read) == 1


async def test_a_reading_that_failed_is_not_kept():
    read = reading(made := list(range(13)))
    with pytest.raises(ValueError):
        await sharing.once("a page", 0.0, read)
    assert await sharing.once("a page", 0.0, read) == 14
    assert made[-1] == 14


async def test_who_began_a_reading_may_leave_and_the_others_still_get_it():
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def read():
        begun.set()
        await go_on.wait()
        return "read"

    first = asyncio.create_task(sharing.once("a page", 0.0, read))
    await begun.wait()
    second = asyncio.create_task(sharing.once("a page", 0.0, read))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()
    assert await second == "read"


async def test_one_membership_serves_all_watchers_of_a_topic():
    layer, pages = MemoryLayer(), [Page() for _ in range(20)]
    listening = hub.Hub(layer)
    for page in pages:
        await listening.watch("run.1", page)
    other = Page()
    await listening.watch("run.2", other)
    assert len(layer._groups["run.1"]) == 1
    layer.nudge(["run.1"], "live.nudge")
    await asyncio.wait_for(asyncio.gather(*(page.marked.wait() for page in pages)), 5)
    assert not other.marked.is_set()
    for page in pages:
        await listening.leave("run.1", page)
    await listening.leave("run.2", other)
    assert not layer._groups


async def test_more_topics_than_a_queue_holds_all_reach_their_watchers():
    layer, pages = MemoryLayer(capacity=10), {f"run.{n}": Page() for n in range(500)}
    listening = hub.Hub(layer)
    for topic, page in pages.items():
        await listening.watch(topic, page)
    layer.nudge(list(pages), "live.nudge")
    await asyncio.wait_for(asyncio.gather(*(page.marked.wait() for page in pages.values())), 5)
    for topic, page in pages.items():
        await listening.leave(topic, page)
