"""The frame round every page: head, navigation, message, distractors."""

from __future__ import annotations

from coasty_local.practice import widgets
from coasty_local.practice.call import Call
from coasty_local.practice.data import COMPANY
from coasty_local.practice.markup import Child, Safe, el, text

AREAS = (
    ("/dashboard", "Dashboard"),
    ("/invoices", "Invoices"),
    ("/orders", "Orders"),
    ("/customers", "Customers"),
    ("/reports", "Reports"),
    ("/settings", "Settings"),
    ("/help", "Help"),
)
OUTSIDE = (("/help", "Help"), ("/contact", "Contact"), ("/about", "About us"))


def page(call: Call, title: str, *children: Child, heading: bool = True) -> str:
    """A whole page in the current look."""
    message = call.visit.take_message()
    main = el(
        "main",
        el("p", message, class_="message", role="status") if message else None,
        el("h1", title) if heading else None,
        *children,
    )
    inside = call.visit.account is not None
    shell = el("div", _navigation(call, inside), el("div", main, _newsletter(call), class_="content"), class_="shell")
    look = call.look
    kind = f"nav-{look.navigation if inside else 'top'} {'inside' if inside else 'outside'} entry-{look.entry}"
    body = el("body", shell, _cookies(call), class_=f"{kind} {'upper' if look.upper else ''}".strip())
    return "<!doctype html>" + el("html", _head(call, title), body, lang="en")


def _head(call: Call, title: str) -> Safe:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} - {COMPANY}"),
        el("link", rel="icon", href=call.url("/favicon.svg")),
        el("link", rel="stylesheet", href=call.url(f"/look/{call.visit.variant}.css")),
        el("script", src=call.url("/banner.js"), defer=True) if call.look.cookies else None,
    )


def _navigation(call: Call, inside: bool) -> Safe:
    areas = AREAS if inside else OUTSIDE
    links = [
        widgets.link(call, path, name, "here" if call.path.startswith(path) else None) for path, name in areas
    ]  # fmt: skip
    return el("header", el("div", COMPANY, class_="brand"), el("nav", links), _person(call) if inside else None)


def _person(call: Call) -> Safe:
    account = call.visit.account
    name = el("span", account.name if account else "", class_="who")
    leave = widgets.form(call, "/sign-out", el("button", "Sign out", type="submit", class_="quiet"), class_="leave")
    return el("div", name, leave, class_="person")


def _newsletter(call: Call) -> Safe | None:
    if not call.look.newsletter or call.visit.account is not None:
        return None
    strip = [
        el("span", "Monthly tips for small warehouses."),
        el("input", type="text", name="address", placeholder="Your address for the newsletter", autocomplete="off"),
        widgets.button("Subscribe", "plain"),
    ]
    return widgets.form(call, "/newsletter", *strip, token=True, class_="newsletter")


def _cookies(call: Call) -> Safe | None:
    if not call.look.cookies or call.visit.cookies_answered:
        return None
    note = el("span", "We use one cookie to remember your visit. Is that all right with you?")
    buttons = widgets.bar(widgets.button("Accept cookies"), widgets.button("Decline", "plain"))
    return widgets.form(call, "/cookies", note, buttons, class_="cookies")


def sentence(*parts: Child) -> Safe:
    return el("p", text(parts), class_="sentence")
