"""Notices that upstream's log has gone back, as after a restore from a backup, and finds its new events a place.

Upstream counts its new events from where its backup ended, with numbers that other events have here already. Those
stay as they are. Once an event comes that differs from the stored one of its number, or a snapshot knows fewer steps
than the log, the log is read again from its start (`log_epoch` is odd meanwhile); the first event that differs, and
all after it, are stored behind what is there: `log_offset` is added to their numbers. A service that tells its log
otherwise at each reading would repeat that for ever, so it happens a few times at most; from then on the number alone
tells what is known. With each turn the lease's token rises, so that nothing under way is stored at its old place.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from coasty_api import wire
from runs import states
from runs.models import Event, Lease, Run

log = logging.getLogger(__name__)

WORDS = "Upstream's log has gone back, as after a restore; its new events follow the older ones"
_LAST_EPOCH = 6
_QUIET = timedelta(seconds=5)


class Told(Protocol):
    """An event as it arrived."""

    @property
    def seq(self) -> int: ...

    @property
    def type(self) -> str: ...

    @property
    def data(self) -> str: ...

    @property
    def token(self) -> int | None: ...


Arriving = TypeVar("Arriving", bound=Told)


def is_rereading(epoch: int) -> bool:
    return epoch % 2 == 1


def cut(arrived: MutableMapping[int, dict[int, Arriving]], cursors: Mapping[int, int]) -> dict[int, int]:
    """Take out of what arrived, {run pk: {seq: event}}, the first event that differs from the stored one and all after.

    The seq of that event by run pk; nearly always there is none. `cursors` has the runs that matter.
    """
    found = {}
    for pk, cursor in cursors.items():
        events = arrived[pk]
        late = [seq for seq in events if seq <= cursor]
        differing = _differing(pk, events, late) if late else None
        if differing is not None and Run.objects.get(pk=pk).log_epoch < _LAST_EPOCH:
            found[pk] = differing
            in_order = list(events)
            arrived[pk] = {seq: events[seq] for seq in in_order[: in_order.index(differing)]}
    return found


def _differing(pk: int, events: Mapping[int, Told], late: list[int]) -> int | None:
    stored = Event.objects.filter(run=pk, seq__in=late).values_list("seq", "type", "data")
    known = {seq: (kind, data) for seq, kind, data in stored}
    for seq, one in events.items():
        if seq in known and one.token is not None and not _is_same(*known[seq], one):
            return seq
    return None


def _is_same(kind: str, data: str, one: Told) -> bool:
    """Whether they tell the same; a service may write the same JSON with other spaces later."""
    if kind[:64] != one.type[:64]:
        return False
    if data == one.data or data.startswith('{"too_large"'):
        return True
    return bool(wire.parse(data) == wire.parse(wire.clean(one.data)))


def turn(run_pk: int, seq: int) -> None:
    """Event `seq` differs from the stored one: read the log again, or, where that is how it was found, go on there."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run_pk)
    if is_rereading(run.log_epoch):
        run.log_offset += run.cursor + 1 - seq
        run.log_from, run.log_steps = run.cursor + 1, 0
        log.warning("Upstream's log of run %s has gone back: event %d is another one now", run.upstream_id, seq)
    run.log_epoch += 1
    run.save(update_fields=["log_offset", "log_from", "log_epoch", "log_steps"])
    Lease.objects.filter(run=run_pk).fence()


def doubt(run: Run, payload: Mapping[str, Any], asked_at: datetime) -> bool:
    """Have the log read again when a snapshot knows fewer steps than it, which no run that goes on can do."""
    steps = wire.steps_completed(payload)
    if steps is None or states.is_terminal(run.status) or run.last_event_at is None or run.log_epoch >= _LAST_EPOCH:
        return False
    if steps >= run.log_steps or asked_at <= run.last_event_at + _QUIET or is_rereading(run.log_epoch):
        return False
    before = run.log_epoch
    is_first = bool(Run.objects.filter(pk=run.pk, log_epoch=before).update(log_epoch=before + 1))
    if is_first:
        Lease.objects.filter(run=run.pk).fence()
    return is_first
