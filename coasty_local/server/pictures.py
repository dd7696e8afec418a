"""Screenshots as they come in JSON: base64 text, checked step by step before a single pixel is decoded."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings

import cv2
import numpy as np
from PIL import Image as Pillow

from coasty_local.agent.ports import Image
from coasty_local.server.errors import ApiError, invalid_at

SHORTEST, LONGEST = 100, 10_485_760  # characters of base64
MOST_PIXELS = 20_000_000  # a screen of 5120 x 2880 has 15 million
LONGEST_SIDE = 10_000
_PREFIX = re.compile(r"data:image/(?:png|jpe?g);base64,", re.IGNORECASE)
_FOREIGN = re.compile(r"[^A-Za-z0-9+/=]")

Where = tuple[str | int, ...]


def read(text: str, *where: str | int) -> Image:
    """The picture of a body's field. Raises 413 and 422 that name the field and say what to do."""
    base64_text = text[_end_of_prefix(text) :]
    _check_length(base64_text, ("body", *where))
    return _decoded(_bytes(base64_text, where), where)


def _end_of_prefix(text: str) -> int:
    match = _PREFIX.match(text)
    return match.end() if match else 0


def _check_length(text: str, loc: Where) -> None:
    name = ".".join(str(part) for part in loc[1:])
    if len(text) > LONGEST:
        extras = {"examples": {"max_base64_bytes": LONGEST}, "actual": len(text)}
        message = f"{name} has {len(text)} characters of base64, at most {LONGEST} are taken. Send JPEG, or scale it."
        raise ApiError("PAYLOAD_TOO_LARGE", message, extras)
    if len(text) < SHORTEST:
        said = f"a base64 PNG or JPEG of at least {SHORTEST} characters is needed, this has {len(text)}"
        raise invalid_at(loc, said, "string_too_short")


def _bytes(text: str, where: Where) -> bytes:
    if foreign := _FOREIGN.search(text):
        said = f"is not base64: {foreign.group()!r} at character {foreign.start() + 1}"
        if foreign.group() in "\r\n":
            said = "is base64 in lines: send it without line breaks, as base64 -w0 makes it"
        elif foreign.group() in "-_":
            said = "is base64 with - and _ for addresses: send that with + and /"
        elif text.startswith(("http:", "https:", "data:", "/", "file:")) and foreign.start() < 20:
            said = "is not base64: send the bytes of the PNG or JPEG in base64, not an address"
        raise _refused(where, said)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(where, "is not base64: its padding is wrong or its end is missing") from error


def _decoded(raw: bytes, where: Where) -> Image:
    """The pixels. What the file says of its size is believed only where it says too much: then it is refused."""
    try:
        with warnings.catch_warnings(), Pillow.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as file:
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # its size is judged right below
            width, height = file.size
            if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
                limit = f"at most {MOST_PIXELS // 1_000_000} million pixels and {LONGEST_SIDE} a side"
                raise _refused(where, f"claims {width} x {height} pixels, {limit} are taken: scale it")
            lossy, rgb = file.format == "JPEG", np.asarray(file.convert("RGB"))
    except ApiError:
        raise
    except Pillow.UnidentifiedImageError as error:
        raise _refused(where, "is base64 of something that is no PNG and no JPEG") from error
    except Pillow.DecompressionBombError as error:
        raise _refused(where, "claims far more pixels than a screen has") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise _refused(where, "is a PNG or JPEG that is broken or cut off") from error
    image = np.ascontiguousarray(rgb[:, :, ::-1])
    return _smoothed(image) if lossy else image


def _smoothed(image: Image) -> Image:
    """Without the specks of JPEG: what has one colour on the screen is to have one here; edges stay."""
    for _ in range(2):
        image = cv2.bilateralFilter(image, 7, 30, 7).astype(np.uint8, copy=False)
    return image


def _refused(where: Where, why: str) -> ApiError:
    name = ".".join(str(part) for part in where)
    details = [{"loc": ["body", *where], "msg": why, "type": "value_error"}]
    return ApiError("INVALID_SCREENSHOT", f"{name} {why}.", {"details": details})
