"""Tries a policy on past approvals: what it would have done, beside what people did. Reads; `try_out` notes the try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import kinds
from approvals.errors import NotAllowed
from approvals.models import Applied, Approval, Decision, Policy, Takeover, Trial
from approvals.rules import editing, facts
from approvals.rules.matching import Case, Rule, fits, next_look, why_not_decide
from approvals.states import Delivery, State, Verdict
from runs import audit

USUAL, MOST = 200, 1000
KEPT_TRIALS = 5
_MOMENTS = 100  # how often a case is looked at in a replay: past that it does not fit


class Outcome(StrEnum):
    """What a try says of one past approval."""

    REFUSED = "refused"  # the policy would have resumed what people failed or cancelled
    OTHERWISE = "otherwise"
    UNDECIDED = "undecided"  # nobody decided it in time
    AS_PEOPLE = "as_people"
    HANDLED = "handled"  # a policy that does not decide would have set something


WORRYING_FIRST = tuple(Outcome)


@dataclass(frozen=True)
class Found:
    """One past approval on which the policy would have acted."""

    approval_id: int
    outcome: Outcome
    at: datetime


def past(limit: int) -> list[Approval]:
    """The newest approvals that people decided, or that ended without a decision, with their facts; newest first."""
    stood = [delivery for delivery in Delivery.values if delivery != Delivery.RECALLED]
    by_people = Q(was=State.DECIDED, decision__decided_by__isnull=False, decision__delivery__in=stood)
    # SQLite is kept from the index of states: nearly all are over, and it would sort them all to find the newest.
    rows = Approval.objects.alias(was=Concat("state", Value(""))).filter(by_people | Q(was=State.CLOSED))
    return list(facts.gathered(rows).select_related("decision").order_by("-id")[:limit])


def replay(rule: Rule, rows: Iterable[Approval]) -> list[Found]:
    """On which of the rows the rule would have acted, oldest first; as often in one run as it may."""
    found: list[Found] = []
    in_run: Counter[int] = Counter()
    for row in sorted(rows, key=lambda row: row.pk):
        decision: Decision | None = getattr(row, "decision", None)
        case = _as_it_was(row, decision)
        ended_at = decision.decided_at if decision else row.closed_at or row.opened_at
        at = acts_at(rule, case, ended_at)
        if at is None or (rule.decides and why_not_decide(rule, case, in_run[row.run_id])):
            continue
        in_run[row.run_id] += 1
        found.append(Found(row.pk, _compared(rule, decision), at))
    return found


def acts_at(rule: Rule, case: Case, ended_at: datetime) -> datetime | None:
    """The first moment at which the rule fits, before the case ended."""
    at: datetime | None = case.opened_at
    for _moment in range(_MOMENTS):
        if at is None or at > ended_at:
            return None
        if fits(rule, case, at):
            return at
        at = next_look(rule, case, at)
    return None


def try_out(user: User, policy: Policy, *, limit: int = USUAL, now: datetime | None = None) -> Trial:
    """Try the current version and keep what came of it. Raises NotAllowed, pydantic's ValidationError."""
    if not user.has_perm(editing.EDITS):
        raise NotAllowed(_("Trying a policy needs the role admin."))
    policy.refresh_from_db()
    trial = counted(policy, Rule.of(policy), min(limit, MOST))
    trial.at, trial.by = now or timezone.now(), user
    with transaction.atomic():
        Trial.objects.bulk_create([trial])
        old = policy.trials.order_by("-id").values_list("pk", flat=True)[KEPT_TRIALS:]
        Trial.objects.filter(pk__in=list(old)).delete()
        named = f"policy {policy.pk} {policy.name}"
        audit.record(
            user, "policy.tried", subject=named, version=policy.version, looked_at=trial.looked_at, counts=trial.counts
        )
    return trial


def counted(policy: Policy, rule: Rule, limit: int) -> Trial:
    """What a try of it counts, kept nowhere: no look at it allows anything."""
    rows = past(limit)
    found = replay(rule, rows)
    found.sort(key=lambda each: (WORRYING_FIRST.index(each.outcome), -each.approval_id))
    return Trial(
        policy=policy,
        version=policy.version,
        looked_at=len(rows),
        counts=dict(Counter(str(each.outcome) for each in found)),
        rows=[[each.approval_id, str(each.outcome)] for each in found],
    )


def would_act_now(rule: Rule, now: datetime) -> list[int]:
    """The approvals that wait now on which it would act at once, by their ids."""
    decided: Counter[int] = Counter()
    rows, dealt_with = Approval.objects.open(), Applied.objects.filter(policy=rule.pk, version=rule.version)
    if rule.decides:  # who is on it comes first; the runs of its earlier decisions have had theirs
        driven = Takeover.objects.filter(ended_at=None, expires_at__gt=now).values("run")
        rows = rows.exclude(claim__expires_at__gt=now).exclude(run__in=driven)
        done = Applied.objects.filter(policy=rule.pk, outcome=Applied.Outcome.DID, approval__run__in=rows.values("run"))
        decided.update(done.exclude(verdict="").values_list("approval__run_id", flat=True))
    rows = rows.exclude(pk__in=dealt_with.exclude(outcome=Applied.Outcome.WOULD).values("approval"))
    cases = facts.cases(facts.gathered(rows))
    return [
        case.approval_id
        for case in cases
        if fits(rule, case, now) and not (rule.decides and why_not_decide(rule, case, decided[case.run_id]))
    ]


def latest(policy: Policy) -> Trial | None:
    """The newest try of the policy's current version."""
    return policy.trials.filter(version=policy.version).select_related("by").order_by("-id").first()


def _as_it_was(row: Approval, decision: Decision | None) -> Case:
    """The facts as they stood when it was decided, as far as that is known."""
    case = facts.case(row, cost_cents=decision.seen_cost_cents if decision else row.asked_cost_cents)
    return Case(**{**case.__dict__, "kind": kinds.of(row.reason)})  # older rows were opened before there were kinds


def _compared(rule: Rule, decision: Decision | None) -> Outcome:
    if not rule.decides:
        return Outcome.HANDLED
    if decision is None:
        return Outcome.UNDECIDED
    if decision.verdict == rule.then.verdict:
        return Outcome.AS_PEOPLE
    return Outcome.REFUSED if rule.then.verdict == Verdict.RESUME else Outcome.OTHERWISE
