"""A public library: a side bar, serif type on paper, loans to renew, holds, a profile, fees."""

from __future__ import annotations

from typing import Any

from coasty_local.practice.markup import Child, Safe, el
from tests.local.sites.world import WATCH, Site, Task, World

BOOKS = {
    "11": ("The Tin Garden", "Ada Moss", "On loan to you, due 2027-04-02"),
    "12": ("Salt Roads", "Ben Idris", "On loan to you, due 2027-04-09"),
    "13": ("Night Ferry", "Lena Holt", "Waiting for you: hold"),
    "14": ("Paper Islands", "Noor Bakri", "On the shelf"),
    "15": ("A Field Guide to Clouds", "Tom Reed", "On the shelf"),
}
CSS = """
*{box-sizing:border-box}
body{margin:0;font:17px/1.55 'Liberation Serif',serif;background:#faf6ec;color:#2c2416; display:grid;
grid-template-columns:210px 1fr;min-height:100vh}
aside{background:#3d2f1e;color:#f1e7d0;padding:26px 20px}
aside b{display:block;font-size:21px;margin-bottom:22px}
aside a{display:block;color:#f1e7d0;margin:0 0 14px}
main{padding:34px 48px;max-width:900px}
h1{font-weight:normal;font-size:31px;margin:0 0 20px}
a{color:#7a3b10}
ul{list-style:none;padding:0}
li{border-top:1px solid #d9ccb0;padding:14px 0;display:flex;gap:22px;align-items:center}
li i{flex:1;font-style:normal}
input,select,textarea{font:inherit;padding:7px;border:1px solid #9c8a68;background:#fffdf6}
p label{display:inline-block;width:170px}
.c label{width:auto}
button{font:inherit;background:#7a3b10;color:#fff8e7; border:1px solid #5d2c0a;padding:7px 20px;
border-radius:3px}
button.q{background:#efe4c8;color:#3d2f1e}
.n{border-left:5px solid #6f8f3c;background:#eef2dd;padding:10px 16px}
"""


def leaf(world: World, title: str, *parts: Child) -> str:
    say, world.message = world.message, ""
    places = (("", "Catalogue"), ("loans", "My loans"), ("holds", "My holds"), ("profile", "My profile"),
              ("suggest", "Suggest a book"), ("fees", "Fees"), ("hours", "Opening hours"))  # fmt: skip
    links = [el("a", name, href=world.url(path)) for path, name in places]
    head = el("head", el("meta", charset="utf-8"), el("title", title), Safe(f"<style>{CSS}</style>"),
              Safe(f"<script>{WATCH % world.url('typed')}</script>"))  # fmt: skip
    side = el("aside", el("b", "Fernwood Library"), links)
    body = el("main", el("h1", title), el("p", say, class_="n") if say else None, *parts)
    return "<!doctype html>" + el("html", head, el("body", side, body), lang="en")


def line(label: str, control: Safe) -> Safe:
    return el("p", el("label", label), control)


def send(world: World, path: str, *parts: Child) -> Safe:
    return el("form", *parts, method="post", action=world.url(path), novalidate=True)


def show(world: World, path: str, query: dict[str, str]) -> str:
    books, kind = world.data["books"], path.split("/")[0]
    if kind == "book":
        title, author, state = books[path.split("/")[1]]
        hold = send(world, f"hold/{path.split('/')[1]}", el("button", "Place a hold"))
        return leaf(world, title, el("p", f"by {author}"), el("p", state), hold if state == "On the shelf" else None)
    pages = {"loans": _loans, "holds": _holds, "profile": _profile, "suggest": _suggest, "fees": _fees}
    if kind in pages:
        return pages[kind](world)
    if kind == "hours":
        return leaf(world, "Opening hours", el("p", "Monday to Saturday 9 to 18. Closed on Sundays."))
    wanted = query.get("q", "").lower()
    found = [
        el("li", el("i", el("a", title, href=world.url(f"book/{key}")), f", {author}"), el("span", state))
        for key, (title, author, state) in books.items()
        if wanted in title.lower()
    ]
    search = el("form", el("input", name="q", placeholder="Search the catalogue", size=34), el("button", "Find"))
    return leaf(world, "Catalogue", search, el("ul", found))


def _loans(world: World) -> str:
    mine = [(k, b) for k, b in world.data["books"].items() if b[2].startswith("On loan")]
    rows = [
        el("li", el("i", title), el("span", f"due {state[-10:]}"), send(world, f"renew/{key}", el("button", "Renew")))
        for key, (title, _, state) in mine
    ]
    return leaf(world, "My loans", el("ul", rows))


def _holds(world: World) -> str:
    mine = [(k, b) for k, b in world.data["books"].items() if b[2].endswith("hold")]
    rows = [
        el("li", el("i", title), send(world, f"drop/{key}", el("button", "Cancel hold", class_="q")))
        for key, (title, _, _) in mine
    ]
    return leaf(world, "My holds", el("ul", rows) if rows else el("p", "You have no holds."))


def _profile(world: World) -> str:
    data = world.data
    branches = [el("option", name, selected=name == data["branch"]) for name in ("Main Street", "Riverside", "Hilltop")]
    tick = el("input", type="checkbox", name="mail", value="yes", checked=data["mail"] == "yes")
    return leaf(world, "My profile", send(
        world, "profile", line("Phone", el("input", name="phone", value=data["phone"], autocomplete="off")),
        line("Home branch", el("select", branches, name="branch")),
        el("p", el("label", tick, " Email reminders"), class_="c"), el("button", "Save my profile"),
    ))  # fmt: skip


def _suggest(world: World) -> str:
    return leaf(world, "Suggest a book", send(
        world, "suggest", line("Title", el("input", name="title")), line("Author", el("input", name="author")),
        line("Reason", el("input", name="why", size=40)), el("button", "Send suggestion"),
    ))  # fmt: skip


def _fees(world: World) -> str:
    pay = send(world, "pay", el("button", "Pay $2.40"))
    return leaf(world, "Fees", el("p", "Overdue: A Field Guide to Clouds"), el("p", "You owe $2.40."), pay)


def act(world: World, path: str, fields: dict[str, str]) -> str:
    verb, _, key = path.partition("/")
    if verb in ("renew", "hold", "drop"):
        title, author, _ = world.data["books"][key]
        world.do(verb, title)
        said = {"renew": "On loan to you, due 2027-05-01", "hold": "Waiting for you: hold", "drop": "On the shelf"}
        world.data["books"][key] = (title, author, said[verb])
        told = {"renew": "renewed until 2027-05-01", "hold": "is now on hold for you", "drop": "hold cancelled"}
        world.message = f"{title}: {told[verb]}."
        return {"renew": "loans", "hold": f"book/{key}", "drop": "holds"}[verb]
    if verb == "profile":
        world.data |= {"phone": fields["phone"], "branch": fields["branch"], "mail": fields.get("mail", "no")}
        world.do("profile", fields["phone"], fields["branch"], fields.get("mail", "no"))
        world.message = "Your profile was saved."
        return "profile"
    world.do(verb, *fields.values())
    world.message = "Thank you, we received it."
    return verb if verb == "suggest" else "fees"


def stock(world: World) -> dict[str, Any]:
    return {"books": dict(BOOKS), "phone": "555 0100", "branch": "Main Street", "mail": "yes"}


def tasks(seed: int) -> list[Task]:
    yes = {"irreversible": "yes"}
    told = (
        ("Go to {url} and renew 'The Tin Garden'.", (("renew", "The Tin Garden"),), True),
        ("Open {url}, find Paper Islands and place a hold on it.", (("hold", "Paper Islands"),), True),
        ("Go to {url}, open My loans and tell me when 'Salt Roads' is due.", (), True),
        ("Go to {url}, open my profile, change the phone number to 555 0199 and save.",
         (("profile", "555 0199", "Main Street", "yes"),), True),
        ("Go to {url} and cancel my hold on 'Night Ferry'.", (("drop", "Night Ferry"),), True),
        ("Open {url} and suggest a book with the title 'Blue Hour', author 'Nia Okafor' and reason "
         "'for our book club'.",
         (("suggest", "Blue Hour", "Nia Okafor", "for our book club"),), True),
        ("Open {url} and pay my fees.", (), False),
        ("Go to {url}, open the Opening hours page and check that it says Closed on Sundays.", (), True),
        ("Go to {url}, go to my profile, turn off email reminders, pick Riverside as my home branch and save it.",
         (("profile", "555 0100", "Riverside", "no"),), True),
        ("Go to {url} and renew all my books.", (), False),
    )  # fmt: skip
    return [Task("library", seed, text, wanted, claim=claim, answers=yes) for text, wanted, claim in told]


LIBRARY = Site("library", stock, show, act, tasks)
