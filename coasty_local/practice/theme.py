"""The style sheet of a look."""

from __future__ import annotations

from importlib import resources
from string import Template

from coasty_local.practice.variants import Variant

# page, card, ink, soft ink, line, accent, ink on accent, field, head, ink on head, danger
PALETTES = {
    "light": "#f4f6f9 #ffffff #1c2430 #4d5968 #b6c0cd #1d5fd1 #ffffff #ffffff #ffffff #1c2430 #b3261e",
    "dark": "#14181f #1e2530 #eef2f7 #b9c4d2 #5d6b7d #63a4ff #0b1420 #2a3341 #0e1218 #eef2f7 #ff8a80",
    "warm": "#fbf3e6 #fffaf1 #3a2a1c #6b5440 #c9b394 #a4481a #ffffff #f3e6d0 #5b2f17 #fff4e2 #a11d2c",
    "contrast": "#ffffff #ffffff #000000 #1a1a1a #000000 #0000c8 #ffffff #ffffff #000000 #ffffff #b00000",
    "slate": "#e6eaef #f6f8fa #22303f #495a6b #93a2b2 #2f6f62 #ffffff #ffffff #2b3b4d #f1f5f9 #a3262a",
    "mint": "#eef7f1 #ffffff #17352a #3f6153 #9fc0b0 #0f7a4f #ffffff #ffffff #d8eee1 #17352a #b3261e",
}
NAMES = ("page", "card", "ink", "soft", "line", "accent", "on_accent", "field", "head", "on_head", "danger")


def sheet(look: Variant) -> str:
    """The whole CSS of a look."""
    source = resources.files("coasty_local.practice").joinpath("portal.css").read_text(encoding="utf-8")
    values = dict(zip(NAMES, PALETTES[look.theme].split(), strict=True))
    measures = {"font": look.font, "size": look.size, "zoom": look.zoom, "radius": look.radius}
    return Template(source).substitute(values, **measures) + FIELDS[look.fields].format(**values)


FIELDS = {
    "outline": "input:not([type]),input[type=text],input[type=password],textarea,select"
    "{{border:1.5px solid {line};background:{field};}}",
    "filled": "input:not([type]),input[type=text],input[type=password],textarea,select"
    "{{border:1.5px solid {line};border-width:0 0 2px 0;background:{field};}}",
    "underline": "input:not([type]),input[type=text],input[type=password],textarea,select"
    "{{border:0;border-bottom:2px solid {ink};background:transparent;border-radius:0;}}",
}
