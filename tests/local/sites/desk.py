"""A ticket desk: a list with a filter, one ticket, its priority, its owner, comments, closing."""

from __future__ import annotations

import random
from typing import Any

from coasty_local.practice.markup import el
from tests.local.sites.world import Site, Task, World, entry, form, link, page, pick, rows, send

SUBJECTS = (
    "Printer on floor 2 jams",
    "Laptop will not charge",
    "Meeting room screen is dark",
    "VPN drops every hour",
    "New keyboard needed",
    "Mailbox is full",
    "Door badge stopped working",
    "Phone has no dial tone",
)
OWNERS = ["Nobody", "Iris Blom", "Jack Tan", "Petra Novak"]
LEVELS = ["Low", "Normal", "High"]


def stock(world: World) -> dict[str, Any]:
    subjects = world.dice.sample(SUBJECTS, 6)
    first = world.dice.randrange(300, 800)
    return {
        str(first + at * 7): {"subject": subject, "state": "Open", "owner": "Nobody", "level": "Normal", "said": []}
        for at, subject in enumerate(subjects)
    }


def frame(world: World) -> dict[str, Any]:
    return {"menu": (("", "Tickets"), ("new", "New ticket"), ("rules", "House rules")), "brand": "Helpdesk"}


def show(world: World, path: str, query: dict[str, str]) -> str:
    if path == "new":
        parts = [
            entry(world, "subject", "Subject"),
            entry(world, "text", "Description", "textarea"),
            pick(world, "level", "Priority", LEVELS, "Normal", world.chance("radio", 0.5)),
            send("Create ticket"),
        ]
        return page(world, "New ticket", el("section", form(world, "new", *parts), class_="box"), **frame(world))
    if path == "rules":
        return page(world, "House rules", el("p", "Never close a ticket that nobody has read."), **frame(world))
    return _ticket(world, path) if path in world.data else _list(world)


def _list(world: World) -> str:
    body = [
        [link(world, number, f"#{number}"), ticket["subject"], ticket["level"], ticket["owner"], ticket["state"]]
        for number, ticket in world.data.items()
    ]
    return page(
        world, "Tickets", rows(world, ["Ticket", "Subject", "Priority", "Owner", "State"], body), **frame(world)
    )


def _ticket(world: World, number: str) -> str:
    ticket = world.data[number]
    said = [el("p", text, class_="say") for text in ticket["said"]]
    edit = form(
        world,
        f"{number}/edit",
        pick(world, "owner", world.word("Owner", "Assigned to"), OWNERS, ticket["owner"]),
        pick(world, "level", "Priority", LEVELS, ticket["level"], world.chance("radio", 0.5)),
        send(world.word("Save", "Update", "Save changes")),
    )
    comment = form(
        world,
        f"{number}/comment",
        entry(world, "text", world.word("Comment", "Reply"), "textarea"),
        send(world.word("Add comment", "Post comment"), main=False),
    )
    close = form(world, f"{number}/close", send(world.word("Close ticket", "Resolve ticket"), main=False))
    facts = el("p", f"State: {ticket['state']} | Owner: {ticket['owner']} | Priority: {ticket['level']}")
    return page(
        world,
        f"#{number} {ticket['subject']}",
        facts,
        edit,
        said,
        comment,
        close if ticket["state"] == "Open" else None,
        **frame(world),
    )


def act(world: World, path: str, fields: dict[str, str]) -> str:
    if path == "new":
        world.do("new", fields.get("subject", "").strip(), fields.get("text", "").strip(), fields.get("level", "-"))
        world.message = "Ticket created."
        return ""
    number, _, verb = path.partition("/")
    ticket = world.data[number]
    if verb == "edit":
        for name in ("owner", "level"):
            value = fields.get(name, ticket[name])
            if value != ticket[name]:
                ticket[name] = value
                world.do(name, number, value)
        world.message = "Ticket saved."
    if verb == "comment" and fields.get("text", "").strip():
        ticket["said"].append(fields["text"].strip())
        world.do("comment", number, fields["text"].strip())
        world.message = "Comment added."
    if verb == "close":
        ticket["state"] = "Closed"
        world.do("close", number)
        world.message = f"Ticket {number} is closed."
    return number


def tasks(seed: int) -> list[Task]:
    dice = random.Random(f"desk {seed}")
    world = World("x", Task("desk", seed, ""), None, None)  # type: ignore[arg-type]
    world.dice = random.Random(f"desk {seed}")
    data = stock(world)
    number, other = dice.sample(list(data), 2)
    owner, level = dice.choice(OWNERS[1:]), dice.choice(("Low", "High"))
    yes = {"irreversible": "Yes, go ahead."}
    return [
        Task(
            "desk",
            seed,
            f"Open {{url}}, open ticket #{number}, set the priority to {level} and save it.",
            (("level", number, level),),
        ),
        Task(
            "desk",
            seed,
            f"Go to {{url}}, click on ticket {other}, assign it to {owner}, save, and verify that the page "
            "says Ticket saved.",
            (("owner", other, owner),),
        ),
        Task(
            "desk",
            seed,
            f"Open {{url}} and add the comment 'A new part is on its way' to ticket {number}.",
            (("comment", number, "A new part is on its way"),),
        ),
        Task(
            "desk",
            seed,
            f'Go to {{url}}. Open the ticket "{data[other]["subject"]}". Close the ticket.',
            (("close", other),),
            answers=yes,
        ),
        Task(
            "desk",
            seed,
            "Open {url}, click New ticket, type 'Window is stuck' into Subject, type 'Room 14, left side' into "
            f"Description, choose priority {level} and create the ticket.",
            (("new", "Window is stuck", "Room 14, left side", level),),
        ),
        Task("desk", seed, f"Open {{url}}, open ticket #{number} and click the Escalate button.", claim=False),
    ]


DESK = Site("desk", stock, show, act, tasks)
