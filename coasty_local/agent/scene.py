"""What was seen in one picture: lines of text and controls, with boxes in its pixels. Plain data, no image library."""

from __future__ import annotations

from dataclasses import dataclass, field

TEXT, BUTTON, LINK, INPUT, CHECK, RADIO, SELECT, SLIDER, ICON, PANEL, IMAGE = (
    "text", "button", "link", "input", "check", "radio", "select", "slider", "icon", "panel", "image",
)  # fmt: skip


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, width, height in pixels."""

    x: int
    y: int
    w: int
    h: int

    @property
    def center(self) -> tuple[int, int]:
        return self.x + self.w // 2, self.y + self.h // 2

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    def contains(self, x: int, y: int) -> bool:
        return self.x <= x < self.right and self.y <= y < self.bottom

    def overlap(self, other: Box) -> int:
        """Area shared with another box, in square pixels."""
        w = min(self.right, other.right) - max(self.x, other.x)
        h = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(w, 0) * max(h, 0)


@dataclass(frozen=True)
class Line:
    """A line of text as read, with the reader's confidence (0 to 1)."""

    text: str
    box: Box
    score: float = 1.0


@dataclass(frozen=True)
class Control:
    """Something that can be acted on. `text` is written on or in it, `label` names it from beside or above."""

    kind: str
    box: Box
    text: str = ""
    label: str = ""
    checked: bool | None = None
    focused: bool = False
    enabled: bool = True
    score: float = 1.0


@dataclass(frozen=True)
class Scene:
    """One look: everything found in one picture of `width` x `height` pixels, in reading order."""

    width: int
    height: int
    lines: tuple[Line, ...] = ()
    controls: tuple[Control, ...] = ()
    text_height: float = 14.0  # 0.85 of the usual size of type: the unit of size limits

    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Target:
    """What a step points at, in the words of the task: never a place in a document, always something visible.

    `words`: the visible text or label; `kinds`: roles it may have, best first (empty: any); `ordinal`: 1 first,
    2 second, -1 last, None unstated; `row`: words that stand on the same row or card ("the Pay button of INV-1042");
    `aliases`: other words that the task or a note allowed; `record`: the n-th thing of the page's list is meant.
    """

    words: str
    kinds: tuple[str, ...] = ()
    ordinal: int | None = None
    row: str = ""
    aliases: tuple[str, ...] = ()
    record: bool = False


@dataclass(frozen=True)
class Candidate:
    """A place that may be meant, with its score (0 to 1) and the reasons that made it, for the trace and for people."""

    control: Control
    score: float
    why: tuple[str, ...] = field(default=())
