"""Whether a policy fits an approval at a moment, when to look again, and why it may not decide. Pure over values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from approvals.kinds import CAREFUL, Kind
from approvals.models import Policy
from approvals.rules import amounts, hours
from approvals.rules.shape import Then, When
from approvals.states import Verdict

READ_CHARACTERS = 2000  # whoever asks at greater length says more than a rule takes in


@dataclass(frozen=True)
class Case:
    """The facts of one approval that policies may look at."""

    approval_id: int
    run_id: int
    opened_at: datetime
    expires_at: datetime | None = None
    kind: str = Kind.OTHER
    reason: str = ""
    task: str = ""
    machine: str = ""
    connection: str = ""  # slug
    metadata: dict[str, Any] = field(default_factory=dict)
    cost_cents: int = 0
    asked_cost_cents: int | None = None  # when the run asked; None where that was not kept
    starter: int | None = None
    asks_before: int = 0  # earlier pauses of the same run
    ask: int = 1  # above 1: a decision on this pause was refused or recalled
    people_needed: int = 1
    not_starter: bool = False

    @cached_property
    def money(self) -> amounts.Reading:
        return amounts.read(self.reason)


@dataclass(frozen=True)
class Rule:
    """A policy as it is read from its row."""

    pk: int
    name: str
    version: int
    mode: str
    per_run: int
    when: When
    then: Then

    @classmethod
    def of(cls, policy: Policy) -> Rule:
        """Raises pydantic's ValidationError for a row that says nothing sensible."""
        when, then = When.model_validate(policy.when), Then.model_validate(policy.then)
        return cls(policy.pk, policy.name, policy.version, policy.mode, policy.per_run, when, then)

    @property
    def decides(self) -> bool:
        return bool(self.then.verdict)

    @property
    def reads_cost(self) -> bool:
        return self.when.cost_above_cents is not None or self.when.cost_below_cents is not None

    @property
    def is_dry(self) -> bool:
        return self.mode == Policy.Mode.DRY


def readable(policy: Policy) -> Rule | None:
    """The rule of a row; None where the row can't be read."""
    try:
        return Rule.of(policy)
    except ValidationError:
        return None


def fits(rule: Rule, case: Case, now: datetime) -> bool:
    """Whether all conditions hold at `now`."""
    return _fits_for_ever(rule, case) and _fits_in_time(rule, case, now)


def next_look(rule: Rule, case: Case, now: datetime) -> datetime | None:
    """The next moment at which the rule may begin to fit by time alone; None where it never will."""
    if not _fits_for_ever(rule, case):
        return None
    when, found = rule.when, []
    if when.waits_minutes is not None:
        found.append(case.opened_at + timedelta(minutes=when.waits_minutes))
    if when.left_minutes is not None and case.expires_at is not None:
        found.append(case.expires_at - timedelta(minutes=when.left_minutes))
    if when.hours is not None and rule.then.verdict != Verdict.RESUME:
        change = hours.next_change(when.hours, now)
        found += [change] if change else []
    return min((moment for moment in found if moment > now), default=None)


def why_not_decide(rule: Rule, case: Case, decided_in_run: int) -> str:
    """The sentence that says why this rule leaves a fitting case to people; empty when it may decide."""
    if case.people_needed > 1:
        return _("More than one person has to agree.")
    if case.not_starter and rule.then.verdict == Verdict.RESUME:
        return _("Somebody other than the starter has to agree.")
    if case.ask > 1:
        return _("A decision on this pause was recalled or refused; people are asked now.")
    if decided_in_run >= rule.per_run:
        return _("It has decided %(count)s times in this run.") % {"count": decided_in_run}
    return _why_not_read(rule, case)


def _why_not_read(rule: Rule, case: Case) -> str:
    if len(case.reason) > READ_CHARACTERS:
        return _("The reason is too long to be read by a rule.")
    careful = case.kind in CAREFUL
    if careful and case.kind not in rule.when.kinds:
        return _("A payment, or what can't be undone, is decided only by a policy that names it.")
    cap = rule.when.amount_at_most_cents
    if (careful or case.money.is_money) and (cap is None or not case.money.at_most(cap, rule.when.currency)):
        return _("It speaks of money, and the policy has no limit for it that certainly holds.")
    return ""


def _fits_for_ever(rule: Rule, case: Case) -> bool:
    """The conditions that no passing of time changes."""
    when = rule.when
    return (
        (not when.kinds or case.kind in when.kinds)
        and _is(when.connection, case.connection)
        and _is(when.machine, case.machine)
        and (when.starter is None or when.starter == case.starter)
        and (not when.outside_starter or case.starter is None)
        and _holds(when.task_contains, case.task)
        and _has_metadata(when, case)
        and _costs(rule, case)
        and _within(case.asks_before, when.asks_at_least, when.asks_at_most)
        and _names_amount(rule, case)
        and (not when.reason_contains or (when.page_text and _holds(when.reason_contains, case.reason)))
    )


def _fits_in_time(rule: Rule, case: Case, now: datetime) -> bool:
    when = rule.when
    if when.waits_minutes is not None and now < case.opened_at + timedelta(minutes=when.waits_minutes):
        return False
    if when.left_minutes is not None and not _is_nearly_over(when.left_minutes, case, now):
        return False
    if when.hours is None:
        return True
    # The hours of a resume are those in which the run asked: that they begin is no reason to approve.
    return hours.holds(when.hours, case.opened_at if rule.then.verdict == Verdict.RESUME else now)


def _is_nearly_over(minutes: int, case: Case, now: datetime) -> bool:
    return case.expires_at is not None and now >= case.expires_at - timedelta(minutes=minutes)


def _is(wanted: str, found: str) -> bool:
    return not wanted or wanted == found


def _holds(wanted: str, text: str) -> bool:
    return not wanted or wanted.casefold() in text.casefold()


def _costs(rule: Rule, case: Case) -> bool:
    """By what upstream has billed; for a resume also by then: that the bill of a waiting run rises approves nothing."""
    when, bills = rule.when, {case.cost_cents}
    if rule.then.verdict == Verdict.RESUME and case.asked_cost_cents is not None:
        bills.add(case.asked_cost_cents)
    return all(_within(bill, when.cost_above_cents, when.cost_below_cents) for bill in bills)


def _within(value: int, low: int | None, high: int | None) -> bool:
    """From `low` to `high`, both included."""
    return (low is None or value >= low) and (high is None or value <= high)


def _has_metadata(when: When, case: Case) -> bool:
    if not when.metadata_key:
        return True
    if when.metadata_key not in case.metadata:
        return False
    value = case.metadata[when.metadata_key]
    return not when.metadata_value or _as_text(value) == when.metadata_value


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _names_amount(rule: Rule, case: Case) -> bool:
    when, money = rule.when, case.money
    if when.amount_at_most_cents is not None and not money.at_most(when.amount_at_most_cents, when.currency):
        return False
    if when.amount_above_cents is None:
        return True
    above = money.clearly_above if rule.decides else money.above
    return above(when.amount_above_cents, when.currency)
