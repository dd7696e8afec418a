"""Secrets at rest: sealed with a key that is derived from SECRET_KEY; old ones open with SECRET_KEY_FALLBACKS."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"coasty console: secrets of connections, 1"


class Unreadable(ValueError):
    """The stored secret does not open, as SECRET_KEY is another: name the old one in SECRET_KEY_FALLBACKS."""


def seal(secret: str) -> str:
    """The secret as it may be stored; empty stays empty."""
    return _fernet().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """The secret. Unreadable when neither SECRET_KEY nor a fallback opens it."""
    if not sealed:
        return ""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable(Unreadable.__doc__) from None


def sealed_anew(sealed: str) -> str:
    """The same secret under the present SECRET_KEY. Unreadable as `unseal`."""
    try:
        return _fernet().rotate(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise Unreadable(Unreadable.__doc__) from None


class Sealing:
    """For what goes through a cache that others may read or write: it is sealed there, and nothing else is opened."""

    def dumps(self, value: bytes) -> bytes:
        return _fernet().encrypt(value)

    def loads(self, sealed: bytes) -> bytes:
        try:
            return _fernet().decrypt(sealed)
        except InvalidToken:
            raise Unreadable(Unreadable.__doc__) from None


def _fernet() -> MultiFernet:
    return _made_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _made_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
