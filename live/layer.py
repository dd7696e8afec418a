"""The channel layer of one process: groups and queues in memory, fed from any thread, without scans."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer

from live.hub import PREFIX

Mailbox = tuple[asyncio.AbstractEventLoop, "asyncio.Queue[dict[str, Any]]"]


class MemoryLayer(BaseChannelLayer):
    """A channel belongs to the loop that made it; `group_send` and `nudge` reach it there from anywhere.

    A full queue drops the newest message: messages are hints, and readers look again by themselves.
    """

    extensions = ("groups", "flush")

    def __init__(self, capacity: int = 100, expiry: int = 60, **kwargs: Any) -> None:
        super().__init__(expiry=expiry, capacity=capacity, **kwargs)
        self._mailboxes: dict[str, Mailbox] = {}
        self._groups: dict[str, set[str]] = {}
        self._pending: dict[asyncio.AbstractEventLoop, dict[str, dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._elsewhere: Callable[[Iterable[str]], None] | None = None

    def hand_on(self, nudge: Callable[[Iterable[str]], None]) -> None:
        """Whoever watches is in another process: `nudge` takes the topics there."""
        self._elsewhere = nudge

    async def new_channel(self, prefix: str = "specific") -> str:
        channel = f"{prefix}.memory!{secrets.token_hex(8)}"
        self._mailbox(channel)
        return channel

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Put a message into one channel; ChannelFull when it holds `capacity` unread ones."""
        self.require_valid_channel_name(channel)
        loop, queue = self._mailbox(channel)
        if loop is asyncio.get_running_loop():
            try:
                queue.put_nowait(dict(message))
            except asyncio.QueueFull:
                raise ChannelFull(channel) from None
        else:
            loop.call_soon_threadsafe(_put, queue, dict(message))

    async def receive(self, channel: str) -> dict[str, Any]:
        self.require_valid_channel_name(channel)
        try:
            return await self._mailbox(channel)[1].get()
        except asyncio.CancelledError:
            if not self._is_member(channel):
                self._mailboxes.pop(channel, None)
            raise

    async def group_add(self, group: str, channel: str) -> None:
        self.require_valid_group_name(group)
        self._mailbox(channel)
        with self._lock:
            self._groups.setdefault(group, set()).add(channel)

    async def group_discard(self, group: str, channel: str) -> None:
        with self._lock:
            members = self._groups.get(group, set())
            members.discard(channel)
            if not members:
                self._groups.pop(group, None)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.require_valid_group_name(group)
        for channel in self._members(group):
            try:
                await self.send(channel, message)
            except ChannelFull:
                continue

    async def flush(self) -> None:
        with self._lock:
            self._mailboxes, self._groups, self._pending = {}, {}, {}

    async def close(self) -> None:
        await self.flush()

    def nudge(self, topics: Iterable[str], message_type: str) -> None:
        """From any thread: one message a topic to each member. Nudges that have not left yet are not sent twice."""
        if self._elsewhere is not None:
            self._elsewhere(topics)
            return
        with self._lock:
            loops: set[asyncio.AbstractEventLoop] = set()
            for topic in topics:
                for channel in self._groups.get(topic, ()):
                    loop = self._mailboxes[channel][0]
                    if loop not in self._pending:
                        self._pending[loop] = {}
                        loops.add(loop)
                    self._pending[loop][topic] = {"type": message_type, "topic": topic}
        for loop in loops:
            self._schedule(loop)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._deliver, loop)
        except RuntimeError:  # the loop is closed, and with it went whoever listened there
            self._forget(loop)

    def _deliver(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            messages = self._pending.pop(loop, {})
            queues = [
                (self._mailboxes[channel][1], message)
                for topic, message in messages.items()
                for channel in self._groups.get(topic, ())
                if self._mailboxes[channel][0] is loop
            ]
        for queue, message in queues:
            _put(queue, dict(message))

    def _mailbox(self, channel: str) -> Mailbox:
        with self._lock:
            found = self._mailboxes.get(channel)
            if found is None or found[0].is_closed():
                # A hub listens for all sockets of its process; what waits for it was merged by topic already.
                size = 0 if channel.startswith(f"{PREFIX}.") else self.get_capacity(channel)
                queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=size)
                found = self._mailboxes[channel] = (asyncio.get_running_loop(), queue)
            return found

    def _members(self, group: str) -> list[str]:
        with self._lock:
            return list(self._groups.get(group, ()))

    def _is_member(self, channel: str) -> bool:
        with self._lock:
            return any(channel in members for members in self._groups.values())

    def _forget(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._pending.pop(loop, None)
            gone = {channel for channel, (owner, _queue) in self._mailboxes.items() if owner is loop}
            for channel in gone:
                del self._mailboxes[channel]
            for members in self._groups.values():
                members.difference_update(gone)


def _put(queue: asyncio.Queue[dict[str, Any]], message: dict[str, Any]) -> None:
    try:
        queue.put_nowait(message)
    except asyncio.QueueFull:
        return
