"""The geometry of the charts, in the units of their drawings: bars, lines, shares of a whole. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 160  # of the plotted area
_NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Bar:
    """One bar; `middle` is where its label stands."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Tick:
    """A line of the scale: its height in the drawing and the value that it stands for."""

    y: float
    value: float


def top(values: Sequence[float]) -> float:
    """The end of a scale that holds all values: a round number, never 0."""
    largest = max(values, default=0)
    if largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(nice * power for nice in _NICE if nice * power >= largest * 0.999)


def scale(values: Sequence[float], steps: int = 2) -> list[Tick]:
    """The lines of the scale, from nothing to `top`."""
    end = top(values)
    return [Tick(_height(end * n / steps, end), end * n / steps) for n in range(steps + 1)]


def bars(values: Sequence[float]) -> list[Bar]:
    """One bar for each value, side by side over the whole width."""
    end, slot = top(values), WIDTH / max(1, len(values))
    gap = min(6.0, slot * 0.2)
    return [
        Bar(round(n * slot + gap / 2, 1), y := _height(value, end), round(slot - gap, 1), round(HEIGHT - y, 1))
        for n, value in enumerate(values)
    ]


def line(values: Sequence[float | None], end: float) -> list[tuple[float, float]]:
    """The points of a line over the same slots as bars; a missing value is left out."""
    slot = WIDTH / max(1, len(values))
    return [(round((n + 0.5) * slot, 1), _height(v, end)) for n, v in enumerate(values) if v is not None]


def path(points: Sequence[tuple[float, float]]) -> str:
    """The points as the attribute of a polyline."""
    return " ".join(f"{x},{y}" for x, y in points)


def shares(counts: Sequence[int], width: float = 100.0) -> list[tuple[float, float]]:
    """Start and width of each part of one bar that is `width` wide; nothing at all has no parts."""
    whole, at, found = sum(counts), 0.0, []
    for count in counts:
        part = width * count / whole if whole else 0.0
        found.append((round(at, 2), round(part, 2)))
        at += part
    return found


def _height(value: float, end: float) -> float:
    return round(HEIGHT - HEIGHT * min(value, end) / end, 1)
