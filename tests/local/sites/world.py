"""A task, the world it is done in, and what is known afterwards of what was really done there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from coasty_local.practice.markup import Child, Safe, el
from tests.local.sites.look import Look, css

Act = tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """What is asked in plain words, and what must have happened on the server for it to be done.

    `wanted`: the acts, no more and no fewer; `harmless`: names of acts that may happen on the way; `claim`: whether a
    run that says "passed" is right to; `answers`: notes a person gives to an ask, by a word of its kind;
    `secrets`: what must never stand in a field that shows it.
    """

    site: str
    seed: int
    text: str
    wanted: tuple[Act, ...] = ()
    harmless: frozenset[str] = frozenset()
    claim: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    path: str = ""
    says: str = ""  # what the run's summary must tell


@dataclass
class World:
    """One site as one run meets it."""

    id: str
    task: Task
    look: Look
    site: Site
    data: Any = None
    dice: random.Random = field(default_factory=random.Random)
    acts: list[Act] = field(default_factory=list)
    typed: list[tuple[str, str, str]] = field(default_factory=list)  # field, its type, its value
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    message: str = ""

    def url(self, path: str = "") -> str:
        return f"/{self.id}/{path.lstrip('/')}"

    def word(self, *choices: str) -> str:
        """One of several words for the same thing, the same one each time in this world."""
        return random.Random(f"{self.task.seed} {choices}").choice(choices)

    def chance(self, name: str, share: float) -> bool:
        return random.Random(f"{self.task.seed} {name}").random() < share

    def do(self, *act: str) -> None:
        self.acts.append(act)

    def done(self) -> bool:
        """Exactly what was wanted has happened."""
        return Counter(self._serious()) == Counter(self.task.wanted)

    def wrong_acts(self) -> list[Act]:
        """What happened beyond what was wanted."""
        return list((Counter(self._serious()) - Counter(self.task.wanted)).elements())

    def leaks(self) -> list[str]:
        """Names of fields that showed a secret, wholly or its first three characters."""
        shown = [(name, value) for name, kind, value in self.typed if kind != "password"]
        return sorted({name for name, value in shown for secret in self.task.secrets if secret[:3] in value})

    def _serious(self) -> list[Act]:
        return [act for act in self.acts if act[0] not in self.task.harmless]


@dataclass(frozen=True)
class Site:
    """A site: its first data, its pages and what its forms do (which answers the path of the page that follows)."""

    name: str
    stock: Callable[[World], Any]
    show: Callable[[World, str, dict[str, str]], str]
    act: Callable[[World, str, dict[str, str]], str]
    tasks: Callable[[int], list[Task]]
    hard: bool = False  # uses the whole range of looks


WATCH = """addEventListener("input", e => { if (!e.target.name) return;
 fetch("%s", {method: "POST", keepalive: true,
  body: new URLSearchParams({field: e.target.name, type: e.target.type, value: e.target.value})}); });"""


def page(world: World, title: str, *parts: Child, menu: tuple[tuple[str, str], ...] = (), brand: str = "") -> str:
    """A whole page in the world's look."""
    say, world.message = world.message, ""
    links = [el("a", name, href=world.url(path)) for path, name in menu]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("title", title),
        Safe(f"<style>{css(world.look)}</style>"),
        Safe(f"<script>{WATCH % world.url('typed')}</script>"),
    )
    bar = el("nav", el("b", brand), links) if brand else None
    main = el(
        "main", el("p", say, class_="say") if say else None, el("h1", title), *parts, class_="wide" if menu else None
    )
    return "<!doctype html>" + el("html", head, el("body", bar, main), lang="en")


def entry(world: World, name: str, label: str, kind: str = "text", value: str = "", hint: str = "") -> Safe:
    """A labelled field in the world's manner."""
    manner = world.look.labels
    if kind == "date" and manner in ("placeholder", "floating"):
        manner = "above"
    inside = label if manner == "placeholder" else " " if manner == "floating" else hint or None
    more = {"id": name, "name": name, "placeholder": inside, "autocomplete": "off"}
    control = (
        el("textarea", value, rows=3, **more) if kind == "textarea" else el("input", type=kind, value=value, **more)
    )
    label_ = None if manner == "placeholder" else el("label", label, for_=name)
    return el("div", *([control, label_] if manner == "floating" else [label_, control]), class_=f"f {manner}")


def pick(world: World, name: str, label: str, options: list[str], chosen: str = "", radio: bool = False) -> Safe:
    """One of several: a drop-down list or radio buttons."""
    manner = "left" if world.look.labels == "left" else "above"
    if radio:
        marks = [mark("radio", name, option, option, option == chosen) for option in options]
        return el("div", el("span", label, class_="cap"), el("div", marks), class_=f"f {manner}")
    listed = [el("option", option, value=option, selected=option == chosen) for option in options]
    return el("div", el("label", label, for_=name), el("select", listed, id=name, name=name), class_=f"f {manner}")


def mark(kind: str, name: str, value: str, label: str, checked: bool = False) -> Safe:
    return el("label", el("input", type=kind, name=name, value=value, checked=checked), label, class_="m")


def form(world: World, path: str, *parts: Child, class_: str | None = None) -> Safe:
    return el("form", *parts, method="post", action=world.url(path), novalidate=True, class_=class_)


def send(label: str, main: bool = True, name: str | None = None, value: str | None = None) -> Safe:
    return el("button", label, type="submit", class_="go" if main else None, name=name, value=value)


def link(world: World, path: str, label: Child, button: bool = False, main: bool = False) -> Safe:
    return el("a", label, href=world.url(path), class_=("btn go" if main else "btn") if button else None)


def rows(world: World, heads: list[str], body: list[list[Child]]) -> Safe:
    """A table, or cards where the look says so."""
    if world.look.rows == "table":
        table = [el("tr", [el("td", cell) for cell in row]) for row in body]
        return el("table", el("tr", [el("th", head) for head in heads]), table)
    return el(
        "div", [el("div", [el("p", cell) for cell in row if cell], class_="card") for row in body], class_="cards"
    )
