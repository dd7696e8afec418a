"""Who may do what: an administrator adds people, gives roles, switches accounts off and on. Each change is audited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coasty_console import roles
from runs import audit, tokens

ROLE_CHOICES = [(role, roles.WORDS[role]) for role in roles.ROLES]
_PASSWORD = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class AddPerson(forms.Form):
    """A new account: name, role, first password."""

    username = forms.CharField(label=gettext_lazy("Username"), max_length=150, validators=[UnicodeUsernameValidator()])
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLE_CHOICES, initial=roles.VIEWER)
    password = forms.CharField(label=gettext_lazy("Password"), widget=_PASSWORD, strip=False, max_length=256)

    def clean_username(self) -> str:
        name = User.normalize_username(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("Somebody has this name already."))
        return str(name)

    def clean(self) -> None:
        password = self.cleaned_data.get("password")
        if password:
            _check_password(self, password, User(username=self.cleaned_data.get("username", "")))


class ChangePerson(forms.Form):
    """Role, on or off, and a new password where one is given."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLE_CHOICES)
    is_active = forms.BooleanField(required=False, label=gettext_lazy("May sign in"))
    password = forms.CharField(
        widget=_PASSWORD,
        strip=False,
        max_length=256,
        required=False,
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("Empty: unchanged."),
    )

    def __init__(self, *args: object, person: User, by: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.person, self.by = person, by

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("password"):
            _check_password(self, data["password"], self.person)
        if self.person.pk == self.by.pk and (data.get("role") != roles.ADMIN or not data.get("is_active")):
            raise ValidationError(_("You can't take your own role or switch yourself off: another administrator can."))


def _check_password(form: forms.Form, password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as wrong:
        form.add_error("password", wrong)


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required("auth.view_user", raise_exception=True)
def listing(request: HttpRequest) -> HttpResponse:
    """Everybody with their role; POST adds a person."""
    form = AddPerson(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = _add(_me(request), form.cleaned_data)
        if person is not None:
            messages.success(
                request,
                _("%(username)s may sign in as %(role)s.")
                % {"username": person.username, "role": roles.WORDS[form.cleaned_data["role"]]},
            )
            return redirect("people")
        form.add_error("username", _("Somebody has this name already."))
    people = User.objects.prefetch_related("groups").order_by("username")
    rows = [{"person": person, "role": _role(person)} for person in people]
    status = 422 if form.errors else 200
    return render(request, "people/listing.html", {"people": rows, "form": form}, status=status)


def _add(by: User, data: dict[str, str]) -> User | None:
    with transaction.atomic():
        person, created = User.objects.get_or_create(username=data["username"])
        if not created:
            return None
        person.set_password(data["password"])
        person.save(update_fields=["password"])
        roles.give(person, data["role"])
        audit.record(by, "person.added", subject=person.username, role=data["role"])
    return person


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required("auth.change_user", raise_exception=True)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: role, on or off, a new password."""
    person = get_object_or_404(User, pk=pk)
    now = {"role": roles.role_of(person), "is_active": person.is_active}
    form = ChangePerson(request.POST or None, initial=now, person=person, by=_me(request))
    if request.method == "POST" and form.is_valid():
        try:
            changed = _change(_me(request), person, form.cleaned_data)
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(
                request,
                _("%(username)s was changed.") % {"username": person.username}
                if changed
                else _("Nothing was changed."),
            )
            return redirect("people")
    status = 422 if form.errors else 200
    return render(
        request, "people/change.html", {"person": person, "form": form, "tokens": tokens.count(person)}, status=status
    )


def _change(by: User, person: User, data: dict[str, str]) -> bool:
    """Write what differs, and that it did. ValidationError when nobody could administer any more."""
    with transaction.atomic():
        Group.objects.select_for_update().get(name=roles.ADMIN)  # one change of people at a time
        person.refresh_from_db()
        changes = _differences(person, data)
        if not changes:
            return False
        if "role" in changes:
            roles.give(person, data["role"])
        if data["password"]:
            person.set_password(data["password"])
        person.is_active = bool(data["is_active"])
        person.save(update_fields=["is_active", "password"])
        if not User.objects.filter(is_active=True, groups__name=roles.ADMIN).exists():
            raise ValidationError(_("This would leave nobody who can administer."))
        if not person.is_active or data["password"]:
            tokens.revoke(person, by=by)  # whoever has got hold of the old password may have made one
        audit.record(by, "person.changed", subject=person.username, **changes)
    return True


def _differences(person: User, data: dict[str, str]) -> dict[str, Any]:
    """What changes, for the audit log: the password only as the fact that it did."""
    was = {"role": roles.role_of(person), "is_active": person.is_active}
    changes: dict[str, Any] = {name: {"from": old, "to": data[name]} for name, old in was.items() if data[name] != old}
    if data["password"]:
        changes["new_password"] = True
    return changes


def _role(person: User) -> str:
    return next((group.name for group in person.groups.all() if group.name in roles.ROLES), "")


def _me(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):  # the decorators let nobody else in
        raise TypeError("Nobody is signed in.")
    return user
