"""Which pictures of a screen look alike: a 64-bit difference hash of each, and how near two of them are. Pure."""

from __future__ import annotations

import io
import struct

from PIL import Image

MAX_PIXELS = 16_000_000  # a 5K screen; what claims to be larger is not decoded
NEAR_BITS = 3  # of 64: a typed word or a clock that ticks stays below, another page of the same site mostly above
_FORMATS = ("PNG", "JPEG", "WEBP")
_SIZE, _MIDDLE = (9, 8), (144, 128)
_CLEAR = 0.1  # levels of grey; less is no difference


def of(image: bytes) -> str:
    """16 hex digits; empty for what can't be read. The picture is a stranger's: its size is looked at first."""
    try:
        with Image.open(io.BytesIO(image), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return ""
            opened.draft("L", _MIDDLE)  # a JPEG is decoded small
            middle = _grey(opened).resize(_MIDDLE, Image.Resampling.BOX)
            small = middle.convert("F").resize(_SIZE, Image.Resampling.BOX)
            levels = struct.unpack(f"{_SIZE[0] * _SIZE[1]}f", small.tobytes())
    except Exception:  # whatever a broken or hostile file makes a decoder raise
        return ""
    bits = 0
    for row in range(_SIZE[1]):
        at = row * _SIZE[0]
        for left, right in zip(levels[at : at + 8], levels[at + 1 : at + 9], strict=True):
            bits = bits << 1 | (left > right + _CLEAR)
    return f"{bits:016x}"


def _grey(image: Image.Image) -> Image.Image:
    """In levels of grey, on white where it is see-through."""
    if "transparency" not in image.info and image.mode not in {"RGBA", "LA", "PA"}:
        return image.convert("L")
    seen = image.convert("LA")
    white = Image.new("L", seen.size, 255)
    white.paste(seen.getchannel(0), mask=seen.getchannel(1))
    return white


def distance(a: str, b: str) -> int:
    """In how many of 64 bits two likenesses differ; 64 where one is not known."""
    if not a or not b:
        return 64
    return (int(a, 16) ^ int(b, 16)).bit_count()


def near(a: str, b: str, bits: int = NEAR_BITS) -> bool:
    """Whether the two pictures look alike; never where one could not be read."""
    return distance(a, b) <= bits
