"""Adding and changing connections for an administrator: the key tried with one call, each change audited without it."""

from __future__ import annotations

import os
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from coasty_api import errors
from coasty_api.client import Client
from live import publish, topics
from runs import audit, told, upstream, vault
from runs.models import Connection, new_slug

CHECK_SECONDS = 5.0
_ASKED = 50  # runs, of the one call that tries a key
KEY_ENV_PREFIX = "COASTY_"  # no other secret of the environment can be sent away by naming it
_KEY = re.compile(r"[!-~]{1,512}\Z")
_KEY_ENV = re.compile(rf"{KEY_ENV_PREFIX}[A-Z0-9_]{{1,120}}\Z")


class Refused(ValueError):
    """A connection can't be had so. `field` is what is wrong; the text says why, and never holds a key."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def add(by: User, *, name: str, base_url: str, key: str = "", key_env: str = "", colour: str = "") -> Connection:
    """A new connection, its key tried first. Refused with the field and the reason."""
    address = _address(base_url)
    kind = _check(address, _usable_key(key, key_env))
    now = timezone.now()
    fields: dict[str, Any] = dict(
        name=name.strip(),
        slug=_slug(name),
        base_url=address,
        colour=colour or Connection.Colour.SLATE,
        key_kind=kind,
        health=Connection.Health.UP,
        health_since_at=now,
        checked_at=now,
        **_stored(key, key_env),
    )
    try:
        with transaction.atomic():
            row = Connection.objects.create(**fields)
            audit.record(by, "connection.added", subject=row.name, base_url=address, key_kind=kind, key_env=key_env)
    except IntegrityError:
        raise Refused("name", _("Another connection has this name.")) from None
    publish.nudge(topics.HEALTH)
    return row


def replace_key(by: User, connection: Connection, *, key: str = "", key_env: str = "") -> None:
    """Another key for the same address, tried first. Refused as `add`."""
    if connection.is_from_settings:
        raise Refused("key", _("This connection's key comes from COASTY_API_KEY: change it there."))
    kind = _check(connection.base_url, _usable_key(key, key_env), connection.pk)
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(key_kind=kind, **_stored(key, key_env))
        audit.record(by, "connection.key_replaced", subject=connection.name, key_kind=kind, key_env=key_env)
    upstream.note_health(connection, None, kind)


def change(by: User, connection: Connection, **wanted: Any) -> dict[str, Any]:
    """Name, colour, on or off, limits, webhooks. What was changed, as it stands in the audit log. Refused as `add`."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        changes: dict[str, Any] = {
            field: {"from": getattr(row, field), "to": value}
            for field, value in wanted.items()
            if getattr(row, field) != value
        }
        if not changes:
            return {}
        if "name" in changes and Connection.objects.filter(name=wanted["name"]).exclude(pk=row.pk).exists():
            raise Refused("name", _("Another connection has this name."))
        Connection.objects.filter(pk=row.pk).update(**{field: wanted[field] for field in changes})
        audit.record(by, "connection.changed", subject=row.name, **changes)
    publish.nudge(topics.HEALTH)
    return changes


def new_webhook_secret(by: User, connection: Connection) -> str:
    """A secret that webhooks to the connection's address may be signed with. It can't be read again."""
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(sealed_webhook_secret=vault.seal(secret))
        audit.record(by, "connection.webhook_secret", subject=connection.name)
    return secret


def _address(base_url: str) -> str:
    address = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise Refused("base_url", _("This is not an address.")) from None
    if parts.scheme not in {"http", "https"} or not host or any(sign.isspace() for sign in address):
        raise Refused("base_url", _("Give the whole address with its path, for example https://coasty.ai/v1."))
    if parts.username is not None or parts.query or parts.fragment:
        raise Refused("base_url", _("The address may carry no user name, password, query or fragment."))
    return address


def _usable_key(key: str, key_env: str) -> str:
    if bool(key) == bool(key_env):
        raise Refused(
            "key", _("Give the key, or the name of the environment's variable that holds it: one of the two.")
        )
    if key:
        if not _KEY.match(key):
            raise Refused("key", _("A key is printable signs without spaces; this one is not."))
        return key
    if not _KEY_ENV.match(key_env):
        raise Refused(
            "key_env", _("The variable's name must start with %(prefix)s, in capitals.") % {"prefix": KEY_ENV_PREFIX}
        )
    found = os.environ.get(key_env, "").strip()
    if not _KEY.match(found):
        raise Refused(
            "key_env",
            _("The console's environment has no variable %(key_env)s with a key in it.") % {"key_env": key_env},
        )
    return found


def _stored(key: str, key_env: str) -> dict[str, str]:
    return {"sealed_key": vault.seal(key), "key_env": key_env}


def _check(base_url: str, key: str, connection_pk: int | None = None) -> str:
    """One call with the key: which kind it is (live, test, legacy; empty where upstream does not say)."""
    client = Client(base_url, key, CHECK_SECONDS)
    try:
        listed = client.list_runs(limit=_ASKED).get("data")
    except errors.CoastyError as problem:
        field, words = _wrong(problem)
        raise Refused(
            field,
            _("%(words)s It says: %(message)s") % {"words": words, "message": told.told(problem.message[:300])}
            if problem.message
            else words,
        ) from None
    _refuse_twin(base_url, connection_pk, listed if isinstance(listed, list) else [])
    return client.key_kind


def _refuse_twin(base_url: str, connection_pk: int | None, listed: list[Any]) -> None:
    """Two keys of one account see the same runs: followed twice, each would stand here twice."""
    ids = [item["id"] for item in listed if isinstance(item, dict) and isinstance(item.get("id"), str)]
    others = Connection.objects.filter(base_url=base_url, is_enabled=True).exclude(pk__in=[connection_pk])
    twin = others.filter(runs__upstream_id__in=ids).first()
    if twin is not None:
        raise Refused(
            "key",
            _("This key sees runs that %(name)s follows already: it is of the same account.") % {"name": twin.name},
        )


def _wrong(problem: errors.CoastyError) -> tuple[str, str]:
    match problem:
        case errors.KeyRefused():
            return "key", _("The service refuses this key.")
        case errors.NotAllowed():
            return "key", _("The key is good, but may not list runs: it needs the scopes runs:read and runs:write.")
        case errors.NotFound() | errors.Invalid():
            return "base_url", _("Something answers there, but it is no /v1 service: check the path of the address.")
        case errors.Blocked():
            return "base_url", _("A proxy or firewall answers in the service's place.")
        case errors.Busy():
            return "base_url", _("The service asks to wait; try again in a moment.")
    if problem.status is None:
        return "base_url", _("The service can't be reached at this address.")
    return "base_url", _("Something answers at this address, but not as the service should.")


def _slug(name: str) -> str:
    slug = slugify(name)[:60]
    taken = not slug or Connection.objects.filter(slug=slug).exists()
    return f"{slug}-{new_slug()}"[-64:].lstrip("-") if taken else slug
