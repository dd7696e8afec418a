"""What the listings of one connection show: whom to ask for what, and which runs they may hide.

Upstream has no cursor and promises no order: a listing is cut at its limit. Each live status is listed on its own; the
newest of all tell what came and ended in between. Where that one is cut and does not reach back to the last listing,
the final statuses are asked as well, and where those hide something too, the connection says so.
"""

from __future__ import annotations

import itertools
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone

from coasty_api import errors, wire
from coasty_api.client import Client
from runs import states, upstream
from runs.models import Connection, Run
from runs.relay.inbox import Inbox
from runs.states import Status

log = logging.getLogger(__name__)

LIST_SECONDS = 3.0
GLANCE_SECONDS = 0.5  # between looks at the live runs, where those that ended can't be listed and strangers come
_LIVE = (Status.QUEUED, Status.RUNNING, Status.AWAITING_HUMAN)  # as a run goes through them: it is not passed by
_FINAL = tuple(sorted(states.TERMINAL))
_LIMIT = 200  # of one status: as many as upstream gives
_NEWEST_LIMIT = 50
_RECENT = timedelta(minutes=15)
_OVERLAP = timedelta(seconds=2)  # a listing must reach back behind the last one, as clocks are read to a second
_BUSY_SECONDS = 60.0  # a stranger that was found lately makes more of them likely
_GAP = timedelta(seconds=10)


@dataclass(frozen=True)
class Page:
    """One answer: the runs in it, as upstream tells them, and whether it is cut."""

    payloads: list[dict[str, Any]]
    is_cut: bool

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Page:
        told = answer.get("data")
        payloads = [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        return cls(payloads, bool(answer.get("has_more")))

    @property
    def made(self) -> list[datetime | None]:
        return [wire.time(payload.get("created_at")) for payload in self.payloads]

    @property
    def is_newest_first(self) -> bool:
        """Whether what is cut off is the oldest, as far as these runs can tell."""
        known = [moment for moment in self.made if moment is not None]
        is_told = len(known) == len(self.payloads) and len(set(known)) > 1
        return is_told and all(later >= earlier for later, earlier in pairwise(known))

    def reaches(self, since: datetime) -> bool:
        """Whether no run that was made after `since` is cut off."""
        return not self.is_cut or (self.is_newest_first and min(filter(None, self.made)) <= since)


class Listings:
    """The looks at one connection. `asked` counts the requests of the last one. For one thread."""

    def __init__(
        self, connection: Connection, journal: Inbox, limit: int = _LIMIT, newest_limit: int = _NEWEST_LIMIT
    ) -> None:
        self.asked = 0
        self._limit, self._newest_limit = limit, newest_limit
        self._connection = connection
        self._journal = journal
        self._hiding: frozenset[str] = frozenset()  # final statuses of which the last look could not show the newest
        self._useless: set[str] = set()  # of these: cut, and not newest first; asking more often would not help
        self._in_turn = itertools.cycle(_FINAL)
        self._stranger_at = -_BUSY_SECONDS
        self._whole_due = 0.0
        self._noted: dict[str, bool] = {}

    @property
    def is_quick(self) -> bool:
        """Whether runs may come and end unseen between two looks: then the live ones are glanced at in between."""
        return bool(self._hiding) and time.monotonic() < self._stranger_at + _BUSY_SECONDS

    @property
    def rest_seconds(self) -> float:
        return GLANCE_SECONDS if self.is_quick else LIST_SECONDS

    def leave(self) -> None:
        """Another worker lists now, and may note something else."""
        self._noted, self._whole_due = {}, 0.0

    def look(self, client: Client, *, whole: bool = False) -> bool:
        """Mirror what is listed; whether upstream has answered to all of it.

        Raises the tree of `coasty_api.errors`; then the next look must reach back further.
        """
        self.asked = 0
        if not whole and self.is_quick and time.monotonic() < self._whole_due:
            return self._glance(client)
        self._look_whole(client)
        self._whole_due = time.monotonic() + LIST_SECONDS - GLANCE_SECONDS
        return True

    def _glance(self, client: Client) -> bool:
        """Only for runs that nobody here knows. One that fails is no outage yet: the whole look comes next."""
        try:
            for status in _LIVE:
                asked_at, found = timezone.now(), self._ask(client, status).payloads
                try:
                    found = self._strangers(found)
                finally:
                    self._take(found, asked_at)  # all of them, where the database does not say who is known
        except errors.Unavailable:
            self._whole_due = 0.0
            return False
        return True

    def _look_whole(self, client: Client) -> None:
        began, last = timezone.now(), upstream.listed_at(self._connection)
        since = max(last or began, began - _RECENT) + timedelta(seconds=client.ahead_seconds) - _OVERLAP
        live = [self._mirror(client, status) for status in _LIVE]
        finals = {} if self._mirror(client, None).reaches(since) else self._mirror_finals(client)
        blind = {status for status, page in finals.items() if page.is_cut and not page.is_newest_first}
        self._useless = blind | (self._useless - finals.keys() if finals else set())
        self._hiding = frozenset(self._useless | {name for name, page in finals.items() if not page.reaches(since)})
        self._note(is_unlisted=any(page.is_cut for page in live), hides_ended=bool(self._hiding))
        if self._hiding and last and began - last > _GAP:
            self._tell_gap(began - last)
        self._journal.listed(self._connection, began)

    def _mirror_finals(self, client: Client) -> dict[str, Page]:
        """All four; of those that are known to show their oldest only, one a time: it may have changed."""
        turn = itertools.islice(self._in_turn, len(_FINAL))
        again = next((status for status in turn if status in self._useless), None)
        return {name: self._mirror(client, name) for name in _FINAL if name not in self._useless or name == again}

    def _mirror(self, client: Client, status: str | None) -> Page:
        """Ask and take: of what has ended, what came and ended lately."""
        asked_at = timezone.now()
        page = self._ask(client, status)
        is_live = status in states.LIVE
        found = [one for one in page.payloads if is_live or _is_recent(one, asked_at)]
        try:
            if self._hiding:
                self._strangers(found)
        finally:
            self._take(found, asked_at)  # though the database may be gone: this may not be told again
        return page

    def _ask(self, client: Client, status: str | None) -> Page:
        self.asked += 1
        return Page.of(client.list_runs(status, self._limit if status else self._newest_limit))

    def _take(self, payloads: list[dict[str, Any]], asked_at: datetime) -> None:
        if payloads:
            self._journal.snapshots(self._connection, payloads, asked_at)

    def _strangers(self, payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of which nothing is known here; that there are any is remembered."""
        by_id = {str(payload.get("id")): payload for payload in payloads}
        names = [name for name in by_id if name == wire.clean(name)]
        told = Run.objects.filter(connection=self._connection, upstream_id__in=names)
        known = set(told.values_list("upstream_id", flat=True))
        found = [by_id[name] for name in names if name not in known]
        if found:
            self._stranger_at = time.monotonic()
        return found

    def _note(self, **told: bool) -> None:
        """What upstream hides, told once."""
        for name, is_so in told.items():
            if self._noted.get(name) != is_so:
                self._noted[name] = is_so
                if upstream.note_hiding(self._connection, name, is_so) and is_so:
                    log.warning(_WORDS[name], self._connection.name)

    def _tell_gap(self, gap: timedelta) -> None:
        log.warning(
            "%s was not listed for %.0f s: of what began elsewhere and ended in that time, some runs may be missing",
            self._connection.name,
            gap.total_seconds(),
        )


_WORDS = {
    "is_unlisted": "%s has more live runs than it lists; some that were started elsewhere can't be seen",
    "hides_ended": "%s does not list its newest ended runs; one that was started elsewhere and ended within seconds"
    " may be missed",
}


def _is_recent(payload: dict[str, Any], now: datetime) -> bool:
    """Old runs that ended long ago are history that nobody asked for."""
    told = wire.time(payload.get("finished_at")) or wire.time(payload.get("created_at"))
    return told is not None and now - told < _RECENT
