"""Finds the place that a step means among the things that were seen."""

from __future__ import annotations

from coasty_local.agent.grounder.choosing import Choice, settle
from coasty_local.agent.grounder.finding import find

__all__ = ["Choice", "find", "settle"]
