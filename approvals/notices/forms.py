"""What people fill in on the pages of settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from approvals.kinds import Kind
from approvals.models import Preferences, WorkingTime
from approvals.notices import preferences, states
from approvals.notices.states import CHOSEN, PERSONAL, Digest

_CLOCK = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
_OCCASIONS = [(each.value, each.label) for each in CHOSEN]
_KINDS = list(Kind.choices)
_DAYS = [
    (0, _("Mo")), (1, _("Tu")), (2, _("We")), (3, _("Th")), (4, _("Fr")), (5, _("Sa")), (6, _("Su")),
]  # fmt: skip
_LIST = forms.CheckboxSelectMultiple


class Zones(forms.Select):
    """Four hundred options, without a template for each: that takes a tenth of a second."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        marks = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        options = format_html_join(
            "", '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if key == (value or "") else "", label) for key, label in self.choices),
        )  # fmt: skip
        return format_html("<select{}>{}</select>", marks, options)


def _zones(empty: Any) -> list[tuple[str, Any]]:
    return [("", empty), *((name, name.replace("_", " ")) for name in preferences.zones())]


class Wishes(forms.Form):
    """Language, zone, what one wants to be told and when. Boxes say what is wanted; rows keep what is not."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", _("As the browser asks for")), *settings.LANGUAGES]
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: _zones(_("As each device has it")),
        widget=Zones,
        help_text=_("For all times. Quiet hours and digests are counted in it; without a choice, in the server's."),
    )  # fmt: skip
    occasions = forms.MultipleChoiceField(label=_("Tell me when"), required=False, choices=_OCCASIONS, widget=_LIST)
    kinds = forms.MultipleChoiceField(
        label=_("New approvals of these kinds"), required=False, choices=_KINDS, widget=_LIST
    )
    digest = forms.ChoiceField(label=_("How often"), choices=Digest.choices)
    digest_minutes = forms.IntegerField(label=_("Minutes between"), min_value=5, max_value=720, required=False)
    digest_at = forms.TimeField(label=_("Daily at"), widget=_CLOCK, required=False)
    quiet_from = forms.TimeField(label=_("Quiet from"), widget=_CLOCK, required=False)
    quiet_to = forms.TimeField(label=_("Quiet until"), widget=_CLOCK, required=False)
    escalations_break_through = forms.BooleanField(
        label=_("What is overdue may break through quiet hours and digests"), required=False
    )

    @classmethod
    def start(cls, row: Preferences) -> dict[str, Any]:
        """What the form shows at first."""
        named = ("language", "time_zone", "digest", "digest_minutes", "digest_at", "quiet_from", "quiet_to")
        return {
            **{name: getattr(row, name) for name in (*named, "escalations_break_through")},
            "occasions": [value for value, _label in _OCCASIONS if value not in row.muted_occasions],
            "kinds": [value for value, _label in _KINDS if value not in row.muted_kinds],
        }

    def clean(self) -> None:
        said = self.cleaned_data
        if bool(said.get("quiet_from")) != bool(said.get("quiet_to")) and not self.errors:
            self.add_error("quiet_to", _("Give both ends of the quiet hours, or neither."))
        if (
            said.get("digest") == Digest.EVERY
            and not said.get("digest_minutes")
            and "digest_minutes" not in self.errors
        ):
            self.add_error("digest_minutes", _("Say how many minutes."))

    def wishes(self) -> dict[str, Any]:
        """The row's fields."""
        said = dict(self.cleaned_data)
        said["muted_occasions"] = _others(_OCCASIONS, said.pop("occasions"))
        said["muted_kinds"] = _others(_KINDS, said.pop("kinds"))
        for name in ("digest_minutes", "digest_at"):
            if not said[name]:
                del said[name]
        return said


class AddChannel(forms.Form):
    """One address more. It is never shown again, not even when the form comes back."""

    name = forms.CharField(label=_("Name"), max_length=64)
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class AddTeamChannel(AddChannel):
    """A channel of the team, with what it is for."""

    occasions = forms.MultipleChoiceField(
        label=_("Tell it when"), required=False, widget=_LIST,
        choices=[(value, label) for value, label in _OCCASIONS if value not in PERSONAL],
        initial=[each.value for each in CHOSEN if each not in PERSONAL],
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=_("New approvals of these kinds"), required=False, choices=_KINDS, widget=_LIST, initial=list(Kind.values)
    )

    def muted(self) -> dict[str, list[str]]:
        said = self.cleaned_data
        offered = [(value, "") for value in CHOSEN if value not in PERSONAL]
        return {"muted_occasions": _others(offered, said["occasions"]), "muted_kinds": _others(_KINDS, said["kinds"])}


class WorkingHours(forms.Form):
    """When people work, and how long each kind may wait then."""

    is_limited = forms.BooleanField(label=_("Count due times within working hours only"), required=False)
    days = forms.TypedMultipleChoiceField(
        label=_("Working days"), required=False, choices=_DAYS, coerce=int, widget=_LIST
    )
    starts_at = forms.TimeField(label=_("From"), widget=_CLOCK)
    ends_at = forms.TimeField(label=_("Until"), widget=_CLOCK)
    time_zone = forms.ChoiceField(
        label=_("In the time zone"), required=False, widget=Zones, choices=lambda: _zones(settings.TIME_ZONE)
    )
    remind_minutes = forms.IntegerField(
        label=_("Remind so many minutes before"), min_value=1, max_value=240,
        help_text=_("First whom it is put to; when half of that is left, everyone who may decide."),
    )  # fmt: skip
    escalates = forms.BooleanField(
        label=_("What is overdue moves up in the queue and everyone is told"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for value, label in _KINDS:
            self.fields[f"due_{value}"] = forms.IntegerField(label=label, required=False, min_value=1, max_value=20_160)

    @classmethod
    def start(cls, row: WorkingTime) -> dict[str, Any]:
        named = ("is_limited", "days", "starts_at", "ends_at", "time_zone", "remind_minutes", "escalates")
        due = {f"due_{value}": row.due_minutes.get(value) for value, _label in _KINDS}
        return {**{name: getattr(row, name) for name in named}, **due}

    def clean(self) -> None:
        said = self.cleaned_data
        if said.get("is_limited") and not said.get("days") and not self.errors:
            self.add_error("days", _("Choose at least one day."))
        if said.get("is_limited") and said.get("starts_at") == said.get("ends_at") and not self.errors:
            self.add_error("ends_at", _("Working hours that end as they begin are none."))

    def dues(self) -> list[forms.BoundField]:
        return [self[f"due_{value}"] for value, _label in _KINDS]

    def hours(self) -> dict[str, Any]:
        """The row's fields."""
        said = dict(self.cleaned_data)
        due = {value: said.pop(f"due_{value}") for value, _label in _KINDS}
        return {**said, "due_minutes": {value: minutes for value, minutes in due.items() if minutes}}


def _others(offered: list[Any], chosen: list[str]) -> list[str]:
    return [str(value) for value, _label in offered if value not in chosen]


def events_of(row: Any) -> list[Any]:
    """The labels of what a team's channel is told."""
    return [states.Occasion(each).label for each in CHOSEN if each not in PERSONAL and each not in row.muted_occasions]
