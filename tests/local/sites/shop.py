"""A shop with a cart and a checkout, and the checkout form alone in every look."""

from __future__ import annotations

import random
from typing import Any

from coasty_local.practice.markup import el
from tests.local.sites.world import Site, Task, World, entry, form, link, page, pick, rows, send

GOODS = (
    ("Oak Stool", 4900),
    ("Linen Apron", 2450),
    ("Copper Kettle", 8900),
    ("Wool Blanket", 7600),
    ("Clay Mug", 1450),
    ("Cork Board", 3200),
    ("Tin Lantern", 2790),
    ("Bamboo Tray", 1990),
)
ADDRESSES = (
    ("Mia Chen", "12 Harbour Road", "Bergen", "5003"),
    ("Omar Haddad", "8 Mill Lane", "Leeds", "LS1 4DY"),
    ("Lena Vogt", "Lindenweg 3", "Graz", "8010"),
    ("Noah Kim", "77 Pine Street", "Portland", "97205"),
)
PAYS = {"pay": "Yes, go ahead.", "irreversible": "Yes, go ahead."}


def money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def menu(world: World) -> dict[str, Any]:
    count = sum(world.data["cart"].values())
    return {"menu": (("", "Products"), ("cart", f"Cart ({count})"), ("about", "About")), "brand": "Barn & Beam"}


def stock(world: World) -> dict[str, Any]:
    goods = list(GOODS)
    world.dice.shuffle(goods)
    return {"goods": dict(goods[:6]), "cart": {}}


def show(world: World, path: str, query: dict[str, str]) -> str:
    shown = {"": _products, "cart": _cart, "checkout": _checkout, "thanks": _thanks, "about": _about}.get(path)
    if shown is None:
        return _product(world, path.removeprefix("item/").replace("-", " "))
    return shown(world)


def _products(world: World) -> str:
    body = [
        [
            link(world, "item/" + name.replace(" ", "-"), name),
            money(cents),
            form(
                world,
                "add",
                el("input", type="hidden", name="item", value=name),
                send(world.word("Add to cart", "Add", "Add to basket")),
            ),
        ]
        for name, cents in world.data["goods"].items()
    ]
    return page(world, "Products", rows(world, ["Product", "Price", ""], body), **menu(world))


def _product(world: World, name: str) -> str:
    cents = world.data["goods"].get(name)
    if cents is None:
        return page(world, "Not found", **menu(world))
    add = form(
        world,
        "add",
        el("input", type="hidden", name="item", value=name),
        entry(world, "count", "Quantity", value="1"),
        send(world.word("Add to cart", "Add", "Add to basket")),
    )
    return page(world, name, el("p", money(cents)), el("p", "Made by hand. Ships in three days."), add, **menu(world))


def _cart(world: World) -> str:
    cart = world.data["cart"]
    if not cart:
        return page(world, "Your cart", el("p", "Your cart is empty."), **menu(world))
    body = [
        [
            name,
            str(count),
            money(world.data["goods"][name] * count),
            form(world, "remove", el("input", type="hidden", name="item", value=name), send("Remove", main=False)),
        ]
        for name, count in cart.items()
    ]
    total = el("p", f"Total: {money(_total(world))}")
    go = link(
        world, "checkout", world.word("Checkout", "Go to checkout", "Proceed to checkout"), button=True, main=True
    )
    return page(world, "Your cart", rows(world, ["Product", "Quantity", "Price", ""], body), total, go, **menu(world))


def _total(world: World) -> int:
    return sum(world.data["goods"][name] * count for name, count in world.data["cart"].items())


def _checkout(world: World) -> str:
    parts = [
        entry(world, "name", world.word("Full name", "Name")),
        entry(world, "street", world.word("Address", "Street address", "Street")),
        entry(world, "city", world.word("City", "Town or city")),
        entry(world, "zip", world.word("Postcode", "ZIP code", "Postal code")),
        pick(
            world,
            "shipping",
            world.word("Shipping", "Delivery"),
            ["Standard", "Express"],
            "Standard",
            world.chance("radio", 0.6),
        ),
        send(world.word("Place order", "Buy now", "Place order", "Order and pay")),
    ]
    summary = el("p", f"Total to pay: {money(_total(world))}")
    more = menu(world) if world.task.site == "shop" else {}
    return page(world, "Checkout", el("section", summary, form(world, "order", *parts), class_="box"), **more)


def _thanks(world: World) -> str:
    return page(world, "Thank you", el("p", "Your order is placed. Order number 5521."), **menu(world))


def _about(world: World) -> str:
    return page(
        world, "About", el("p", "We pay our makers fairly. Read how checkout and payments work."), **menu(world)
    )


def act(world: World, path: str, fields: dict[str, str]) -> str:
    cart, item = world.data["cart"], fields.get("item", "")
    if path == "add" and item in world.data["goods"]:
        count = fields.get("count", "1").strip()
        cart[item] = cart.get(item, 0) + (int(count) if count.isdigit() else 1)
        world.message = f"{item} is in your cart."
        world.do("add", item, count)
        return "cart"
    if path == "remove":
        cart.pop(item, None)
        world.do("remove", item)
        return "cart"
    return _order(world, fields) if path == "order" else ""


def _order(world: World, fields: dict[str, str]) -> str:
    values = [fields.get(name, "").strip() for name in ("name", "street", "city", "zip")]
    if not all(values):
        world.message = "Please fill in every field."
        return "checkout"
    world.do(
        "order",
        *values,
        fields.get("shipping", "-"),
        *[f"{count} {name}" for name, count in world.data["cart"].items()],
    )
    world.data["cart"].clear()
    return "thanks"


def tasks(seed: int) -> list[Task]:
    dice = random.Random(f"shop {seed}")
    goods = list(stock(_dry("shop", seed))["goods"])
    one, two = dice.sample(goods, 2)
    name, street, city, code = dice.choice(ADDRESSES)
    there = f"name {name}, address {street}, city {city}, postcode {code}"
    order = ("order", name, street, city, code)
    return [
        Task(
            "shop",
            seed,
            f"Open {{url}}, add the {one} to the cart and check that the page says {one} is in your cart.",
            (("add", one, "1"),),
        ),
        Task(
            "shop",
            seed,
            f"Go to {{url}}. Click {one}. Set the quantity to 3. Add it to the cart.",
            (("add", one, "3"),),
        ),
        Task(
            "shop",
            seed,
            f"Go to {{url}}, put the {one} and the {two} into the cart, then remove the {one} from the cart.",
            (("add", one, "1"), ("add", two, "1"), ("remove", one)),
        ),
        Task(
            "shop",
            seed,
            f"Open {{url}}, add the {two} to the cart, go to the checkout and order it with {there}, shipping Express. "
            "Verify that the page says Your order is placed.",
            ((*order, "Express", f"1 {two}"),),
            harmless=frozenset({"add"}),
            answers=PAYS,
        ),
    ]


def stock_checkout(world: World) -> dict[str, Any]:
    made = stock(world)
    made["cart"] = {next(iter(made["goods"])): 1}
    return made


def tasks_checkout(seed: int) -> list[Task]:
    dice = random.Random(f"checkout {seed}")
    item = next(iter(stock(_dry("checkout", seed))["goods"]))
    name, street, city, code = dice.choice(ADDRESSES)
    ship = dice.choice(("Standard", "Express"))
    texts = (
        f"Open {{url}}, fill in the form with name {name}, address {street}, city {city}, postcode {code}, "
        f"choose {ship} shipping, and place the order. You may place the order without asking.",
        f"Go to {{url}}. Type {name} into Name. Type {street} into Address. Type {city} into City. "
        f"Type {code} into Postcode. "
        f"Choose {ship}. Place the order. Verify that the page says Thank you.",
    )
    wanted = ("order", name, street, city, code, ship, f"1 {item}")
    return [Task("checkout", seed, texts[seed % 2], (wanted,), answers=PAYS, path="checkout")]


def _dry(site: str, seed: int) -> World:
    """A world that is only asked for its stock."""
    world = World("x", Task(site, seed, ""), None, None)  # type: ignore[arg-type]
    world.dice = random.Random(f"{site} {seed}")
    return world


SHOP = Site("shop", stock, show, act, tasks)
CHECKOUT = Site("checkout", stock_checkout, show, act, tasks_checkout, hard=True)
