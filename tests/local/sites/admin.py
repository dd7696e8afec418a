"""A table of users with a menu on every row, a search field and pages."""

from __future__ import annotations

import random
from typing import Any

from coasty_local.practice.markup import Safe, el
from tests.local.sites.world import Site, Task, World, entry, form, link, page, send

NAMES = (
    "Alice Moreau",
    "Bruno Keller",
    "Carla Dias",
    "Dmitri Volkov",
    "Erin Walsh",
    "Felix Braun",
    "Gina Russo",
    "Hugo Lind",
    "Ines Costa",
    "Jonas Berg",
    "Kira Sato",
    "Liam Byrne",
    "Marta Nowak",
    "Nils Holm",
    "Olga Petrova",
    "Pablo Ruiz",
)
YES = {"irreversible": "Yes, go ahead."}
SIZE = 8


def stock(world: World) -> dict[str, dict[str, str]]:
    names = world.dice.sample(NAMES, 14)
    return {name: {"role": "Member", "state": "Active"} for name in names}


def frame(world: World) -> dict[str, Any]:
    return {"menu": (("", "Users"), ("groups", "Groups"), ("log", "Activity")), "brand": "Control Room"}


def show(world: World, path: str, query: dict[str, str]) -> str:
    if path in ("groups", "log"):
        return page(world, path.capitalize(), el("p", "Nothing here yet."), **frame(world))
    wanted = query.get("q", "").lower()
    number = int(query.get("page", "1")) if query.get("page", "1").isdigit() else 1
    found = [name for name in world.data if wanted in name.lower()]
    body = [_row(world, name) for name in found[(number - 1) * SIZE : number * SIZE]]
    head = el("tr", [el("th", text) for text in ("Name", "Role", "State", "")])
    search = el(
        "form",
        entry(world, "q", world.word("Search", "Find a user")),
        send("Search", False),
        method="get",
        action=world.url(""),
    )
    pages = [link(world, f"?page={at}", str(at)) for at in range(1, (len(found) - 1) // SIZE + 2)]
    more = link(world, f"?page={number + 1}", "Next") if number * SIZE < len(found) else None
    return page(
        world, "Users", search, el("table", head, body), el("p", pages, " ", more, class_="bar"), **frame(world)
    )


def _row(world: World, name: str) -> Safe:
    user = world.data[name]
    verbs = (("admin", "Make admin"), ("deactivate", "Deactivate"), ("reset", "Reset password"))
    hidden = el("input", type="hidden", name="name", value=name)
    buttons = [form(world, verb, hidden, send(label, main=False)) for verb, label in verbs]
    menu = el("details", el("summary", world.word("Actions", "More", "Edit", "Options")), el("div", buttons))
    return el("tr", el("td", name), el("td", user["role"]), el("td", user["state"]), el("td", menu))


def act(world: World, path: str, fields: dict[str, str]) -> str:
    name = fields.get("name", "")
    user = world.data[name]
    if path == "admin":
        user["role"] = "Admin"
        world.message = f"{name} is an admin now."
    if path == "deactivate":
        user["state"] = "Inactive"
        world.message = f"{name} is deactivated."
    if path == "reset":
        world.message = f"A mail with a new password went to {name}."
    world.do(path, name)
    return ""


def tasks(seed: int) -> list[Task]:
    dice = random.Random(f"admin {seed}")
    world = World("x", Task("admin", seed, ""), None, None)  # type: ignore[arg-type]
    world.dice = random.Random(f"admin {seed}")
    names = list(stock(world))
    near, far = dice.choice(names[:5]), dice.choice(names[SIZE:])
    word = world.word("Actions", "More", "Edit", "Options")
    return [
        Task(
            "admin",
            seed,
            f"Open {{url}}, open the {word} menu of {near} and click Make admin.",
            (("admin", near),),
            answers=YES,
        ),
        Task(
            "admin",
            seed,
            f"Go to {{url}} and deactivate {near}. Verify that the page says {near} is deactivated.",
            (("deactivate", near),),
            answers=YES,
        ),
        Task(
            "admin",
            seed,
            f"Go to {{url}}, search for {far}, and reset the password of {far}.",
            (("reset", far),),
            answers=YES,
        ),
        Task("admin", seed, f"Open {{url}}, go to page 2, and verify that the page says {far}."),
    ]


ADMIN = Site("admin", stock, show, act, tasks)
