"""Draws the console's icon as PNG, from the same shapes as static/favicon.svg: a square, an arc, a dot."""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache

SIZES = (180, 192, 512)
GROUND, ARC, DOT = (0x2F, 0x4F, 0xB5), (0xFF, 0xFF, 0xFF), (0xFF, 0xD2, 0x7A)
_VIEW = 32.0
_SHARP = 48  # straight pieces that the arc is made of
_INNER = 0.8  # of the width: what a round mask leaves whole
Point = tuple[float, float]


@lru_cache(maxsize=len(SIZES))
def png(size: int) -> bytes:
    """A square PNG whose ground fills it, so that a device may cut its own shape out of it."""
    scale = size / _VIEW * _INNER
    rows = [bytearray([0]) + bytearray(GROUND) * size for _row in range(size)]
    for start, end in zip(_arc(), _arc()[1:], strict=False):
        _stroke(rows, size, scale, start, end)
    _disc(rows, size, scale, (16.0, 20.0), 3.0, DOT)
    return _packed(size, b"".join(bytes(row) for row in rows))


@lru_cache(maxsize=1)
def _arc() -> list[Point]:
    """M8 20 c4 -9 12 -9 16 0, as the favicon has it."""
    a, b, c, d = (8.0, 20.0), (12.0, 11.0), (20.0, 11.0), (24.0, 20.0)

    def at(t: float) -> Point:
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        x, y = (sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1))
        return x, y

    return [at(step / _SHARP) for step in range(_SHARP + 1)]


def _stroke(rows: list[bytearray], size: int, scale: float, start: Point, end: Point) -> None:
    (x1, y1), (x2, y2) = _placed(size, scale, start), _placed(size, scale, end)
    half, length = 1.5 * scale, (x2 - x1) ** 2 + (y2 - y1) ** 2
    for y in range(int(min(y1, y2) - half - 1), int(max(y1, y2) + half + 2)):
        for x in range(int(min(x1, x2) - half - 1), int(max(x1, x2) + half + 2)):
            px, py = x + 0.5, y + 0.5
            t = max(0.0, min(1.0, ((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / length))
            away = math.hypot(px - x1 - t * (x2 - x1), py - y1 - t * (y2 - y1))
            _paint(rows, x, y, ARC, half - away + 0.5)


def _disc(
    rows: list[bytearray], size: int, scale: float, centre: Point, radius: float, colour: tuple[int, ...]
) -> None:
    cx, cy = _placed(size, scale, centre)
    reach = radius * scale
    for y in range(int(cy - reach - 1), int(cy + reach + 2)):
        for x in range(int(cx - reach - 1), int(cx + reach + 2)):
            _paint(rows, x, y, colour, reach - math.hypot(x + 0.5 - cx, y + 0.5 - cy) + 0.5)


def _placed(size: int, scale: float, point: Point) -> Point:
    return (size / 2 + (point[0] - _VIEW / 2) * scale, size / 2 + (point[1] - _VIEW / 2) * scale)


def _paint(rows: list[bytearray], x: int, y: int, colour: tuple[int, ...], cover: float) -> None:
    """Blend towards the colour; where two strokes meet, the stronger one counts."""
    cover = max(0.0, min(1.0, cover))
    if not cover:
        return
    at = 1 + 3 * x
    for channel in range(3):
        ground = GROUND[channel] if colour == ARC else rows[y][at + channel]
        blended = round(ground + (colour[channel] - ground) * cover)
        rows[y][at + channel] = max(rows[y][at + channel], blended) if colour == ARC else blended


def _packed(size: int, raw: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
