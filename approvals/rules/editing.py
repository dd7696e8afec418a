"""Writes policies: made, changed, ordered, switched, removed; the only writer of Policy, each act audited with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from approvals.errors import Invalid, NotAllowed, NotTried, PolicyMoved
from approvals.models import Policy
from approvals.rules import asking, shape, words
from approvals.rules.matching import readable
from approvals.rules.shape import Then, When
from live import publish, topics
from runs import audit

EDITS = "approvals.change_policy"
DEFAULT_LIFE = timedelta(days=90)
LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True)
class Draft:
    """What a policy is to say."""

    name: str
    when: When
    then: Then
    per_run: int = 3
    expires_at: datetime | None = None


def create(user: User, draft: Draft, *, now: datetime | None = None) -> Policy:
    """A new policy, off and last in the order. Raises NotAllowed, Invalid."""
    now = now or timezone.now()
    fields = _checked(user, draft, now)
    with transaction.atomic():
        last = Policy.objects.select_for_update().kept().aggregate(last=Max("position"))["last"] or 0
        policy = Policy.objects.create(**fields, position=last + 1, created_by=user, created_at=now, changed_at=now)
        _record(user, "policy.created", policy)
    return policy


def change(user: User, policy: Policy, draft: Draft, *, version: int, now: datetime | None = None) -> bool:
    """Say something else; a policy that decides is off then until it is tried again. False when nothing differs."""
    now = now or timezone.now()
    fields = _checked(user, draft, now)
    with transaction.atomic():
        fresh = _locked(policy, version)
        if not any(getattr(fresh, name) != value for name, value in fields.items()):
            return False
        if fresh.mode == Policy.Mode.ON and (fresh.decides or fields["decides"]):
            fields["mode"] = Policy.Mode.OFF
        Policy.objects.filter(pk=fresh.pk).update(**fields, version=F("version") + 1, changed_at=now)
        _changed(user, "policy.changed", fresh, was=_sentence(fresh), was_rule=_rule(fresh))
    return True


def switch(user: User, policy: Policy, mode: str, *, version: int, now: datetime | None = None) -> bool:
    """On, off or a dry run; False when it is so already. Raises NotAllowed, Invalid, PolicyMoved, NotTried."""
    now = now or timezone.now()
    _allowed(user)
    if mode not in Policy.Mode.values:
        raise Invalid(_("There is no such state of a policy."), field="mode")
    with transaction.atomic():
        fresh = _locked(policy, version)
        if fresh.mode == mode:
            return False
        if mode != Policy.Mode.OFF:
            _check_usable(fresh, now)
        if mode == Policy.Mode.ON and fresh.decides and not fresh.trials.filter(version=fresh.version).exists():
            raise NotTried
        Policy.objects.filter(pk=fresh.pk).update(mode=mode, changed_at=now)
        _changed(user, "policy.switched", fresh, was=fresh.mode)
    return True


def move(user: User, policy: Policy, up: bool) -> bool:
    """One place up or down in the order; False at its end."""
    _allowed(user)
    with transaction.atomic():
        rows = list(Policy.objects.select_for_update().kept())
        at = next((index for index, row in enumerate(rows) if row.pk == policy.pk), None)
        to = None if at is None else at - 1 if up else at + 1
        if at is None or to is None or not 0 <= to < len(rows):
            return False
        rows[at], rows[to] = rows[to], rows[at]
        for place, row in enumerate(rows, 1):
            if row.position != place:
                Policy.objects.filter(pk=row.pk).update(position=place)
        _changed(user, "policy.moved", policy, to=to + 1)
    return True


def remove(user: User, policy: Policy, *, now: datetime | None = None) -> bool:
    """Take it off the list for good; its decisions keep naming it."""
    _allowed(user)
    with transaction.atomic():
        gone = Policy.objects.filter(pk=policy.pk, removed_at=None).update(
            removed_at=now or timezone.now(), mode=Policy.Mode.OFF
        )
        if gone:
            _changed(user, "policy.removed", policy)
    return bool(gone)


def _allowed(user: User) -> None:
    if not user.is_active or not user.has_perm(EDITS):
        raise NotAllowed(_("Writing policies needs the role admin."))


def _checked(user: User, draft: Draft, now: datetime) -> dict[str, Any]:
    """The columns of a draft that may be kept."""
    _allowed(user)
    decides = bool(draft.then.verdict)
    for field, sentence in shape.refusals(draft.when, draft.then):
        raise Invalid(sentence, field=field)
    if not draft.name.strip():
        raise Invalid(_("Give the policy a name."), field="name")
    if not 1 <= draft.per_run <= 100:
        raise Invalid(_("From 1 to 100 times."), field="per_run")
    if decides and draft.expires_at is None:
        raise Invalid(_("A policy that decides must have an end."), field="expires_on")
    if draft.expires_at is not None and not now < draft.expires_at <= now + LONGEST_LIFE:
        raise Invalid(_("Its end lies in the future, within a year."), field="expires_on")
    return {
        "name": draft.name.strip()[:80],
        "when": shape.dump(draft.when),
        "then": shape.dump(draft.then),
        "decides": decides,
        "per_run": draft.per_run,
        "expires_at": draft.expires_at,
    }


def _check_usable(policy: Policy, now: datetime) -> None:
    rule = readable(policy)
    if rule is None or shape.refusals(rule.when, rule.then):
        raise Invalid(_("What this policy says can't be read any more. Change it first."), field="mode")
    if policy.is_expired(now):
        raise Invalid(_("It has expired. Give it another end, and try it again."), field="mode")


def _locked(policy: Policy, version: int) -> Policy:
    """The row as it is now, if it is still the version that the person saw."""
    fresh = Policy.objects.select_for_update().filter(pk=policy.pk, removed_at=None).first()
    if fresh is None or fresh.version != version:
        raise PolicyMoved
    return fresh


def _changed(user: User, act: str, policy: Policy, **detail: Any) -> None:
    """Audit it as it is now, and let the open approvals be looked at anew."""
    policy.refresh_from_db()
    asking.ask_all()  # the log comes last, as wherever an approval is held: nobody waits for the other in a circle
    _record(user, act, policy, **detail)


def _record(user: User, act: str, policy: Policy, **detail: Any) -> None:
    said: dict[str, Any] = {"version": policy.version, "mode": policy.mode, "rule": _rule(policy), **detail}
    said |= {"expires_at": policy.expires_at.isoformat() if policy.expires_at else None, "sentence": _sentence(policy)}
    audit.record(user, act, subject=f"policy {policy.pk} {policy.name}", **said)
    publish.nudge(topics.QUEUE)


def _rule(policy: Policy) -> dict[str, Any]:
    return {"when": policy.when, "then": policy.then}


def _sentence(policy: Policy) -> str:
    """As the audit log keeps it: always in English."""
    rule = readable(policy)
    with translation.override("en"):
        return words.sentence(rule.when, rule.then, words.Names.load()) if rule else ""
