"""System checks: a wrong setting is a sentence with a hint before the first request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from approvals.kinds import Kind
from coasty_console.env import LOOPBACK


@register()
def upstream(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.UPSTREAM_IS_LOCAL:
        return []
    found: list[CheckMessage] = []
    address = urlsplit(settings.COASTY_BASE_URL)
    if address.scheme not in {"http", "https"} or not address.netloc:
        found.append(
            Error(
                f"COASTY_BASE_URL is not an address: {settings.COASTY_BASE_URL!r}.",
                hint="Give the whole address with its path, for example https://coasty.ai/v1.",
                id="console.E001",
            )
        )
    if not settings.COASTY_API_KEY:
        found.append(
            Error(
                "COASTY_BASE_URL is set, but COASTY_API_KEY is not.",
                hint="Set COASTY_API_KEY to a key of that service, or unset COASTY_BASE_URL to use the local platform.",
                id="console.E002",
            )
        )
    return found


@register()
def public_url(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    address = urlsplit(settings.PUBLIC_URL)
    if not settings.PUBLIC_URL or (address.scheme in {"http", "https"} and address.hostname and not address.query):
        return []
    hint = "Give the address under which upstream reaches this console, for example https://console.example.org."
    return [Error(f"PUBLIC_URL is not an address: {settings.PUBLIC_URL!r}.", hint=hint, id="console.E003")]


@register(deploy=True)
def exposed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.BEHIND_TLS or settings.CONSOLE_HOST in LOOPBACK:
        return []
    return [
        Warning("The console listens beyond this machine without TLS.", hint="Set BEHIND_TLS=1.", id="console.W001")
    ]


@register()
def two_people(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    unknown = sorted(settings.TWO_PEOPLE_KINDS - set(Kind.values))
    hint = f"The kinds are: {', '.join(Kind.values)}."
    return [Error(f"TWO_PEOPLE_KINDS names no kind: {name!r}.", hint=hint, id="console.E004") for name in unknown]
