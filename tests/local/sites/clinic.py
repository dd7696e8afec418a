"""The front desk of a clinic: sign-in by staff name, cards of today's visits, patients with notes, a booking form."""

from __future__ import annotations

from typing import Any

from coasty_local.practice.markup import Child, Safe, el
from tests.local.sites.world import WATCH, Site, Task, World

VISITS = {
    "1": ["09:15", "Ana Flores", "Dr. Lee", "Expected"],
    "2": ["10:00", "Priya Nair", "Dr. Novak", "Expected"],
    "3": ["13:30", "Tomas Reyes", "Dr. Lee", "Expected"],
}
PHONES = {"Ana Flores": "555 0110", "Priya Nair": "555 0120", "Tomas Reyes": "555 0130"}
CSS = """
*{box-sizing:border-box}
body{margin:0;font:16px/1.45 'DejaVu Sans',sans-serif;background:#e9f1f2;color:#16323a}
header{background:#0d5c63;color:#fff;padding:0 40px;height:64px;display:flex;align-items:center;gap:34px}
header b{font-size:19px;flex:1}
header a{color:#d8f3f0;text-decoration:none}
main{max-width:1060px;margin:26px auto}
h1{font-size:25px;margin:0 0 18px}
.g{display:grid;grid-template-columns:repeat(3,1fr);gap:22px}
.v,.s{background:#fff;border-radius:14px;padding:20px 24px;box-shadow:0 1px 5px #0002}
.v p{margin:0 0 8px}
.v b{font-size:19px}
.s{max-width:560px}
.s label{display:block;margin:0 0 14px}
.s input:not([type=checkbox]),.s select,.s textarea{display:block;width:100%; font:inherit;padding:9px 12px;
border:2px solid #a9c8cb;border-radius:9px;margin-top:4px;background:#fff}
button{font:inherit;border:0;border-radius:20px;padding:8px 20px;background:#0d5c63;color:#fff;margin-right:8px}
button.q{background:#dbe8e9;color:#16323a}
a{color:#0a6f78}
.n{background:#d9f2e3;border-radius:9px;padding:10px 16px}
form.i{display:inline}
table{background:#fff;border-radius:14px;width:100%;border-collapse:collapse}
td,th{text-align:left; padding:12px 20px;border-bottom:1px solid #dde9ea}
"""


def sheet(world: World, title: str, *parts: Child) -> str:
    say, world.message = world.message, ""
    places = (("today", "Today"), ("patients", "Patients"), ("new", "New appointment"), ("out", "Log out"))
    links = [el("a", name, href=world.url(path)) for path, name in places] if world.data["in"] else None
    head = el("head", el("meta", charset="utf-8"), el("title", title), Safe(f"<style>{CSS}</style>"),
              Safe(f"<script>{WATCH % world.url('typed')}</script>"))  # fmt: skip
    body = el("main", el("h1", title), el("p", say, class_="n") if say else None, *parts)
    bar = el("header", el("b", "Harbor Street Clinic"), links)
    return "<!doctype html>" + el("html", head, el("body", bar, body), lang="en")


def send(world: World, path: str, *parts: Child, class_: str = "s") -> Safe:
    return el("form", *parts, method="post", action=world.url(path), novalidate=True, class_=class_)


def field(label: str, name: str, kind: str = "text", value: str = "") -> Safe:
    return el("label", label, el("input", type=kind, name=name, value=value, autocomplete="off"))


def show(world: World, path: str, query: dict[str, str]) -> str:
    data = world.data
    if path == "out":
        data["in"] = False
    if not data["in"]:
        return sheet(world, "Staff entrance", send(
            world, "in", field("Staff name", "user"), field("Password", "password", "password"), el("button", "Enter"),
        ))  # fmt: skip
    kind, _, key = path.partition("/")
    pages = {"patients": _patients, "new": _new, "register": _register}
    if kind in pages:
        return pages[kind](world)
    if kind == "patient":
        return _patient(world, key)
    if kind == "remove":
        yes = send(world, f"remove/{key}", el("button", "Yes, delete"), class_="i")
        return sheet(world, f"Delete {key}?", el("p", "All notes are lost. This cannot be undone."), yes)
    cards = [
        el("div", el("p", el("b", f"{time} {who}")), el("p", doctor), el("p", f"Status: {state}"),
           send(world, f"come/{number}", el("button", "Check in"), class_="i") if state == "Expected" else None,
           send(world, f"off/{number}", el("button", "Cancel", class_="q"), class_="i"), class_="v")
        for number, (time, who, doctor, state) in data["visits"].items()
    ]  # fmt: skip
    return sheet(world, "Today's visits", el("div", cards, class_="g"))


def _patients(world: World) -> str:
    rows = [
        el("tr", el("td", el("a", who, href=world.url(f"patient/{who}"))), el("td", phone))
        for who, phone in world.data["phones"].items()
    ]
    add = el("p", el("a", "Register a patient", href=world.url("register")))
    return sheet(world, "Patients", add, el("table", el("tr", el("th", "Name"), el("th", "Phone")), rows))


def _patient(world: World, who: str) -> str:
    notes = [el("p", note) for note in world.data["notes"].get(who, ["No notes yet."])]
    note = send(world, f"note/{who}", el("h3", "Notes"), notes, el("label", "New note", el("textarea", name="note")),
                el("button", "Add note"))  # fmt: skip
    phone = send(world, f"phone/{who}", field("Phone", "phone", value=world.data["phones"][who]),
                 el("button", "Save changes"))  # fmt: skip
    return sheet(world, who, phone, el("br"), note, el("p", el("a", "Delete patient", href=world.url(f"remove/{who}"))))


def _new(world: World) -> str:
    people = el("label", "Patient", el("select", [el("option", who) for who in world.data["phones"]], name="who"))
    doctors = el("label", "Doctor", el("select", [el("option", d) for d in ("Dr. Lee", "Dr. Novak")], name="doctor"))
    remind = el("label", el("input", type="checkbox", name="remind", value="yes"), " Send a reminder by text")
    return sheet(world, "New appointment", send(
        world, "new", people, doctors, field("Date", "date", "date"), field("Time", "time"), remind,
        el("button", "Book appointment"),
    ))  # fmt: skip


def _register(world: World) -> str:
    return sheet(world, "Register a patient", send(
        world, "register", field("Full name", "name"), field("Date of birth (YYYY-MM-DD)", "born"),
        field("Phone", "phone"), el("button", "Register patient"),
    ))  # fmt: skip


def act(world: World, path: str, fields: dict[str, str]) -> str:
    data = world.data
    verb, _, key = path.partition("/")
    if verb == "in":
        data["in"] = (fields["user"], fields["password"]) == ("frontdesk", "Willow-22")
        world.message = "" if data["in"] else "Name or password is wrong."
        return ""
    if verb in ("come", "off"):
        visit = data["visits"][key]
        world.do(verb, visit[1])
        visit[3] = {"come": "Arrived", "off": "Cancelled"}[verb]
        world.message = f"{visit[1]} {'has arrived' if verb == 'come' else 'was cancelled'}."
        return "today"
    if verb == "note":
        world.do("note", key, fields["note"])
        data["notes"].setdefault(key, []).append(fields["note"])
        world.message = "The note was added."
        return f"patient/{key}"
    if verb == "phone":
        world.do("phone", key, fields["phone"])
        data["phones"][key] = fields["phone"]
        world.message = "Saved."
        return f"patient/{key}"
    world.do(verb, *([key] if key else fields.values()))
    world.message = {"new": "The appointment is booked.", "register": "Patient registered."}.get(
        verb, "Patient deleted."
    )
    if verb == "register":
        data["phones"][fields["name"]] = fields["phone"]
    data["phones"].pop(key, None)
    return "today" if verb == "new" else "patients"


def stock(world: World) -> dict[str, Any]:
    return {"in": False, "visits": {k: list(v) for k, v in VISITS.items()}, "phones": dict(PHONES), "notes": {}}


def tasks(seed: int) -> list[Task]:
    enter = "Go to {url}, sign in as frontdesk with password Willow-22"
    yes = {"irreversible": "yes"}
    told = (
        (f"{enter} and check in Ana Flores.", (("come", "Ana Flores"),), True),
        (f"{enter} and book an appointment for Tomas Reyes with Dr. Novak on 2027-05-12 at 10:30.",
         (("new", "Tomas Reyes", "Dr. Novak", "2027-05-12", "10:30"),), True),
        (f"{enter}. Cancel the appointment of Priya Nair.", (("off", "Priya Nair"),), True),
        (f"{enter}, then add the note 'Allergic to penicillin' to the patient Ana Flores.",
         (("note", "Ana Flores", "Allergic to penicillin"),), True),
        (f"{enter} and change the phone of Priya Nair to 555 0142.", (("phone", "Priya Nair", "555 0142"),), True),
        (f"{enter}, register a new patient: name Omar Said, date of birth 1988-02-11, phone 555 0177.",
         (("register", "Omar Said", "1988-02-11", "555 0177"),), True),
        (f"{enter}, open Today and tell me the status of Tomas Reyes.", (), True),
        (f"{enter}. Delete the patient Tomas Reyes.", (("remove", "Tomas Reyes"),), True),
        (f"{enter}, click Check in next to Priya Nair and verify that the page says Priya Nair has arrived.",
         (("come", "Priya Nair"),), True),
        (f"{enter} and check in everybody who is expected.", (), False),
    )  # fmt: skip
    secret = ("Willow-22",)
    return [Task("clinic", seed, text, want, claim=ok, answers=yes, secrets=secret) for text, want, ok in told]


CLINIC = Site("clinic", stock, show, act, tasks)
