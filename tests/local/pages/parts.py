"""The widgets of generated pages; each notes in the page's truth what it put there."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

import html
import random
from dataclasses import dataclass, field

from tests.local.pages.style import Look


@dataclass(frozen=True)
class Item:
    """A control of the page; its element has data-t="<id>"."""

    id: str
    kind: str
    text: str = ""
    label: str = ""
    checked: bool | None = None


@dataclass(frozen=True)
class Ask:
    """A question to the grounder and the item that is meant; `expects` None: nothing on the page is."""

    words: str
    kinds: tuple[str, ...]
    expects: str | None
    row: str = ""
    ordinal: int | None = None


@dataclass
class Truth:
    """What a page holds."""

    name: str
    look: Look
    items: list[Item] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)


CLICK = ("button", "link")


class Parts:
    """Draws widgets with one random source and keeps the truth."""

    def __init__(self, rng: random.Random, look: Look, truth: Truth) -> None:
        self.rng, self.look, self.truth = rng, look, truth

    def _note(self, kind: str, text: str = "", label: str = "", checked: bool | None = None) -> str:
        item = Item(str(len(self.truth.items)), kind, text, label, checked)
        self.truth.items.append(item)
        return item.id

    def ask(
        self, words: str, kinds: tuple[str, ...], expects: str | None, row: str = "", ordinal: int | None = None
    ) -> None:
        self.truth.asks.append(Ask(words, kinds, expects, row, ordinal))

    def field(self, label: str, type_: str = "text", value: str = "", hint: str = "", ask: str | None = None) -> str:
        """A text field, or a textarea with type_ "area"."""
        look = self.look
        ident = self._note("input", value, label)
        self.ask(ask or label, ("input",), ident)
        style = look.label
        if style == "placeholder":
            hint = label
        elif not hint and self.rng.random() < 0.4 and style == "above":
            hint = self.rng.choice(["Enter here", "Type…", f"Your {label.lower()}"])
        elif style in ("floating", "inset"):
            hint = ""
        name = (
            ""
            if style == "placeholder"
            else f"<label class=name>{html.escape(label)}{self.rng.choice(['', '', ' *']) if style == 'above' else ''}</label>"
        )
        tag = f'data-t="{ident}" class=in placeholder="{html.escape(hint)}"'
        if type_ == "area":
            box = f"<textarea {tag} rows={self.rng.choice([3, 4, 5])}>{html.escape(value)}</textarea>"
        else:
            box = f'<input {tag} type={type_} value="{html.escape(value)}">'
        return f'<div class="field {style}">{name}{box}</div>'

    def select(self, label: str, options: list[str]) -> str:
        chosen = self.rng.choice(options)
        ident = self._note("select", chosen, label)
        self.ask(label, ("select", "input"), ident)
        style = "above" if self.look.label in ("placeholder", "floating", "inset") else self.look.label
        listed = "".join(f"<option{' selected' if o == chosen else ''}>{html.escape(o)}</option>" for o in options)
        return f'<div class="field {style}"><label class=name>{html.escape(label)}</label><select class=in data-t="{ident}">{listed}</select></div>'

    def button(self, text: str, look: str = "", ask: str | None = "", row: str = "") -> str:
        """A button; `ask` None: nobody asks for it."""
        shown = text.upper() if self.look.upper and self.look.button != "native" else text
        ident = self._note("button", shown)
        if ask is not None:
            self.ask(ask or text, CLICK, ident, row=row)
        return f'<button type=button class="btn {look}" data-t="{ident}">{html.escape(text)}</button>'

    def link(self, text: str, ask: str | None = "", plain: bool = False) -> str:
        ident = self._note("link", text)
        if ask is not None:
            self.ask(ask or text, ("link", "button"), ident)
        style = ' style="text-decoration:none"' if plain else ""
        return f'<a href="#" data-t="{ident}"{style}>{html.escape(text)}</a>'

    def check(self, label: str, checked: bool | None = None) -> str:
        on = self.rng.random() < 0.4 if checked is None else checked
        ident = self._note("check", "", label, on)
        self.ask(label, ("check",), ident)
        return f'<label class=opt><input type=checkbox data-t="{ident}"{" checked" if on else ""}> {html.escape(label)}</label>'

    def radios(self, name: str, labels: list[str]) -> str:
        chosen = self.rng.randrange(len(labels) + 1)
        out = []
        for i, label in enumerate(labels):
            ident = self._note("radio", "", label, i == chosen)
            self.ask(label, ("radio",), ident)
            on = " checked" if i == chosen else ""
            out.append(
                f'<label class=opt><input type=radio name="{name}" data-t="{ident}"{on}> {html.escape(label)}</label>'
            )
        return f'<div class="field {self.rng.choice(["", "inline"])}">{"".join(out)}</div>'
