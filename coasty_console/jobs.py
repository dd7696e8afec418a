"""The job queue inside this process: worker threads and the timer, for when no broker is set."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading

from celery import beat
from celery.beat import Scheduler

from coasty_console.celery import app

log = logging.getLogger(__name__)

_CONCURRENCY = 4


class Jobs:
    """A worker and a timer on threads. They take no signals: whoever owns the process starts and stops them."""

    def __init__(self) -> None:
        name = f"jobs@{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._worker = app.WorkController(
            app=app, hostname=name, pool="threads", concurrency=_CONCURRENCY, loglevel="WARNING",
            without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True,
        )  # fmt: skip
        self._beat = beat.Service(app, max_interval=1, scheduler_cls=Scheduler)
        self._threads = [
            threading.Thread(target=self._guarded, args=[self._worker.start], name="jobs-worker", daemon=True),
            threading.Thread(target=self._guarded, args=[self._beat.start], name="jobs-beat", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        for name in app.conf.beat_schedule:  # at once: what was left undone need not wait for the timer
            app.send_task(name)

    def stop(self, seconds: float = 5.0) -> None:
        """Let what runs finish, take up nothing new. Jobs that are cut off are found again by the sweeps."""
        self._beat.stop(wait=False)
        threading.Thread(target=self._guarded, args=[self._worker.stop], daemon=True).start()
        for thread in self._threads:
            thread.join(seconds / len(self._threads))

    def _guarded(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except SystemExit:
            return
        except Exception:
            log.exception("The job queue ended")
