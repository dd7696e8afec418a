"""Threads that read the database for sockets. Each keeps its connection for a while: opening one costs a reading."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import Error as DatabaseFailure
from django.db import connections

Read = TypeVar("Read")

_THREADS = 4
_KEPT_SECONDS = 30.0
_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="live-reading")
_local = threading.local()


async def in_thread(call: Callable[[], Read]) -> Read:
    """What `call` returns, from a thread that may use the database. Whatever it raises is raised."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _guarded, call)


def _guarded(call: Callable[[], Read]) -> Read:
    now = time.monotonic()
    if now - getattr(_local, "since", 0.0) > _KEPT_SECONDS:
        connections.close_all()
        _local.since = now
    try:
        return call()
    except DatabaseFailure:
        connections.close_all()  # a broken one would fail for ever
        raise
