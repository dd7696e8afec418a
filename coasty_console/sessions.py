"""Writes each sign-in, sign-out and refused sign-in into the audit log; a page acts for whom it was drawn for only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from runs import audit


@receiver(user_logged_in, dispatch_uid="sessions.signed_in")
def signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    _record(user, "session.signed_in", request)


@receiver(user_logged_out, dispatch_uid="sessions.signed_out")
def signed_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        _record(user, "session.signed_out", request)


@receiver(user_login_failed, dispatch_uid="sessions.failed")
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Whoever is locked out is recorded once, not at each try: the log is not for others to fill."""
    if getattr(request, "axes_locked_out", False):
        return
    name = str(credentials.get("username") or "")
    # A name that nobody has may be a password typed into the wrong field.
    known = User.objects.filter(username=name).first()
    by = getattr(request, "user", None)  # somebody signed in who is asked for the password again
    actor = by if isinstance(by, User) else None
    _record(actor, "session.failed", request, subject=known.get_username() if known else "no such name")


def hold_to_person(respond: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware. A page takes the token of the moment along, so that who signs in again in another tab can go on:
    nobody else who signs in there does, with what stands in it.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        drawn_for = request.headers.get("Drawn-For", "")
        if drawn_for and request.user.is_authenticated and drawn_for != str(request.user.pk):
            return HttpResponse(status=412)
        return respond(request)

    return answer


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""


def _record(user: User | None, act: str, request: HttpRequest | None, subject: str = "") -> None:
    with transaction.atomic():
        name = "" if user else "not signed in"
        subject = subject or (user.get_username() if user else "")
        audit.record(user, act, actor_name=name, subject=subject, address=_address(request))
