"""Owns a page's socket: joins topics, has what is new read by cursor at each nudge or tick, sends it, bounded."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings

from live import fragments, guests, hub, lanes, manner, reading
from live.manner import Manner

log = logging.getLogger(__name__)

PACE_SECONDS = 0.1  # about ten updates a second at most; lists of many runs are calmer
LIST_PACE_SECONDS = 0.5
_BEAT_SECONDS = 0.025  # sockets of one page are due at the same moments, so that one reading serves them
HELLO_SECONDS = 2.0  # how long the page has to say what it shows already
WINDOW = 4  # updates under way to one browser; a slower one gets the newest state when it has caught up
MESSAGE_LIMIT = 64_000
SIGNS = ("here", "typing", "away")
SIGN_SECONDS = 5.0  # the same sign is listened to no more often than this
_TICK_BELIEVES_SECONDS = 1.0  # so old may a reading be that a tick, without any nudge, takes for the present state

MISSING, BROKEN = 4404, 1011


class Missing(Exception):
    """What the socket is about does not exist, or not for this person."""


class Update(NamedTuple):
    """What one reading gave: what is sent, and where it leaves the sockets that get it."""

    text: str
    position: Any
    shown: dict[str, str]
    has_more: bool


class LiveConsumer(AsyncWebsocketConsumer):
    """Subclasses say `permission`, `topics`, `regions` and, for what only grows, `additions`.

    The last three run in a worker thread and may use the database; `ticked` and `heard` in another that may write.
    """

    permission = ""
    pace_seconds = PACE_SECONDS
    gives_signs = False  # whether `ticked` and `heard` have anything to do
    reads_together = False  # whether its readings are small: many sockets are read one after the other
    user: Any
    manner: Manner

    def open(self) -> None:
        """Load what the socket is about; raises Missing."""

    def topics(self) -> list[str]:
        return []

    @classmethod
    def read_ahead(cls, sockets: Sequence[Any]) -> None:
        """What the updates of all these need, in few statements."""

    def regions(self) -> list[str]:
        """Whole fragments from `live.fragments.render`; only those that the page does not show yet are sent."""
        return []

    def wants(self, key: str) -> bool:
        """Whether the page has a place for this fragment. One that did not say what it shows gets all."""
        return key in self.shown or not self.is_greeted

    def additions(self) -> list[str]:
        """What came after the consumer's own cursor, addressed; moves the cursor."""
        return []

    def resume_at(self, after: int) -> None:
        """The page shows everything up to this cursor."""

    def ticked(self) -> None:
        """At the start and at each tick: for what somebody's looking renews. Slow writes hold up no reading."""

    def heard(self, sign: str) -> None:
        """What the page said of its person: "here" (they did something), "typing" or "away" (its tab is hidden)."""

    def sharing(self) -> Hashable | None:
        """All that the next update depends on, beside what the page shows: sockets of which it is equal share one
        reading. None where it depends on the person.
        """
        return None

    def position(self) -> Any:
        """What `additions` has moved; `stand_at` puts another socket of the same `sharing` there."""
        return None

    def stand_at(self, position: Any) -> None:
        """The update that led there was another socket's, and is sent here as well."""

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        # Nothing comes to this socket from the layer: the hub listens for all of them. So there is one source only.
        self.scope, self.base_send = scope, send
        self.channel_layer = get_channel_layer(self.channel_layer_alias)
        self.is_seated = self.in_hand = False
        self.watched: list[str] = []
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            return
        finally:
            self._rise()

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels would look for stale database connections here, in a thread, for each message; ours are elsewhere.
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        if not _same_origin(self.scope):
            await self.close()
            return
        # Accepted first: a browser sees a close code only of a socket that was open.
        await self.accept()
        self.loop = asyncio.get_running_loop()
        self.shown: dict[str, str] = {}
        self.under_way, self.is_behind = 0, False
        self.has_more = self.is_greeted = self.is_begun = False
        self.free_at = 0.0
        self.due: asyncio.TimerHandle | None = None
        self.beginning: asyncio.TimerHandle | None = None
        self.sign, self.heard_at = "", 0.0
        self.writing: asyncio.Task[None] | None = None
        self.session: str | None = self.scope["session"].session_key
        self.wish = self.wished()
        seen = await guests.look(self.session, self.wish)
        self.user, self.manner = seen.user, seen.manner
        refused = seen.refused or await reading.in_thread(self._try_open)
        if refused:
            await self.close(refused)
            return
        self.is_seated = True
        await self._join()
        guests.seat(str(self.session), self)
        self.beginning = self.loop.call_later(HELLO_SECONDS, self._begin)

    def wished(self) -> guests.Wish:
        """What it asks of its person, and how its page speaks."""
        device = self.scope.get("cookies", {}).get(manner.DEVICE, "")
        return guests.Wish(self.permission, _header(self.scope, b"accept-language"), _language(self.scope), device)

    async def disconnect(self, code: int) -> None:
        self._rise()
        if self.watched and self.writing is not None:
            await self.writing
        await self._part()

    def _rise(self) -> None:
        """Nothing is read or sent from now on."""
        if self.is_seated:
            self.is_seated = False
            if self.beginning is not None:
                self.beginning.cancel()
            if self.due is not None:
                self.due.cancel()
            guests.leave(str(self.session), self)
            lanes.of(type(self)).drop(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A hello `{"have": {id: version}, "after": n}` once, `{"ack": 1}` per update, and `{"life": sign}`."""
        message = _parsed(text_data)
        if message is None:
            await self.close(1009)
        elif not self.is_seated:
            return
        elif "ack" in message:
            self.under_way = max(0, self.under_way - 1)
            if self.is_behind:  # what came meanwhile was left for now
                self.nudged(time.monotonic())
        elif message.get("life") in SIGNS:
            await self._hear(str(message["life"]))
        elif "have" in message and not self.is_greeted:
            self.shown = {str(key): str(value) for key, value in message["have"].items()}
            if isinstance(message.get("after"), int):
                self.resume_at(message["after"])
            self.is_greeted = True
            self._begin()

    def _begin(self) -> None:
        if not self.is_begun:
            self.is_begun = True
            if self.beginning is not None:
                self.beginning.cancel()
            self._tick()
        self._read_since(time.monotonic())

    def _tick(self) -> None:
        # Not waited for: a database that takes no writes delays no update.
        if self.gives_signs and (self.writing is None or self.writing.done()):
            self.writing = asyncio.create_task(reading.in_writer(self.ticked))

    async def _hear(self, sign: str) -> None:
        # Often is no use: a page that says the same again and again costs a thread nothing.
        now = time.monotonic()
        if not self.gives_signs or (sign == self.sign and now - self.heard_at < SIGN_SECONDS):
            return
        self.sign, self.heard_at = sign, now
        await reading.in_writer(lambda: self.heard(sign))

    def dirty_again(self) -> None:
        """There is more than one update could carry: come back at once. For `additions` to call."""
        self.has_more = True

    def nudged(self, at: float) -> None:
        """There is news: read at once, or when the pace allows it, or when the browser has caught up."""
        if not self.is_begun or self.due is not None:
            return
        if self.in_hand or self.under_way >= WINDOW:
            self.is_behind = True
        elif self.free_at > at:
            self.due = self.loop.call_at(self.free_at, self._read_now)
        else:
            self._read_since(at)

    def _read_now(self) -> None:
        self.due = None
        self.nudged(self.loop.time())

    def _read_since(self, at: float) -> None:
        if self.in_hand:
            self.is_behind = True
        elif self.is_seated:
            self.is_behind = False
            lanes.of(type(self)).add(self, at)

    async def ticked_with(self, seen: guests.Seen) -> None:
        """Its person was looked up again, which is done every few seconds: what no nudge told is found too."""
        if seen.refused:
            self._rise()
            await self.close(seen.refused)
            return
        self.user, self.manner = seen.user, seen.manner
        await self._join()
        if not self.is_seated:  # it has left meanwhile
            await self._part()
        elif self.is_begun:
            # A browser that never confirms what it got is served at the pace of the tick.
            self.under_way = min(self.under_way, WINDOW - 1)
            self._tick()
            self._read_since(time.monotonic() - _TICK_BELIEVES_SECONDS)

    def shows(self) -> Hashable:
        shared = self.sharing()
        return self if shared is None else (shared, self.manner, self.is_greeted, frozenset(self.shown.items()))

    def read(self) -> Update:
        self.has_more = False
        with manner.worn(self.manner):
            text = self._collect()
        return Update(text, self.position(), self.shown, self.has_more)

    async def take(self, result: Update) -> None:
        """Send what was read, and go on from there."""
        if not self.is_seated:
            return
        self.stand_at(result.position)
        self.shown = dict(result.shown)
        self.free_at = (self.loop.time() + self.pace_seconds) // _BEAT_SECONDS * _BEAT_SECONDS
        if result.text:
            self.under_way += 1
            await self.base_send({"type": "websocket.send", "text": result.text})
        if result.has_more or self.is_behind:
            self.nudged(self.loop.time())

    async def fail(self) -> None:
        """It can't go on; the page will connect again."""
        self._rise()
        await self.close(BROKEN)

    def _collect(self) -> str:
        parts = self.additions()
        for html in self.regions():
            key, version = fragments.root_id(html), fragments.version(html)
            # A page that said what it shows gets nothing that it has no place for.
            if self.shown.get(key) != version and self.wants(key):
                self.shown[key] = version
                parts.append(fragments.swap(html))
        return "\n".join(parts)

    def _try_open(self) -> int:
        try:
            self.open()
            self.joined = self.topics()
        except Missing:
            return MISSING
        return 0

    async def _join(self) -> None:
        self.watched = self.joined
        for topic in self.joined:
            await hub.of(self.channel_layer).watch(topic, self)

    async def _part(self) -> None:
        for topic in self.watched:
            await hub.of(self.channel_layer).leave(topic, self)


def _parsed(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MESSAGE_LIMIT:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("have", {}), dict):
        return None
    return message


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _language(scope: dict[str, Any]) -> str:
    return parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]


def _same_origin(scope: dict[str, Any]) -> bool:
    """Whether the page that opens the socket is ours: scheme-less host and port equal, or an origin that is trusted."""
    origin, host = _header(scope, b"origin"), _header(scope, b"host")
    return bool(origin) and (urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS)
