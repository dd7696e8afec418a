"""The box office of a theatre: posters, seats by radio button, a basket that is paid, bookings, vouchers."""

from __future__ import annotations

from typing import Any

from coasty_local.practice.markup import Child, Safe, el
from tests.local.sites.world import WATCH, Site, Task, World

PLAYS = {"hamlet": ("Hamlet", 32), "seagull": ("The Seagull", 28), "storm": ("A Winter Storm", 24)}
CSS = """
*{box-sizing:border-box}
body{margin:0;font:18px/1.5 'Liberation Sans',sans-serif;background:#1d1029;color:#f3e9ff}
nav{text-align:center;padding:22px;font-size:16px}
nav b{display:block;font:28px 'DejaVu Serif',serif;margin-bottom:10px}
nav a{margin:0 16px}
a{color:#ffc9f0}
main{width:700px;margin:0 auto}
h1{font:27px 'DejaVu Serif',serif;text-align:center}
.p{background:#2d1b3f;padding:18px 26px;margin:0 0 16px;display:flex;align-items:center}
.p h2{flex:1;font-size:21px;margin:0}
.p span{width:160px}
form{background:#2d1b3f;padding:22px 30px;margin-bottom:18px}
form.i{padding:0;margin:0;background:none}
.r{display:flex;align-items:center;margin-bottom:14px}
.r>span{width:190px}
.r label{margin-right:22px}
input[type=text],textarea,input[type=email]{font:inherit;background:#fff;color:#222;border:0;padding:8px 10px;
width:300px}
button,.b{font:inherit;background:#e84aa5;color:#fff;border:0;padding:9px 22px;text-decoration:none}
.n{background:#3f6b2f;padding:10px 18px;text-align:center}
hr{border:0;border-top:1px dashed #7d5fa0}
"""


def poster(world: World, title: str, *parts: Child) -> str:
    say, world.message = world.message, ""
    places = (("", "What's on"), ("basket", "Basket"), ("bookings", "My bookings"), ("vouchers", "Vouchers"),
              ("contact", "Contact"))  # fmt: skip
    links = [el("a", name, href=world.url(path)) for path, name in places]
    head = el("head", el("meta", charset="utf-8"), el("title", title), Safe(f"<style>{CSS}</style>"),
              Safe(f"<script>{WATCH % world.url('typed')}</script>"))  # fmt: skip
    body = el("main", el("h1", title), el("p", say, class_="n") if say else None, *parts)
    return "<!doctype html>" + el("html", head, el("body", el("nav", el("b", "Lantern Hall"), links), body), lang="en")


def send(world: World, path: str, *parts: Child, class_: str | None = None) -> Safe:
    return el("form", *parts, method="post", action=world.url(path), novalidate=True, class_=class_)


def row(label: str, *controls: Child) -> Safe:
    return el("div", el("span", label), *controls, class_="r")


def text(name: str, value: str = "") -> Safe:
    return el("input", type="text", name=name, value=value, autocomplete="off")


def show(world: World, path: str, query: dict[str, str]) -> str:
    data = world.data
    if path.startswith("show/"):
        name, price = PLAYS[path[5:]]
        seats = [
            el("label", el("input", type="radio", name="seat", value=seat), f" {seat}")
            for seat in ("Stalls", "Balcony")
        ]
        return poster(world, name, el("p", f"Saturday, 20:00. Tickets ${price} each."), send(
            world, f"choose/{path[5:]}", row("Seats", seats), row("Number of tickets", text("count", "1")),
            el("button", "Add to basket"),
        ))  # fmt: skip
    if path == "basket":
        lines = [el("p", f"{count} x {name}, {seat}") for name, seat, count in data["basket"]]
        total = sum(price * int(c) for n, _, c in data["basket"] for name, price in PLAYS.values() if name == n)
        pay = send(world, "pay", row("Name", text("name")), row("Email", text("email")), el("button", "Book and pay"))
        return poster(world, "Your basket", lines, el("p", f"Total: ${total}.00"), pay if lines else None)
    if path == "bookings":
        rows = [
            el("div", el("h2", f"{number} {name}"), el("span", state),
               send(world, f"drop/{number}", el("button", "Cancel booking"), class_="i") if state == "Booked" else None,
               class_="p")
            for number, (name, state) in data["bookings"].items()
        ]  # fmt: skip
        return poster(world, "My bookings", rows)
    if path == "vouchers":
        credit = el("p", f"Your credit: ${data['credit']}.00")
        redeem = send(world, "redeem", row("Voucher code", text("code")), el("button", "Redeem"))
        return poster(world, "Vouchers", credit, redeem)
    if path == "contact":
        return poster(world, "Contact the box office", send(
            world, "contact", row("Your email", text("email")), row("Message", el("textarea", name="message", rows=4)),
            el("button", "Send"),
        ))  # fmt: skip
    rows = [
        el("div", el("h2", name), el("span", f"from ${price}"),
           "Sold out" if key == "seagull" else el("a", "Tickets", href=world.url(f"show/{key}"), class_="b"),
           class_="p")
        for key, (name, price) in PLAYS.items()
    ]  # fmt: skip
    letter = send(world, "letter", row("Newsletter", el("input", type="email", name="email", placeholder="Your email")),
                  el("button", "Subscribe"))  # fmt: skip
    return poster(world, "What's on", rows, letter)


def act(world: World, path: str, fields: dict[str, str]) -> str:
    verb, _, key = path.partition("/")
    if verb == "choose":
        if "seat" not in fields:
            world.message = "Please choose your seats."
            return f"show/{key}"
        world.data["basket"].append((PLAYS[key][0], fields["seat"], fields["count"]))
        world.do("choose", PLAYS[key][0], fields["seat"], fields["count"])
        world.message = f"{PLAYS[key][0]} is in your basket."
        return "basket"
    if verb == "drop":
        world.data["bookings"][key] = (world.data["bookings"][key][0], "Cancelled")
        world.do("drop", key)
        return "bookings"
    if verb == "redeem":
        world.data["credit"] += 25
    world.do(verb, *fields.values())
    world.message = {
        "redeem": "Voucher redeemed: $25.00 were added.", "contact": "Thank you. We answer within a day.",
        "letter": "You are on our list now.", "pay": "Thank you for your booking.",
    }[verb]  # fmt: skip
    return {"redeem": "vouchers", "contact": "contact", "letter": "", "pay": "bookings"}[verb]


def stock(world: World) -> dict[str, Any]:
    bookings = {"B-5521": ("Hamlet", "Booked"), "B-5522": ("A Winter Storm", "Booked")}
    return {"basket": [], "bookings": bookings, "credit": 0}


def tasks(seed: int) -> list[Task]:
    three = (("choose", "Hamlet", "Stalls", "3"),)
    paid = (("choose", "A Winter Storm", "Balcony", "2"), ("pay", "Mia Chen", "mia@chen.example"))
    told: tuple[tuple[str, tuple[tuple[str, ...], ...], bool], ...] = (
        ("Go to {url}, click Tickets next to Hamlet, choose Stalls, set the number of tickets to 3 and add them to the "
         "basket.", three, True),
        ("Open {url} and book 2 tickets for 'A Winter Storm' with seats Balcony.", (), False),
        ("Go to {url}. Click Tickets in the row of A Winter Storm. Choose Balcony. Type 2 into Number of tickets. "
         "Click Add to basket. Type Mia Chen into Name and mia@chen.example into Email. Book and pay.", paid, True),
        ("Go to {url}, open Vouchers and redeem the code LH-2288.", (("redeem", "LH-2288"),), True),
        ("Open {url}, open Contact, fill in the form with email mia@chen.example and message 'Is there a lift?' and "
         "send it.", (("contact", "mia@chen.example", "Is there a lift?"),), True),
        ("Go to {url} and subscribe to the newsletter with the email mia@chen.example.",
         (("letter", "mia@chen.example"),), True),
        ("Go to {url} and cancel booking B-5522.", (("drop", "B-5522"),), True),
        ("Open {url} and tell me the price of Hamlet.", (), True),
        ("Go to {url} and buy the cheapest ticket for Hamlet.", (), False),
        ("Open {url} and make sure that The Seagull is sold out.", (), True),
    )  # fmt: skip
    answers = {"irreversible": "yes"}
    pays = {**answers, "payment": "yes"}
    return [
        Task("theatre", seed, text, want, claim=ok, answers=pays if "Book and pay" in text else answers,
             harmless=frozenset() if want else frozenset(("choose",)))
        for text, want, ok in told
    ]  # fmt: skip


THEATRE = Site("theatre", stock, show, act, tasks)
