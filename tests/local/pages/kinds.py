"""The kinds of generated pages: sign-in, sign-up, checkout, tables, lists, dialogs, settings."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

from collections.abc import Callable

from tests.local.pages.parts import CLICK, Parts

COMPANIES = ("Acme", "Northwind", "Globex", "Initech", "Umbra", "Contoso", "Vandelay", "Hooli")
PEOPLE = (
    "Ada Lovelace",
    "Grace Hopper",
    "Alan Turing",
    "Edsger Dijkstra",
    "Barbara Liskov",
    "Ken Thompson",
    "Linus Pauling",
)
ABSENT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Launch rocket", CLICK),
    ("Coupon code", ("input",)),
    ("Archive mailbox", CLICK),
    ("Passport number", ("input",)),
    ("Night mode", ("check",)),
)


def _frame(p: Parts, inner: str, width: int) -> str:
    """Put the content somewhere: a card in the middle or left, beside a picture, below a bar."""
    style = p.rng.choice(["card", "card", "bare", "bar", "split"])
    if style == "split":
        side = f'<div style="width:38%;background:{p.look.colours[5]};min-height:100vh"></div>'
        return f'<div style="display:flex">{side}<div style="padding:48px;flex:1;background:{p.look.colours[1]}"><div style="max-width:{width}px">{inner}</div></div></div>'
    margin = p.rng.choice(["40px auto", "24px", "70px auto"])
    bare = f"background:{p.look.colours[1]};padding:24px" if style == "bare" else ""
    box = f'<div class="{"" if style == "bare" else "card"}" style="max-width:{width}px;margin:{margin};{bare}">{inner}</div>'
    if style == "bar":
        return _bar(p) + box
    return box


def _bar(p: Parts) -> str:
    names = p.rng.sample(["Home", "Products", "Pricing", "Docs", "Support", "Blog", "Team"], 4)
    return f"<div class=bar><b>{p.rng.choice(COMPANIES)}</b>{''.join(p.link(n, plain=True) for n in names)}</div>"


def sign_in(p: Parts) -> str:
    name = p.rng.choice(COMPANIES)
    label = p.rng.choice(["Email", "Email address", "E-mail", "Username", "Work email"])
    word = p.rng.choice(["Sign in", "Log in", "Login", "Sign in", "Sign In"])
    heading = p.rng.choice([f"Sign in to {name}", "Welcome back", f"Log in to {name}", "Account login", "Sign in"])
    filled = p.rng.random() < 0.3
    rows = [f"<h1>{heading}</h1>"]
    if p.rng.random() < 0.3:
        rows.append('<p class="muted">Enter your details below to reach your account.</p>')
    if p.rng.random() < 0.2:
        rows.append("<div class=alert>Your session has expired, please sign in again.</div>")
    rows.append(
        p.field(label, value="ada@example.com" if filled else "", ask="Username" if label == "Username" else "Email")
    )
    rows.append(p.field("Password", "password", value="lovelace" if filled else ""))
    if p.rng.random() < 0.6:
        rows.append(p.check("Remember me"))
    if p.rng.random() < 0.6:
        rows.append(f"<p>{p.link('Forgot password?')}</p>")
    rows.append(f"<p>{p.button(word, 'wide' if p.rng.random() < 0.6 else '', ask='Sign in')}</p>")
    if p.rng.random() < 0.4:
        rows.append(f"<p>{p.button('Continue with Google', 'plain wide')}</p>")
    if p.rng.random() < 0.6:
        rows.append(f"<p>New here? {p.link('Create an account', ask='Sign up')}</p>")
    return _frame(p, "".join(rows), p.rng.choice([340, 380, 420, 480]))


def sign_up(p: Parts) -> str:
    two = p.rng.random() < 0.4
    names = [p.field("First name"), p.field("Last name")]
    rows = ["<h1>Create your account</h1>"]
    rows += (
        [
            f'<div style="display:flex;gap:16px"><div style="flex:1">{names[0]}</div><div style="flex:1">{names[1]}</div></div>'
        ]
        if two
        else names
    )
    rows += [p.field("Email", "email"), p.field("Password", "password"), p.field("Confirm password", "password")]
    if p.rng.random() < 0.5:
        rows.append(p.select("Country", ["Germany", "France", "United Kingdom", "Japan"]))
    rows.append(p.check("I agree to the terms"))
    if p.rng.random() < 0.5:
        rows.append(p.check("Send me news"))
    rows.append(f"<p>{p.button(p.rng.choice(['Sign up', 'Create account', 'Register']), 'wide', ask='Sign up')}</p>")
    rows.append(f"<p>Already have an account? {p.link('Sign in')}</p>")
    return _frame(p, "".join(rows), p.rng.choice([420, 480, 560]))


def checkout(p: Parts) -> str:
    amount = f"${p.rng.randrange(10, 900)}.{p.rng.randrange(10, 99)}"
    rows = ["<h1>Checkout</h1>", p.field("Name on card"), p.field("Card number", hint="1234 1234 1234 1234")]
    rows.append(
        '<div style="display:flex;gap:16px"><div style="flex:1">'
        + p.field("Expiry date", hint="MM / YY")
        + '</div><div style="flex:1">'
        + p.field("CVC", hint="123")
        + "</div></div>"
    )
    rows.append(p.field("Street address"))
    rows.append(p.field(p.rng.choice(["ZIP code", "Postal code"]), ask="Zip code"))
    if p.rng.random() < 0.6:
        rows.append(p.select("Shipping", ["Standard", "Express", "Overnight"]))
    else:
        rows.append(p.radios("ship", ["Standard delivery", "Express delivery", "Pick up in store"]))
    rows.append(f"<hr><p>Total: <b>{amount}</b></p>")
    rows.append(f"<p>{p.button(p.rng.choice([f'Pay {amount}', 'Pay now', 'Pay']), 'wide', ask='Pay')}</p>")
    rows.append(p.link("Back to cart"))
    return _frame(p, "".join(rows), p.rng.choice([420, 520, 600]))


def table(p: Parts) -> str:
    head, acts = p.rng.choice(
        [
            (("Invoice", "Customer", "Amount", "Status"), ("Pay",)),
            (("Order", "Customer", "Total", "State"), ("View", "Refund")),
            (("User", "Name", "Seats", "Plan"), ("Edit", "Delete")),
        ]
    )
    numbers = p.rng.sample(range(1000, 9999), p.rng.randrange(3, 9))
    look = p.rng.choice(["lined", "grid", "zebra", "lined"])
    as_links = p.rng.random() < 0.3
    rows = []
    for number in numbers:
        key = f"{head[0][:3].upper()}-{number}"
        cells = [
            key,
            p.rng.choice(PEOPLE),
            f"${p.rng.randrange(10, 4000)}.00",
            f"<span class=badge>{p.rng.choice(['Open', 'Paid', 'Late'])}</span>",
        ]
        made = []
        for act in acts:
            made.append(p.link(act, ask=None) if as_links else p.button(act, "small", ask=None))
            p.ask(act, CLICK, p.truth.items[-1].id, row=key)
        rows.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells) + f"<td>{' '.join(made)}</td></tr>")
    top = f'<div style="display:flex;gap:12px;align-items:center;margin-bottom:16px"><h1 style="flex:1;margin:0">{head[0]}s</h1>{p.button("New " + head[0].lower())}</div>'
    th = "".join(f"<th>{h}</th>" for h in (*head, ""))
    return _frame(p, f"{top}<table class={look}><tr>{th}</tr>{''.join(rows)}</table>", p.rng.choice([760, 880, 980]))


def cards(p: Parts) -> str:
    plans = p.rng.sample(["Starter", "Team", "Business", "Enterprise", "Hobby"], 3)
    act = p.rng.choice(["Choose plan", "Select", "Buy now"])
    out = []
    for plan in plans:
        price = f"${p.rng.randrange(5, 99)} a month"
        made = p.button(act, ask=None)
        p.ask(act, CLICK, p.truth.items[-1].id, row=plan)
        out.append(
            f'<div class=card style="flex:1"><h2>{plan}</h2><p>{price}</p><p class=muted>For up to {p.rng.randrange(2, 90)} people</p>{made}</div>'
        )
    return f'{_bar(p)}<div style="max-width:900px;margin:30px auto"><h1>Plans</h1><div style="display:flex;gap:20px">{"".join(out)}</div></div>'


def listing(p: Parts) -> str:
    first = None
    rows = []
    for title in p.rng.sample(
        [
            "Getting started",
            "Release notes",
            "Billing questions",
            "Team accounts",
            "Keyboard shortcuts",
            "Data export",
            "Security",
        ],
        5,
    ):
        rows.append(
            f"<li style='margin:10px 0'>{p.link(title)}<div class=muted>Updated {p.rng.randrange(2, 28)} days ago</div></li>"
        )
        first = first or p.truth.items[-1].id
    p.ask("", ("link",), first, ordinal=1)
    search = f'<div style="display:flex;gap:8px;margin-bottom:16px"><div style="flex:1">{p.field("Search articles")}</div><div>{p.button("Search")}</div></div>'
    return _frame_plain(p, f"<h1>Help centre</h1>{search}<ul>{''.join(rows)}</ul>", 620)


def _frame_plain(p: Parts, inner: str, width: int) -> str:
    return f'<div class=card style="max-width:{width}px;margin:36px auto">{inner}</div>'


def dialog(p: Parts) -> str:
    thing = p.rng.choice(["project", "account", "invoice", "file"])
    yes, no = p.rng.choice(
        [("Delete", "Cancel"), ("Yes, remove it", "Keep it"), ("Confirm", "Cancel"), ("OK", "Cancel")]
    )
    back = f'<div class=card style="margin:30px"><h1>{thing.title()}s</h1><p>Everything that you have made is listed here.</p></div>'
    buttons = [p.button(no, "plain"), p.button(yes)]
    inner = f"<h2>Are you sure?</h2><p>This will change the {thing} for everyone.</p>"
    if p.rng.random() < 0.5:
        inner += p.field("Reason")
    return f'{back}<div class=shade><div class=card style="width:420px">{inner}<div style="display:flex;gap:10px;justify-content:flex-end">{"".join(buttons)}</div></div></div>'


def settings(p: Parts) -> str:
    rows = ["<h1>Settings</h1>", p.field("Display name", value=p.rng.choice(PEOPLE))]
    rows.append(p.select("Language", ["English", "Deutsch", "Français"]))
    rows.append("<h2>Notifications</h2><div class=field>")
    rows += [
        p.check(x)
        for x in p.rng.sample(
            ["Email me about activity", "Weekly summary", "Product updates", "Show my profile", "Sound"], 3
        )
    ]
    rows.append(
        "</div><h2>Theme</h2>"
        + p.radios("theme", p.rng.sample(["Light", "Dark", "Match the system", "High contrast"], 3))
    )
    if p.rng.random() < 0.5:
        rows.append(p.field("About you", "area"))
    rows.append(
        f'<div style="display:flex;gap:10px">{p.button("Save changes", ask=p.rng.choice(["Save", "Save changes"]))}{p.button("Cancel", "plain")}</div>'
    )
    return _frame(p, "".join(rows), p.rng.choice([480, 600, 720]))


PAGES: dict[str, Callable[[Parts], str]] = {
    "sign-in": sign_in,
    "sign-up": sign_up,
    "checkout": checkout,
    "table": table,
    "cards": cards,
    "list": listing,
    "dialog": dialog,
    "settings": settings,
}
