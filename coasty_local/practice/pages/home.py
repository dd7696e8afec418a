"""The dashboard, the settings with the way out of the account, help, and the small pages."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from coasty_local.practice import layout, widgets
from coasty_local.practice.call import Call
from coasty_local.practice.data import ARTICLES, money
from coasty_local.practice.markup import el
from coasty_local.practice.pages import Way

FORMATS = ("PDF", "CSV", "Paper")
TILES = (
    ("/invoices", "Invoices", "Pay and approve what suppliers have sent."),
    ("/orders", "Orders", "Look orders up and refund them."),
    ("/customers", "Customers", "See who buys, add new ones."),
    ("/reports", "Reports", "Figures of the last quarter."),
    ("/settings", "Settings", "Messages, statements, your account."),
    ("/help", "Help", "How things work here."),
)


def dashboard(call: Call) -> str:
    account = call.visit.account
    name = account.first_name if account else ""
    due = [row for row in call.visit.invoices.values() if row.status in ("Due", "Overdue")]
    note = layout.sentence(f"{len(due)} invoices are open, together {money(sum(row.cents for row in due))}.")
    tiles = [
        el("section", el("h2", widgets.link(call, path, title)), el("p", text), class_="card")
        for path, title, text in TILES
    ]
    return layout.page(call, f"Welcome back, {name}", note, el("div", tiles, class_="tiles"))


def settings(call: Call) -> str:
    kept = call.visit.settings
    form = widgets.form(
        call,
        "/settings",
        el("h2", "Messages"),
        widgets.check("due", "Email me when an invoice is due", "due" in kept),
        widgets.check("weekly", "Send a weekly summary", "weekly" in kept),
        widgets.check("news", "Tell me about new features", "news" in kept),
        widgets.choice(call, "format", "Statement format", FORMATS, kept.get("format", "PDF"), radio=True),
        widgets.field(call, "note", "Note on statements", kept.get("note", ""), kind="textarea"),
        widgets.bar(widgets.button(call.look.save)),
    )
    leave = [
        el("h2", "Your account"),
        el("p", call.visit.account.email if call.visit.account else ""),
        el("p", "Deleting your account removes your access for good."),
        widgets.link(call, "/settings/delete", "Delete account", "button danger"),
    ]
    columns = el("div", el("section", form, class_="panel"), el("section", leave, class_="panel"), class_="columns")
    return layout.page(call, "Settings", columns)


def save_settings(call: Call) -> Response:
    format = call.field("format")
    kept: dict[str, str] = {name: "on" for name in ("due", "weekly", "news") if name in call.form}
    kept |= {"format": format if format in FORMATS else "PDF", "note": call.field("note")}
    call.visit.settings = kept
    return call.go("/settings", "Settings saved.")


def ask_delete(call: Call) -> str:
    account = call.visit.account
    question = f"Delete the account of {account.name if account else ''}?"
    form = widgets.form(
        call,
        "/settings/delete",
        layout.sentence("This cannot be undone. You will be signed out and can't sign in again."),
        widgets.bar(
            widgets.button("Yes, delete account", "danger"),
            widgets.link(call, "/settings", "Keep my account", "button plain"),
        ),
        token=True,
    )
    return layout.page(call, question, el("section", form, class_="panel"))


def delete(call: Call) -> Response:
    return call.once(lambda: _delete(call), "/settings")


def _delete(call: Call) -> str:
    account = call.visit.account
    if account is not None:
        call.visit.closed.add(account.email)
        call.visit.account = None
        call.ledger.write("delete_account", account.email)
        call.visit.message = "Your account has been deleted."
    return "/"


def help_pages(call: Call) -> str:
    listed = [el("li", widgets.link(call, f"/help/{row.slug}", row.title)) for row in ARTICLES]
    return layout.page(
        call, "Help", layout.sentence("Short answers to common questions."), el("ul", listed, class_="articles")
    )


def article(call: Call) -> Response | str:
    found = next((row for row in ARTICLES if row.slug == call.args["slug"]), None)
    if found is None:
        return call.go("/help", "There is no such article.")
    prose = [el("p", paragraph) for paragraph in found.paragraphs]
    return layout.page(call, found.title, el("article", prose), widgets.link(call, "/help", "All articles"))


def contact(call: Call) -> str:
    lines = ("Write to desk@larkfield.example.", "Or come by: Mill Lane 4, on workdays from 9 to 17.")
    return layout.page(call, "Contact", [layout.sentence(line) for line in lines])


def about(call: Call) -> str:
    text = layout.sentence("Larkfield Supply stores, packs and ships for forty small shops. Founded in 1987.")
    return layout.page(call, "About us", text)


def missing(call: Call) -> Response:
    text = layout.sentence("There is no page at this address.")
    back = widgets.link(call, "/", "Back to the first page")
    return HTMLResponse(layout.page(call, "Page not found", text, back), status_code=404)


def newsletter(call: Call) -> Response:
    return call.once(lambda: _subscribe(call), "/")


def _subscribe(call: Call) -> str:
    address = call.field("address")
    if address:
        call.ledger.write("subscribe_newsletter", address)
    call.visit.message = f"Thank you: {address} will get the newsletter." if address else "Please give an address."
    return "/"


def cookies(call: Call) -> Response:
    call.visit.cookies_answered = True
    return call.go("/")


WAYS = (
    Way("/dashboard", dashboard),
    Way("/settings", settings),
    Way("/settings", save_settings, "POST"),
    Way("/settings/delete", ask_delete),
    Way("/settings/delete", delete, "POST", guarded=False),
    Way("/help", help_pages, guarded=False),
    Way("/help/{slug}", article, guarded=False),
    Way("/contact", contact, guarded=False),
    Way("/about", about, guarded=False),
    Way("/newsletter", newsletter, "POST", guarded=False),
    Way("/cookies", cookies, "POST", guarded=False),
    Way("/{rest:path}", missing, guarded=False),
)
