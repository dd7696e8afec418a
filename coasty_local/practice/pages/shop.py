"""Orders and their refunds."""

from __future__ import annotations

from starlette.responses import Response

from coasty_local.practice import layout, widgets
from coasty_local.practice.call import Call
from coasty_local.practice.data import Order, money
from coasty_local.practice.markup import Safe, el
from coasty_local.practice.pages import Way

HEADS = ("Order", "Customer", "Item", "Total", "Placed", "Status", "")


def orders(call: Call) -> str:
    rows = [
        (
            widgets.link(call, f"/orders/{row.number}", row.number),
            row.customer,
            row.item,
            el("span", money(row.cents), class_="amount"),
            row.placed,
            widgets.badge(row.status),
            widgets.link(call, f"/orders/{row.number}", call.look.open, "button plain small"),
        )
        for row in call.visit.orders.values()
    ]
    return layout.page(call, "Orders", widgets.listing(call, HEADS, rows))


def order(call: Call) -> Response | str:
    row = _find(call)
    if row is None:
        return call.go("/orders", "There is no such order.")
    facts = widgets.facts(
        ("Customer", row.customer),
        ("Item", row.item),
        ("Total", el("strong", money(row.cents))),
        ("Placed", row.placed),
        ("Status", widgets.badge(row.status)),
        *([("Reason", row.reason)] if row.reason else []),
    )
    acts = None
    if row.refundable:
        acts = widgets.bar(widgets.link(call, f"/orders/{row.number}/refund", call.look.refund, "button primary"))
    back = widgets.link(call, "/orders", "Back to orders")
    return layout.page(call, f"Order {row.number}", el("section", facts, acts, class_="panel"), back)


def ask_refund(call: Call) -> Response | str:
    row = _find(call)
    return _refund_page(call, row) if row and row.refundable else call.go("/orders", "This order can't be refunded.")


def refund(call: Call) -> Response | str:
    row = _find(call)
    if row is None:
        return call.go("/orders", "There is no such order.")
    if row.refundable and not call.field("reason"):
        return _refund_page(call, row, "Please give a reason.")
    return call.once(lambda: _refund(call, row), f"/orders/{row.number}")


def _refund(call: Call, row: Order) -> str:
    if row.refundable:
        row.status, row.reason = "Refunded", call.field("reason")
        call.ledger.write("refund_order", f"{row.number} {row.customer} {money(row.cents)} {row.reason}")
        call.visit.message = f"Order {row.number} refunded: {money(row.cents)} to {row.customer}."
    return f"/orders/{row.number}"


def _refund_page(call: Call, row: Order, problem: str = "") -> str:
    form: Safe = widgets.form(
        call,
        f"/orders/{row.number}/refund",
        layout.sentence(f"{row.customer} gets back {money(row.cents)} for: {row.item}."),
        widgets.error(problem),
        widgets.field(call, "reason", "Reason", kind="textarea" if call.visit.variant % 2 else "text"),
        widgets.bar(
            widgets.button(call.look.issue_refund),
            widgets.link(call, f"/orders/{row.number}", "Cancel", "button plain"),
        ),
        token=True,
    )
    return layout.page(call, f"Refund order {row.number}", el("section", form, class_="panel"))


def _find(call: Call) -> Order | None:
    return call.visit.orders.get(call.args["number"])


WAYS = (
    Way("/orders", orders),
    Way("/orders/{number}", order),
    Way("/orders/{number}/refund", ask_refund),
    Way("/orders/{number}/refund", refund, "POST"),
)
