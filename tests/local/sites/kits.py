"""Looks as widespread kits draw them: type, fields, buttons, heads and menus, one kit for each kind of site."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

_PARTS = dict(re.findall(r"/\* (\w+) \*/\n(.*?)(?=/\*|\Z)", Path(__file__).with_suffix(".css").read_text(), re.DOTALL))


@dataclass(frozen=True)
class Kit:
    """One look: a kit, and what a page of it has besides."""

    name: str
    sticky: bool
    middle: bool
    cookies: str  # "", bar, box
    actions: str  # how a table's row is acted on: buttons, menu, links
    listing: str  # how articles are listed: list, cards, table
    switches: bool

    def css(self) -> str:
        return _PARTS["base"] + _PARTS[self.name]


def draw(seed: int | str) -> Kit:
    """The kit of a seed."""
    dice = random.Random(f"kit {seed}")
    return Kit(
        name=dice.choice(list(_PARTS)[1:]),
        sticky=dice.random() < 0.5,
        middle=dice.random() < 0.6,
        cookies=dice.choice(("", "", "bar", "box")),
        actions=dice.choice(("buttons", "menu", "links")),
        listing=dice.choice(("list", "cards", "table")),
        switches=dice.random() < 0.4,
    )
