"""The table of rules that the grammar modules fill: a pattern, and what it makes of its match."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.planner.steps import Step

Build = Callable[[re.Match[str], Text], "list[Step] | None"]


@dataclass(frozen=True)
class Rule:
    pattern: re.Pattern[str]
    build: Build


class Rules(list[Rule]):
    """Rules in order of precedence; `rule(pattern)` decorates a builder, which may answer None to pass."""

    def rule(self, *patterns: str) -> Callable[[Build], Build]:
        def add(build: Build) -> Build:
            for pattern in patterns:
                self.append(Rule(re.compile(pattern, re.IGNORECASE | re.DOTALL), build))
            return build

        return add

    def read(self, clause: str, text: Text) -> list[Step] | None:
        for rule in self:
            match = rule.pattern.fullmatch(clause)
            steps = rule.build(match, text) if match else None
            if steps is not None:
                return steps
        return None
