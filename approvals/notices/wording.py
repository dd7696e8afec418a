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

LISTED = 20  # approvals that one message names


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
    lines = [f"- {_line(notice)}\n  {link(notice.occasion.approval)}" for notice in notices[:LISTED]]
    if len(notices) > LISTED:
        lines.append(_("and %(count)s more") % {"count": len(notices) - LISTED})
    count = len({notice.occasion.approval_id for notice in notices})
    title = ngettext("%(count)s approval needs a look", "%(count)s approvals need a look", count) % {"count": count}
    queue = public.address(reverse("approvals"))
    body = "\n".join([*lines, "", _("The whole queue: %(link)s") % {"link": queue}, *_doubt(notices)])
    facts = {"event": "several", "waiting": waiting, "approvals": [n.occasion.approval_id for n in notices[:LISTED]]}
    return Words(title, body, {**facts, "link": queue})


def _one(notice: Notice, waiting: int) -> Words:
    approval = notice.occasion.approval
    kind = approval.get_kind_display()
    title = _("Approval %(id)s: %(kind)s") % {"id": approval.pk, "kind": kind}
    run = approval.run
    spent = _("Spent so far: %(money)s") % {"money": steps.money(run.cost_cents)}
    lines = [sentence(notice.event), *_times(approval), spent, link(approval), *_doubt([notice])]
    facts = {"event": notice.event, "approval": approval.pk, "kind": approval.kind, "link": link(approval)}
    return Words(title, "\n".join(lines), {**facts, "waiting": waiting})


def sentence(event: str) -> str:
    """What has happened."""
    return {
        Occasion.OPENED: _("An agent needs a person."),
        Occasion.ROUTED: _("An agent needs a person, and you are asked first."),
        Occasion.HANDED: _("A colleague has handed this over to you."),
        Occasion.DUE_SOON: _("This is due soon and still open."),
        Occasion.ESCALATED: _("Nobody has answered this in time."),
        Occasion.REFUSED: _("Upstream did not take your decision."),
    }[Occasion(event)]


def _line(notice: Notice) -> str:
    approval = notice.occasion.approval
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
