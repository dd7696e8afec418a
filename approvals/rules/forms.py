"""The form that builds a policy: fields as people fill them in, and the policy's shape out of them and back."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from approvals import policies
from approvals.kinds import Kind
from approvals.models import Policy
from approvals.rules import editing, shape
from approvals.rules.amounts import CURRENCIES
from approvals.rules.matching import readable
from approvals.rules.shape import Hours, Then, When
from runs.models import Connection

OUTSIDE = "outside"
HANDLE = "handle"
DAYS = [(0, _("Mon")), (1, _("Tue")), (2, _("Wed")), (3, _("Thu")), (4, _("Fri")), (5, _("Sat")), (6, _("Sun"))]
DOES = [
    (HANDLE, _("People decide, handled as chosen below")),
    ("resume", _("Resume it")),
    ("fail", _("Fail it")),
    ("cancel", _("Cancel it")),
]
_FORM_FIELD = {"verdict": "does"}  # where a refusal of the shape belongs in the form
_RIGHTS = "django.contrib.auth.backends.ModelBackend"  # knows who may what
_OUTSIDE_THE_SENTENCE = {"name", "per_run", "expires_on"}
_MOST = shape.MOST_CENTS // 100


def _dollars(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=_MOST, decimal_places=2, required=False, help_text=help_text
    )


def _minutes(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, max_value=shape.LONGEST_MINUTES, required=False, help_text=help_text
    )


class PolicyForm(forms.Form):
    """Conditions, then actions; empty fields say nothing."""

    name = forms.CharField(label=_("Name"), max_length=80)

    kinds = forms.MultipleChoiceField(
        label=_("Kind of ask"), choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    machine = forms.CharField(label=_("Machine"), max_length=128, required=False)
    starter = forms.ChoiceField(label=_("Started by"), required=False)
    task_contains = forms.CharField(label=_("Task contains"), max_length=200, required=False)
    metadata_key = forms.CharField(label=_("Metadata key"), max_length=200, required=False)
    metadata_value = forms.CharField(label=_("Its value"), max_length=200, required=False)
    cost_above = _dollars(
        _("Cost so far from, $"), _("As billed for the run, also while it waits; without the hours of its machine.")
    )
    cost_below = _dollars(_("Cost so far up to, $"))
    asks_at_least = forms.IntegerField(
        label=_("Earlier asks in the run, from"), min_value=1, max_value=1000, required=False
    )
    asks_at_most = forms.IntegerField(
        label=_("Earlier asks in the run, up to"), min_value=0, max_value=1000, required=False
    )

    amount_at_most = _dollars(_("Amount named, up to"))
    amount_above = _dollars(_("Amount named, more than"))
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES], required=False)
    reason_contains = forms.CharField(label=_("Reason contains"), max_length=200, required=False)
    page_text = forms.BooleanField(label=_("Text of web pages may be used"), required=False)

    waits_minutes = _minutes(_("Waits longer than, minutes"))
    left_minutes = _minutes(_("Less time left than, minutes"))
    days = forms.TypedMultipleChoiceField(
        label=_("Only on"), choices=DAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    hours_from = forms.TimeField(label=_("From"), required=False, widget=forms.TimeInput({"type": "time"}, "%H:%M"))
    hours_to = forms.TimeField(label=_("To"), required=False, widget=forms.TimeInput({"type": "time"}, "%H:%M"))
    zone = forms.CharField(
        label=_("Time zone"), max_length=64, required=False, widget=forms.TextInput({"list": "zones"})
    )
    hours_outside = forms.BooleanField(label=_("Outside of these hours instead"), required=False)

    does = forms.ChoiceField(label=_("What it does"), choices=DOES, initial=HANDLE, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"), max_length=shape.NOTE_LIMIT, required=False, widget=forms.Textarea({"rows": 2})
    )
    two_people = forms.BooleanField(label=_("Two people have to agree"), required=False)
    not_starter = forms.BooleanField(label=_("Somebody other than the starter"), required=False)
    route_to = forms.ChoiceField(label=_("Ask first"), required=False)
    due_minutes = _minutes(_("Answer wanted within, minutes"))
    priority = forms.IntegerField(label=_("Priority"), min_value=-100, max_value=100, required=False)
    escalate = forms.BooleanField(label=_("Escalate: to the top, and tell people"), required=False)

    per_run = forms.IntegerField(label=_("Decides at most so often in one run"), min_value=1, max_value=100, initial=3)
    expires_on = forms.DateField(
        label=_("Ends on"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
        help_text=_("A policy that decides has an end, within a year."),
    )

    def __init__(self, *args: Any, policy: Policy | None = None, **kwargs: Any) -> None:
        if policy is not None and (rule := readable(policy)) is not None:
            self.when, self.then = rule.when, rule.then
        kwargs.setdefault("initial", initial(policy) if policy else _blank())
        super().__init__(*args, **kwargs)
        people = list(User.objects.filter(is_active=True).order_by("username"))
        anybody = [("", _("anybody")), (OUTSIDE, _("somebody outside this console"))]
        self.choices("starter", [*anybody, *((str(user.pk), user.username) for user in people)])
        may = User.objects.with_perm(policies.DECIDES, backend=_RIGHTS).order_by("username")
        reviewers = [(str(pk), name) for pk, name in may.values_list("pk", "username")]
        self.choices("route_to", [("", _("nobody in particular")), *reviewers])
        connections = Connection.objects.order_by("name").values_list("slug", "name")
        self.choices("connection", [("", _("any")), *connections])

    def choices(self, name: str, offered: list[tuple[Any, Any]]) -> None:
        """Set what a field offers; what a policy names already stays offered, also when it is gone."""
        known = {str(value) for value, _label in offered}
        kept = self.initial.get(name)
        if kept and str(kept) not in known:
            offered = [*offered, (kept, _("somebody who is gone"))]
        self.fields[name].choices = offered  # type: ignore[attr-defined]

    def clean(self) -> None:
        if self.errors.keys() - _OUTSIDE_THE_SENTENCE:
            return
        try:
            self.when, self.then = self._when(), self._then()
        except ValidationError as wrong:
            for problem in wrong.errors():
                self.add_error(None, str(problem["msg"]))
            return
        for field, sentence in shape.refusals(self.when, self.then):
            self.add_error(_FORM_FIELD.get(field, field), sentence)
        if self.then.verdict and "expires_on" not in self.errors and not self.cleaned_data["expires_on"]:
            self.add_error("expires_on", _("A policy that decides must have an end."))

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        if zone and zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone; for example Europe/Berlin."))
        return zone

    def shape(self) -> tuple[When, Then]:
        """What it says so far; nothing where it can't be read."""
        return getattr(self, "when", When()), getattr(self, "then", Then())

    def draft(self) -> editing.Draft:
        """What was filled in, for the verbs that keep it."""
        said = self.cleaned_data
        return editing.Draft(said["name"], self.when, self.then, said["per_run"], _end(said["expires_on"]))

    def _when(self) -> When:
        said = self.cleaned_data
        starter = said["starter"]
        plain = (
            "kinds", "connection", "machine", "task_contains", "metadata_key", "metadata_value", "reason_contains",
            "page_text", "waits_minutes", "left_minutes", "asks_at_least", "asks_at_most",
        )  # fmt: skip
        return When(
            **{name: said[name] for name in plain},
            starter=int(starter) if starter.isdecimal() else None,
            outside_starter=starter == OUTSIDE,
            cost_above_cents=_cents(said["cost_above"]),
            cost_below_cents=_cents(said["cost_below"]),
            amount_at_most_cents=_cents(said["amount_at_most"]),
            amount_above_cents=_cents(said["amount_above"]),
            currency=said["currency"] or "USD",
            hours=self._hours(),
        )

    def _hours(self) -> Hours | None:
        said = self.cleaned_data
        start, end, days = said["hours_from"], said["hours_to"], said["days"]
        if start is None and end is None and not days:
            return None
        return Hours(
            days=tuple(days or range(7)),
            start=_minute(start) if start else 0,
            end=_minute(end) if end else shape.DAY_MINUTES,
            zone=said["zone"] or timezone.get_current_timezone_name(),
            outside=said["hours_outside"],
        )

    def _then(self) -> Then:
        said = self.cleaned_data
        plain = ("note", "two_people", "not_starter", "due_minutes", "priority", "escalate")
        return Then(
            verdict="" if said["does"] == HANDLE else said["does"],
            route_to=int(said["route_to"]) if said["route_to"] else None,
            **{name: said[name] for name in plain},
        )


def initial(policy: Policy) -> dict[str, Any]:
    """The fields as the policy's row fills them; empty where the row can't be read."""
    found = {"name": policy.name, "per_run": policy.per_run, "expires_on": _last_day(policy.expires_at)}
    rule = readable(policy)
    if rule is None:
        return {**_blank(), **found}
    when, then, hours = rule.when, rule.then, rule.when.hours
    return {
        **found,
        **when.model_dump(mode="json", include=set(PolicyForm.base_fields)),
        **then.model_dump(mode="json", include=set(PolicyForm.base_fields)),
        "does": then.verdict or HANDLE,
        "starter": OUTSIDE if when.outside_starter else when.starter or "",
        "route_to": then.route_to or "",
        "cost_above": _whole(when.cost_above_cents),
        "cost_below": _whole(when.cost_below_cents),
        "amount_at_most": _whole(when.amount_at_most_cents),
        "amount_above": _whole(when.amount_above_cents),
        "days": list(hours.days) if hours else [],
        "hours_from": _time(hours.start) if hours else None,
        "hours_to": _time(hours.end) if hours and hours.end < shape.DAY_MINUTES else None,
        "zone": hours.zone if hours else timezone.get_current_timezone_name(),
        "hours_outside": bool(hours and hours.outside),
    }


def _blank() -> dict[str, Any]:
    ends = timezone.localtime() + editing.DEFAULT_LIFE
    return {"does": HANDLE, "zone": timezone.get_current_timezone_name(), "per_run": 3, "expires_on": ends.date()}


def _end(day: Any) -> datetime | None:
    """The midnight at which that day ends, in the person's zone."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=timezone.get_current_timezone())


def _last_day(end: datetime | None) -> Any:
    return timezone.localtime(end - timedelta(seconds=1)).date() if end else None


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def _whole(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents) / 100


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
