"""Sockets of one process: one listener marks them, those that show the same use one reading, many are read at once."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import ClassVar

from live import hub, lanes
from live.layer import MemoryLayer


class Page:
    def __init__(self):
        self.marked = asyncio.Event()

    def nudged(self, at):
        self.marked.set()


class Shown:
    """A socket of a page; `said` is what its readings gave, in the order in which they were made."""

    reads_together = True
    ahead: ClassVar[list[int]] = []

    def __init__(self, page, said, holds=None):
        self.page, self.said, self.holds = page, said, holds
        self.in_hand, self.got = False, asyncio.Queue()

    def shows(self):
        return self.page

    @classmethod
    def read_ahead(cls, sockets):
        cls.ahead.append(len(sockets))

    def read(self):
        if self.holds:
            assert self.holds.wait(10)
        self.said.append(self.page)
        if self.page == "broken":
            raise ValueError(self.page)
        return f"{self.page} {len(self.said)}"

    async def take(self, result):
        self.got.put_nowait(result)

    async def fail(self):
        self.got.put_nowait("failed")


async def gotten(*sockets):
    return [await asyncio.wait_for(socket.got.get(), 10) for socket in sockets]


def lane_of(sort=Shown):
    sort.ahead.clear()
    return lanes.Lane(sort)


async def test_sockets_that_show_the_same_share_one_reading_and_others_are_read_beside_it():
    lane, said, now = lane_of(), [], time.monotonic()
    same, other = [Shown("a page", said) for _ in range(120)], Shown("another page", said)
    for socket in (*same, other):
        lane.add(socket, now)
    assert set(await gotten(*same)) == {"a page 1"}
    assert await gotten(other) == ["another page 2"]
    assert said == ["a page", "another page"]
    assert Shown.ahead == [2]


async def test_a_reading_that_began_before_the_news_is_not_used():
    lane, said = lane_of(), []
    first, second, third = (Shown("a page", said) for _ in range(3))
    lane.add(first, time.monotonic())
    assert await gotten(first) == ["a page 1"]
    lane.add(second, time.monotonic())
    assert await gotten(second) == ["a page 2"]
    lane.add(third, time.monotonic() - 1)  # a tick: it knows of no news
    assert await gotten(third) == ["a page 2"]


async def test_what_comes_while_sockets_are_read_for_is_read_together_afterwards():
    lane, said, go_on = lane_of(), [], threading.Event()
    first, late = Shown("a page", said, go_on), [Shown(f"page {n}", said) for n in range(10)]
    lane.add(first, time.monotonic())
    await asyncio.sleep(0)
    assert first.in_hand
    for socket in late:
        lane.add(socket, time.monotonic())
    gone = late.pop()
    lane.drop(gone)
    go_on.set()
    await gotten(first, *late)
    assert not first.in_hand
    assert Shown.ahead == [1, 9]
    assert gone.page not in said


async def test_a_reading_that_fails_fails_for_its_own_sockets_only_and_is_not_kept(caplog):
    lane, said = lane_of(), []
    sockets = [Shown("broken", said), Shown("a page", said), Shown("broken", said)]
    for socket in sockets:
        lane.add(socket, 0.0)
    assert await gotten(*sockets) == ["failed", "a page 2", "failed"]
    lane.add(sockets[0], 0.0)
    assert await gotten(sockets[0]) == ["failed"]
    assert said == ["broken", "a page", "broken"]
    assert "could not go on" in caplog.text


async def test_what_comes_just_when_the_last_has_been_served_is_served_too():
    lane, said = lane_of(), []
    late = Shown("late", said)

    class Last(Shown):
        async def take(self, result):
            asyncio.get_running_loop().call_soon(lane.add, late, time.monotonic())

    lane.add(Last("a page", said), time.monotonic())
    assert await gotten(late) == ["late 2"]


async def test_long_readings_are_made_one_by_one():
    class Long(Shown):
        reads_together = False

    lane, said = lane_of(Long), []
    sockets = [Long(f"page {n}", said) for n in range(5)]
    for socket in sockets:
        lane.add(socket, time.monotonic())
    await gotten(*sockets)
    assert Long.ahead == [1] * 5


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
