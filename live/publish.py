"""The nudge: tells watchers of a topic, after commit, that there is something new to read. It carries no data."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from functools import cache, partial

from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction

from live.layer import MemoryLayer

log = logging.getLogger(__name__)

MESSAGE_TYPE = "live.nudge"  # {"type", "topic"}: `live.hub` gets it


def nudge(*topics: str) -> None:
    """Tell each topic's watchers once, when the current transaction has committed (at once outside of one).

    From any thread, never waits for a network, never raises: a lost nudge costs a watcher one slow tick.
    """
    transaction.on_commit(partial(send, frozenset(topics)), robust=True)


def hand_on(to: Callable[[Iterable[str]], None]) -> None:
    """In a process without pages: nudges that would stay in its memory go to the process that has them."""
    layer = get_channel_layer()
    if isinstance(layer, MemoryLayer):
        layer.hand_on(to)


def send(topics: frozenset[str]) -> None:
    """Tell watchers of what is committed already."""
    layer = get_channel_layer()
    if isinstance(layer, MemoryLayer):
        layer.nudge(topics, MESSAGE_TYPE)
    elif layer is not None:
        _sender(layer).send(topics)


@cache
def _sender(layer: BaseChannelLayer) -> _Sender:
    return _Sender(layer)


class _Sender:
    """One thread with one loop that talks to a layer on the network; waiting topics merge."""

    def __init__(self, layer: BaseChannelLayer) -> None:
        self._layer = layer
        self._waiting: set[str] = set()
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="live-publish", daemon=True).start()

    def send(self, topics: frozenset[str]) -> None:
        with self._lock:
            idle = not self._waiting
            self._waiting |= topics
        if idle:
            asyncio.run_coroutine_threadsafe(self._flush(), self._loop)

    async def _flush(self) -> None:
        with self._lock:
            topics, self._waiting = self._waiting, set()
        sends = [self._layer.group_send(topic, {"type": MESSAGE_TYPE, "topic": topic}) for topic in topics]
        failures = [result for result in await asyncio.gather(*sends, return_exceptions=True) if result]
        if failures:
            log.warning("%d of %d nudges were not sent: %s", len(failures), len(sends), failures[0])
