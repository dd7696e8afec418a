"""Fetches the frames of runs that moved, by a few threads, beside the journal: a slow picture never delays an event."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from itertools import islice

from django.db import Error as DatabaseFailure
from django.db import connections

from coasty_api import errors
from runs import frames
from runs.models import Run

log = logging.getLogger(__name__)

_THREADS = 2
_TRIES = 4
_AT_ONCE = 200  # runs that are looked up together
_HOMES = 100_000  # runs whose connection is remembered


class Pictures:
    """A set of runs that want their new frames; asking twice before the fetch is asking once."""

    def __init__(self) -> None:
        self._wanted: OrderedDict[int, bool] = OrderedDict()
        self._busy: set[int] = set()
        self._tries: dict[int, int] = {}
        self._homes: dict[int, int] = {}  # the connection of each run that was asked for
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
        home = self._homes.get(run_pk)
        if not is_moment and home is not None and not frames.are_kept(home):
            return
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
                unknown = self._unknown(pk)
            if unknown:
                self._look_up(unknown)
            if is_moment or pk not in self._homes or frames.are_kept(self._homes[pk]):
                self._fetch(pk, is_moment)
            with self._changed:
                self._busy.discard(pk)
                self._changed.notify_all()
        connections.close_all()

    def _next(self) -> int | None:
        """The run that waits longest and is not being fetched right now."""
        return next((pk for pk in self._wanted if pk not in self._busy), None)

    def _unknown(self, pk: int) -> list[int]:
        """This run and those that wait behind it, as far as it is not known where they run."""
        if pk in self._homes:
            return []
        return [pk, *islice((one for one in self._wanted if one not in self._homes), _AT_ONCE)]

    def _look_up(self, runs: list[int]) -> None:
        """One question for many runs: a service that keeps no frames is then asked for none, and costs nothing."""
        if len(self._homes) > _HOMES:
            self._homes = {}
        try:
            self._homes.update(Run.objects.filter(pk__in=runs).values_list("pk", "connection_id"))
        except DatabaseFailure as problem:
            log.warning("The connections of runs were not read: %s", problem)
            connections.close_all()
            return
        with self._changed:
            for pk in runs:
                if pk in self._homes and self._wanted.get(pk) is False and not frames.are_kept(self._homes[pk]):
                    del self._wanted[pk]

    def _fetch(self, pk: int, is_moment: bool) -> None:
        try:
            run = Run.objects.select_related("connection").filter(pk=pk).first()
            if run is not None and frames.collect(run, is_moment=is_moment) >= frames.AT_ONCE:
                self.want(pk, is_moment=False)  # the rest, after those of other runs
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
