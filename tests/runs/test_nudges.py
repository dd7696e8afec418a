"""A nudge reaches whoever watches, from any thread, after commit only, and never waits."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from channels.exceptions import ChannelFull
from django.db import transaction

from live import publish
from live.layer import MemoryLayer


@pytest.fixture
def layer(settings):
    from channels.layers import channel_layers

    channel_layers.backends.clear()
    made = channel_layers["default"]
    assert isinstance(made, MemoryLayer)
    yield made
    channel_layers.backends.clear()


async def join(layer, *groups):
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    return channel


async def next_message(layer, channel, seconds=2.0):
    return await asyncio.wait_for(layer.receive(channel), seconds)


async def is_silent(layer, channel):
    try:
        await next_message(layer, channel, 0.05)
    except TimeoutError:
        return True
    return False


@pytest.mark.django_db(transaction=True)
async def test_a_nudge_from_a_thread_arrives_once_a_topic(layer):
    channel = await join(layer, "run.1", "runs")
    thread = threading.Thread(target=publish.nudge, args=["run.1", "runs", "run.2"])
    thread.start()
    thread.join()
    got = [await next_message(layer, channel), await next_message(layer, channel)]
    assert {message["topic"] for message in got} == {"run.1", "runs"}
    assert {message["type"] for message in got} == {"live.nudge"}
    assert await is_silent(layer, channel)


@pytest.mark.django_db(transaction=True)
async def test_a_nudge_waits_for_the_commit_and_dies_with_a_rollback(layer):
    channel = await join(layer, "runs")

    def write(fails):
        try:
            with transaction.atomic():
                publish.nudge("runs")
                if fails:
                    raise ValueError
        except ValueError:
            pass

    await sync_to_async(write)(True)
    assert await is_silent(layer, channel)
    await sync_to_async(write)(False)
    assert (await next_message(layer, channel))["topic"] == "runs"


@pytest.mark.django_db(transaction=True)
async def test_nudges_that_wait_merge_and_a_thousand_cost_next_to_nothing(layer):
    channel = await join(layer, "runs")
    began = time.monotonic()
    await sync_to_async(lambda: [publish.nudge("runs") for _ in range(1000)])()
    assert time.monotonic() - began < 2
    await next_message(layer, channel)


async def test_a_full_channel_drops_and_everybody_else_still_hears(layer):
    stalled, awake = await join(layer, "g"), await join(layer, "g")
    for _ in range(layer.capacity):
        await layer.group_send("g", {"type": "x"})
        await next_message(layer, awake)
    await layer.group_send("g", {"type": "last"})
    assert (await next_message(layer, awake))["type"] == "last"
    with pytest.raises(ChannelFull):
        await layer.send(stalled, {"type": "x"})


async def test_who_left_hears_no_more(layer):
    channel = await join(layer, "g")
    await layer.group_discard("g", channel)
    await layer.group_send("g", {"type": "x"})
    assert await is_silent(layer, channel)


def test_a_nudge_to_a_loop_that_is_gone_is_dropped_quietly(layer, transactional_db):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(join(layer, "runs"))
    loop.close()
    publish.nudge("runs")
    publish.nudge("runs")
    assert not layer._groups.get("runs")
