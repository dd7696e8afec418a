"""How a job worker takes messages from the broker: Celery's way, and it outlives a broker that dies under it."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.consumer import Consumer as _Consumer

log = logging.getLogger(__name__)


class Consumer(_Consumer):
    """Celery 5.7 forgets the broken connection before it closes its channel, which would hand back through it what
    the worker still holds, and acknowledges through it what was held. The AttributeErrors of that would end the worker;
    they are a connection that was lost. What it held is only hints.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known: tuple[type[Exception], ...] = self.conninfo.connection_errors
        self.connection_errors = (*known, AttributeError)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError as problem:
            log.info("The messages that it held are given up with the broker's connection: %s", problem)
