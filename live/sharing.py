"""One reading for the many sockets that show the same, as long as it is not older than the news of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

_KEPT_SECONDS = 2.0


@dataclass
class _Reading:
    began: float
    result: asyncio.Task[Any]


_readings: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, _Reading]] = WeakKeyDictionary()


async def once(key: Hashable, since: float, read: Callable[[], Awaitable[Any]]) -> Any:
    """What `read` gives, or what another's gave for the same key if it began at `since` (monotonic) or later.

    A reading that fails fails for all who wait for it, and is not kept.
    """
    loop = asyncio.get_running_loop()
    known = _readings.setdefault(loop, {})
    found = known.get(key)
    if found is None or found.began < since:
        found = known[key] = _Reading(time.monotonic(), asyncio.ensure_future(read()))
        loop.call_later(_KEPT_SECONDS, _forget, known, key, found)
    try:
        return await asyncio.shield(found.result)  # whoever began it may leave; the others still wait
    except Exception:
        _forget(known, key, found)
        raise


def _forget(known: dict[Hashable, _Reading], key: Hashable, reading: _Reading) -> None:
    if known.get(key) is reading:
        del known[key]
