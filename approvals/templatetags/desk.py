"""Tags of the lists of approvals: why a row stands where it does."""

from __future__ import annotations

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals import lists, ranking
from live.drawings import Drawings, facts
from runs.templatetags import console

register = template.Library()

_DRAWN = Drawings(1000)  # rows of the queue


@register.simple_tag(takes_context=True)
def queue_row(context: Context, row: lists.Row) -> SafeString:
    """One row of the queue; most are as they were when somebody looked last."""
    user, approval = context["user"], row.approval
    people = row.claim.user.get_username() if row.claim else "", str(approval.routed_to or "")
    mine = row.claim is not None and row.claim.user_id == user.pk, approval.routed_to_id == user.pk
    about = facts(approval), facts(approval.run), facts(approval.run.connection), context["has_others"]
    shown = tuple(row.reasons), row.rate, row.machine_cents, row.alike, row.driver, tuple(row.present)
    told = {"row": row, "user": user, "has_others": context["has_others"]}
    return _DRAWN.of((about, people, mine, shown), lambda: SafeString(render_to_string("parts/queue_row.html", told)))


@register.simple_tag
def why(reason: ranking.Reason, row: lists.Row) -> SafeString:
    """One reason for the rank, in words; its times tick."""
    match reason.name:
        case "left":
            said = format_html(_("Left: {}"), console.left(reason.at))
        case "overdue":
            said = format_html(_("Due {}"), console.age(reason.at))
        case "due":
            said = format_html(_("Due in {}"), console.left(reason.at))
        case "priority":
            said = format_html(_("Priority +{}"), reason.amount)
        case "later":
            said = format_html(_("Put off: priority −{}"), abs(reason.amount or 0))
        case "careful":
            said = format_html("{}", _("Costs money") if row.approval.kind == "payment" else _("Can't be undone"))
        case "machine":
            said = format_html(_("Machine bills {}"), row.rate.per_hour)
        case "spent":
            said = format_html(_("{} at risk"), console.cents(row.approval.run.cost_cents))
        case _:
            said = format_html("{}", _("In order of age"))
    return format_html('<span class="reason reason-{}">{}</span>', reason.name, said)
