"""Threads that read the database for sockets, and one that writes. Each keeps its connection for a while."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import Error as DatabaseFailure
from django.db import connections

log = logging.getLogger(__name__)

Read = TypeVar("Read")

_THREADS = 4
_KEPT_SECONDS = 30.0
_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="live-reading")
_quick = ThreadPoolExecutor(1, thread_name_prefix="live-quick")  # small readings queue behind no long one
_writer = ThreadPoolExecutor(1, thread_name_prefix="live-writing")
_local = threading.local()


async def in_thread(call: Callable[[], Read], *, is_quick: bool = False) -> Read:
    """What `call` returns, from a thread that may use the database. Whatever it raises is raised."""
    return await asyncio.get_running_loop().run_in_executor(_quick if is_quick else _pool, _guarded, call)


async def in_writer(call: Callable[[], object]) -> None:
    """Done by the one thread that writes for sockets: whoever waits for the database there holds up no reading.

    What goes wrong is told in the log only: it is tried again at the next tick.
    """
    try:
        await asyncio.get_running_loop().run_in_executor(_writer, _guarded, call)
    except Exception:
        log.exception("What a page's socket had to write was not written")


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
