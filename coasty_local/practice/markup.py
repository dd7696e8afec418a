"""HTML from Python: every string is escaped unless it was built here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Union

VOID = frozenset({"input", "img", "br", "hr", "link", "meta"})

Attribute = Union[str, int, bool, None]  # noqa: UP007


class Safe(str):
    """Markup that is already escaped."""

    __slots__ = ()


Child = Union[str, int, None, Iterable["Child"]]  # noqa: UP007


def text(child: Child) -> Safe:
    """Escape a child; lists are joined, None is nothing."""
    if child is None:
        return Safe("")
    if isinstance(child, Safe):
        return child
    if isinstance(child, (str, int)):
        return Safe(escape(str(child)))
    return Safe("".join(text(part) for part in child))


def el(tag: str, *children: Child, **attributes: Attribute) -> Safe:
    """One element. `class_="a"` gives class="a", `data_x=1` data-x="1", True a bare attribute, None and False none."""
    shown = "".join(
        f" {_name(name)}" if value is True else f' {_name(name)}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in VOID:
        return Safe(f"<{tag}{shown}>")
    return Safe(f"<{tag}{shown}>{text(children)}</{tag}>")


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
