"""Random pages of the kinds that a run meets, each with the truth about its controls."""

from __future__ import annotations

import random

from tests.local.pages import kinds, style
from tests.local.pages.parts import Ask, Item, Parts, Truth

__all__ = ["Ask", "Item", "Truth", "generate"]


def generate(seed: int) -> tuple[str, Truth]:
    """The page of a seed and what it holds; controls carry data-t="<item id>"."""
    rng = random.Random(seed)
    look = style.draw(rng)
    name = rng.choice(list(kinds.PAGES))
    truth = Truth(name, look)
    body = kinds.PAGES[name](Parts(rng, look, truth))
    absent = rng.choice(kinds.ABSENT)
    truth.asks.append(Ask(absent[0], absent[1], None))
    return f"<!doctype html><meta charset=utf-8><title>Page</title><style>{style.css(look)}</style><body>{body}", truth
