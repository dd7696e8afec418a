"""Context and rendering of the page of approvals that are alike: its cards, and the parts of them that stay true while
people think. What is ticked and typed there stands outside of every part that is swapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals import groups
from approvals.models import Approval
from approvals.seen import Seen
from live import fragments
from runs.models import Frame


def regions(user: Any, first: Approval, pks: Sequence[int]) -> list[SafeString]:
    """The head, the state of each of these, and how many more came; three queries, however many they are."""
    members = _members(user, pks)
    left = sum(not _why_gone(member, first) for member in members)
    states = (alike_state(member, first, user) for member in members)
    return [alike_head(first, left), alike_more(first, pks), *states]


def states(user: Any, first: Approval, pks: Sequence[int]) -> dict[int, SafeString]:
    """The state of each by its approval's id, for the cards."""
    return {member.pk: alike_state(member, first, user) for member in _members(user, pks)}


def _members(user: Any, pks: Sequence[int]) -> list[Any]:
    newest = Frame.objects.filter(run=OuterRef("run_id")).order_by("-index").values("sha256")[:1]
    related = ("run", "claim__user", "decision__decided_by", "decision__policy")
    found = Approval.objects.visible_to(user).select_related(*related).filter(pk__in=pks[: groups.DRAWN])
    return list(found.annotate(frame_sha256=Subquery(newest)).order_by("pk"))


def alike_head(first: Approval, left: int) -> SafeString:
    """How many of those that were drawn can still be decided here."""
    return fragments.render("approvals/_alike_head.html", {"approval": first, "left": left})


def alike_more(first: Approval, drawn: Sequence[int]) -> SafeString:
    """How many are alike and not drawn; whoever reads it draws them by a gesture of their own."""
    context = {"approval": first, "more": len(groups.others(first, drawn)), "has_room": len(drawn) < groups.DRAWN}
    return fragments.render("approvals/_alike_more.html", context)


def read_drawn(text: str) -> list[int]:
    """Which approvals a page has drawn, as its address tells."""
    numbers = text.split(",")[: groups.DRAWN]
    return [int(part) for part in numbers if part.isascii() and part.isdecimal() and len(part) < 19]


def alike_state(member: Any, first: Approval, user: Any) -> SafeString:
    """How one of them stands now: who is on it, who decided it, or the facts as they are, for the page to compare."""
    run = member.run
    seen = Seen(run.cursor, member.frame_sha256 or "", member.reason, run.cost_cents)
    context = {
        "approval": member,
        "run": run,
        "first": first,
        "user": user,
        "evidence": seen,
        "gone": _why_gone(member, first),
        "claim": groups.holder(member),
    }
    return fragments.render("approvals/_alike_state.html", context)


def _why_gone(member: Any, first: Approval) -> str:
    """Why it can't be decided here any more; empty while it can."""
    if not member.is_open:
        return _("It is over.")
    if alone := groups.why_alone(member):
        return alone
    return "" if member.sameness == first.sameness else _("It asks something else now.")
