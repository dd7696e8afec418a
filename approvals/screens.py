"""What a person who drives a machine sees: its picture now, or the vendor's own live page of it. Nothing is stored."""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from coasty_api.errors import CoastyError, NotAllowed, NotFound, Unavailable
from runs import upstream
from runs.models import Run

MAX_SCREEN_BYTES = 16 * 1024 * 1024
_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_PATIENCE_SECONDS = 2.0  # a page waits for it
_ASK_AGAIN_SECONDS = 600.0
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")

_without: dict[tuple[int, str], float] = {}  # machines that have no such page, and when upstream said so


@dataclass(frozen=True, repr=False)
class Framed:
    """An address that may be framed; it opens the machine to whoever has it: never stored, logged or kept."""

    address: str
    origin: str


def picture(run: Run) -> tuple[bytes, str]:
    """The machine's screen now, as (picture, media type). Not stored. Raises the tree of `coasty_api.errors`."""
    if not run.machine_id:
        raise NotFound(_("Upstream names no machine for this run."))
    told = upstream.client(run.connection).machine_screenshot(run.machine_id)
    text = str(told.get("image_b64") or "").partition("base64,")
    try:
        image = base64.b64decode(text[2] or text[0], validate=True)
    except (binascii.Error, ValueError):
        image = b""
    mime = next((mime for start, mime in _SIGNATURES.items() if image.startswith(start)), "")
    if not mime or len(image) > MAX_SCREEN_BYTES:
        raise Unavailable(_("Upstream sent no picture of the machine's screen."))
    return image, mime


def framed(run: Run, own_host: str) -> Framed | None:
    """The vendor's page for driving this machine, where upstream has one and lets this key see it.

    All else that upstream tells with it is dropped here. Most keys may not ask at all: that is not an error.
    """
    asked = (run.connection_id, run.machine_id)
    if not run.machine_id or time.monotonic() < _without.get(asked, 0.0):
        return None
    try:
        told = upstream.client(run.connection, _PATIENCE_SECONDS).machine_connection(run.machine_id)
    except (NotAllowed, NotFound):
        told = {}
    except CoastyError:
        return None
    found = _read(told.get("vnc_url"), own_host)
    if found is None:
        if len(_without) > 10_000:
            _without.clear()
        _without[asked] = time.monotonic() + _ASK_AGAIN_SECONDS
    return found


def _read(address: object, own_host: str) -> Framed | None:
    """Only what can name no more than one origin in a policy, and not this console's own."""
    if not isinstance(address, str) or len(address) > 4096 or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme not in {"https", "http"} or not _HOST.fullmatch(parts.netloc) or parts.netloc == own_host:
        return None
    return Framed(address, f"{parts.scheme}://{parts.netloc}")
