"""Sign-in and sign-up pages: every look, every wording, and things beside them that must not be pressed."""

from __future__ import annotations

import random
from typing import Any

from coasty_local.practice.markup import Safe, el
from tests.local.sites.world import Site, Task, World, entry, form, link, mark, page, pick, send

PEOPLE = (
    ("Mia Chen", "mia.chen@post.example"),
    ("Omar Haddad", "omar@haddad.example"),
    ("Lena Vogt", "lena_v@mail.example"),
    ("Ravi Patel", "ravi77@inbox.example"),
    ("Sofia Rossi", "sofia.rossi@work.example"),
    ("Noah Kim", "noah@kim.example"),
)
PASSWORDS = ("tulip-4271", "Winter.Sun9", "greenbox88", "orbit_Lamp5", "quartz!river", "Maple7Stone")
COUNTRIES = ["Austria", "Brazil", "Canada", "Denmark", "Norway", "Portugal"]


def beside(world: World) -> Safe:
    """What stands beside the form to be left alone."""
    parts = []
    if world.chance("google", 0.4):
        parts.append(form(world, "google", send(world.word("Sign in with Google", "Continue with Google"), main=False)))
    if world.chance("news", 0.25):
        parts.append(
            form(
                world,
                "newsletter",
                el("small", "Our newsletter "),
                el("input", name="news", placeholder="Newsletter address"),
                send("Subscribe", main=False),
            )
        )
    return el("div", [el("div", part, style="margin-top:14px") for part in parts])


# signing in


def show_in(world: World, path: str, query: dict[str, str]) -> str:
    name = world.data["name"]
    if path == "home":
        hello = world.word("Hello, {}", "Welcome, {}!", "Good to see you, {}").format(name.split()[0])
        return page(world, hello, el("p", "You are signed in."))
    if path in ("google", "newsletter", "register", "forgot"):
        return page(world, "Not available", link(world, "", "Back"))
    return page(world, "Sign in", _in_form(world, "problem" in query))


def _in_form(world: World, problem: bool) -> Safe:
    brand = world.word("Acme", "Fernhill Bank", "Tidewater", "Kestrel")
    title = world.word(f"Sign in to {brand}", "Welcome", "Member area", "Log in", "Your account")
    extra = mark("checkbox", "stay", "yes", "Keep me signed in") if world.chance("stay", 0.4) else None
    return el(
        "section",
        el("h2", title),
        el("p", "Wrong e-mail or password.", class_="bad") if problem else None,
        form(
            world,
            "",
            entry(world, "email", world.word("Email", "Email address", "E-mail", "Your email")),
            entry(world, "password", world.word("Password", "Password", "Your password"), "password"),
            extra,
            el(
                "div",
                send(world.word("Sign in", "Log in", "Continue", "Next", "LOG IN", "Submit", "Enter", "Sign in")),
                link(world, "forgot", "Forgot password?") if world.chance("forgot", 0.5) else None,
                class_="bar",
            ),
        ),
        el("p", el("small", "New here? "), link(world, "register", "Sign up")) if world.chance("up", 0.5) else None,
        beside(world),
        class_="box",
    )


def act_in(world: World, path: str, fields: dict[str, str]) -> str:
    if path:
        world.do(path)
        return path
    email, password = fields.get("email", "").strip(), fields.get("password", "")
    right = (email.lower(), password) == (world.data["email"], world.data["password"])
    world.do("sign_in" if right else "failed_sign_in")
    return "home" if right else "?problem=1"


def stock_in(world: World) -> dict[str, str]:
    return _who(world.task.seed)


def _who(seed: int) -> dict[str, str]:
    dice = random.Random(f"who {seed}")
    name, email = dice.choice(PEOPLE)
    return {"name": name, "email": email, "password": dice.choice(PASSWORDS), "country": dice.choice(COUNTRIES)}


def tasks_in(seed: int) -> list[Task]:
    who = _who(seed)
    e, p, first = who["email"], who["password"], who["name"].split()[0]
    texts = (
        f"Open Chrome, go to {{url}}, sign in as {e} with password {p}, and verify that the page says {first}.",
        f"Go to {{url}}. Log in with the email {e} and the password {p}. Check that you are signed in.",
        f"Open {{url}}, type {e} into Email, type {p} into Password, click Sign in, and verify that the page says "
        '"You are signed in".',
        f"Navigate to {{url}} and sign in with email {e} and password {p}",
    )
    return [Task("sign_in", seed, texts[seed % 4], (("sign_in",),), secrets=(p,))]


# signing up


def show_up(world: World, path: str, query: dict[str, str]) -> str:
    if path == "done":
        return page(
            world, world.word("Account created", "Welcome aboard", "All set"), el("p", "Your account is ready.")
        )
    if path:
        return page(world, "Not available", link(world, "", "Back"))
    return page(
        world, world.word("Create your account", "Sign up", "Join us"), _up_form(world, query.get("problem", ""))
    )


def _up_form(world: World, problem: str) -> Safe:
    parts: list[Any] = [
        entry(world, "name", world.word("Full name", "Name", "Your name")),
        entry(world, "email", world.word("Email", "Email address", "E-mail")),
        entry(world, "password", world.word("Password", "Choose a password"), "password"),
    ]
    if world.chance("again", 0.35):
        parts.append(entry(world, "again", world.word("Repeat password", "Confirm password"), "password"))
    if world.chance("country", 0.6):
        parts.append(pick(world, "country", "Country", COUNTRIES))
    parts.append(
        el("div", mark("checkbox", "terms", "yes", world.word("I accept the terms", "I agree to the Terms of Service")))
    )
    if world.chance("offers", 0.5):
        parts.append(el("div", mark("checkbox", "offers", "yes", "Send me offers")))
    button = send(world.word("Create account", "Sign up", "Register", "Create account"))
    return el(
        "section",
        el("p", problem, class_="bad") if problem else None,
        form(world, "", *parts, el("div", button, class_="bar")),
        beside(world),
        class_="box",
    )


def act_up(world: World, path: str, fields: dict[str, str]) -> str:
    if path:
        world.do(path)
        return path
    name, email, password = (fields.get(part, "").strip() for part in ("name", "email", "password"))
    if not name or "@" not in email or len(password) < 6:
        return "?problem=Please+fill+in+every+field."
    if fields.get("again", password) != password:
        return "?problem=The+passwords+differ."
    if "terms" not in fields:
        return "?problem=Please+accept+the+terms."
    world.do(
        "sign_up", name, email, password, fields.get("country", "-"), "offers" if "offers" in fields else "no offers"
    )
    return "done"


def tasks_up(seed: int) -> list[Task]:
    who = _who(seed)
    world = World("x", Task("sign_up", seed, ""), None, None)  # type: ignore[arg-type]  # only its words are asked
    country = who["country"] if world.chance("country", 0.6) else "-"
    again = " Repeat the password." if world.chance("again", 0.35) else ""
    of = f", country {country}" if country != "-" else ""
    choose = f" Choose {country} as the country." if country != "-" else ""
    p = who["password"]
    texts = (
        f"Go to {{url}} and create an account: name {who['name']}, email {who['email']}, password {p}{of}. "
        "Accept the terms. Then verify that the page says your account is ready.",
        f"Open {{url}}, sign up as {who['name']} with the email {who['email']} and the password {p}{of}, "
        "and accept the terms.",
        f"Open {{url}}. Type {who['name']} into Name. Type {who['email']} into Email. Type {p} into Password.{again}"
        f"{choose} Check the box to accept the terms. Click the button to create the account.",
    )
    wanted = ("sign_up", who["name"], who["email"], p, country, "no offers")
    return [Task("sign_up", seed, texts[seed % 3], (wanted,), secrets=(p,))]


def show_nothing(world: World) -> dict[str, str]:
    return _who(world.task.seed)


SIGN_IN = Site("sign_in", stock_in, show_in, act_in, tasks_in, hard=True)
SIGN_UP = Site("sign_up", show_nothing, show_up, act_up, tasks_up, hard=True)
