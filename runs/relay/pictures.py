"""Fetches the frames of runs that moved, by a few threads, beside the journal: a slow picture never delays an event."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from django.db import Error as DatabaseFailure
from django.db import connections

from coasty_api import errors
from runs import frames
from runs.models import Run

log = logging.getLogger(__name__)

_THREADS = 2
_TRIES = 4


class Pictures:
    """A set of runs that want their new frames; asking twice before the fetch is asking once."""

    def __init__(self) -> None:
        self._wanted: OrderedDict[int, bool] = OrderedDict()
        self._busy: set[int] = set()
        self._tries: dict[int, int] = {}
        self._changed = threading.Condition()
        self._is_stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"relay-pictures-{n}", daemon=True) for n in range(_THREADS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(seconds / _THREADS)

    def want(self, run_pk: int, *, is_moment: bool) -> None:
        """`is_moment`: a pause or the end, where a picture matters even if the service keeps no frames."""
        with self._changed:
            self._wanted[run_pk] = self._wanted.get(run_pk, False) or is_moment
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                pk = self._next()
                while pk is None and not self._is_stopping:
                    self._changed.wait()
                    pk = self._next()
                if pk is None or self._is_stopping:
                    break
                is_moment = self._wanted.pop(pk)
                self._busy.add(pk)
            self._fetch(pk, is_moment)
            with self._changed:
                self._busy.discard(pk)
                self._changed.notify_all()
        connections.close_all()

    def _next(self) -> int | None:
        """The run that waits longest and is not being fetched right now."""
        return next((pk for pk in self._wanted if pk not in self._busy), None)

    def _fetch(self, pk: int, is_moment: bool) -> None:
        try:
            run = Run.objects.select_related("connection").filter(pk=pk).first()
            if run is not None:
                frames.collect(run, is_moment=is_moment)
        except (errors.Unavailable, errors.Busy) as problem:
            self._try_later(pk, is_moment, problem)
        except errors.CoastyError as problem:
            log.info("No frames for run %s: %s", pk, problem)
        except DatabaseFailure as problem:
            log.warning("Frames of run %s were not stored: %s", pk, problem)
            connections.close_all()
        except Exception:
            log.exception("Frames of run %s", pk)
        else:
            self._tries.pop(pk, None)

    def _try_later(self, pk: int, is_moment: bool, problem: errors.CoastyError) -> None:
        """A few times, with growing pauses; after that the next step, pause or end asks again."""
        tries = self._tries[pk] = self._tries.get(pk, 0) + 1
        if tries > _TRIES or self._is_stopping:
            self._tries.pop(pk, None)
            log.info("No frames for run %s: %s", pk, problem)
            return
        timer = threading.Timer(problem.retry_after or 2.0**tries, self.want, [pk], {"is_moment": is_moment})
        timer.daemon = True
        timer.start()
