"""How a person wants what is rendered for them: zone, language, and the path that all addresses begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.urls import set_script_prefix
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

DEVICE = "zone"  # the cookie in which a browser names its own
_PREFERRED: list[Callable[[Any], tuple[str, str]]] = []


@dataclass(frozen=True)
class Manner:
    """Two sockets of an equal manner may share what is rendered."""

    zone: str = ""  # empty: the settings'
    language: str = ""
    is_of_device: bool = field(default=False, compare=False)  # the zone: nobody has chosen one


def preferred_by(ask: Callable[[Any], tuple[str, str]]) -> None:
    """Say who knows a user's zone and language; an empty one is not chosen. For the start-up of an app above."""
    _PREFERRED[:] = [ask]


def of(user: Any, accepted: str = "", page: str = "", device: str = "") -> Manner:
    """As the page speaks that a socket belongs to; else the person's own choice, else what their browser accepts. In
    their zone, else in the one of their device: days are counted where times are shown.

    Reads the database for who is signed in.
    """
    return chosen(preferred(user), accepted, page, device)


def preferred(user: Any) -> tuple[str, str]:
    """The person's own zone and language; empty where they chose none."""
    return _PREFERRED[0](user) if _PREFERRED and user and user.is_authenticated else ("", "")


def chosen(own: tuple[str, str], accepted: str = "", page: str = "", device: str = "") -> Manner:
    """What comes of a person's own choice, the languages of their browser, that of the page, the zone of the device."""
    zone, language = own
    if page not in dict(settings.LANGUAGES):
        page = language or language_in(accepted)
    is_of_device = not zone and device in _zones()
    return Manner(device if is_of_device else zone, page, is_of_device)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def language_in(accepted: str) -> str:
    """The first language of an Accept-Language header that the console speaks, else the settings'."""
    for code, _ in parse_accept_lang_header(accepted[:500].lower()):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


@contextmanager
def worn(manner: Manner) -> Iterator[None]:
    """For the time of a rendering, in this thread."""
    set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
    with translation.override(manner.language or settings.LANGUAGE_CODE), timezone.override(manner.zone or None):
        yield
