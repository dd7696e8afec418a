"""Context and rendering of the lists of approvals: the queue with its folds and filters, its head, what is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.safestring import SafeString

from approvals import groups, kinds, presence, queue, ranking, takeovers
from approvals.models import Approval, ApprovalQuerySet
from approvals.seen import Seen
from live import fragments
from runs import fragments as run_fragments
from runs import rates
from runs.models import Connection, Frame, step_cents
from runs.requests import findable

QUEUE_LIMIT = 100
NEEDS_LIMIT = 8
_NEEDS_READ = 40  # rows that are folded to those
_REASONS = 2  # that a row tells
_UNSHOWN = ("run__metadata", "run__result", "run__error", "run__instructions")  # of the run, in a list


@dataclass(frozen=True)
class Shown:
    """Which of the open approvals a page shows, as its address says; words that mean nothing are left out."""

    mine: bool = False
    kind: str = ""
    connection: str = ""  # a slug

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Shown:
        kind = query.get("kind", "")
        return cls(
            query.get("mine") == "1",
            kind if kind in kinds.Kind.values else "",
            findable(query.get("on", "")[:64]),
        )

    def address(self, **changes: Any) -> str:
        """The query of the same page with these changes; empty for the whole queue."""
        wanted = replace(self, **changes)
        parts = {"mine": "1" if wanted.mine else "", "kind": wanted.kind, "on": wanted.connection}
        kept = urlencode({name: value for name, value in parts.items() if value})
        return f"?{kept}" if kept else ""

    def narrow(self, rows: ApprovalQuerySet, user: Any) -> ApprovalQuerySet:
        if self.mine:
            rows = rows.filter(_is_mine(user))
        if self.kind:
            rows = rows.filter(kind=self.kind)
        return rows.filter(run__connection__slug=self.connection) if self.connection else rows

    def fits(self, kind: str, slug: str, is_mine: bool) -> bool:
        return self.kind in {"", kind} and self.connection in {"", slug} and (is_mine or not self.mine)


def _is_mine(user: Any) -> Q:
    """Put to this person, or they are on it."""
    return Q(routed_to=user.pk) | Q(claim__user=user.pk, claim__expires_at__gt=timezone.now())


@dataclass(frozen=True)
class Row:
    """One row of the queue; `alike` is how many it stands for where it is a fold of several."""

    approval: Approval
    rate: rates.Rate
    reasons: Sequence[ranking.Reason]
    machine_cents: int | None = None
    alike: int = 0
    driver: str = ""
    claim: Any = None
    present: Sequence[str] = ()  # who else looks at it now


@dataclass(frozen=True)
class Tab:
    """One filter: its words, how many it shows, the address, whether it is chosen."""

    label: Any
    count: int
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class _Counts:
    """How many are open, by kind, connection and whether they are mine: every number of the page is a sum of these."""

    rows: list[tuple[str, str, bool, int]] = field(default_factory=list)

    @classmethod
    def of(cls, user: Any, by_connection: bool) -> _Counts:
        by = ["kind", "run__connection__slug"] if by_connection else ["kind"]
        waiting = Approval.objects.visible_to(user).open().order_by()
        mine = Counter(waiting.filter(_is_mine(user)).values_list(*by))
        rows: list[tuple[str, str, bool, int]] = []
        for *facts, count in waiting.values_list(*by).annotate(Count("pk")):
            kind, slug = facts[0], facts[1] if by_connection else ""
            my = min(count, mine[tuple(facts)])
            rows += [(kind, slug, True, my), (kind, slug, False, count - my)]
        return cls(rows)

    def sum(self, shown: Shown) -> int:
        return sum(count for kind, slug, is_mine, count in self.rows if shown.fits(kind, slug, is_mine))


def approval_queue(user: Any, shown: Shown = Shown()) -> SafeString:
    """The open approvals that the page's address asks for, what hurts most first."""
    known, now = run_fragments.known_connections(), timezone.now()
    shown = shown if len(known) > 1 else replace(shown, connection="")
    counts = _Counts.of(user, len(known) > 1)
    wanted = shown.narrow(queue.ordered(user, now).visible_to(user), user)
    ids = list(wanted.select_related(None).values_list("pk", flat=True)[:QUEUE_LIMIT])
    rows = _folded(user, ids, now) if not shown.mine else _rows(user, _in_order(ids), {}, now)
    context = _listed(user, rows, counts.sum(shown), len(known) > 1)
    context |= {"all": counts.sum(Shown()), "tabs": _tabs(known, counts, shown), "is_narrow": shown != Shown()}
    return fragments.render("approvals/_approval_queue.html", context)


def needs_me(user: Any) -> SafeString:
    """The head of the queue, for the overview."""
    now = timezone.now()
    first = queue.ordered(user, now).visible_to(user).select_related(None)
    rows = _folded(user, list(first.values_list("pk", flat=True)[:_NEEDS_READ]), now)[:NEEDS_LIMIT]
    total = Approval.objects.visible_to(user).open().count()
    return fragments.render(
        "approvals/_needs_me.html", _listed(user, rows, total, len(run_fragments.known_connections()) > 1)
    )


def _in_order(ids: Sequence[int]) -> list[Approval]:
    related = ("run", "run__connection", "claim", "claim__user", "routed_to")
    found = Approval.objects.select_related(*related).defer(*_UNSHOWN).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _folded(user: Any, ids: Sequence[int], now: datetime) -> list[Row]:
    """Those that are alike stand in one row, where the first of them stands."""
    waiting = _in_order(ids)
    groups_of = {pk: group for group in groups.alike(waiting).values() for pk in group}
    kept: list[Approval] = []
    given: set[int] = set()
    for approval in waiting:
        if approval.pk not in given:
            kept.append(approval)
        given.update(groups_of.get(approval.pk, ()))
    return _rows(user, kept, {pk: len(group) for pk, group in groups_of.items()}, now)


def _rows(user: Any, waiting: Sequence[Approval], alike: Mapping[int, int], now: datetime) -> list[Row]:
    driven = takeovers.active_of([a.run_id for a in waiting], now=now)
    told = rates.of_many([a.run for a in waiting])
    present = presence.names([a.pk for a in waiting], but=user, now=now)
    rows = []
    for approval in waiting:
        rate = told[approval.run_id]
        reasons = ranking.reasons(queue.facts(approval, rate.cents_per_hour), now)[:_REASONS]
        claim = getattr(approval, "claim", None)
        rows.append(
            Row(
                approval,
                rate,
                reasons,
                rate.cents(now),
                alike.get(approval.pk, 0),
                driven[approval.run_id].user.get_username() if approval.run_id in driven else "",
                claim if claim and claim.expires_at > now else None,
                present.get(approval.pk, ()),
            )
        )
    return rows


def _listed(user: Any, rows: Sequence[Row], total: int, has_others: bool) -> dict[str, Any]:
    return {
        "rows": rows,
        "total": total,
        "more": max(0, total - sum(max(1, row.alike) for row in rows)),
        "may_decide": user.has_perm("approvals.decide_approval"),
        "user": user,
        "has_others": has_others,
    }


def _tabs(known: Sequence[Connection], counts: _Counts, shown: Shown) -> list[list[Tab]]:
    """The filters, a list for each sort; each tells how many it would show."""

    def tab(label: Any, **changes: Any) -> Tab:
        wanted = replace(shown, **changes)
        return Tab(label, counts.sum(wanted), shown.address(**changes), wanted == shown)

    whose = [tab("all", mine=False), tab("mine", mine=True)]
    by_kind = [tab("", kind=""), *(tab(kind.label, kind=kind.value) for kind in kinds.Kind)]
    by_connection = [tab("", connection=""), *(tab(c.name, connection=c.slug) for c in known)] if len(known) > 1 else []
    return [whose, *([one for one in tabs if one.count or one.is_chosen] for tabs in (by_kind, by_connection))]


@dataclass(frozen=True)
class Member:
    """One of those that are alike, as a page shows it, with the evidence that goes with that."""

    approval: Approval
    frame: Frame | None
    seen: Seen
    claim: Any = None

    @property
    def step_cents(self) -> int:
        return step_cents(self.approval.run.cua_version)

    @property
    def worst_cents(self) -> int | None:
        """What a resume may cost to its last step; None where no end is known."""
        run = self.approval.run
        return max(0, run.max_steps - run.steps_completed) * self.step_cents if run.max_steps else None

    @property
    def evidence(self) -> dict[str, Any]:
        """As the form carries it."""
        return {"pk": self.approval.pk, **vars(self.seen)}


def members(pks: Iterable[int], now: datetime) -> list[Member]:
    """These approvals with their newest pictures, in the queue's order; two queries for all."""
    newest = Frame.objects.filter(run=OuterRef("run_id")).order_by("-index").values("pk")[:1]
    found = queue.ordered(now=now).filter(pk__in=list(pks)).annotate(frame_pk=Subquery(newest))
    rows = list(found[: groups.LIMIT])
    pictures = Frame.objects.defer("image").in_bulk([row.frame_pk for row in rows if row.frame_pk])
    return [_member(row, pictures.get(row.frame_pk)) for row in rows]


def _member(approval: Any, frame: Frame | None) -> Member:
    run = approval.run
    seen = Seen(run.cursor, frame.sha256 if frame else "", approval.reason, run.cost_cents)
    return Member(approval, frame, seen, groups.holder(approval))
