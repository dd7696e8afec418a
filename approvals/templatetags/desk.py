"""Tags of the lists of approvals: why a row stands where it does."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals import lists, ranking
from runs.templatetags import console

register = template.Library()


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
        case "careful":
            said = format_html("{}", _("Costs money") if row.approval.kind == "payment" else _("Can't be undone"))
        case "machine":
            said = format_html(_("Machine bills {}"), row.rate.per_hour)
        case _:
            said = format_html("{}", _("In order of age"))
    return format_html('<span class="reason reason-{}">{}</span>', reason.name, said)
