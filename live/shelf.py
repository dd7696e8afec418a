"""What all processes of the console share for seconds: in Redis where there is one, else in this process's memory.
Where Redis does not answer, each process goes on by itself. Bytes only; in Redis they lie sealed (`vault.Sealing`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError

SHARED, NEAR = "shared", "near"
_AWAY_SECONDS = 5.0  # so long nobody asks a Redis that did not answer

log = logging.getLogger(__name__)
_away = {"until": float("-inf")}  # on the monotonic clock


def take(name: str, seconds: int) -> bool:
    """Whether it is this caller who may, for so long: of all that ask in any process, one is."""
    return bool(_do(lambda cache: cache.add(name, b"1", seconds)))


def hold(name: str, seconds: int) -> None:
    """What was taken stays taken for so long from now."""
    _do(lambda cache: cache.touch(name, seconds))


def put(name: str, value: bytes, seconds: int) -> None:
    _do(lambda cache: cache.set(name, value, seconds))


def get(name: str) -> bytes | None:
    found: bytes | None = _do(lambda cache: cache.get(name))
    return found


def _do(act: Callable[[BaseCache], Any]) -> Any:
    if time.monotonic() >= _away["until"]:
        try:
            return act(caches[SHARED])
        except (RedisError, OSError, ValueError) as problem:  # ValueError: it was sealed under another key
            log.warning("What processes share is not reached; each goes on by itself: %s", problem)
            _away["until"] = time.monotonic() + _AWAY_SECONDS
    return act(caches[NEAR])
