"""One listener in a process for all its sockets: joins each topic once, and marks the sockets that watch it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.layers import BaseChannelLayer

log = logging.getLogger(__name__)

PREFIX = "hub"
_REJOIN_SECONDS = 2.5


class Watcher(Protocol):
    """Who wants to know that something is new. Called on the loop; must not take long."""

    def nudged(self, at: float) -> None: ...


class Hub:
    """Of one loop. Thousands of nudges a second for sockets that send ten updates must not each cost a task."""

    def __init__(self, layer: BaseChannelLayer) -> None:
        self._layer = layer
        self._watchers: dict[str, set[Watcher]] = {}
        self._joined: dict[str, float] = {}
        self._lock = asyncio.Lock()
        self._channel = ""
        self._listening: asyncio.Task[None] | None = None

    async def watch(self, topic: str, watcher: Watcher) -> None:
        """Calling it again renews the membership in the layer, which may have run out."""
        self._watchers.setdefault(topic, set()).add(watcher)
        async with self._lock:
            await self._listen_on()
            if time.monotonic() - self._joined.get(topic, float("-inf")) > _REJOIN_SECONDS:
                await self._layer.group_add(topic, self._channel)
                self._joined[topic] = time.monotonic()

    async def leave(self, topic: str, watcher: Watcher) -> None:
        self._watchers.get(topic, set()).discard(watcher)
        async with self._lock:
            if topic in self._watchers and not self._watchers[topic]:
                del self._watchers[topic]
                if self._joined.pop(topic, None) is not None:
                    await self._layer.group_discard(topic, self._channel)
            if not self._watchers and self._listening is not None:
                self._listening.cancel()
                self._listening = None

    async def _listen_on(self) -> None:
        if self._listening is None or self._listening.done():
            self._channel = await self._layer.new_channel(PREFIX)
            self._joined = {}
            self._listening = asyncio.create_task(self._listen(self._channel))

    async def _listen(self, channel: str) -> None:
        while True:
            message: dict[str, Any] = await self._layer.receive(channel)
            now = time.monotonic()
            for watcher in tuple(self._watchers.get(message.get("topic", ""), ())):
                watcher.nudged(now)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def of(layer: BaseChannelLayer) -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(layer)
    return _hubs[loop]
