"""Customers: the list and the form for a new one."""

from __future__ import annotations

from starlette.responses import Response

from coasty_local.practice import data, layout, widgets
from coasty_local.practice.call import Call
from coasty_local.practice.data import Customer
from coasty_local.practice.markup import el
from coasty_local.practice.pages import Way

HEADS = ("Name", "Email", "Plan", "Notes", "")
MOST = 100


def customers(call: Call) -> str:
    write = [Customer(row.name, row.email, row.plan, row.notes) for row in call.visit.customers]
    rows = [(el("strong", row.name), row.email, row.plan, row.notes, "") for row in reversed(write)]
    add = widgets.bar(widgets.link(call, "/customers/new", call.look.add, "button primary"))
    return layout.page(call, "Customers", add, widgets.listing(call, HEADS, rows))


def new_customer(call: Call) -> str:
    return _form_page(call, Customer("", "", data.PLANS[0]))


def add_customer(call: Call) -> Response | str:
    plan = call.field("plan")
    row = Customer(call.field("name"), call.field("email"), plan if plan in data.PLANS else "", call.field("notes"))
    problem = _problem(call, row)
    return _form_page(call, row, problem) if problem else call.once(lambda: _add(call, row), "/customers/new")


def _add(call: Call, row: Customer) -> str:
    call.visit.customers.append(row)
    call.ledger.write("add_customer", f"{row.name} {row.email} {row.plan}")
    call.visit.message = f"Customer {row.name} added."
    return "/customers"


def _problem(call: Call, row: Customer) -> str:
    if not row.name:
        return "Please enter the full name."
    if "@" not in row.email[1:-1] or " " in row.email:
        return "Please enter a valid email address."
    if not row.plan:
        return "Please choose a plan."
    return "That is as many customers as this list can hold." if len(call.visit.customers) >= MOST else ""


def _form_page(call: Call, row: Customer, problem: str = "") -> str:
    form = widgets.form(
        call,
        "/customers/new",
        widgets.error(problem),
        widgets.field(call, "name", "Full name", row.name),
        widgets.field(call, "email", call.look.email, row.email),
        widgets.choice(call, "plan", "Plan", data.PLANS, row.plan, radio=call.look.plans == "radio"),
        widgets.field(call, "notes", "Notes (optional)", row.notes, kind="textarea"),
        widgets.bar(
            widgets.button(call.look.save_customer), widgets.link(call, "/customers", "Cancel", "button plain")
        ),
        token=True,
    )
    return layout.page(call, "New customer", el("section", form, class_="panel"))


WAYS = (
    Way("/customers", customers),
    Way("/customers/new", new_customer),
    Way("/customers/new", add_customer, "POST"),
)
