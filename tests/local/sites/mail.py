"""A mailbox: the list, one mail, reply, archive, delete, and writing a new one."""

from __future__ import annotations

import random
from typing import Any

from coasty_local.practice.markup import el
from tests.local.sites.world import Site, Task, World, entry, form, link, page, rows, send

MAILS = (
    ("Clara Weiss", "Lunch on Thursday?", "Shall we try the new place by the river?"),
    ("Ben Okafor", "Minutes of the board meeting", "Attached are the minutes. Please read them by Friday."),
    ("Travel Desk", "Your train to Lyon", "Platform 7, departure 09:42, seat 31."),
    ("Yuki Mori", "Draft of the brochure", "Here is the second draft. What do you think of the cover?"),
    ("Accounts", "Payment received", "Thank you, we have received your payment of $120."),
    ("Security team", "New verification code rules", "From Monday every sign-in will ask for a verification code."),
    ("Marco Silva", "Garden photos", "The roses are out at last."),
)


def stock(world: World) -> dict[str, tuple[str, str, str]]:
    mails = world.dice.sample(MAILS, 6)
    return {str(at + 1): mail for at, mail in enumerate(mails)}


def frame(world: World) -> dict[str, Any]:
    return {
        "menu": (("", "Inbox"), ("write", world.word("Compose", "New message", "Write")), ("archive", "Archive")),
        "brand": "Dovecote",
    }


def show(world: World, path: str, query: dict[str, str]) -> str:
    if path == "write":
        return _compose(world, "New message", "write", ("to", "subject"))
    number, _, verb = path.partition("/")
    if number in world.data and verb == "reply":
        return _compose(world, f"Reply to {world.data[number][0]}", path, ())
    if number in world.data:
        return _mail(world, number)
    body = [[link(world, key, mail[0]), link(world, key, mail[1])] for key, mail in world.data.items()]
    title = "Archive" if path == "archive" else "Inbox"
    return page(
        world,
        title,
        rows(world, ["From", "Subject"], body) if path != "archive" else el("p", "Nothing here."),
        **frame(world),
    )


def _mail(world: World, number: str) -> str:
    sender, subject, text = world.data[number]
    buttons = el(
        "div",
        link(world, f"{number}/reply", "Reply", True, True),
        form(world, f"{number}/archive", send("Archive", main=False), class_="inline"),
        form(world, f"{number}/delete", send("Delete", main=False), class_="inline"),
        class_="bar",
    )
    return page(world, subject, el("p", f"From {sender}"), el("p", text), buttons, **frame(world))


def _compose(world: World, title: str, path: str, heads: tuple[str, ...]) -> str:
    fields = [entry(world, name, name.capitalize()) for name in heads]
    text = entry(world, "text", world.word("Message", "Text"), "textarea")
    return page(
        world, title, el("section", form(world, path, *fields, text, send("Send")), class_="box"), **frame(world)
    )


def act(world: World, path: str, fields: dict[str, str]) -> str:
    text = fields.get("text", "").strip()
    if path == "write":
        world.do("send", fields.get("to", "").strip(), fields.get("subject", "").strip(), text)
        world.message = "Message sent."
        return ""
    number, _, verb = path.partition("/")
    if verb == "reply":
        world.do("reply", world.data[number][0], text)
        world.message = "Message sent."
        return number
    world.do(verb, world.data[number][0])
    world.message = "Archived." if verb == "archive" else "Deleted."
    del world.data[number]
    return ""


def tasks(seed: int) -> list[Task]:
    dice = random.Random(f"mail {seed}")
    world = World("x", Task("mail", seed, ""), None, None)  # type: ignore[arg-type]
    world.dice = random.Random(f"mail {seed}")
    (who, subject, _), (other, topic, _) = dice.sample(list(stock(world).values()), 2)
    word = world.word("Compose", "New message", "Write")
    yes = {"irreversible": "Yes, go ahead.", "send": "Yes, go ahead."}
    return [
        Task(
            "mail",
            seed,
            f"Open {{url}}, click {word}, type anna@post.example into To, type 'Minutes' into Subject, "
            "type 'See you at nine' "
            "into the message, and click Send.",
            (("send", "anna@post.example", "Minutes", "See you at nine"),),
            answers=yes,
        ),
        Task(
            "mail",
            seed,
            f"Go to {{url}}, open the mail from {who} and reply 'Thank you, that is fine'.",
            (("reply", who, "Thank you, that is fine"),),
            answers=yes,
        ),
        Task("mail", seed, f'Open {{url}}, open "{topic}" and archive it.', (("archive", other),), answers=yes),
        Task("mail", seed, f'Open {{url}}, open the mail "{subject}", and verify that the page says From {who}.'),
        Task("mail", seed, f"Go to {{url}}. Delete the mail from {other}.", (("delete", other),), answers=yes),
    ]


MAIL = Site("mail", stock, show, act, tasks)
