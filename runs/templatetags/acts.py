"""Filters of the audit log's page: an act, who did it and to what, in words."""

from __future__ import annotations

from django import template

from runs import acts

register = template.Library()
register.filter("act_said", acts.said)
register.filter("who", acts.who)
register.filter("subject", acts.subject)
