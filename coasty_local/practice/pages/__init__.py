"""The pages of the portal, one module an area; each lists its routes."""

from __future__ import annotations

from dataclasses import dataclass

from coasty_local.practice.call import View


@dataclass(frozen=True)
class Way:
    """One route: its path, its view, its method, and whether one must be signed in."""

    path: str
    view: View
    method: str = "GET"
    guarded: bool = True
