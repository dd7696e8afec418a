"""Signing in and out: password, one-time code, and the page that was wanted."""

from __future__ import annotations

from starlette.responses import Response

from coasty_local.practice import data, layout, widgets
from coasty_local.practice.call import Call
from coasty_local.practice.data import COMPANY, Account
from coasty_local.practice.markup import Safe, el
from coasty_local.practice.pages import Way


def front(call: Call) -> Response | str:
    """The first page: sign-in, or the dashboard for who is in."""
    if call.visit.account is not None:
        return call.go("/dashboard")
    return _sign_in_page(call)


def sign_in(call: Call) -> Response | str:
    email = call.field("email")
    account = _find(call, email, call.form.get("password", ""))
    if account is None:
        return _sign_in_page(call, email, "Wrong email or password. Please try again.")
    if account.code:
        call.visit.pending = account
        return call.go("/code")
    return _enter(call, account)


def ask_code(call: Call) -> Response | str:
    return _code_page(call) if call.visit.pending else call.go("/")


def give_code(call: Call) -> Response | str:
    account = call.visit.pending
    if account is None:
        return call.go("/")
    if call.field("code").replace(" ", "") != account.code:
        return _code_page(call, "That code is not right. Please try again.")
    return _enter(call, account)


def google(call: Call) -> str:
    text = layout.sentence("Signing in with Google is not set up for this company. Use your email and password.")
    return layout.page(call, "Sign in with Google", text, widgets.link(call, "/", "Back to sign-in"))


def forgot(call: Call) -> str:
    text = layout.sentence("Ask your administrator to set a new password for you.")
    return layout.page(call, "Forgot your password?", text, widgets.link(call, "/", "Back to sign-in"))


def sign_out(call: Call) -> Response:
    call.visit.account = call.visit.pending = None
    call.visit.wanted = ""
    return call.go("/", "You have signed out.")


def _find(call: Call, email: str, password: str) -> Account | None:
    for account in data.ACCOUNTS:
        if account.email == email.lower() and account.password == password and account.email not in call.visit.closed:
            return account
    return None


def _enter(call: Call, account: Account) -> Response:
    visit = call.visit
    visit.account, visit.pending = account, None
    wanted, visit.wanted = visit.wanted, ""
    return call.go(wanted or "/dashboard")


def _sign_in_page(call: Call, email: str = "", problem: str = "") -> str:
    look = call.look
    form = widgets.form(
        call,
        "/sign-in",
        widgets.error(problem),
        widgets.field(call, "email", look.email, email),
        widgets.field(call, "password", "Password", kind="password"),
        widgets.bar(widgets.button(look.sign_in), widgets.link(call, "/forgot", "Forgot password?")),
    )
    other = (
        el("a", "Sign in with Google", href=call.url("/google"), class_="button plain wide") if look.google else None
    )
    box = el("section", el("h1", _title(call)), form, other, class_="panel")
    return layout.page(call, "Sign in", el("div", box, _pitch(), class_="entry"), heading=False)


def _title(call: Call) -> str:
    return "Please sign in to go on" if call.visit.wanted else f"Sign in to {COMPANY}"


def _pitch() -> Safe:
    lines = ("Invoices, orders and customers in one place.", "Paid on time, every time.", "Open day and night.")
    return el("aside", el("h2", "Your warehouse desk"), [el("p", line) for line in lines], class_="pitch")


def _code_page(call: Call, problem: str = "") -> str:
    form = widgets.form(
        call,
        "/code",
        layout.sentence("Enter the 6-digit code from your authenticator app."),
        widgets.error(problem),
        widgets.field(call, "code", "One-time code"),
        widgets.bar(widgets.button(call.look.verify), widgets.link(call, "/", "Cancel")),
    )
    box = el("section", el("h1", "Two-step verification"), form, class_="panel")
    return layout.page(call, "Two-step verification", el("div", box, class_="entry"), heading=False)


WAYS = (
    Way("/", front, guarded=False),
    Way("/sign-in", front, guarded=False),
    Way("/sign-in", sign_in, "POST", guarded=False),
    Way("/code", ask_code, guarded=False),
    Way("/code", give_code, "POST", guarded=False),
    Way("/google", google, guarded=False),
    Way("/forgot", forgot, guarded=False),
    Way("/sign-out", sign_out, "POST", guarded=False),
)
