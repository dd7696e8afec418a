"""What the agent knows in one run beyond the screen: facts, permissions, other names, what it has filled in."""

from __future__ import annotations

from dataclasses import dataclass, field

from coasty_local.agent.scene import Box


@dataclass
class Memory:
    """Facts are by canonical name (email, password, code, reason ..). Permissions are tokens that a question
    offered."""

    facts: dict[str, str] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)
    granted: set[str] = field(default_factory=set)  # whole kinds: payment, irreversible
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    picks: dict[str, Box] = field(default_factory=dict)  # which of several places a person chose, by target
    amounts: set[str] = field(default_factory=set)  # digits of the amounts that a person approved
    refused: set[str] = field(default_factory=set)  # credentials and codes that a page did not accept
    heard: list[str] = field(default_factory=list)  # what JavaScript dialogs said
    told: list[str] = field(default_factory=list)  # what the summary will say
    secrets_at: dict[Box, str] = field(default_factory=dict)  # fields that hold a secret on the present page
    typed_secret: str = ""  # the password typed last, for a form that asks for it twice
    filled: Box | None = None  # the field filled last on the present page, until something is pressed
    filled_on: str = ""  # the title of that page
    captcha: frozenset[str] = frozenset()  # what the fields said when a person was asked to solve one
    deliberate: bool = False  # a goal that the task spells out is at its last control

    def may(self, kind: str, token: str) -> bool:
        return kind in self.granted or token in self.allowed
