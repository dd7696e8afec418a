"""Who sits behind a page's sockets: looked up at each tick once for all sockets of a session, not by each of them."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from django.conf import settings
from django.contrib.auth import get_user

from live import manner, reading
from live.manner import Manner

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0  # how long a lost nudge or a log-out may go unnoticed
SIGNED_OUT, FORBIDDEN = 4401, 4403


class Wish(NamedTuple):
    """What a socket asks of its person, and how its page speaks."""

    permission: str
    accepted: str  # the browser's languages
    language: str  # the page's
    device: str = ""  # its zone


class Seen(NamedTuple):
    """What came of it: 0, or the close code that says why this person may not, or no longer, look at this."""

    refused: int
    user: Any = None
    manner: Manner = Manner()


class Socket(Protocol):
    wish: Wish

    async def ticked_with(self, seen: Seen) -> None:
        """Its person was looked up again."""

    async def fail(self) -> None:
        """They could not be looked up."""


async def look(session: str | None, wish: Wish) -> Seen:
    """Once, now."""
    return (await reading.in_thread(partial(_look, session, frozenset({wish}))))[wish]


def _look(session: str | None, wishes: frozenset[Wish]) -> dict[Wish, Seen]:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session) if session else None
    user: Any = get_user(SimpleNamespace(session=store)) if store else None  # type: ignore[arg-type]
    if user is None or not user.is_authenticated or not user.is_active:
        return dict.fromkeys(wishes, Seen(SIGNED_OUT))
    preferred = manner.preferred(user)
    return {
        wish: Seen(
            0 if user.has_perm(wish.permission) else FORBIDDEN,
            user,
            manner.chosen(preferred, wish.accepted, wish.language, wish.device),
        )
        for wish in wishes
    }


class _Guest:
    """One session of one loop while it has sockets."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.sockets: set[Any] = set()
        self.ticking = asyncio.get_running_loop().create_task(self._tick())

    async def _tick(self) -> None:
        while self.sockets:
            await asyncio.sleep(TICK_SECONDS)
            try:
                wishes = frozenset(socket.wish for socket in self.sockets)
                seen = await reading.in_thread(partial(_look, self.session, wishes), is_quick=True)
            except Exception:
                log.exception("Who sits behind a page's sockets could not be read; the pages will connect again.")
                for socket in tuple(self.sockets):
                    await socket.fail()
                continue
            for socket in tuple(self.sockets):
                if socket.wish in seen:  # else it came meanwhile, and was looked up then
                    await _tell(socket, seen[socket.wish])


async def _tell(socket: Any, seen: Seen) -> None:
    try:
        await socket.ticked_with(seen)
    except Exception:
        log.exception("A page's socket could not go on; the page will connect again.")
        await socket.fail()


_guests: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Guest]] = WeakKeyDictionary()


def seat(session: str, socket: Socket) -> None:
    """From now on the socket ticks with its session."""
    known = _guests.setdefault(asyncio.get_running_loop(), {})
    if session not in known:
        known[session] = _Guest(session)
    known[session].sockets.add(socket)


def leave(session: str, socket: Socket) -> None:
    known = _guests.get(asyncio.get_running_loop(), {})
    guest = known.get(session)
    if guest is None:
        return
    guest.sockets.discard(socket)
    if not guest.sockets:
        del known[session]
        if guest.ticking is not asyncio.current_task():  # else it closes its last one, and ends by itself
            guest.ticking.cancel()
