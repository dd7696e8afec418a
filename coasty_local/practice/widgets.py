"""The parts pages are made of, in the current look: fields, choices, buttons, lists, badges."""

from __future__ import annotations

from collections.abc import Sequence

from coasty_local.practice.call import Call
from coasty_local.practice.markup import Child, Safe, el


def field(call: Call, name: str, label: str, value: str = "", kind: str = "text", **more: str) -> Safe:
    """A labelled text field; `kind` is an input type or "textarea". Where the label stands is the look's choice."""
    labels = call.look.labels
    inside = label if labels == "placeholder" else " " if labels == "floating" else more.pop("placeholder", None)
    shared = {"id": f"f-{name}", "name": name, "placeholder": inside, "autocomplete": "off", **more}
    if kind == "textarea":
        control = el("textarea", value, rows=3, **shared)
    else:
        control = el("input", type=kind, value=value, **shared)
    caption = None if labels == "placeholder" else el("label", label, for_=f"f-{name}")
    parts = [control, caption] if labels == "floating" else [caption, control]
    return el("div", *parts, class_=f"field {labels}")


def choice(call: Call, name: str, label: str, options: Sequence[str], chosen: str, radio: bool) -> Safe:
    """One of several: radio buttons or a drop-down list."""
    side = "left" if call.look.labels == "left" else "above"
    if radio:
        marks = [_mark("radio", name, option, option, option == chosen) for option in options]
        return el("div", el("span", label, class_="caption"), el("div", marks, class_="marks"), class_=f"field {side}")
    listed = [el("option", option, value=option, selected=option == chosen) for option in options]
    control = el("select", listed, id=f"f-{name}", name=name)
    return el("div", el("label", label, for_=f"f-{name}"), control, class_=f"field {side}")


def check(name: str, label: str, checked: bool) -> Safe:
    return _mark("checkbox", name, "on", label, checked)


def _mark(kind: str, name: str, value: str, label: str, checked: bool) -> Safe:
    return el("label", el("input", type=kind, name=name, value=value, checked=checked), " ", label, class_="mark")


def form(call: Call, action: str, *children: Child, token: bool = False, class_: str = "form") -> Safe:
    """A form that posts within the portal; `token` makes its act count once."""
    hidden = el("input", type="hidden", name="token", value=call.visit.issue()) if token else None
    return el("form", hidden, *children, method="post", action=call.url(action), class_=class_, novalidate=True)


def button(label: str, style: str = "primary") -> Safe:
    """A submit button; style: primary, plain, danger."""
    return el("button", label, type="submit", class_=f"button {style}")


def link(call: Call, path: str, label: Child, class_: str | None = None) -> Safe:
    return el("a", label, href=call.url(path), class_=class_)


def badge(status: str) -> Safe:
    return el("span", status, class_=f"badge {status.lower().replace(' ', '-')}")


def bar(*children: Child) -> Safe:
    """Buttons side by side."""
    return el("div", *children, class_="bar")


def facts(*pairs: tuple[str, Child]) -> Safe:
    """Name and value, one pair a row."""
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in pairs], class_="facts")


def listing(call: Call, heads: Sequence[str], rows: Sequence[Sequence[Child]]) -> Safe:
    """Rows as a table or as cards; the first cell names the row, the last holds what can be done with it."""
    if call.look.lists == "cards":
        return el("div", [_card(heads, row) for row in rows], class_="cards")
    head = el("tr", [el("th", name) for name in heads])
    body = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    return el("table", el("thead", head), el("tbody", body))


def _card(heads: Sequence[str], row: Sequence[Child]) -> Safe:
    middle = [el("div", el("small", name), el("div", cell)) for name, cell in list(zip(heads, row, strict=True))[1:-1]]
    return el(
        "section",
        el("div", row[0], class_="title"),
        el("div", middle, class_="pairs"),
        el("div", row[-1]),
        class_="card",
    )


def error(message: str) -> Safe | None:
    return el("p", message, class_="error", role="alert") if message else None
