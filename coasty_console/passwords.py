"""A person's own password: the old one is asked, and what else was signed in with it ends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from runs import audit, tokens
from runs.requests import SignedIn


def _field(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, widget=widget, strip=False, max_length=256, help_text=help_text)


class ChangePassword(forms.Form):
    """The old password, and the new one twice; `known` is who showed the old one."""

    old = _field(gettext_lazy("Password until now"), "current-password")
    new = _field(
        gettext_lazy("New password"), "new-password", gettext_lazy("8 characters or more; a sentence is good.")
    )
    again = _field(gettext_lazy("New password, once more"), "new-password")

    def __init__(self, *args: Any, request: SignedIn, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.known = request, request.user

    def clean_old(self) -> str:
        """Asked as at the sign-in, so that guesses are counted and stopped as there."""
        old = self.cleaned_data["old"]
        known = authenticate(self.request, username=self.request.user.get_username(), password=old)
        if not isinstance(known, User) or known.pk != self.request.user.pk:
            raise ValidationError(_("This is not your password."))
        self.known = known
        return str(old)

    def clean(self) -> None:
        old, new, again = (self.cleaned_data.get(name) for name in ("old", "new", "again"))
        if new and again and new != again:
            self.add_error("again", _("This is not what stands above."))
        if new and new == old:
            self.add_error("new", _("This is the password that you have already."))
        elif new:
            try:
                validate_password(new, self.request.user)
            except ValidationError as wrong:
                self.add_error("new", wrong)


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def change(request: SignedIn) -> HttpResponse:
    """My password; this session goes on, others and the API tokens end."""
    form = ChangePassword(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        if replace(form.known, form.cleaned_data["new"]):
            update_session_auth_hash(request, form.known)
            messages.success(request, _("Your password was changed. You stay signed in here, and nowhere else."))
            return redirect("settings")
        form.add_error("old", _("Your password was changed meanwhile."))
    context = {"form": form, "tokens": tokens.count(request.user)}
    return render(request, "settings/password.html", context, status=422 if form.errors else 200)


@sensitive_variables()
def replace(person: User, password: str) -> bool:
    """Give the person the new password, unless it is no longer the one that was shown."""
    made = make_password(password)
    with transaction.atomic():
        if not User.objects.filter(pk=person.pk, password=person.password, is_active=True).update(password=made):
            return False
        person.password = made
        tokens.revoke(person, by=person)  # whoever has got hold of the old password may have made one
        audit.record(person, "person.changed", subject=person.get_username(), new_password=True)
    return True
