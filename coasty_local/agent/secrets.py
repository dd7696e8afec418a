"""Secrets of a run: what must never be repeated, and the desk that never repeats it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from coasty_local.agent.ports import Action, Desk, Image
from coasty_local.agent.scene import Box, Scene

MASK = "••••••••"
_SHORTEST = 3  # shorter secrets would mask ordinary words; they are masked only where they are typed


@dataclass
class Vault:
    """The secrets known so far. `mask` makes a text safe to show; `boxes` finds places of a picture that show one."""

    _known: set[str] = field(default_factory=set)

    def learn(self, secrets: Iterable[str]) -> None:
        self._known |= {secret for secret in secrets if secret.strip()}

    def __contains__(self, text: str) -> bool:
        return text in self._known

    def mask(self, text: str) -> str:
        for secret in sorted(self._known, key=len, reverse=True):
            if len(secret) >= _SHORTEST:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
        return text

    def masked(self, value: Any) -> Any:
        """The value with every text in it masked, lists and maps too."""
        if isinstance(value, str):
            return MASK if value in self._known else self.mask(value)
        if isinstance(value, dict):
            return {name: self.masked(item) for name, item in value.items()}
        return [self.masked(item) for item in value] if isinstance(value, list | tuple) else value

    def boxes(self, scene: Scene) -> list[Box]:
        """Where the picture shows a secret in letters."""
        shown = [(line.text, line.box) for line in scene.lines]
        shown += [(control.text, control.box) for control in scene.controls]
        return [box for text, box in shown if any(self._in(secret, text) for secret in self._known)]

    @staticmethod
    def _in(secret: str, text: str) -> bool:
        folded, wanted = _folded(text), _folded(secret)
        if len(wanted) >= 6:
            return wanted in folded
        return bool(wanted) and re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None


def _folded(text: str) -> str:
    """Letters that the reader mixes up made one."""
    return re.sub(r"[^\w]", "", text).lower().translate(str.maketrans("01i|5", "olll" + "s"))


@dataclass
class Discreet:
    """A desk that masks whatever passes: every text of the agent reaches the run through it."""

    inner: Desk
    vault: Vault

    def check(self) -> None:
        self.inner.check()

    def say(self, text: str) -> None:
        self.inner.say(self.vault.mask(text))

    def reason(self, text: str) -> None:
        self.inner.reason(self.vault.mask(text))

    def begin(self, action: Action) -> None:
        params, words = self.vault.masked(action.params), self.vault.mask(action.description)
        self.inner.begin(replace(action, params=params, description=words))

    def finish(self, success: bool, error: str | None = None) -> None:
        self.inner.finish(success, None if error is None else self.vault.mask(error))

    def keep(self, image: Image, blur: Sequence[Box] = ()) -> None:
        self.inner.keep(image, blur)

    def step(self) -> None:
        self.inner.step()

    def ask(self, kind: str, reason: str, image: Image | None = None, blur: Sequence[Box] = ()) -> str:
        return self.inner.ask(kind, self.vault.mask(reason), image, blur)
