"""A hotel booking: dates, guests, a room by radio button, breakfast, and a summary before it is booked."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from coasty_local.practice.markup import el
from tests.local.sites.leave import day, when
from tests.local.sites.world import Site, Task, World, entry, form, link, mark, page, pick, send

ROOMS = ["Single room", "Double room", "Suite"]
YES = {"irreversible": "Yes, go ahead.", "pay": "Yes, go ahead."}


def stock(world: World) -> dict[str, str]:
    return {}


def frame(world: World) -> dict[str, Any]:
    return {"menu": (("", "Book a room"), ("rooms", "Rooms"), ("find-us", "Find us")), "brand": "Hotel Marina"}


def show(world: World, path: str, query: dict[str, str]) -> str:
    if path == "summary":
        lines = [el("p", f"{name}: {value}") for name, value in world.data.items()]
        buttons = el(
            "div", send(world.word("Confirm booking", "Book now", "Confirm")), link(world, "", "Change"), class_="bar"
        )
        return page(
            world, "Your stay", el("section", lines, form(world, "book", buttons), class_="box"), **frame(world)
        )
    if path == "booked":
        return page(world, "Thank you", el("p", "Your room is booked. Booking number 8813."), **frame(world))
    if path in ("rooms", "find-us"):
        return page(world, "Rooms", el("p", "All our rooms look at the sea."), **frame(world))
    parts = [
        entry(world, "name", world.word("Guest name", "Name", "Your name")),
        when(world, "arrive", world.word("Arrival", "Check-in")),
        when(world, "leave", world.word("Departure", "Check-out")),
        pick(world, "guests", "Guests", ["1", "2", "3", "4"]),
        pick(world, "room", "Room", ROOMS, radio=True),
        el("div", mark("checkbox", "breakfast", "yes", world.word("Breakfast", "With breakfast", "Add breakfast"))),
        send(world.word("Continue", "Next", "See summary")),
    ]
    return page(world, "Book a room", el("section", form(world, "", *parts), class_="box"), **frame(world))


def act(world: World, path: str, fields: dict[str, str]) -> str:
    if path == "book":
        world.do("book", *world.data.values())
        return "booked"
    values = {
        "Name": fields.get("name", "").strip(),
        "Arrival": day(fields.get("arrive", "")),
        "Departure": day(fields.get("leave", "")),
        "Guests": fields.get("guests", ""),
        "Room": fields.get("room", ""),
        "Breakfast": "yes" if "breakfast" in fields else "no",
    }
    if not all(values.values()):
        world.message = "Please fill in every field."
        return ""
    world.data = values
    return "summary"


def tasks(seed: int) -> list[Task]:
    dice = random.Random(f"hotel {seed}")
    first = date(2027, dice.randrange(3, 9), dice.randrange(1, 20))
    last = first.replace(day=first.day + dice.randrange(1, 8))
    a, b = first.isoformat(), last.isoformat()
    room, guests = dice.choice(ROOMS), dice.choice("1234")
    name = dice.choice(("Mia Chen", "Omar Haddad", "Lena Vogt"))
    return [
        Task(
            "hotel",
            seed,
            f"Open {{url}} and book a {room} for {guests} guests under the name {name}, "
            f"arrival {a}, departure {b}, "
            "with breakfast. Confirm the booking.",
            (("book", name, a, b, guests, room, "yes"),),
            answers=YES,
        ),
        Task(
            "hotel",
            seed,
            f"Go to {{url}}. Type {name} into the name field. Set the arrival to {a}. Set the departure to {b}. "
            f"Choose {guests} guests. Choose {room}. Continue. Confirm the booking. "
            "Verify that the page says Your room is booked.",
            (("book", name, a, b, guests, room, "no"),),
            answers=YES,
        ),
        Task(
            "hotel",
            seed,
            f"Go to {{url}} and fill in the form: name {name}, arrival {a}, departure {b}, "
            f"guests {guests}, room {room}. "
            "Continue to the summary but do not book.",
        ),
    ]


HOTEL = Site("hotel", stock, show, act, tasks)
