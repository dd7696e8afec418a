"""Which core the loop of streams and the journal share: they take turns, so on two cores they only wake each other.

On one core an event costs a tenth to a fifth less of the processor. What does not share the turn runs where it likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress


def share(threads: Iterable[int | None], turn: int) -> None:
    """Keep these threads (native ids) on one of the cores that the process may use: the worker of another `turn` takes
    another one. Where the system knows no such wish they stay where they are.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(os.getpid()))
    core = allowed[-1 - turn % len(allowed)]
    for thread in threads:
        if thread is not None:
            with suppress(OSError):  # it has ended
                os.sched_setaffinity(thread, {core})
