"""The form of a new run: every field of POST /v1/runs, and upstream's own refusals shown at their fields."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from coasty_api import errors
from runs import budgets, paging, recipes, steps, told
from runs.models import Connection, Recipe, step_cents

ENGINES = (
    ("v3", _("v3 · $0.05 a step")),
    ("v5", _("v5 · $0.05 a step")),
    ("v4", _("v4 · $0.05 a step")),
    ("v1", _("v1 · $0.08 a step")),
)
ON_AWAITING = (
    ("pause", _("Wait for a person (it goes to Approvals)")),
    ("fail", _("End as failed")),
    ("cancel", _("End as cancelled")),
)
PAYS = _("Asks before it pays")
PRESETS = (
    (
        _("Sign in"),
        "Open Chrome, go to {practice}, sign in as ada@example.com with password lovelace, "
        "and verify that the page says Welcome back, Ada.",
    ),
    (
        _("Asks for a password"),
        "Open Chrome, go to {practice}, sign in as ada@example.com, and verify that the page says Welcome back, Ada.",
    ),
    (
        _("Asks for a one-time code"),
        "Open Chrome, go to {practice}, sign in as grace@example.com with password hopper, "
        "and verify that the page says Welcome back, Grace.",
    ),
    (
        PAYS,
        "Open Chrome, go to {practice}, sign in as ada@example.com with password lovelace, and pay invoice INV-1042.",
    ),
    (
        _("Refund an order"),
        "Open Chrome, go to {practice}, sign in as ada@example.com with password lovelace, "
        "and refund order 7001 with the reason 'damaged in transit'.",
    ),
    (_("Click the first link"), "Open Chrome, navigate to {practice}, and click the first link."),
)


_NOT_SENT = ("idempotency_key", "ceiling")


class JsonField(forms.JSONField):
    """Takes what can be written as JSON again: NaN, 1e999 and lists inside lists without end can be read alone."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
            json.dumps(found, allow_nan=False)
        except (ValueError, RecursionError):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return forms.fields.InvalidJSONInput(data)


class NewRun(forms.Form):
    """What the operator submits; `body()` is what goes upstream."""

    task = forms.CharField(
        label=_("Task"),
        max_length=16_000,
        error_messages={"required": _("Say what the agent shall do.")},
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True}),
        help_text=_("Say it as to a colleague at a computer: which page, what to do, how to see that it worked."),
    )
    machine_id = forms.CharField(label=_("Machine"), max_length=128, required=False)
    max_steps = forms.IntegerField(
        label=_("Steps at most"),
        min_value=1,
        max_value=1000,
        initial=50,
        help_text=_("The run fails when they are used up."),
    )
    ceiling = forms.DecimalField(
        label=_("Or: dollars at most"),
        min_value=Decimal("0.05"),
        max_value=Decimal(80),
        decimal_places=2,
        required=False,
        widget=forms.NumberInput(attrs={"step": "0.05", "inputmode": "decimal"}),
        help_text=_("Sets the steps: as many as this much money pays for."),
    )
    deadline_seconds = forms.IntegerField(
        label=_("Deadline, in seconds"),
        min_value=1,
        max_value=86_400,
        required=False,
        help_text=_("Wall clock from the start; it runs on while the run waits. Empty: none."),
    )
    on_awaiting_human = forms.ChoiceField(label=_("When it needs a person"), choices=ON_AWAITING, initial="pause")
    awaiting_human_timeout_seconds = forms.IntegerField(
        label=_("Wait for a person, in seconds"),
        min_value=1,
        max_value=86_400,
        required=False,
        help_text=_("How long one pause may last before upstream gives up. Empty: no limit."),
    )
    instructions = forms.CharField(
        label=_("Instructions"),
        max_length=16_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Standing orders, added to the agent's own, for example: pay without asking up to $50."),
    )
    system_prompt = forms.CharField(
        label=_("System prompt"),
        max_length=32_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands before the agent's own prompt. Upstream never shows it again."),
    )
    cua_version = forms.ChoiceField(label=_("Engine"), choices=ENGINES, initial="v3")
    metadata = JsonField(
        label=_("Metadata"),
        error_messages={"invalid": _('This is not JSON. Give an object, for example {"ticket": "A-17"}.')},
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_('A JSON object of at most 50 keys, kept with the run, for example {"ticket": "A-17"}.'),
    )
    webhook_url = forms.CharField(
        label=_("Webhook address"),
        max_length=2048,
        required=False,
        help_text=_("Upstream tells this address when the run waits or ends."),
    )
    idempotency_key = forms.RegexField(r"\A[A-Za-z0-9_:-]{1,128}\Z", widget=forms.HiddenInput)

    ADVANCED = (
        "deadline_seconds",
        "on_awaiting_human",
        "awaiting_human_timeout_seconds",
        "instructions",
        "system_prompt",
        "cua_version",
        "metadata",
        "webhook_url",
    )

    def __init__(
        self, *args: Any, machines: list[dict[str, Any]] | None = None, recipe: Recipe | None = None, **kwargs: Any
    ) -> None:
        first = kwargs.setdefault("initial", {})
        first.setdefault("idempotency_key", uuid.uuid4().hex)
        for name, value in (recipe.fields if recipe else {}).items():
            first.setdefault(name, value)
        super().__init__(*args, **kwargs)
        self.recipe = recipe
        self.variables = recipes.variables(recipe.text) if recipe else []
        if recipe:
            del self.fields["task"]
            self.fields |= {f"var_{one.name}": value_field(one) for one in self.variables}
        if machines:
            choices = [("", gettext("The first one that runs"))] + [_choice(machine) for machine in machines]
            self.fields["machine_id"].widget = forms.Select(choices=choices)
        else:
            self.fields["machine_id"].help_text = _("Empty: the first machine that runs.")
        for name, field in self.fields.items():
            if isinstance(field, forms.IntegerField) and not isinstance(field, forms.DecimalField):
                told = {"low": field.min_value, "high": f"{field.max_value:,}"}
                said = gettext("Give a whole number from %(low)s to %(high)s.") % told
                field.error_messages |= {"invalid": said, "required": said}
                field.validators = [type(check)(check.limit_value, said) for check in field.validators]  # type: ignore
            self._describe(name)

    def _describe(self, name: str) -> None:
        # Help and errors are read out with the field they belong to.
        attrs = self.fields[name].widget.attrs
        if self.fields[name].help_text:
            attrs["aria-describedby"] = f"help-{name}"
        if self.is_bound and self.errors.get(name):
            attrs["aria-invalid"] = "true"
            attrs["aria-describedby"] = f"{attrs.get('aria-describedby', '')} error-{name}".strip()

    def clean_metadata(self) -> dict[str, Any] | None:
        value = self.cleaned_data["metadata"]
        if value is not None and not isinstance(value, dict):
            raise forms.ValidationError(_('Give a JSON object, for example {"ticket": "A-17"}.'))
        return value or None

    def clean(self) -> dict[str, Any]:
        """A ceiling in dollars sets the steps; the task of a template is filled in."""
        told = super().clean() or self.cleaned_data
        if told.get("ceiling") is not None and told.get("cua_version"):
            count = steps_for(told["ceiling"], told["cua_version"])
            if count < 1:
                self.add_error("ceiling", gettext("This pays for no step."))
            told["max_steps"] = max(1, count)
        if self.recipe is not None:
            told["task"] = recipes.fill(self.recipe.text, self._values(told))
            if len(told["task"]) > recipes.LONGEST_TASK:
                self.add_error(None, gettext("The sentence is too long."))
        return told

    def _values(self, told: dict[str, Any]) -> dict[str, str]:
        return {one.name: str(told.get(f"var_{one.name}") or "").strip() for one in self.variables}

    def shown_task(self) -> str:
        """The task without its secrets, where it has any; empty else: then nothing of it need be hidden."""
        if self.recipe is None or not any(one.is_secret for one in self.variables):
            return ""
        return recipes.fill(self.recipe.text, self._values(self.cleaned_data), shows_secrets=False)

    def body(self) -> dict[str, Any]:
        """The fields of POST /v1/runs that were filled in."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in _NOT_SENT and not name.startswith("var_") and value not in (None, "")
        }

    def refuse(self, error: errors.CoastyError) -> None:
        """Show upstream's refusal at the fields that it names, else above the form."""
        named = False
        for detail in error.details if isinstance(error, errors.Invalid) else []:
            name = next((str(part) for part in detail.get("loc", []) if str(part) in self.fields), None)
            named = named or name is not None
            self.add_error(
                name,
                gettext("Upstream says: %(said)s") % {"said": str(detail.get("msg", gettext("not accepted")))[:300]},
            )
        if isinstance(error, errors.NotFound):
            self.add_error("machine_id", gettext("Upstream says: %(said)s") % {"said": told.told(error.message[:300])})
        elif not named:
            self.add_error(None, remedy(error))
        for name in self.errors:
            if name in self.fields:
                self._describe(name)

    def variable_fields(self) -> list[forms.BoundField]:
        """The fields of the template's variables, in its order."""
        return [self[f"var_{one.name}"] for one in self.variables]

    def worst_case(self) -> str:
        """What the run may cost at most, as the form stands: $2.50."""
        count, engine = self["max_steps"].value(), self["cua_version"].value()
        most = paging.whole(str(count))
        return steps.money(most * step_cents(str(engine))) if most else "—"

    def advanced_open(self) -> bool:
        """Whether the folded part must be seen: something in it was changed or refused."""
        return self.is_bound and any(name in self.errors or name in self.changed_data for name in self.ADVANCED)


def steps_for(dollars: Decimal, cua_version: str) -> int:
    """How many steps so much money pays for; a thousand at most, as upstream takes no more."""
    return min(1000, int(dollars * 100) // step_cents(cua_version))


def value_field(variable: recipes.Variable) -> forms.CharField:
    """A field for what stands in a variable's place; a secret's is never filled in again."""
    attrs = {"autocomplete": "off", "data-variable": variable.name}
    widget: forms.Widget = forms.TextInput(attrs=attrs)
    if variable.is_secret:
        widget = forms.PasswordInput(attrs={**attrs, "autocomplete": "new-password"})
    elif variable.kind == recipes.NUMBER:
        widget = forms.TextInput(attrs={**attrs, "inputmode": "decimal"})

    def check(value: str) -> None:
        if said := recipes.problem(variable, value):
            raise forms.ValidationError(said)

    helps = _("Sent once, inside the task, and not kept here.") if variable.is_secret else ""
    return forms.CharField(label=variable.label, widget=widget, validators=[check], help_text=helps, strip=True)


def _choice(machine: dict[str, Any]) -> tuple[str, str]:
    name, state = str(machine.get("display_name") or machine.get("id")), str(machine.get("status", ""))
    return str(machine.get("id")), name[:60] if state == "running" else f"{name[:60]} ({state})"


def remedy(error: errors.CoastyError) -> str:
    """What went wrong and what to do, in one or two sentences."""
    said = {"said": told.told(error.message[:500])}
    match error:
        case errors.Lost():
            return gettext(
                "Upstream did not answer, so it is not known whether the run was started. Press the button again: "
                "the same request is recognised, and no second run starts."
            )
        case errors.Unavailable():
            text = gettext(
                "Upstream can't be reached, and nothing was started: %(said)s Your entries are kept; try again."
            )
        case errors.PaymentNeeded():
            text = gettext("Upstream wants more credit first: %(said)s")
        case errors.KeyRefused():
            text = gettext("Upstream refuses the console's key; an administrator must check it. It says: %(said)s")
        case budgets.OverBudget():
            return error.message
        case errors.Busy():
            text = gettext("Upstream is busy: %(said)s Try again in a moment.")
        case _:
            text = gettext("Upstream says: %(said)s")
    return text % said


def presets(connection: Connection) -> list[tuple[str, str]]:
    """Example tasks for the practice site; none where upstream is not the local platform."""
    if not (settings.UPSTREAM_IS_LOCAL and connection.is_from_settings):
        return []
    practice = f"http://127.0.0.1:{settings.LOCAL_PORT}/practice/"
    return [(str(name), text.format(practice=practice)) for name, text in PRESETS]


def preset(connection: Connection, name: str) -> dict[str, Any]:
    """What the form begins with when an address names one of the presets; nothing for a name that there is not."""
    task = dict(presets(connection)).get(name)
    return {"task": task} if task else {}
