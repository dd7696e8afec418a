"""From occasions to notices: whom each occasion concerns, where and when they want to be told. Writes Notice rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property

from django.contrib.auth.models import User
from django.db import transaction

from approvals import policies
from approvals.models import Approval, Channel, Claim, Device, Notice, Occasion, Preferences
from approvals.notices import preferences, states
from approvals.notices.states import PERSONAL, State

SETTLE = timedelta(seconds=2)  # what a policy or a quick reviewer answers at once alarms nobody
BATCH = 200
KEPT = timedelta(days=30)
ENDS = "runs.cancel_run"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_EVER = (State.PENDING, State.SENDING, State.SENT, State.UNSURE)


class Audience:
    """Everybody who may decide with what they want; read once for many occasions."""

    @cached_property
    def people(self) -> dict[int, User]:
        able = User.objects.with_perm(policies.DECIDES, backend=_BACKEND).filter(is_active=True)
        return {person.pk: person for person in able.distinct()}

    @cached_property
    def enders(self) -> dict[int, User]:
        """Everybody who may end a run."""
        able = User.objects.with_perm(ENDS, backend=_BACKEND).filter(is_active=True)
        return {person.pk: person for person in able.distinct()}

    @cached_property
    def wanted(self) -> dict[int, Preferences]:
        return preferences.of_all({**self.people, **self.enders}.values())

    @cached_property
    def channels(self) -> list[Channel]:
        return list(Channel.objects.filter(is_enabled=True).order_by("pk"))

    @cached_property
    def devices(self) -> list[Device]:
        return list(Device.objects.order_by("pk"))

    def of(self, person: User) -> Preferences:
        return self.wanted.get(person.pk) or preferences.of(person)


def spread(now: datetime) -> int:
    """Write the notices of the occasions that have settled; how many occasions were taken on."""
    waiting = Occasion.objects.filter(spread_at=None, at__lte=now - SETTLE)
    found = waiting.select_related("approval__run", "approval__routed_to", "run", "person").order_by("at")[:BATCH]
    audience = Audience()
    return sum(_spread(occasion, audience, now) for occasion in found)


def _spread(occasion: Occasion, audience: Audience, now: datetime) -> bool:
    with transaction.atomic():
        if not Occasion.objects.filter(pk=occasion.pk, spread_at=None).update(spread_at=now):
            return False
        Notice.objects.bulk_create(_notices(occasion, audience, now), ignore_conflicts=True)
    return True


def _notices(occasion: Occasion, audience: Audience, now: datetime) -> list[Notice]:
    approval, event = occasion.approval, occasion.event
    if approval is None:
        return _about_run(occasion, audience, now)
    if event == states.Occasion.SETTLED:
        return [Notice(occasion=occasion, event=event, device=device, due_at=now) for device in _told(approval)]
    if not approval.is_open and event != states.Occasion.REFUSED:
        return []
    if event == states.Occasion.OPENED and _is_again(occasion):
        return [
            Notice(occasion=occasion, event=event, device=device, due_at=now)
            for device in _told(approval, settled=True)
        ]
    found = _to_people(occasion, concerned(occasion, approval, audience), audience, now)
    if event not in PERSONAL and occasion.person_id is None:
        found += _to_team(occasion, audience, now)
    return found


def _about_run(occasion: Occasion, audience: Audience, now: datetime) -> list[Notice]:
    """That it burns money, to everyone who may end it and to the team, as long as it still does."""
    if occasion.run is None or not occasion.run.is_burning:
        return []
    told = [(person, occasion.event) for person in audience.enders.values()]
    return _to_people(occasion, told, audience, now) + _to_team(occasion, audience, now)


def _to_people(occasion: Occasion, told: Iterable[tuple[User, str]], audience: Audience, now: datetime) -> list[Notice]:
    found = []
    for person, told_as in told:
        wants = audience.of(person)
        if preferences.wants(wants, told_as, _kind(occasion)):
            due_at = preferences.tell_at(wants, told_as, now)
            found += [
                Notice(occasion=occasion, event=told_as, due_at=due_at, **where) for where in _places(person, audience)
            ]
    return found


def _to_team(occasion: Occasion, audience: Audience, now: datetime) -> list[Notice]:
    where = _team(occasion, audience)
    return [Notice(occasion=occasion, event=occasion.event, channel=channel, due_at=now) for channel in where]


def _kind(occasion: Occasion) -> str:
    return occasion.approval.kind if occasion.approval else ""


def concerned(occasion: Occasion, approval: Approval, audience: Audience) -> Iterable[tuple[User, str]]:
    """Whom to tell, and as what: an approval that is put to one person opens for that person alone."""
    event = occasion.event
    if occasion.person is not None:
        return [(occasion.person, event)] if occasion.person.is_active else []
    if event == states.Occasion.OPENED:
        claim = Claim.objects.filter(approval=approval, expires_at__gt=occasion.at).first()
        if claim is not None:
            return []
        if approval.routed_to is not None and approval.routed_to_id in audience.people:
            return [(approval.routed_to, states.Occasion.ROUTED)]
    others = audience.people.values()
    return [(person, event) for person in others if not _is_barred(person, approval)]


def _is_barred(person: User, approval: Approval) -> bool:
    return approval.not_starter and approval.run.started_by_id == person.pk


def _places(person: User, audience: Audience) -> list[dict[str, Channel | Device]]:
    channels: list[dict[str, Channel | Device]] = [
        {"channel": row} for row in audience.channels if row.owner_id == person.pk
    ]
    return channels + [{"device": row} for row in audience.devices if row.user_id == person.pk]


def _team(occasion: Occasion, audience: Audience) -> list[Channel]:
    event = occasion.event
    return [
        row for row in audience.channels
        if row.owner_id is None and event not in row.muted_occasions
        and (event != states.Occasion.OPENED or _kind(occasion) not in row.muted_kinds)
    ]  # fmt: skip


def _is_again(occasion: Occasion) -> bool:
    """It opened before, was settled, and waits once more."""
    before = Occasion.objects.filter(approval=occasion.approval_id, event=states.Occasion.SETTLED, pk__lt=occasion.pk)
    return before.exists()


def _told(approval: Approval, *, settled: bool = False) -> list[Device]:
    """The devices whose last word on this approval was that it waits; or, `settled`, that it does not."""
    last: dict[int, str] = {}
    said = Notice.objects.filter(occasion__approval=approval, device__isnull=False, state__in=_EVER)
    for device_id, event in said.order_by("pk").values_list("device_id", "event"):
        last[device_id] = event
    wanted = {pk for pk, event in last.items() if (event == states.Occasion.SETTLED) == settled}
    return list(Device.objects.filter(pk__in=wanted))


def forget(now: datetime) -> int:
    """Remove occasions and their notices that are a month old; how many rows went."""
    old = Occasion.objects.filter(at__lt=now - KEPT).order_by("at").values_list("pk", flat=True)[:500]
    gone, _rows = Occasion.objects.filter(pk__in=list(old)).delete()
    return gone
