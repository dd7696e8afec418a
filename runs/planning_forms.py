"""The forms of templates, tables and budgets."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from runs import recipes, sheets
from runs.forms import JsonField, NewRun
from runs.models import Budget, Connection, Recipe

_OF_A_RUN = (
    "machine_id", "max_steps", "on_awaiting_human", "awaiting_human_timeout_seconds", "deadline_seconds",
    "instructions", "cua_version",
)  # fmt: skip
_DOLLARS = forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"})


class SaveRecipe(forms.Form):
    """A template: its name, its sentence, and what its runs start with."""

    name = forms.CharField(label=_("Name"), max_length=80)
    text = forms.CharField(
        label=_("Task"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_(
            "Variables stand in two braces: pay invoice {{number}} of {{customer}}. Say a kind where it matters: "
            "{{amount:number}}, {{password:secret}}. A secret is asked for each time and never kept."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= {name: copy.deepcopy(NewRun.base_fields[name]) for name in _OF_A_RUN}
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"help-{name}"

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        try:
            recipes.variables(text)
        except recipes.Refused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return text

    def run_fields(self) -> dict[str, Any]:
        """The fields of POST /v1/runs without the task."""
        return {name: value for name in _OF_A_RUN if (value := self.cleaned_data.get(name)) not in (None, "")}


class UploadTable(forms.Form):
    """A table of rows, as a file or pasted, and what its runs are made of."""

    recipe = forms.ModelChoiceField(
        Recipe.objects.filter(is_archived=False),
        label=_("Template"),
        required=False,
        empty_label=_("None: the column “task” is the whole task"),
    )
    name = forms.CharField(label=_("Name of the batch"), max_length=120, required=False)
    file = forms.FileField(
        label=_("CSV file"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"})
    )
    table = forms.CharField(
        label=_("Or paste the table"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A line of column names, then a line for each run. Comma, semicolon or tab between the cells."),
    )
    max_steps = forms.IntegerField(label=_("Steps at most, each run"), min_value=1, max_value=1000, required=False)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("file"):
            told["table"] = _text(told["file"])
        if not told.get("table", "").strip():
            raise forms.ValidationError(gettext("Choose a file, or paste a table."))
        return told


def _text(file: Any) -> str:
    if file.size > sheets.MOST_BYTES:
        raise forms.ValidationError(gettext("The file is larger than a megabyte."))
    raw = file.read()
    for encoding in ("utf-8-sig", "cp1252"):  # the second is what spreadsheets write where they are not told
        try:
            return str(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise forms.ValidationError(gettext("This is no text: save the table as CSV first."))


class BeginBatch(forms.Form):
    """The limit of all its runs together, and the mapping that was on screen."""

    mapping = JsonField(required=False, widget=forms.HiddenInput)

    limit = forms.DecimalField(
        label=_("All together at most, in dollars"),
        min_value=Decimal("0.05"),
        max_value=Decimal(10**7),
        decimal_places=2,
        required=False,
        widget=_DOLLARS,
        help_text=_("A row starts only when its worst case still fits. Empty: no limit of its own."),
    )

    def cents(self) -> int | None:
        limit = self.cleaned_data.get("limit")
        return int(limit * 100) if limit is not None else None

    def seen(self) -> dict[str, str]:
        """Which column was shown for which variable; nothing where the form did not tell."""
        told = self.cleaned_data.get("mapping")
        return {str(name): str(column) for name, column in told.items()} if isinstance(told, dict) else {}


class SaveBudget(forms.Form):
    """What may be spent, by when, and what happens then."""

    name = forms.CharField(label=_("Name"), max_length=60)
    limit = forms.DecimalField(
        label=_("Dollars at most"), min_value=Decimal("0.05"), max_value=Decimal(10**7), decimal_places=2,
        widget=_DOLLARS,
    )  # fmt: skip
    period = forms.ChoiceField(label=_("For"), choices=Budget.Period.choices, initial=Budget.Period.DAY)
    connection = forms.ModelChoiceField(
        Connection.objects.order_by("name"), label=_("Connection"), required=False, empty_label=_("All together")
    )
    act = forms.ChoiceField(
        label=pgettext_lazy("budget", "What it does"), choices=Budget.Act.choices, initial=Budget.Act.STOP
    )
    warn_percent = forms.IntegerField(label=_("Warns from, in percent"), min_value=1, max_value=100, initial=80)
    is_enabled = forms.BooleanField(label=_("In force"), required=False, initial=True)

    def values(self) -> dict[str, Any]:
        told = dict(self.cleaned_data)
        return {**told, "limit_cents": int(told.pop("limit") * 100)}
