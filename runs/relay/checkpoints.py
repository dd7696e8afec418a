"""Moves what SQLite has logged to its place, on a thread of its own: so the disk's pauses are not the journal's.

Elsewhere it does nothing. A pass takes no lock that a writer waits for; should it fall behind, the journal's own
connection does the rest at `LONGEST` pages.
"""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError
from django.db import connection as database

log = logging.getLogger(__name__)

LONGEST = 16_000  # pages of the log, of 4 KiB each, before a commit of the journal waits for the disk
_APART_SECONDS = 0.4  # a page that many transactions change is moved once


class Checkpoints:
    """`want` may be called from any thread, as often as one likes."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay-checkpoints", daemon=True)

    def start(self) -> None:
        if database.vendor == "sqlite":
            self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def want(self) -> None:
        """Something was committed."""
        if not self._wanted.is_set():
            self._wanted.set()

    def _run(self) -> None:
        while not self._stopping.wait(_APART_SECONDS):
            self._wanted.wait()
            self._wanted.clear()
            try:
                with database.cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except DatabaseError as problem:
                log.debug("The log was not moved, the next pass tries again: %s", problem)
        database.close()
