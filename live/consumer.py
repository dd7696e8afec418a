"""Owns a page's socket: joins topics, reads what is new by cursor at each nudge or tick, sends fragments, bounded."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Hashable
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user

from live import fragments, hub, manner, reading, sharing

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0  # how long a lost nudge or a log-out may go unnoticed
PACE_SECONDS = 0.1  # ten updates a second at most; lists of many runs are calmer
LIST_PACE_SECONDS = 0.5
HELLO_SECONDS = 2.0  # how long the page has to say what it shows already
WINDOW = 4  # updates under way to one browser; a slower one gets the newest state when it has caught up
MESSAGE_LIMIT = 64_000
SIGNS = ("here", "typing", "away")
SIGN_SECONDS = 5.0  # the same sign is listened to no more often than this
_TICK_BELIEVES_SECONDS = 1.0  # so old may a reading be that a tick, without any nudge, takes for the present state

SIGNED_OUT, FORBIDDEN, MISSING, BROKEN = 4401, 4403, 4404, 1011


class Missing(Exception):
    """What the socket is about does not exist, or not for this person."""


class LiveConsumer(AsyncWebsocketConsumer):
    """Subclasses say `permission`, `topics`, `regions` and, for what only grows, `additions`.

    The last three run in a worker thread and may use the database; `ticked` and `heard` in another that may write.
    """

    permission = ""
    pace_seconds = PACE_SECONDS
    gives_signs = False  # whether `ticked` and `heard` have anything to do

    def open(self) -> None:
        """Load what the socket is about; raises Missing."""

    def topics(self) -> list[str]:
        return []

    def regions(self) -> list[str]:
        """Whole fragments from `live.fragments.render`; only those that the page does not show yet are sent."""
        return []

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

    async def connect(self) -> None:
        if not _same_origin(self.scope):
            await self.close()
            return
        # Accepted first: a browser sees a close code only of a socket that was open.
        await self.accept()
        self.loop = asyncio.get_running_loop()
        self.shown: dict[str, str] = {}
        self.under_way = 0
        self.has_more = False
        self.dirty_at = 0.0
        self.dirty, self.hello = asyncio.Event(), asyncio.Event()
        self.pump: asyncio.Task[None] | None = None
        self.sign, self.heard_at = "", 0.0
        self.writing: asyncio.Task[None] | None = None
        refused = await reading.in_thread(self._refused) or await reading.in_thread(self._try_open)
        if refused:
            await self.close(refused)
            return
        await self._join()
        self.pump = asyncio.create_task(self._run())

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels would look for stale database connections here, in a thread, for each message; ours are elsewhere.
        await getattr(self, get_handler_name(message))(message)

    async def disconnect(self, code: int) -> None:
        pump = getattr(self, "pump", None)
        if pump is not None:
            pump.cancel()
            if self.writing is not None:
                await self.writing
            for topic in self.joined:
                await hub.of(self.channel_layer).leave(topic, self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A hello `{"have": {id: version}, "after": n}` once, `{"ack": 1}` per update, and `{"life": sign}`."""
        message = _parsed(text_data)
        if message is None:
            await self.close(1009)
        elif "ack" in message:
            was_full = self.under_way >= WINDOW
            self.under_way = max(0, self.under_way - 1)
            if was_full:  # what came meanwhile was left for now
                self.dirty.set()
        elif message.get("life") in SIGNS:
            await self._hear(str(message["life"]))
        elif "have" in message and not self.hello.is_set():
            self.shown = {str(key): str(value) for key, value in message["have"].items()}
            if isinstance(message.get("after"), int):
                self.resume_at(message["after"])
            self.hello.set()

    def _tick(self) -> None:
        # Not waited for: a database that takes no writes delays no update.
        if self.gives_signs and (self.writing is None or self.writing.done()):
            self.writing = asyncio.create_task(reading.in_writer(self.ticked))

    async def _hear(self, sign: str) -> None:
        # Often is no use: a page that says the same again and again costs a thread nothing.
        now = time.monotonic()
        if not self.gives_signs or self.pump is None or (sign == self.sign and now - self.heard_at < SIGN_SECONDS):
            return
        self.sign, self.heard_at = sign, now
        await reading.in_writer(lambda: self.heard(sign))

    def dirty_again(self) -> None:
        """There is more than one update could carry: come back at once. For `additions` to call."""
        self.has_more = True

    def nudged(self, at: float) -> None:
        self.dirty_at = at
        self.dirty.set()

    async def _run(self) -> None:
        try:
            await _within(self.hello, HELLO_SECONDS)
            self._tick()
            await self._update(time.monotonic())
            while True:
                due = time.monotonic() + TICK_SECONDS
                tick = self.loop.call_later(TICK_SECONDS, self.dirty.set)
                try:
                    await self._until(due)
                finally:
                    tick.cancel()
                if not await self._still_welcome():
                    return
                self._tick()
                await self._update(max(self.dirty_at, time.monotonic() - _TICK_BELIEVES_SECONDS))
        except Exception:
            log.exception("A page's socket could not go on; the page will connect again.")
            await self.close(BROKEN)

    async def _until(self, due: float) -> None:
        """Answer nudges until the tick is due."""
        while True:
            await asyncio.sleep(self.pace_seconds)
            await self.dirty.wait()
            self.dirty.clear()
            if time.monotonic() >= due:
                return
            if self.under_way < WINDOW:
                await self._update(self.dirty_at)

    async def _still_welcome(self) -> bool:
        # A browser that never confirms what it got is served at the pace of the tick.
        self.under_way = min(self.under_way, WINDOW - 1)
        refused = await reading.in_thread(self._refused)
        if refused:
            await self.close(refused)
            return False
        await self._join()
        return True

    async def _update(self, since: float) -> None:
        """Send what is new, from a reading that began at `since` (monotonic) or later."""
        shared = self.sharing()
        if shared is None:
            text, *state = await reading.in_thread(self._collected)
        else:
            key = (type(self), shared, self.manner, self.hello.is_set(), frozenset(self.shown.items()))
            text, *state = await sharing.once(key, since, lambda: reading.in_thread(self._collected))
        position, shown, has_more = state
        self.stand_at(position)
        self.shown = dict(shown)
        if has_more:
            self.dirty.set()
        if text:
            self.under_way += 1
            await self.send(text_data=text)

    def _collected(self) -> tuple[str, Any, dict[str, str], bool]:
        self.has_more = False
        with manner.worn(self.manner):
            text = self._collect()
        return text, self.position(), self.shown, self.has_more

    def _collect(self) -> str:
        parts = self.additions()
        for html in self.regions():
            key, version = fragments.root_id(html), fragments.version(html)
            # A page that said what it shows gets nothing that it has no place for.
            if self.shown.get(key) != version and (key in self.shown or not self.hello.is_set()):
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
        for topic in self.joined:
            await hub.of(self.channel_layer).watch(topic, self)

    def _refused(self) -> int:
        """0, or the close code that says why this person may not, or no longer, look at this."""
        key = self.scope["session"].session_key
        if not key:
            return SIGNED_OUT
        session = import_module(settings.SESSION_ENGINE).SessionStore(key)
        self.user: Any = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
        if not self.user.is_authenticated or not self.user.is_active:
            return SIGNED_OUT
        asked = parse_qs(self.scope["query_string"].decode("latin-1"))
        page = asked.get("lang", [""])[0]
        self.manner = manner.of(self.user, _header(self.scope, b"accept-language"), page)
        return 0 if self.user.has_perm(self.permission) else FORBIDDEN


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _parsed(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MESSAGE_LIMIT:
        return None
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("have", {}), dict):
        return None
    return message


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _same_origin(scope: dict[str, Any]) -> bool:
    """Whether the page that opens the socket is ours: scheme-less host and port equal, or an origin that is trusted."""
    origin, host = _header(scope, b"origin"), _header(scope, b"host")
    return bool(origin) and (urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS)
