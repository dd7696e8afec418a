"""Empties the outbox: claims what is due for one channel or device, sends it once, outside of any transaction."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import policies
from approvals.models import Approval, Channel, Claim, Device, Notice, Occasion
from approvals.notices import outbox, preferences, push, speaking, states, wording
from approvals.notices.speaking import Failed
from approvals.notices.states import State
from live import manner, publish, topics
from runs import vault

log = logging.getLogger(__name__)

PAUSES = (10, 30, 120, 600, 1800)  # seconds before the second, third … try; after the last it is given up
STUCK = timedelta(seconds=60)  # longer than any sending takes: whoever claimed it is dead
AT_ONCE = 200  # notices that one message sums up
SINGLY = 3  # so many pushes come each by itself; more become one
_QUEUE_TOPIC = "queue"

Target = Channel | Device


def targets(now: datetime, limit: int = 100) -> list[tuple[str, int]]:
    """The channels and devices for which something is due: ("channel", pk) or ("device", pk)."""
    due = Notice.objects.filter(state=State.PENDING, due_at__lte=now)
    found: list[tuple[str, int]] = []
    for name in ("channel", "device"):
        keys = due.filter(**{f"{name}__isnull": False}).order_by().values_list(f"{name}_id", flat=True).distinct()
        found += [(name, pk) for pk in keys[:limit] if pk is not None]
    return found


def recover(now: datetime) -> int:
    """What a dead worker was sending may have arrived: it is sent once more and says so, then left and told as lost."""
    stuck = Notice.objects.filter(state=State.SENDING, sending_since_at__lte=now - STUCK)
    lost = list(stuck.filter(was_unsure=True).select_related("channel", "device")[:AT_ONCE])
    again = stuck.filter(was_unsure=False).update(state=State.PENDING, was_unsure=True, due_at=now)
    for notice in lost:
        target = notice.channel or notice.device
        with transaction.atomic():
            if stuck.filter(pk=notice.pk).update(state=State.UNSURE) and target is not None:
                sentence = _("The sending was interrupted twice; whether it arrived is not known.")
                note_failure(target, sentence, now, gave_up=True)
    return again + len(lost)


def send(name: str, pk: int, *, now: datetime | None = None) -> str:
    """Send what is due for one target; how it went: "sent", "failed", "gone", or "" for nothing to send."""
    now = now or timezone.now()
    target = _target(name, pk)
    if target is None:
        return ""
    batch = secrets.token_hex(8)
    found = _claimed(name, pk, batch, now)
    wanted = _wanted(found, target, now)
    if not wanted:
        return ""
    try:
        with manner.worn(_manner(target)):
            for group in _groups(target, wanted):
                _hand_over(target, group)
                _conclude(target, batch, group, now)
    except push.Gone:
        Device.objects.filter(pk=pk).delete()
        return "gone"
    except (Failed, vault.Unreadable) as failed:
        _put_back(target, batch, failed if isinstance(failed, Failed) else Failed(str(failed)), now)
        return "failed"
    except Exception as problem:
        log.exception("A notice to %s %s could not be sent", name, pk)
        _put_back(target, batch, Failed(type(problem).__name__), now)
        return "failed"
    return "sent"


def _target(name: str, pk: int) -> Target | None:
    if name == "channel":
        return Channel.objects.select_related("owner").filter(pk=pk).first()
    return Device.objects.select_related("user").filter(pk=pk).first()


def _claimed(name: str, pk: int, batch: str, now: datetime) -> list[Notice]:
    """This one statement claims: of all workers that come at once, each notice is one worker's."""
    due = Notice.objects.filter(state=State.PENDING, due_at__lte=now, **{f"{name}_id": pk}).order_by("due_at", "pk")
    chosen = list(due.values_list("pk", flat=True)[:AT_ONCE])
    claim = Notice.objects.filter(pk__in=chosen, state=State.PENDING)
    if not claim.update(state=State.SENDING, batch=batch, sending_since_at=now, attempts=F("attempts") + 1):
        return []
    mine = Notice.objects.filter(batch=batch, state=State.SENDING, pk__in=chosen)
    return list(mine.select_related("occasion__approval__run", "occasion__run").order_by("pk"))


def _wanted(found: list[Notice], target: Target, now: datetime) -> list[Notice]:
    """Without what time has answered; of several about one approval, or one run, the last."""
    held = _held(found, now)
    is_off = isinstance(target, Channel) and not target.is_enabled
    last = {_subject(notice): notice for notice in found}
    wanted = []
    for notice in found:
        is_last = last[_subject(notice)] is notice
        if is_off or not is_last or not _may_hear(notice, target) or _is_answered(notice, held, _owner(target)):
            Notice.objects.filter(pk=notice.pk, batch=notice.batch).update(state=State.DROPPED)
        else:
            wanted.append(notice)
    return wanted


def _may_hear(notice: Notice, target: Target) -> bool:
    """Whether its person may still do something about it: rights may go between an occasion and its telling."""
    person = target.owner if isinstance(target, Channel) else target.user
    needed = outbox.ENDS if notice.occasion.run_id else policies.DECIDES
    return person is None or (person.is_active and person.has_perm(needed))


def _held(found: Iterable[Notice], now: datetime) -> dict[int, int]:
    live = Claim.objects.filter(approval__in={n.occasion.approval_id for n in found}, expires_at__gt=now)
    return dict(live.values_list("approval_id", "user_id"))


def _subject(notice: Notice) -> tuple[int | None, int | None, bool]:
    return notice.occasion.approval_id, notice.occasion.run_id, _is_settled(notice)


def _is_settled(notice: Notice) -> bool:
    return notice.event == states.Occasion.SETTLED


def _is_answered(notice: Notice, held: dict[int, int], owner: int | None) -> bool:
    event, approval, run = notice.event, notice.occasion.approval, notice.occasion.run
    if approval is None:
        return run is None or not run.is_burning
    if event in {states.Occasion.SETTLED, states.Occasion.REFUSED}:
        return False
    if not approval.is_open:
        return True
    is_called = event in {states.Occasion.OPENED, states.Occasion.ROUTED, states.Occasion.DUE_SOON}
    held_by = held.get(approval.pk)
    return is_called and held_by is not None and held_by != owner


def _owner(target: Target) -> int | None:
    return target.owner_id if isinstance(target, Channel) else target.user_id


def _manner(target: Target) -> manner.Manner:
    person = target.owner if isinstance(target, Channel) else target.user
    return manner.Manner(*preferences.manner(person)) if person else manner.Manner()


def waiting_count() -> int:
    return Approval.objects.open().count()


def _groups(target: Target, notices: list[Notice]) -> list[list[Notice]]:
    """What makes one message: all for a channel; for a device each approval and each run, or all of many."""
    if isinstance(target, Channel):
        return [notices]
    settled = [[notice] for notice in notices if _is_settled(notice)]
    asking = [notice for notice in notices if not _is_settled(notice) and notice.occasion.approval_id]
    burning = [notice for notice in notices if notice.occasion.run_id]
    return settled + _few(asking) + _few(burning)


def _few(told: list[Notice]) -> list[list[Notice]]:
    return [told] if len(told) > SINGLY else [[notice] for notice in told]


def _hand_over(target: Target, notices: list[Notice]) -> None:
    if isinstance(target, Channel):
        words = wording.of(notices, waiting_count())
        speaking.send(vault.unseal(target.sealed_url), words.title, words.body, words.facts)
    elif len(notices) > 1:
        _push(target, "several_burning" if notices[0].occasion.run_id else "several")
    else:
        _push(target, notices[0].event, notices[0].occasion)


def _push(device: Device, event: str, about: Occasion | None = None) -> None:
    approval_id = about.approval_id if about else None
    topic = f"approval-{approval_id}" if approval_id else _QUEUE_TOPIC
    payload: dict[str, Any] = {"event": event, "id": approval_id, "waiting": waiting_count()}
    if event in {states.Occasion.BURNING, "several_burning"}:
        run = about.run if about else None
        topic = f"run-{run.pk}" if run else "runs"
        payload["run"] = run.upstream_id if run else ""
    is_urgent = event in {states.Occasion.ESCALATED, states.Occasion.HANDED, states.Occasion.ROUTED}
    push.send(device, payload, topic=topic, is_urgent=is_urgent)


def _put_back(target: Target, batch: str, failed: Failed, now: datetime) -> None:
    """Each goes back for its next try, or is given up after the last; the target shows both."""
    gave_up = False
    with transaction.atomic():
        for notice in _of(batch):
            is_last = failed.is_final or notice.attempts > len(PAUSES)
            gave_up = gave_up or is_last
            later = _later(target, notice, now)
            state = State.FAILED if is_last else State.PENDING
            _of(batch).filter(pk=notice.pk).update(
                state=state,
                due_at=later,
                detail=failed.sentence[:300],
                was_unsure=notice.was_unsure or failed.maybe_sent,
            )
        note_failure(target, failed.sentence, now, gave_up=gave_up)


def _later(target: Target, notice: Notice, now: datetime) -> datetime:
    """The next try, outside of the person's quiet hours."""
    at = now + timedelta(seconds=PAUSES[min(notice.attempts, len(PAUSES)) - 1])
    person = target.owner if isinstance(target, Channel) else target.user
    return preferences.after_quiet(preferences.of(person), notice.event, at) if person else at


def _of(batch: str) -> QuerySet[Notice]:
    return Notice.objects.filter(batch=batch, state=State.SENDING)


def _conclude(target: Target, batch: str, group: list[Notice], now: datetime) -> None:
    with transaction.atomic():
        _of(batch).filter(pk__in=[notice.pk for notice in group]).update(state=State.SENT, sent_at=now, detail="")
        note_success(target, now)


def note_failure(target: Target, sentence: str, now: datetime, *, gave_up: bool) -> None:
    rows = type(target)._default_manager.filter(pk=target.pk)
    rows.filter(failing_since_at=None).update(failing_since_at=now)
    rows.update(failure=sentence[:300], **({"gave_up_at": now} if gave_up else {}))
    publish.nudge(topics.HEALTH)


def note_success(target: Target, now: datetime) -> None:
    rows = type(target)._default_manager.filter(pk=target.pk)
    rows.update(sent_at=now, failing_since_at=None, gave_up_at=None, failure="")
    publish.nudge(topics.HEALTH)


def test(target: Target) -> str:
    """Send a test now; empty when it was taken, else why not. A push that finds no device any more removes it."""
    now = timezone.now()
    try:
        with manner.worn(_manner(target)):
            if isinstance(target, Channel):
                words = wording.test()
                speaking.send(vault.unseal(target.sealed_url), words.title, words.body, words.facts)
            else:
                _push(target, "test")
    except push.Gone:
        Device.objects.filter(pk=target.pk).delete()
        return "gone"
    except (Failed, vault.Unreadable) as failed:
        sentence = failed.sentence if isinstance(failed, Failed) else str(failed)
        note_failure(target, sentence, now, gave_up=False)
        return sentence
    note_success(target, now)
    return ""
