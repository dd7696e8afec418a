"""The address bar that a bare page lacks: Control+l, an address, Enter, as programs do it in any browser."""

from __future__ import annotations

from collections.abc import Sequence

from coasty_local.agent.ports import DisplayError
from coasty_local.machines import keyboard


class AddressBar:
    """What is being typed as an address; nothing when the page has the keyboard."""

    def __init__(self) -> None:
        self._text: str | None = None

    def leave(self) -> None:
        """The page has the keyboard again."""
        self._text = None

    def typed(self, text: str) -> bool:
        """Whether the text was for the bar."""
        if self._text is None:
            return False
        self._text += text
        return True

    def pressed(self, keys: Sequence[str]) -> bool:
        """Whether the keys were for the bar: those that open it, and while it is open all but Enter."""
        names = [keyboard.name(key) for key in keys]
        if [name.lower() for name in names] in (["control", "l"], ["meta", "l"], ["f6"]):
            self._text = ""
        elif self._text is None or names == ["Enter"]:
            return False
        elif names == ["Backspace"]:
            self._text = self._text[:-1]
        elif names in (["Control", "a"], ["Delete"]):
            self._text = ""
        else:
            self._text = self._text if names != ["Escape"] else None
        return True

    def taken(self) -> str | None:
        """The address to open, once Enter was pressed; None when the bar was not open. Raises DisplayError."""
        text, self._text = self._text, None
        if text is None:
            return None
        address = text.strip()
        if not address or len(address.split()) > 1:
            raise DisplayError(f"{address[:80]!r} in the address bar is no address")
        return address if "://" in address or address == "about:blank" else f"http://{address}"
