"""Invoices: the list, one invoice, paying it and approving it."""

from __future__ import annotations

from starlette.responses import Response

from coasty_local.practice import layout, widgets
from coasty_local.practice.call import Call
from coasty_local.practice.data import Invoice, money
from coasty_local.practice.markup import Safe, el
from coasty_local.practice.pages import Way

HEADS = ("Invoice", "Payee", "Amount", "Due date", "Status", "")


def invoices(call: Call) -> str:
    rows = [
        (
            widgets.link(call, f"/invoices/{row.number}", row.number),
            row.payee,
            el("span", money(row.cents), class_="amount"),
            row.due,
            widgets.badge(row.status),
            _row_acts(call, row),
        )
        for row in call.visit.invoices.values()
    ]
    return layout.page(call, "Invoices", widgets.listing(call, HEADS, rows))


def invoice(call: Call) -> Response | str:
    row = _find(call)
    return _detail(call, row) if row else call.go("/invoices", "There is no such invoice.")


def ask_payment(call: Call) -> Response | str:
    row = _find(call)
    if row is None or not row.payable:
        return call.go("/invoices", "This invoice can't be paid.")
    question = f"Pay {money(row.cents)} to {row.payee}?"
    form = widgets.form(
        call,
        f"/invoices/{row.number}/pay",
        layout.sentence(f"Invoice {row.number}. The money leaves your account at once and can't be called back."),
        widgets.bar(
            widgets.button(call.look.confirm_pay),
            widgets.link(call, f"/invoices/{row.number}", "Cancel", "button plain"),
        ),
        token=True,
    )
    if call.look.confirm == "dialog":
        return _detail(call, row, dialog(question, form))
    return layout.page(call, question, form)


def pay(call: Call) -> Response:
    row = _find(call)
    return call.once(lambda: _pay(call, row), "/invoices") if row else call.go("/invoices")


def approve(call: Call) -> Response:
    row = _find(call)
    return call.once(lambda: _approve(call, row), "/invoices") if row else call.go("/invoices")


def dialog(question: str, form: Safe) -> Safe:
    """A question laid over the page."""
    box = el("section", el("h2", question), form, class_="dialog", role="dialog", aria_label=question)
    return el("div", box, class_="veil")


def _pay(call: Call, row: Invoice) -> str:
    if row.payable:
        row.status = "Paid"
        call.ledger.write("pay_invoice", row.label)
        call.visit.message = f"Payment sent: {money(row.cents)} to {row.payee}."
    return f"/invoices/{row.number}"


def _approve(call: Call, row: Invoice) -> str:
    if row.status == "Awaiting approval":
        row.status = "Approved"
        call.ledger.write("approve_invoice", row.label)
        call.visit.message = f"Invoice {row.number} approved."
    return f"/invoices/{row.number}"


def _row_acts(call: Call, row: Invoice) -> list[Safe]:
    """What the last cell of the list offers."""
    acts = [widgets.link(call, f"/invoices/{row.number}", call.look.open, "button plain small")]
    if call.look.row_pay and row.payable:
        acts += [Safe(" "), widgets.link(call, f"/invoices/{row.number}/pay", "Pay", "button primary small")]
    return acts


def _find(call: Call) -> Invoice | None:
    return call.visit.invoices.get(call.args["number"])


def _detail(call: Call, row: Invoice, over: Safe | None = None) -> str:
    facts = widgets.facts(
        ("Payee", row.payee),
        ("Amount", el("strong", money(row.cents))),
        ("Due date", row.due),
        ("For", row.about),
        ("Status", widgets.badge(row.status)),
    )
    back = widgets.link(call, "/invoices", "Back to invoices")
    return layout.page(
        call, f"Invoice {row.number}", el("section", facts, _acts(call, row), class_="panel"), back, over
    )


def _acts(call: Call, row: Invoice) -> Safe | None:
    if row.status == "Awaiting approval":
        return widgets.form(call, f"/invoices/{row.number}/approve", widgets.bar(widgets.button("Approve")), token=True)
    if row.payable:
        return widgets.bar(widgets.link(call, f"/invoices/{row.number}/pay", call.look.pay, "button primary"))
    return None


WAYS = (
    Way("/invoices", invoices),
    Way("/invoices/{number}", invoice),
    Way("/invoices/{number}/pay", ask_payment),
    Way("/invoices/{number}/pay", pay, "POST"),
    Way("/invoices/{number}/approve", approve, "POST"),
)
