"""Applies policies to what waits: once for each version and approval, each application audited with what it did.

An approval is due at `rules_due_at`; whoever takes that moment away with one UPDATE looks at it, so that jobs and
sweeps may come together. What is set accumulates over all policies that fit; of those that decide, the first that fits
counts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import claims, decisions, errors, queue, takeovers
from approvals.models import Applied, Approval, Policy
from approvals.notices import occasions, timers
from approvals.notices.states import Occasion
from approvals.rules import facts, stopping
from approvals.rules.matching import Case, Rule, fits, next_look, readable, why_not_decide
from approvals.states import State, Verdict
from live import publish, topics
from runs import audit, timeline
from runs.models import Run

log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=30)  # after a refusal of the moment: the run has moved, and the mirror will tell
ESCALATED = 50  # the least priority of what is escalated
Outcome = Applied.Outcome


def due(now: datetime) -> list[int]:
    """The open approvals at which policies have to look."""
    rows = Approval.objects.filter(state=State.OPEN, rules_due_at__lte=now)
    return list(rows.order_by("rules_due_at").values_list("pk", flat=True))


def apply_due(*, now: datetime | None = None, limit: int = 200) -> int:
    """Look at all that is due; how many were looked at."""
    # A change of the policies makes what is open due after this moment: rules that were read before it take no more.
    moment = now or timezone.now()
    rules = at_work(moment)
    if not rules:
        rows = Approval.objects.filter(state=State.OPEN, rules_due_at__lte=moment)
        with transaction.atomic():
            return rows.update_in_order(rules_due_at=None)
    if any(rule.reads_cost for rule in rules):
        _ask_where_bills_moved(moment, limit)
    return sum(_guarded(pk, rules, moment) for pk in due(moment)[:limit])


def _ask_where_bills_moved(now: datetime, limit: int) -> None:
    """What waits with another bill than policies were put to is due: upstream may tell of costs after the pause."""
    billed = Run.objects.filter(pk=OuterRef("run")).values("cost_cents")
    moved = Approval.objects.open().exclude(ruled_cost_cents=F("run__cost_cents")).exclude(rules_due_at__lte=now)
    # The rows are locked by themselves: the runs' are the journal's.
    pks = list(moved.order_by("pk").values_list("pk", flat=True)[:limit])
    with transaction.atomic():
        Approval.objects.open().filter(pk__in=pks).update_in_order(rules_due_at=now, ruled_cost_cents=Subquery(billed))


def apply_to(approval_id: int, *, now: datetime | None = None) -> bool:
    """Look at one approval, if it is due; False when it was not."""
    moment = now or timezone.now()
    return _look(approval_id, at_work(moment), moment)


def at_work(now: datetime) -> list[Rule]:
    """The policies that are on or in a dry run, in their order; those that can't be read are left out."""
    return [rule for row in Policy.objects.at_work(now) if (rule := readable(row)) is not None]


def _guarded(approval_id: int, rules: Sequence[Rule], now: datetime) -> bool:
    try:
        return _look(approval_id, rules, now)
    except Exception:
        log.exception("The policies could not be applied to approval %s; it is tried again.", approval_id)
        Approval.objects.filter(pk=approval_id, state=State.OPEN).update(rules_due_at=now + AGAIN)
        return False


def _look(approval_id: int, rules: Sequence[Rule], now: datetime) -> bool:
    with transaction.atomic():
        # This one statement takes the work: of all who come at once, it counts one row for one of them.
        rows = Approval.objects.filter(pk=approval_id, state=State.OPEN)
        if not rows.filter(rules_due_at__lte=now).update(rules_due_at=None):
            return False
        approval = facts.gathered(Approval.objects.filter(pk=approval_id)).get()
        sight = _Sight(approval, facts.case(approval), now)
        for rule in rules:
            if not rule.decides:
                sight.handle(rule)
        sight.keep()
        again = sight.decide([rule for rule in rules if rule.decides])
        looks = [look for rule in rules if (look := next_look(rule, sight.case, now))]
        due_at = min([*looks, *([again] if again else [])], default=None)
        rows.update(rules_due_at=due_at, ruled_cost_cents=sight.case.cost_cents)
    return True


@dataclass
class _Sight:
    """One look at one approval, inside its transaction."""

    approval: Approval
    case: Case
    now: datetime
    changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = Applied.objects.filter(approval=self.approval).values_list("policy_id", "version", "outcome")
        self.known = set(rows)

    def handle(self, rule: Rule) -> None:
        """A policy that sets how people handle it."""
        if not fits(rule, self.case, self.now) or self._has_acted(rule):
            return
        effects = _effects(rule, self.approval, self.changes, self.now)
        if rule.is_dry:
            self._note(rule, Outcome.WOULD, effects=effects)
            return
        self.changes |= effects
        self._note(rule, Outcome.DID, effects=effects)

    def keep(self) -> None:
        """Write what all of them have set."""
        if not self.changes:
            return
        Approval.objects.filter(pk=self.approval.pk, state=State.OPEN).update(**self.changes)
        queue.weigh(self.approval)
        for name, value in self.changes.items():
            setattr(self.approval, name, value)
        if "escalated_at" in self.changes:
            occasions.note(Occasion.ESCALATED, self.approval)
        if "routed_to_id" in self.changes:
            occasions.note_routed(self.approval)
        self.case = replace(self.case, people_needed=self.approval.people_needed, not_starter=self.approval.not_starter)

    def decide(self, rules: Sequence[Rule]) -> datetime | None:
        """The first that fits decides, or stands back; the next moment to try, where somebody is in the way."""
        for rule in rules:
            if not fits(rule, self.case, self.now):
                continue
            if rule.is_dry:
                self._would_decide(rule)
                continue
            return None if self._has_acted(rule) else self._decide(rule)
        return None

    def _decide(self, rule: Rule) -> datetime | None:
        why, until = self._in_the_way(rule)
        if until is not None and rule.then.verdict != Verdict.RESUME:
            return until
        if why:  # a resume is never made up for later: that nobody has answered is no reason to approve
            self._note(rule, Outcome.STOOD_BACK, verdict=rule.then.verdict, why=why)
            return None
        try:
            decision = decisions.decide_by_policy(
                Policy.objects.get(pk=rule.pk), self.approval, rule.then.verdict, rule.then.note, **self._evidence()
            )
        except errors.Refused as refused:
            log.info("Policy %s does not decide approval %s: %s", rule.pk, self.approval.pk, refused.message)
            return self.now + AGAIN
        self._note(rule, Outcome.DID, verdict=rule.then.verdict, code=decision.code)
        return None

    def _would_decide(self, rule: Rule) -> None:
        why, _until = self._in_the_way(rule)
        if not self._has_acted(rule):
            self._note(rule, Outcome.STOOD_BACK if why else Outcome.WOULD, verdict=rule.then.verdict, why=why)

    def _in_the_way(self, rule: Rule) -> tuple[str, datetime | None]:
        """Why it may not decide now, and until when that holds; ("", None) when it may."""
        decided = Applied.objects.filter(policy=rule.pk, approval__run=self.approval.run_id, outcome=Outcome.DID)
        if why := why_not_decide(rule, self.case, decided.exclude(verdict="").count()):
            return why, None
        if stopping.is_on_for_update():
            return _("All policies that decide are stopped."), None
        if claim := claims.active(self.approval, now=self.now):
            return _("%(person)s was on it.") % {"person": claim.user.get_username()}, claim.expires_at
        if takeover := takeovers.active(self.approval.run, now=self.now):
            return _("%(person)s was driving the machine.") % {
                "person": takeover.user.get_username()
            }, takeover.expires_at
        return "", None

    def _evidence(self) -> dict[str, Any]:
        """What the policy had before it: the facts as they stand in this transaction."""
        run = self.approval.run
        frame = timeline.latest_frame(run)
        return {
            "seen_seq": run.cursor,
            "seen_frame_sha256": frame.sha256 if frame else "",
            "seen_reason": self.approval.reason,
            "seen_cost_cents": run.cost_cents,
            "now": self.now,
        }

    def _has_acted(self, rule: Rule) -> bool:
        over = {Outcome.STOOD_BACK, Outcome.WOULD if rule.is_dry else Outcome.DID}
        return any((rule.pk, rule.version, outcome) in self.known for outcome in over)

    def _note(self, rule: Rule, outcome: Applied.Outcome, **said: Any) -> None:
        """Keep and audit what it did, would have done, or why it stood back."""
        code = said.pop("code", "")
        row = Applied.objects.create(
            policy_id=rule.pk, approval=self.approval, version=rule.version, outcome=outcome, at=self.now, **_kept(said)
        )
        audit.record(
            None,
            _ACTS[outcome],
            actor_name=f"policy “{rule.name}”",
            run=self.approval.run,
            subject=f"approval {self.approval.pk}",
            policy=rule.pk,
            version=rule.version,
            verdict=row.verdict,
            why=row.why,
            code=code,
            **row.effects,
        )
        publish.nudge(topics.QUEUE, topics.approval(self.approval.pk))


_ACTS = {
    Outcome.DID: "policy.applied",
    Outcome.WOULD: "policy.would_have",
    Outcome.STOOD_BACK: "policy.stood_back",
}


def _kept(said: dict[str, Any]) -> dict[str, Any]:
    """The columns of an application; moments as text, for they go into JSON."""
    effects = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in said.get("effects", {}).items()
    }
    return {"verdict": said.get("verdict", ""), "why": said.get("why", "")[:300], "effects": effects}


def _effects(rule: Rule, approval: Approval, so_far: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What the rule adds to what is set: more people, the earlier due time, the higher priority; the first route."""

    def held(name: str) -> Any:
        return so_far.get(name, getattr(approval, name))

    then = rule.then
    effects: dict[str, Any] = {}
    if then.two_people and held("people_needed") < 2:
        effects["people_needed"] = 2
    if then.not_starter and not held("not_starter"):
        effects["not_starter"] = True
    if then.route_to is not None and held("routed_to_id") is None and _may_answer(then.route_to):
        effects["routed_to_id"] = then.route_to
    if then.due_minutes is not None:
        due_at = approval.opened_at + timedelta(minutes=then.due_minutes)
        is_default = "due_at" not in so_far and timers.is_default(approval)
        if held("due_at") is None or is_default or due_at < held("due_at"):
            effects["due_at"] = due_at
    effects |= _raised(rule, held("priority"), held("escalated_at"), now)
    return effects


def _raised(rule: Rule, priority: int, escalated_at: datetime | None, now: datetime) -> dict[str, Any]:
    effects: dict[str, Any] = {}
    wanted = rule.then.priority
    if wanted is not None and (priority == 0 or wanted > priority):
        effects["priority"] = wanted
    if rule.then.escalate and escalated_at is None:
        effects["escalated_at"] = now
        if effects.get("priority", priority) < ESCALATED:
            effects["priority"] = ESCALATED
    return effects


def _may_answer(user_id: int) -> bool:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user is not None and user.has_perm("approvals.decide_approval")
