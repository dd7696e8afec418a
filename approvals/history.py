"""What is over: decided here or closed elsewhere, newest end first, by filters; each page is found through indexes.
What a policy has to do with, by the numbers of its page, open ones among it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from approvals import kinds, states
from approvals.models import Approval, ApprovalQuerySet, Decision
from approvals.rules import record
from live import fragments
from runs.requests import findable

PER_PAGE = 50
PAGES = 100  # that can be turned; filters reach what is older
LATELY = 6
CLOSED = "closed"  # beside the verdicts: closed without a decision here


@dataclass(frozen=True)
class Wanted:
    """Which of them a page shows, as its address says; words that mean nothing are left out."""

    how: str = ""  # a verdict, or CLOSED
    kind: str = ""
    who: str = ""  # a person's name
    connection: str = ""  # a slug
    policy: int = 0  # its id
    deed: str = ""  # one of `record.DEEDS`: what the policy has to do with it

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Wanted:
        how, kind, deed = query.get("how", ""), query.get("kind", ""), query.get("deed", "")
        number = query.get("policy", "")
        policy = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0
        return cls(
            how if how in {*states.Verdict.values, CLOSED} else "",
            kind if kind in kinds.Kind.values else "",
            findable(query.get("who", "")[:150]),
            findable(query.get("on", "")[:64]),
            policy,
            (deed if deed in record.DEEDS else "decided") if policy else "",
        )

    @property
    def query(self) -> str:
        parts = {"how": self.how, "kind": self.kind, "who": self.who, "on": self.connection}
        parts |= {"policy": str(self.policy or ""), "deed": self.deed}
        return urlencode({name: value for name, value in parts.items() if value})

    def of_policy(self, user: Any) -> ApprovalQuerySet:
        """Those behind one number of a policy's page, narrowed by the other filters."""
        counted = record.behind(self.policy, self.deed, timezone.now())
        found = Approval.objects.visible_to(user).filter(pk__in=counted)
        if self.how == CLOSED:
            found = found.filter(state=states.State.CLOSED, decision=None)
        elif self.how:
            found = found.filter(decision__verdict=self.how)
        found = found.filter(kind=self.kind) if self.kind else found
        found = found.filter(decision__decided_by__username=self.who) if self.who else found
        return found.filter(run__connection__slug=self.connection) if self.connection else found

    def decisions(self, user: Any) -> QuerySet[Decision]:
        found = Decision.objects.all()
        if self.how == CLOSED or not user.has_perm("approvals.view_approval"):
            return found.none()
        found = found.filter(verdict=self.how) if self.how else found
        found = found.filter(decided_by__username=self.who) if self.who else found
        found = found.filter(approval__kind=self.kind) if self.kind else found
        return found.filter(approval__run__connection__slug=self.connection) if self.connection else found

    def closed(self, user: Any) -> QuerySet[Approval]:
        found = Approval.objects.visible_to(user).filter(state=states.State.CLOSED)
        if self.who or self.how not in {"", CLOSED}:
            return found.none()
        found = found.filter(kind=self.kind) if self.kind else found
        return found.filter(run__connection__slug=self.connection) if self.connection else found


def page(user: Any, wanted: Wanted, number: int, per_page: int = PER_PAGE) -> list[Approval]:
    """One page of them: the heads of both sorts, each by its own index, merged by when they ended."""
    start, stop = (number - 1) * per_page, number * per_page
    if wanted.policy:
        return _in_order(list(wanted.of_policy(user).order_by("-pk").values_list("pk", flat=True)[start:stop]))
    decided = wanted.decisions(user).order_by("-decided_at", "-id").values_list("decided_at", "approval_id")[:stop]
    closed = wanted.closed(user).order_by("-closed_at", "-id").values_list("closed_at", "pk")[:stop]
    return _in_order([pk for _at, pk in islice(merge(decided, closed, key=_moment, reverse=True), start, stop)])


def _in_order(ids: Sequence[int]) -> list[Approval]:
    related = ("run", "run__connection", "decision", "decision__decided_by", "decision__policy")
    found = Approval.objects.select_related(*related).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _moment(row: tuple[Any, int]) -> float:
    return row[0].timestamp() if row[0] else 0.0


def count(user: Any, wanted: Wanted) -> int:
    if wanted.policy:
        return wanted.of_policy(user).count()
    return wanted.decisions(user).count() + wanted.closed(user).count()


def past(user: Any) -> SafeString:
    """What was decided or closed lately, beside the queue."""
    return fragments.render("approvals/_past.html", {"rows": page(user, Wanted(), 1, LATELY)})
