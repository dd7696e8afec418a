"""Sight: pictures in, scenes out."""

from __future__ import annotations

from coasty_local.agent.perception.eyes import Eyes
from coasty_local.agent.perception.marks import number
from coasty_local.agent.perception.office import SightError, warm

__all__ = ["Eyes", "SightError", "number", "warm"]
