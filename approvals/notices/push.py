"""Web Push: the console's keys, what a device gets (counts and an id only), encrypted for that device alone."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from py_vapid import Vapid02

from approvals.models import Device, PushKey
from approvals.notices import addresses
from approvals.notices.addresses import Refused, Unreachable
from approvals.notices.speaking import Failed
from runs import vault

KEEP_SECONDS = 4 * 3600  # how long a push service keeps a message for a device that is off
_TOKEN_SECONDS = 3600


class Gone(Exception):
    """The device has taken its subscription back."""


def public_key() -> str:
    """What a browser subscribes with; empty until `make_key` has run."""
    return PushKey.objects.filter(pk=1).values_list("public", flat=True).first() or ""


def make_key() -> None:
    """The pair of keys, made once."""
    if public_key():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    number = key.private_numbers().private_value.to_bytes(32, "big")
    with transaction.atomic():
        PushKey.objects.get_or_create(
            pk=1, defaults={"public": unpadded(point), "sealed_private": vault.seal(unpadded(number))}
        )


def send(device: Device, payload: dict[str, Any], *, topic: str, is_urgent: bool) -> None:
    """Hand one message to the device's push service. A later one with the same topic replaces it on the way.

    Raises Gone, Failed.
    """
    keys = json.loads(vault.unseal(device.sealed))
    body = http_ece.encrypt(
        json.dumps(payload, separators=(",", ":")).encode(),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=padded(keys["p256dh"]),
        auth_secret=padded(keys["auth"]),
        version="aes128gcm",
    )
    headers = {
        **_claim(keys["endpoint"]),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEEP_SECONDS),
        "Urgency": "high" if is_urgent else "normal",
        "Topic": topic,
    }
    try:
        answer = addresses.post(keys["endpoint"], body, headers)
    except Refused as refused:
        raise Failed(str(refused)) from None
    except Unreachable as lost:
        raise Failed(str(lost), maybe_sent=lost.maybe_sent) from None
    if answer.status in {404, 410}:
        raise Gone
    if not 200 <= answer.status < 300:
        raise Failed(_("The push service answered with %(status)s.") % {"status": answer.status})


def _claim(endpoint: str) -> dict[str, str]:
    """Proves to the push service that it is this console that sends."""
    row = PushKey.objects.get(pk=1)
    parts = urlsplit(endpoint)
    is_https = settings.PUBLIC_URL.startswith("https://")
    said = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + _TOKEN_SECONDS,
        "sub": settings.PUBLIC_URL if is_https else f"mailto:{settings.PUSH_CONTACT}",
    }
    key = Vapid02.from_raw(vault.unseal(row.sealed_private).encode())
    return {"Authorization": key.sign(said)["Authorization"]}


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def padded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_keys(p256dh: str, auth: str) -> None:
    """Refused when these are not a device's keys: a point of the curve and sixteen secret bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), padded(p256dh))
        if len(padded(auth)) == 16:
            return
    except ValueError:
        pass
    raise Refused(_("This is not a subscription for Web Push."))
