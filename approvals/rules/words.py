"""A policy as one sentence that people read. Pure over names passed in; the sentence holds all that the policy says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from approvals.kinds import Kind
from approvals.models import Applied
from approvals.rules.shape import Hours, Then, When
from approvals.states import Verdict
from runs import told
from runs.models import Connection

_SIGN = {"USD": "$", "EUR": "€", "GBP": "£"}


@dataclass(frozen=True)
class Names:
    """What people and connections are called, by id and slug."""

    people: dict[int, str] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Names:
        """All of them: two queries, for a page."""
        return cls(
            dict(User.objects.values_list("pk", "username")),
            dict(Connection.objects.values_list("slug", "name")),
        )

    def person(self, pk: int) -> str:
        return self.people.get(pk) or _("somebody who is gone")

    def connection(self, slug: str) -> str:
        return self.connections.get(slug) or slug


def sentence(when: When, then: Then, names: Names) -> str:
    """The whole policy: When … waits, …"""
    return _("When %(what)s, %(action)s.") % {
        "what": " ".join(_subject(when, names)) + _circumstances(when),
        "action": action(then, names),
    }


def action(then: Then, names: Names) -> str:
    """What it does, without the conditions: need two people and set priority 5."""
    return _listed(_actions(then, names), pgettext("joins actions", "and"))


def deed(row: Applied, names: Names) -> str:
    """What a policy did with one approval, or would have done, or why it stood back."""
    if row.outcome == Applied.Outcome.STOOD_BACK:
        return _("stood back: %(why)s") % {"why": told.told(row.why)}
    what = _verdict(row.verdict) if row.verdict else _set(row.effects, names)
    if row.outcome == Applied.Outcome.WOULD:
        return _("dry run, would have: %(what)s") % {"what": what}
    return what


def _verdict(verdict: str) -> str:
    said = {Verdict.RESUME.value: _("resume"), Verdict.FAIL.value: _("fail"), Verdict.CANCEL.value: _("cancel")}
    return _("decided: %(verdict)s") % {"verdict": said.get(verdict, verdict)}


def _set(effects: dict[str, Any], names: Names) -> str:
    """The columns that it set, in words."""
    said = []
    if "people_needed" in effects:
        said.append(_("two people have to agree"))
    if "not_starter" in effects:
        said.append(_("somebody other than the starter has to agree"))
    if "routed_to_id" in effects:
        said.append(_("%(person)s is asked first") % {"person": names.person(effects["routed_to_id"])})
    if "due_at" in effects:
        due_at = timezone.localtime(datetime.fromisoformat(effects["due_at"]))
        said.append(_("an answer is wanted by %(time)s") % {"time": due_at.strftime("%Y-%m-%d %H:%M")})
    if "priority" in effects:
        said.append(_("priority %(priority)s") % {"priority": effects["priority"]})
    if "escalated_at" in effects:
        said.append(_("escalated"))
    return ", ".join(said) or _("nothing more than was set already")


def money(cents: int, currency: str = "USD") -> str:
    """$50, €12.50: as short as it can be."""
    whole = f"{cents // 100:,}" if cents % 100 == 0 else f"{cents / 100:,.2f}"
    return f"{_SIGN[currency]}{whole}"


def duration(minutes: int) -> str:
    """90 minutes as 1 h 30 min."""
    if minutes % 1440 == 0:
        return ngettext("%(count)s day", "%(count)s days", minutes // 1440) % {"count": minutes // 1440}
    if minutes < 120 and minutes != 60:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    if minutes % 60 == 0:
        return ngettext("%(count)s hour", "%(count)s hours", minutes // 60) % {"count": minutes // 60}
    return _("%(hours)s h %(minutes)02d min") % {"hours": minutes // 60, "minutes": minutes % 60}


def _subject(when: When, names: Names) -> list[str]:
    """What waits: kind, amount, machine, connection, starter, task, metadata, cost, how often it asked."""
    said = [_kind(when)]
    if when.amount_above_cents is not None:
        said.append(_("of more than %(amount)s") % {"amount": money(when.amount_above_cents, when.currency)})
    if when.amount_at_most_cents is not None:
        said.append(_("up to %(amount)s") % {"amount": money(when.amount_at_most_cents, when.currency)})
    if when.machine:
        said.append(_("on machine %(machine)s") % {"machine": when.machine})
    if when.connection:
        said.append(_("of connection %(connection)s") % {"connection": names.connection(when.connection)})
    if when.starter is not None:
        said.append(_("started by %(person)s") % {"person": names.person(when.starter)})
    if when.outside_starter:
        said.append(_("started outside this console"))
    return said + _about(when)


def _kind(when: When) -> str:
    if not when.kinds:
        return pgettext("subject of a policy", "anything")
    labels = {
        Kind.CAPTCHA: _("a captcha"),
        Kind.CODE: _("a one-time code"),
        Kind.LOGIN: _("a sign-in"),
        Kind.PAYMENT: _("a payment"),
        Kind.IRREVERSIBLE: _("something that can't be undone"),
        Kind.AMBIGUOUS: _("a choice among several"),
        Kind.ERROR: _("an error"),
        Kind.OTHER: _("a question"),
    }
    return _listed([labels[kind] for kind in when.kinds], pgettext("joins kinds", "or"))


def _about(when: When) -> list[str]:
    said = []
    if when.task_contains:
        said.append(_("with “%(text)s” in its task") % {"text": when.task_contains})
    if when.metadata_key and when.metadata_value:
        told = {"key": when.metadata_key, "value": when.metadata_value}
        said.append(_("with %(key)s = “%(value)s” in its metadata") % told)
    elif when.metadata_key:
        said.append(_("with %(key)s in its metadata") % {"key": when.metadata_key})
    said += _costs(when.cost_above_cents, when.cost_below_cents) + _asked(when.asks_at_least, when.asks_at_most)
    if when.reason_contains:
        said.append(_("whose reason says “%(text)s”") % {"text": when.reason_contains})
    if when.page_text:
        said.append(_("(page text may be used)"))
    return said


def _costs(low: int | None, high: int | None) -> list[str]:
    if low is not None and high is not None:
        return [_("that has cost %(low)s to %(high)s") % {"low": money(low), "high": money(high)}]
    if low is not None:
        return [_("that has cost %(amount)s or more") % {"amount": money(low)}]
    return [_("that has cost %(amount)s at most") % {"amount": money(high)}] if high is not None else []


def _asked(low: int | None, high: int | None) -> list[str]:
    if low is not None and high is not None:
        return [_("after %(low)s to %(high)s earlier asks in its run") % {"low": low, "high": high}]
    if low is not None:
        return [_("after at least %(count)s earlier asks in its run") % {"count": low}]
    return [_("after at most %(count)s earlier asks in its run") % {"count": high}] if high is not None else []


def _circumstances(when: When) -> str:
    """How long, how late, in which hours."""
    waits = (
        _(" waits more than %(duration)s") % {"duration": duration(when.waits_minutes)}
        if when.waits_minutes is not None
        else _(" waits")
    )
    if when.left_minutes is not None:
        waits += _(" with less than %(duration)s left") % {"duration": duration(when.left_minutes)}
    return waits + (" " + _hours(when.hours) if when.hours else "")


def _hours(hours: Hours) -> str:
    told = {"days": _days(hours.days), "start": _clock(hours.start), "end": _clock(hours.end), "zone": hours.zone}
    if hours.outside:
        return _("outside %(days)s %(start)s–%(end)s (%(zone)s)") % told
    return _("on %(days)s %(start)s–%(end)s (%(zone)s)") % told


def _days(days: Iterable[int]) -> str:
    short = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    known = sorted(set(days))
    if len(known) > 2 and known == list(range(known[0], known[-1] + 1)):
        return f"{short[known[0]]}–{short[known[-1]]}"
    return ", ".join(short[day] for day in known)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _actions(then: Then, names: Names) -> list[str]:
    if then.verdict:
        verdicts = {"resume": _("resume it"), "fail": _("fail it"), "cancel": _("cancel it")}
        noted = _("%(verdict)s with the note “%(note)s”") % {"verdict": verdicts[then.verdict], "note": then.note}
        return [noted if then.note else verdicts[then.verdict]]
    said = []
    if then.two_people:
        said.append(_("need two people"))
    if then.not_starter:
        said.append(_("need somebody other than the starter"))
    if then.route_to is not None:
        said.append(_("route it to %(person)s") % {"person": names.person(then.route_to)})
    if then.due_minutes is not None:
        said.append(_("want it answered within %(duration)s") % {"duration": duration(then.due_minutes)})
    if then.priority is not None:
        said.append(_("set its priority to %(priority)s") % {"priority": then.priority})
    if then.escalate:
        said.append(_("escalate it"))
    return said or [_("do nothing")]


def _listed(parts: list[str], joint: str) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joint} {parts[-1]}"
