"""A club's small site in the manner of widespread kits: news, people, settings, a form in steps, an account; and tasks
in the words of many people."""

# ruff: noqa: E501 (pages and sentences)

from __future__ import annotations

import random
from dataclasses import dataclass
from html import escape
from typing import Any

from tests.local.sites import kits
from tests.local.sites.world import WATCH, Site, Task, World

NEWS = (
    "New opening hours", "Choir looks for tenors", "Roof repaired at last", "Bicycle market in May", "Summer camp full",
    "Library swaps its shelves", "Chess night moves", "Garden day in the rain", "Kitchen gets an oven", "Lost umbrellas",
)  # fmt: skip
PEOPLE = (
    "Ida Holm", "Rafael Cruz", "Mei Tanaka", "Oskar Lind", "Zoe Baker", "Tariq Aziz", "Nora Quinn", "Piet Visser",
)  # fmt: skip
TEAMS = ("Garden", "Kitchen", "Choir", "Chess")
ROOMS = ("Blue room", "Attic", "Workshop", "Hall")
CHOICES = ("Weekly digest", "Text messages", "Event reminders", "Birthday wishes")


@dataclass
class Club:
    """What is on the site, drawn from the seed."""

    kit: kits.Kit
    news: list[str]
    people: dict[str, dict[str, str]]
    choices: dict[str, bool]
    email: str
    password: str
    prices: list[int]
    steps: dict[str, str]


def _draw(seed: int) -> Club:
    dice = random.Random(f"kiosk {seed}")
    people = {
        name: {
            "Team": dice.choice(TEAMS),
            "Phone": f"555-{dice.randrange(1000, 9999)}",
            "Status": dice.choice(("Active", "On leave", "Invited")),
        }
        for name in dice.sample(PEOPLE, 5)
    }
    who = dice.choice(list(people)).split()[0].lower()
    return Club(
        kit=kits.draw(seed),
        news=dice.sample(NEWS, 5),
        people=people,
        choices={name: dice.random() < 0.4 for name in CHOICES},
        email=f"{who}@club.example",
        password=f"tulip{dice.randrange(100, 999)}",
        prices=[dice.randrange(5, 60), dice.randrange(5, 60)],
        steps={},
    )


def stock(world: World) -> Club:
    return _draw(world.task.seed)


# pages


def show(world: World, path: str, query: dict[str, str]) -> str:
    place, _, rest = path.partition("/")
    made = {
        "": _home, "news": _article, "find": _found, "people": _people, "person": _person, "settings": _settings,
        "join": _join, "basket": _basket, "login": _login, "me": _me, "rooms": _rooms,
    }.get(place, _home)  # fmt: skip
    return made(world, rest, query)


def _page(world: World, title: str, body: str) -> str:
    club: Club = world.data
    kit = club.kit
    menu = (("", "News"), ("people", "People"), ("rooms", "Rooms"), ("settings", "Settings"), ("basket", "Basket"))
    links = "".join(f'<a href="{world.url(path)}">{name}</a>' for path, name in menu)
    say, world.message = world.message, ""
    told = f'<p class="say">{escape(say)}</p>' if say else ""
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title><style>{kit.css()}</style>"
        f"<script>{WATCH % world.url('typed')}</script></head><body class='{'mid' if kit.middle else ''}'>"
        f"<header class='{'sticky' if kit.sticky else ''}'><b>Lantern Club</b>{links}"
        f"<a href='{world.url('login')}'>Log in</a></header><main>{told}<h1>{escape(title)}</h1>{body}</main>"
        f"<footer><a href='{world.url('imprint')}'>Imprint</a><a href='{world.url('privacy')}'>Privacy</a></footer>"
        f"{_cookies(world)}</body></html>"
    )


def _cookies(world: World) -> str:
    kit: kits.Kit = world.data.kit
    if not kit.cookies or world.data.steps.get("cookies"):
        return ""
    away = f"fetch('{world.url('cookies')}',{{method:'POST'}});document.querySelector('.cookie').remove()"
    return (
        f'<div class="cookie {kit.cookies}"><span>We use cookies to make this site better.</span> '
        f'<button onclick="{away}">Reject all</button> <button class="go" onclick="{away}">Accept all</button></div>'
    )


def _home(world: World, rest: str, query: dict[str, str]) -> str:
    search = f"""<form action="{world.url("find")}" class=f><label for=q>Search</label><input name=q id=q></form>"""
    about = (
        f"<p>The club meets every Tuesday. If you are new here, please read our <a href='{world.url('news/rules')}'>house "
        f"rules</a>, or <a href='{world.url('join')}'>become a member</a> in three short steps.</p>"
    )
    return _page(world, "What is new", about + search + _listed(world, list(enumerate(world.data.news))))


def _listed(world: World, news: list[tuple[int, str]]) -> str:
    kit: kits.Kit = world.data.kit
    to = {at: world.url(f"news/{at}") for at, _ in news}
    text = "A short report for all who could not be there."
    if kit.listing == "table":
        rows = "".join(
            f"<tr><td>{escape(name)}<td>{at + 3} May<td><a href='{to[at]}'>Read more</a></tr>" for at, name in news
        )
        return f"<table><tr><th>Title<th>Date<th></tr>{rows}</table>"
    if kit.listing == "cards":
        cards = "".join(
            f"<div class=card><h3><a href='{to[at]}'>{escape(name)}</a></h3><p>{text}</p></div>" for at, name in news
        )
        return f"<div class=grid>{cards}</div>"
    return "".join(f"<h3><a href='{to[at]}'>{escape(name)}</a></h3><p>{text}</p>" for at, name in news)


def _article(world: World, rest: str, query: dict[str, str]) -> str:
    name = world.data.news[int(rest)] if rest.isdigit() and int(rest) < 5 else "House rules"
    world.do("open", name)
    lorem = "<p>Much was said, and some of it was written down by our secretary, who has a fine hand.</p>" * 7
    down = f"<form method=post action='{world.url(f'like/{rest}')}'><button class=go>Recommend</button></form>"
    return _page(world, name, f"{lorem}<h2>What do you think?</h2>{lorem}{down}")


def _found(world: World, rest: str, query: dict[str, str]) -> str:
    words = query.get("q", "")
    world.do("search", words)
    hits = [(at, name) for at, name in enumerate(world.data.news) if words.lower() in name.lower()]
    return _page(world, f"Results for {words}", _listed(world, hits) if hits else "<p>Nothing was found.</p>")


def _people(world: World, rest: str, query: dict[str, str]) -> str:
    kit: kits.Kit = world.data.kit
    rows = ""
    for name, facts in world.data.people.items():
        key = name.replace(" ", "_")
        view = f"<a class='{'btn' if kit.actions == 'buttons' else ''}' href='{world.url(f'person/{key}')}'>View</a>"
        drop = f"<button name=who value='{key}'>Remove</button>"
        act = f"<form method=post action='{world.url('remove')}' style='display:inline'>{drop}</form>"
        if kit.actions == "menu":
            cell = f"<details><summary class=btn>Actions</summary><div>{view}{act}</div></details>"
        else:
            cell = f"{view} {act}"
        rows += f"<tr><td>{name}<td>{facts['Team']}<td>{facts['Status']}<td>{cell}</tr>"
    new = (
        "<p><button class=go onclick=\"document.querySelector('.veil').classList.add('open')\">New member</button></p>"
        f"<div class=veil><form class=dialog method=post action='{world.url('invite')}'><h2>New member</h2>"
        "<div class=f><label for=n>Name</label><input id=n name=name></div><div class=f><label for=t>Team</label>"
        f"<select id=t name=team>{''.join(f'<option>{team}' for team in TEAMS)}</select></div>"
        "<button class=go>Create</button> <button type=button onclick=\"this.closest('.veil').classList.remove('open')\">"
        "Cancel</button></form></div>"
    )
    return _page(world, "People", f"{new}<table><tr><th>Name<th>Team<th>Status<th></tr>{rows}</table>")


def _person(world: World, rest: str, query: dict[str, str]) -> str:
    name = rest.replace("_", " ")
    world.do("person", name)
    facts = "".join(f"<dt>{key}</dt><dd>{value}</dd>" for key, value in world.data.people.get(name, {}).items())
    back = f"<p><a href='{world.url('people')}'>Back to people</a></p>"
    return _page(world, name, f"<dl>{facts}</dl>{back}")


def _settings(world: World, rest: str, query: dict[str, str]) -> str:
    club: Club = world.data
    kind = "m switch" if club.kit.switches else "m"
    marks = "".join(
        f"<label class='{kind}'><input type=checkbox name='{name}' {'checked' if on else ''}>{name}</label>"
        for name, on in club.choices.items()
    )
    lists = "".join(f"<option>{name}" for name in ("English", "German", "French", "Danish"))
    size = "".join(f"<label class=m><input type=radio name=size value={s}>{s}</label>" for s in ("Small", "Large"))
    filler = "<p>You may change these things at any time. They hold for this site only.</p>" * 6
    return _page(
        world,
        "Settings",
        f"<form method=post action='{world.url('settings')}'><h2>Messages</h2>{marks}{filler}<h2>Language</h2><div class=f>"
        f"<label for=l>Language</label><select id=l name=language>{lists}</select></div><h2>Type size</h2>{size}{filler}"
        "<button class=go>Save settings</button></form>",
    )


def _join(world: World, rest: str, query: dict[str, str]) -> str:
    step = int(rest or 1)
    field = {
        1: "<div class=f><label for=n>Your name</label><input id=n name=name></div>"
        "<div class=f><label for=d>Date of birth</label><input id=d name=born type=date></div>",
        2: "<p>Which team?</p>"
        + "".join(f"<label class=m><input type=radio name=team value={t}>{t}</label>" for t in TEAMS)
        + "<label class=m><input type=checkbox name=rules>I accept the house rules</label>",
        3: "<dl>" + "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in world.data.steps.items()) + "</dl>",
    }[step]
    word = "Finish" if step == 3 else "Next"
    back = f"<a class=btn href='{world.url(f'join/{step - 1}')}'>Back</a> " if step > 1 else ""
    head = ("", "About you", "Your team", "Summary")[step]
    form = f"<form method=post action='{world.url(f'join/{step}')}'>{field}<p>{back}<button class=go>{word}</button></p></form>"
    return _page(world, head, f"<p>Step {step} of 3</p>{form}")


def _basket(world: World, rest: str, query: dict[str, str]) -> str:
    one, two = world.data.prices
    rows = f"<tr><td>Song book<td>${one}.00</tr><tr><td>Club mug<td>${two}.00</tr><tr><td>Shipping<td>$4.50</tr>"
    total = f"<tr><td><b>Total</b><td><b>${one + two + 4}.50</b></tr>"
    code = (
        f"<form method=post action='{world.url('code')}'><div class=f><label for=c>Promo code</label>"
        "<input id=c name=code></div><button>Apply</button></form>"
    )
    return _page(world, "Your basket", f"<table class=sum>{rows}{total}</table><br>{code}")


def _rooms(world: World, rest: str, query: dict[str, str]) -> str:
    if rest:
        world.do("room", rest.replace("_", " "))
        return _page(world, rest.replace("_", " "), "<p>Seats thirty. $12.00 an hour.</p>")
    cards = "".join(
        f"<div class=card><h3>{room}</h3><p>Price: ${12 + at}.00 an hour</p>"
        f"<a class=btn href='{world.url('rooms/' + room.replace(' ', '_'))}'>Details</a> "
        f"<form method=post action='{world.url('keep')}' style='display:inline'>"
        f"<button class=go name=room value='{room}'>Add to basket</button></form></div>"
        for at, room in enumerate(ROOMS)
    )
    return _page(world, "Rooms", f"<div class=grid>{cards}</div>")


def _login(world: World, rest: str, query: dict[str, str]) -> str:
    return _page(
        world,
        "Members only",
        f"<form method=post action='{world.url('login')}'><div class=f><label for=e>Email address</label><input id=e "
        "name=email></div><div class=f><label for=p>Password</label><input id=p name=password type=password></div>"
        f"<button class=go>{world.word('Log in', 'Sign in', 'Continue')}</button></form>",
    )


def _me(world: World, rest: str, query: dict[str, str]) -> str:
    return _page(
        world, f"Hello, {world.data.email.split('@')[0].capitalize()}", "<p>Your next choir is on Tuesday.</p>"
    )


# what forms do


def act(world: World, path: str, fields: dict[str, str]) -> str:
    club: Club = world.data
    place, _, rest = path.partition("/")
    if place == "cookies":
        club.steps["cookies"] = "yes"
    elif place == "login":
        right = (fields.get("email"), fields.get("password")) == (club.email, club.password)
        world.do("in" if right else "refused")
        return "me" if right else "login"
    elif place == "like":
        world.do("like", club.news[int(rest)])
        world.message = "Thank you for your recommendation."
        return f"news/{rest}"
    elif place == "remove":
        world.do("remove", fields.get("who", "").replace("_", " "))
        club.people.pop(fields.get("who", "").replace("_", " "), None)
        world.message = "The member was removed."
        return "people"
    elif place == "invite":
        world.do("invite", fields.get("name", ""), fields.get("team", ""))
        club.people[fields.get("name", "?")] = {"Team": fields.get("team", ""), "Phone": "", "Status": "Invited"}
        world.message = f"{fields.get('name')} was added."
        return "people"
    elif place == "settings":
        on = sorted(name for name in CHOICES if name in fields)
        world.do("settings", ", ".join(on), fields.get("language", ""), fields.get("size", "-"))
        club.choices = {name: name in fields for name in CHOICES}
        world.message = "Your settings were saved."
        return "settings"
    elif place == "code":
        world.do("code", fields.get("code", ""))
        world.message = "The code was applied."
        return "basket"
    elif place == "keep":
        world.do("keep", fields.get("room", ""))
        world.message = f"{fields.get('room')} is in your basket."
        return "rooms"
    elif place == "join":
        return _stepped(world, int(rest), fields)
    return ""


def _stepped(world: World, step: int, fields: dict[str, str]) -> str:
    steps: dict[str, Any] = world.data.steps
    steps |= {name.capitalize(): value for name, value in fields.items() if name != "rules"}
    if step == 2 and "rules" not in fields:
        world.message = "Please accept the house rules."
        return "join/2"
    if step < 3:
        return f"join/{step + 1}"
    world.do("join", steps.get("Name", ""), steps.get("Born", ""), steps.get("Team", ""))
    world.message = "Welcome to the club!"
    return ""


def tasks(seed: int) -> list[Task]:
    from tests.local.sites import kiosk_tasks

    return kiosk_tasks.tasks(seed, _draw(seed))


KIOSK = Site("kiosk", stock, show, act, tasks)
