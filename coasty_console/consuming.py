"""How a job worker takes messages from the broker: Celery's way, and it outlives a broker that dies under it."""

from __future__ import annotations

import logging

from celery.worker.consumer import Consumer as _Consumer

log = logging.getLogger(__name__)


class Consumer(_Consumer):
    """Celery 5.7 forgets the broken connection before it closes its channel, which would hand back through it what
    the worker still holds: the AttributeError of that would end the worker. What it held is only hints (`jobs`).
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError as problem:
            log.info("The messages that it held are given up with the broker's connection: %s", problem)
