"""A leave-request form: kind, two dates, half days, a reason; and the list of requests."""

from __future__ import annotations

import random
from datetime import date, datetime
from typing import Any

from coasty_local.practice.markup import Safe, el
from tests.local.sites.world import Site, Task, World, entry, form, link, mark, page, pick, rows, send

KINDS = ["Vacation", "Sick leave", "Parental leave", "Unpaid leave"]
FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y")


def stock(world: World) -> list[list[str]]:
    return [["Vacation", "2027-01-04", "2027-01-08", "Approved"], ["Sick leave", "2027-02-15", "2027-02-16", "Noted"]]


def frame(world: World) -> dict[str, Any]:
    return {"menu": (("", "My leave"), ("new", "New request"), ("policy", "Policy")), "brand": "Peoplebox"}


def when(world: World, name: str, label: str) -> Safe:
    """A date field: the browser's own, or text with a hint."""
    if world.chance("native", 0.6):
        return entry(world, name, label, "date")
    return entry(world, name, f"{label} (YYYY-MM-DD)", hint="YYYY-MM-DD")


def day(text: str) -> str:
    """What was meant, as ISO; as it stands if it can't be read."""
    for shape in FORMATS:
        try:
            return datetime.strptime(text.strip(), shape).date().isoformat()
        except ValueError:
            continue
    return text.strip()


def show(world: World, path: str, query: dict[str, str]) -> str:
    if path == "new":
        radio = world.chance("radio", 0.4)
        parts = [
            pick(
                world,
                "kind",
                world.word("Type of leave", "Leave type", "Type"),
                KINDS,
                "" if radio else KINDS[0],
                radio,
            ),
            when(world, "start", world.word("From", "First day", "Start date")),
            when(world, "end", world.word("To", "Last day", "End date")),
            el("div", mark("checkbox", "half", "yes", "Last day is a half day")),
            entry(world, "reason", world.word("Reason", "Comment"), "textarea"),
            send(world.word("Submit request", "Send request", "Submit")),
        ]
        return page(world, "New leave request", el("section", form(world, "new", *parts), class_="box"), **frame(world))
    if path == "policy":
        return page(world, "Policy", el("p", "Ask two weeks ahead. Your manager decides."), **frame(world))
    table = rows(world, ["Type", "From", "To", "State"], [list(row) for row in world.data])
    return page(
        world,
        "My leave",
        link(world, "new", world.word("Request leave", "New request"), True, True),
        table,
        **frame(world),
    )


def act(world: World, path: str, fields: dict[str, str]) -> str:
    start, end = day(fields.get("start", "")), day(fields.get("end", ""))
    kind = fields.get("kind", "")
    if not (start and end and kind):
        world.message = "Please fill in type and dates."
        return "new"
    half = "half" if "half" in fields else "full"
    world.do("leave", kind, start, end, half, fields.get("reason", "").strip())
    world.data.append([kind, start, end, "Waiting"])
    world.message = "Your request was sent."
    return ""


def tasks(seed: int) -> list[Task]:
    dice = random.Random(f"leave {seed}")
    kind = dice.choice(KINDS)
    first = date(2027, dice.randrange(3, 9), dice.randrange(1, 20))
    last = first.replace(day=first.day + dice.randrange(1, 8))
    reason = dice.choice(("family visit", "moving house", "medical appointment"))
    a, b = first.isoformat(), last.isoformat()
    long_a, long_b = first.strftime("%-d %B %Y"), last.strftime("%-d %B %Y")
    return [
        Task(
            "leave",
            seed,
            f"Go to {{url}} and request {kind} from {a} to {b} with the reason '{reason}'.",
            (("leave", kind, a, b, "full", reason),),
        ),
        Task(
            "leave",
            seed,
            f"Open {{url}}, click New request, choose {kind}, set the first day to {long_a} "
            f"and the last day to {long_b}, "
            f"check 'Last day is a half day', type '{reason}' as the reason and submit the request.",
            (("leave", kind, a, b, "half", reason),),
        ),
        Task("leave", seed, "Open {url} and verify that the page says Approved."),
        Task("leave", seed, "Open {url} and verify that the page says Rejected.", claim=False),
    ]


LEAVE = Site("leave", stock, show, act, tasks)
