"""What p99 consists of in a process that relays or writes down: pauses of its own making, kept short."""

from __future__ import annotations

import gc
import sys


def keep_short() -> None:
    """Threads take turns often; garbage is looked for seldom, and not in what stays."""
    sys.setswitchinterval(0.001)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
