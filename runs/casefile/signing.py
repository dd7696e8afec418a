"""Owns the console's key for case files: derived from SECRET_KEY, so that every process has it and none stores it."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

_SIGNS = b"coasty console: signs case files, 1"
_MASKS = b"coasty console: stands for what is masked in case files, 1"


def sign(message: bytes) -> str:
    return _key(settings.SECRET_KEY).sign(message).hex()


def public_key() -> str:
    """In hexadecimal digits: what a case file of this console must be signed with."""
    return _public(settings.SECRET_KEY)


def known_keys() -> list[str]:
    """This console's public key, and those that it had before SECRET_KEY was changed."""
    return [_public(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def stands_for(text: str) -> str:
    """A mark that only this console can make of the text: it tells later whether a masked text was this one.

    A plain hash would give a code of six digits away to whoever tries them all.
    """
    return hmac.new(_derived(settings.SECRET_KEY, _MASKS), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _public(secret: str) -> str:
    return _key(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derived(secret, _SIGNS))


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
