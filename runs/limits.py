"""How fast a connection may be asked, over all processes together: slots in a row of the database, taken by UPDATE."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseFailure
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from coasty_api import errors
from runs import budgets, spending, states
from runs.models import Allowance, Connection, Run, Starting

OURS = "LIMITED_HERE"  # code of a Busy that this console's own limit has raised, not upstream
_LOOK_SECONDS = 0.25  # so old may be what a process knows of a hold
_LONGEST_HOLD_SECONDS = 600.0


class Pace:
    """One connection's turn-taking: `take` before each request, `busy` after a 429. For any thread.

    In the relay `is_told` is set: its supervisor looks at the holds, as its many threads keep no database connection.
    """

    def __init__(self, connection_pk: int, a_second: int | None, patience_seconds: float, *, is_told: bool) -> None:
        self._pk = connection_pk
        self._a_second = a_second
        self._patience = patience_seconds
        self._is_told = is_told
        self._looked_at = 0.0
        self._held_until = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for a slot. Busy at once when it would come later than the patience lasts."""
        try:
            left = self._hold() - time.time()
            if left > 0:
                said = f"Upstream has asked to wait {math.ceil(left)} s more."
                raise errors.Busy(said, status=429, retry_after=left)
            moment = self._slot()
        except DatabaseFailure as problem:
            raise errors.Unavailable("The console's database does not answer.") from problem
        _sleep_until(moment)

    def busy(self, retry_after: float | None) -> None:
        """Upstream has answered 429: where it told how long, nobody asks until it is over. Else each backs off."""
        if not retry_after:
            return
        until = time.time() + min(retry_after, _LONGEST_HOLD_SECONDS)
        self.hold(until)
        try:
            Allowance.objects.get_or_create(connection_id=self._pk)
            Allowance.objects.filter(connection_id=self._pk, held_until__lt=until).update(held_until=until)
        except DatabaseFailure:
            return  # this process holds; the others will be told themselves
        finally:
            self._let_go()

    def hold(self, until: float) -> None:
        """Somebody was told to wait until this unix time."""
        with self._lock:
            self._held_until = max(until, self._held_until)

    def _hold(self) -> float:
        with self._lock:
            if self._is_told or time.monotonic() - self._looked_at < _LOOK_SECONDS:
                return self._held_until
            self._looked_at = time.monotonic()
        self.hold(holds([self._pk]).get(self._pk, 0.0))
        return self._held_until

    def _slot(self) -> float:
        if not self._a_second:
            return 0.0
        try:
            return _slot(self._pk, 1 / self._a_second, self._patience)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._is_told and not database.in_atomic_block:
            database.close()


def holds(connections: Iterable[int]) -> dict[int, float]:
    """Until when upstream has asked to wait, by connection: unix times; those of the past are left out."""
    rows = Allowance.objects.filter(connection_id__in=list(connections), held_until__gt=time.time())
    return dict(rows.values_list("connection_id", "held_until"))


def _slot(connection_pk: int, interval: float, patience: float) -> float:
    """Take the next moment that nobody has: unix time. Two processes never get the same."""
    while True:
        row, _made = Allowance.objects.get_or_create(connection_id=connection_pk)
        now = time.time()
        slot = max(row.next_at, now)
        if slot - now > patience:
            raise errors.Busy(
                "This connection's limit of requests is used up for now.", code=OURS, retry_after=slot - now
            )
        untaken = Allowance.objects.filter(connection_id=connection_pk, next_at=row.next_at)
        if untaken.update(next_at=slot + interval):
            return slot


def _sleep_until(moment: float) -> None:
    while (left := moment - time.time()) > 0:
        time.sleep(left)


@contextmanager
def starting(connection: Connection, key: str, cents: int = 0) -> Iterator[None]:
    """A run that may cost so much is started inside: `begun` inside, with its row, ends what is reserved for it.

    Busy when as many as the connection may have live were started here already; OverBudget when it could exceed one.
    """
    if connection.max_runs is None and not budgets.any_stops(connection):
        yield
        return
    spending.book(timezone.now())
    _reserve(connection, key, cents)
    try:
        yield
    except errors.Lost:
        raise  # it may live: the place stays taken for a while
    except BaseException:
        Starting.objects.filter(key=key).delete()
        raise
    Starting.objects.filter(key=key).delete()


def begun(key: str) -> None:
    """The run has its row, in this transaction: it counts by that from now on."""
    Starting.objects.filter(key=key).delete()


def _reserve(connection: Connection, key: str, cents: int) -> None:
    now = timezone.now()
    with transaction.atomic():
        limit = Connection.objects.select_for_update().get(pk=connection.pk).max_runs
        Starting.objects.filter(at__lt=now - Starting.LOST_AFTER).delete()
        live = Run.objects.filter(connection=connection, is_ours=True, status__in=states.LIVE).count()
        others = Starting.objects.filter(connection=connection).exclude(key=key).count()
        if limit is not None and live + others >= limit:
            message = _("%(name)s may have %(limit)s runs of this console at once, and has them: wait for one.") % {
                "name": connection.name,
                "limit": limit,
            }
            raise errors.Busy(message, code=OURS)
        budgets.check(connection, cents, key, now)
        Starting.objects.update_or_create(key=key, defaults={"connection": connection, "at": now, "cents": cents})
