"""The page of connections: an administrator adds, changes and switches off the services that the console follows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from coasty_console.env import LOOPBACK
from runs import registry, webhooks
from runs.models import Connection
from runs.requests import SignedIn

_KEY = forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"})
_MAY = "runs.change_connection"


class KeyFields(forms.Form):
    """A key, or where it stands. Neither is ever shown again, not even when the form comes back."""

    key = forms.CharField(
        label=gettext_lazy("Key"),
        widget=_KEY,
        max_length=512,
        required=False,
        help_text=gettext_lazy("Kept sealed; nobody can read it here again."),
    )
    key_env = forms.CharField(
        label=gettext_lazy("Or: variable that holds it"),
        max_length=128,
        required=False,
        help_text=gettext_lazy(
            "The name of a variable in the console's environment, starting with COASTY_. The key is not stored."
        ),
    )


class AddConnection(KeyFields):
    """A service to follow."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)
    base_url = forms.CharField(
        label=gettext_lazy("Address"), max_length=512, help_text=gettext_lazy("With its path: https://coasty.ai/v1")
    )
    colour = forms.ChoiceField(
        label=gettext_lazy("Colour"), choices=Connection.Colour.choices, initial=Connection.Colour.BLUE
    )

    field_order = ["name", "base_url", "key", "key_env", "colour"]


class ChangeConnection(forms.Form):
    """All that may be changed but the key."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)
    colour = forms.ChoiceField(label=gettext_lazy("Colour"), choices=Connection.Colour.choices)
    is_enabled = forms.BooleanField(required=False, label=gettext_lazy("Enabled"))
    max_requests_a_second = forms.IntegerField(
        label=gettext_lazy("Requests a second at most"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=gettext_lazy(
            "Over all processes of this console. Empty: no limit of ours; what upstream asks for counts always."
        ),
    )
    max_runs = forms.IntegerField(
        label=gettext_lazy("Runs at once"),
        min_value=1,
        max_value=10_000,
        required=False,
        help_text=gettext_lazy("How many runs started here may be under way. Empty: as many as upstream takes."),
    )
    wants_webhooks = forms.BooleanField(
        required=False, label=gettext_lazy("Runs started here send webhooks to this console")
    )

    def clean_wants_webhooks(self) -> bool:
        wanted = bool(self.cleaned_data["wants_webhooks"])
        if wanted and not settings.PUBLIC_URL:
            raise forms.ValidationError(_("Set PUBLIC_URL first: upstream must be told an address that it can reach."))
        address = urlsplit(settings.PUBLIC_URL)
        if wanted and address.scheme != "https" and address.hostname not in LOOPBACK:
            raise forms.ValidationError(_("PUBLIC_URL must be https: upstream tells no other address."))
        return wanted


@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required(_MAY, raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    """All connections with their health; POST adds one."""
    form = AddConnection(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = _try(form, registry.add, request.user, **form.cleaned_data)
        if row is not None:
            messages.success(request, _("%(name)s answers; its runs appear as they are found.") % {"name": row.name})
            return redirect("connections")
    context = {"connections": _all(), "form": form}
    return render(request, "connections/listing.html", context, status=422 if form.errors else 200)


def _all() -> list[Connection]:
    return list(Connection.objects.order_by("-is_from_settings", "name"))


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required(_MAY, raise_exception=True)
def change(request: SignedIn, slug: str) -> HttpResponse:
    """One connection: name, colour, limits, on or off."""
    row = get_object_or_404(Connection, slug=slug)
    now = {name: getattr(row, name) for name in ChangeConnection.base_fields}
    form = ChangeConnection(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        changes = _try(form, registry.change, request.user, row, **form.cleaned_data)
        if changes is not None:
            messages.success(
                request, _("Saved; the relay heeds it within seconds.") if changes else _("Nothing was changed.")
            )
            return redirect("connections")
    return _page(request, row, form=form)


@sensitive_post_parameters("key")
@require_POST
@never_cache
@login_required
@permission_required(_MAY, raise_exception=True)
def replace_key(request: SignedIn, slug: str) -> HttpResponse:
    row = get_object_or_404(Connection, slug=slug)
    form = KeyFields(request.POST)
    if form.is_valid() and _try(form, _replace, request.user, row, **form.cleaned_data):
        messages.success(request, _("%(name)s takes the new key.") % {"name": row.name})
        return redirect("connections")
    return _page(request, row, key_form=form)


def _replace(by: User, row: Connection, **given: str) -> bool:
    registry.replace_key(by, row, **given)
    return True


@require_POST
@never_cache
@login_required
@permission_required(_MAY, raise_exception=True)
def webhook_secret(request: SignedIn, slug: str) -> HttpResponse:
    """Make a secret and show it on this answer; it is nowhere else."""
    row = get_object_or_404(Connection, slug=slug)
    secret = registry.new_webhook_secret(request.user, row)
    row.refresh_from_db()
    return _page(request, row, secret=secret)


def _try(form: forms.Form, verb: Any, *given: Any, **fields: Any) -> Any:
    """What the verb answers; None when it refuses, said at the form's field."""
    try:
        return verb(*given, **fields)
    except registry.Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return None


def _page(request: HttpRequest, row: Connection, **more: Any) -> HttpResponse:
    initial = {name: getattr(row, name) for name in ChangeConnection.base_fields}
    context = {
        "connection": row,
        "form": ChangeConnection(initial=initial),
        "key_form": KeyFields(),
        "webhook": webhooks.address(row) or request.build_absolute_uri(reverse("webhook", args=[row.slug])),
        "public": bool(settings.PUBLIC_URL),
        "live_runs": row.runs.live().count(),
        **more,
    }
    is_wrong = any(context[name].errors for name in ("form", "key_form"))
    return render(request, "connections/change.html", context, status=422 if is_wrong else 200)
