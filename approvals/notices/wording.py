"""What notices say: kinds, times, costs and links of the console's own; nothing that an agent or a page has written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.models import Approval, Notice
from approvals.notices.states import Occasion
from runs import public, steps
from runs.models import Run

LISTED = 20  # approvals and runs that one message names


@dataclass(frozen=True)
class Words:
    title: str
    body: str
    facts: dict[str, Any]


def link(approval: Approval) -> str:
    return public.address(reverse("approval", args=[approval.pk]))


def of(notices: Sequence[Notice], waiting: int) -> Words:
    """One message for one notice or for many; in the language and zone that are active."""
    if len(notices) == 1:
        return _one(notices[0], waiting)
    lines = [f"- {_line(notice)}\n  {_where(notice)}" for notice in notices[:LISTED]]
    if len(notices) > LISTED:
        lines.append(_("and %(count)s more") % {"count": len(notices) - LISTED})
    queue = public.address(reverse("approvals"))
    body = "\n".join([*lines, "", _("The whole queue: %(link)s") % {"link": queue}, *_doubt(notices)])
    named = [notice.occasion for notice in notices[:LISTED]]
    approvals, runs = [o.approval_id for o in named if o.approval_id], [o.run.upstream_id for o in named if o.run]
    facts = {"event": "several", "waiting": waiting, "approvals": approvals, **({"runs": runs} if runs else {})}
    return Words(_title(notices), body, {**facts, "link": queue})


def _title(notices: Sequence[Notice]) -> str:
    asking = len({notice.occasion.approval_id for notice in notices} - {None})
    burning = len({notice.occasion.run_id for notice in notices} - {None})
    said = []
    if asking:
        words = ngettext("%(count)s approval needs a look", "%(count)s approvals need a look", asking)
        said.append(words % {"count": asking})
    if burning:
        words = ngettext("%(count)s run burns money", "%(count)s runs burn money", burning)
        said.append(words % {"count": burning})
    return ", ".join(said)


def _where(notice: Notice) -> str:
    """The page that its link opens."""
    approval, run = notice.occasion.approval, notice.occasion.run
    return link(approval) if approval else _link_to_run(run) if run else ""


def _link_to_run(run: Run) -> str:
    return public.address(reverse("run", args=[run.upstream_id]))


def _one(notice: Notice, waiting: int) -> Words:
    approval = notice.occasion.approval
    if approval is None:
        return _of_run(notice, waiting)
    kind = approval.get_kind_display()
    title = _("Approval %(id)s: %(kind)s") % {"id": approval.pk, "kind": kind}
    run = approval.run
    spent = _("Spent so far: %(money)s") % {"money": steps.money(run.cost_cents)}
    lines = [sentence(notice.event), *_times(approval), spent, link(approval), *_doubt([notice])]
    facts = {"event": notice.event, "approval": approval.pk, "kind": approval.kind, "link": link(approval)}
    return Words(title, "\n".join(lines), {**facts, "waiting": waiting})


def _of_run(notice: Notice, waiting: int) -> Words:
    """That a run burns money: how many steps and cents by now."""
    run = notice.occasion.run
    assert run is not None
    spent = _("Spent so far: %(money)s") % {"money": steps.money(run.cost_cents)}
    lines = [sentence(notice.event), _circles(run), spent, _link_to_run(run), *_doubt([notice])]
    facts = {"event": notice.event, "run": run.upstream_id, "link": _link_to_run(run), "wasted_cents": run.waste_cents}
    return Words(_("A run goes round in circles"), "\n".join(lines), {**facts, "waiting": waiting})


def _circles(run: Run) -> str:
    count, since = run.waste_steps, run.waste_since
    if run.waste_kind == Run.Waste.ACT:
        said = ngettext(
            "The same act on the same screen since step %(since)s: %(count)s step, %(money)s wasted.",
            "The same act on the same screen since step %(since)s: %(count)s steps, %(money)s wasted.",
            count,
        )
    else:
        said = ngettext(
            "The screen has not changed since step %(since)s: %(count)s step, %(money)s wasted.",
            "The screen has not changed since step %(since)s: %(count)s steps, %(money)s wasted.",
            count,
        )
    return said % {"since": since, "count": count, "money": steps.money(run.waste_cents)}


def sentence(event: str) -> str:
    """What has happened."""
    return {
        Occasion.OPENED: _("An agent needs a person."),
        Occasion.ROUTED: _("An agent needs a person, and you are asked first."),
        Occasion.HANDED: _("A colleague has handed this over to you."),
        Occasion.DUE_SOON: _("This is due soon and still open."),
        Occasion.ESCALATED: _("Nobody has answered this in time."),
        Occasion.REFUSED: _("Upstream did not take your decision."),
        Occasion.BURNING: _("A run repeats itself and costs money with each step."),
    }[Occasion(event)]


def _line(notice: Notice) -> str:
    approval, run = notice.occasion.approval, notice.occasion.run
    if approval is None:
        return f"{run}: {_circles(run)}" if run else ""
    return f"{approval.pk}, {approval.get_kind_display()}: {sentence(notice.event)}"


def _times(approval: Approval) -> list[str]:
    found = [_("Waits since %(time)s") % {"time": _clock(approval.opened_at)}]
    if approval.due_at:
        found.append(_("Due at %(time)s") % {"time": _clock(approval.due_at)})
    if approval.expires_at:
        found.append(_("Upstream gives up at %(time)s") % {"time": _clock(approval.expires_at)})
    return found


def _clock(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M %Z")


def _doubt(notices: Sequence[Notice]) -> list[str]:
    if any(notice.was_unsure for notice in notices):
        return [_("The sending was interrupted, so you may get this twice.")]
    return []


def test() -> Words:
    title = _("Test from Coasty Console")
    return Words(title, _("This channel works."), {"event": "test", "link": public.address(reverse("settings"))})
