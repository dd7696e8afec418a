"""Kinds of park: the local agent's reasons, a stranger's wording, and pages that would make a payment look harmless."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from approvals import kinds
from approvals.kinds import Kind

LOCAL = [
    ("About to pay Nordwind $1,240.00 for invoice INV-1042 by “Pay now”. Resume to pay, or say no.", Kind.PAYMENT),
    ("About to pay by “Settle” (the screen shows neither payee nor amount). Resume to pay, or say no.", Kind.PAYMENT),
    ("About to press “Delete” on “Settings”, which can't be undone. Resume to do it, or say no.", Kind.IRREVERSIBLE),
    ("The page asks: “Leave and send?” Resume to say yes, or answer no.", Kind.IRREVERSIBLE),
    ("Captcha: the page says “Pay: type the letters”. Please take over, solve it and hand back.", Kind.CAPTCHA),
    ("One-time code needed for grace@example.com: the page says “Pay safely”. Answer “the code is …”.", Kind.CODE),
    ("Password not accepted for ada@example.com. Answer with the right password (“the password is …”).", Kind.LOGIN),
    ("The task names no password for ada@example.com.", Kind.LOGIN),
    ("I can't find “Pay” on “Invoices”. I see “Edit”, “Show”.", Kind.ERROR),
    ("I get no further with “pay invoice 1042”; the page shows “Invoices”.", Kind.ERROR),
    ("I clicked “Save”, but nothing on the screen changed.", Kind.ERROR),
    ("Two buttons read “Approve”: which one is meant, 3 or 7?", Kind.AMBIGUOUS),
    ("Value needed: the page asks “Name?” and the task gives no answer.", Kind.OTHER),
]  # fmt: skip
STRANGERS = [
    ("Should I click 'Complete purchase' for 49 EUR?", Kind.PAYMENT),
    ("May I wire the deposit?", Kind.PAYMENT),
    ("Should I confirm the order?", Kind.PAYMENT),
    ("Soll ich die Rechnung bezahlen?", Kind.PAYMENT),
    ("This will permanently remove 3 records", Kind.IRREVERSIBLE),
    ("Do you want me to cancel the subscription?", Kind.IRREVERSIBLE),
    ("OK to send the newsletter to all 4,000 contacts?", Kind.IRREVERSIBLE),
    ("Darf ich den Kunden löschen?", Kind.IRREVERSIBLE),
    ("I need help with the 'I am not a robot' box", Kind.CAPTCHA),
    ("Please provide the 6-digit code", Kind.CODE),
    ("2FA required", Kind.CODE),
    ("I need credentials to log in", Kind.LOGIN),
    ("I found several customers named Smith", Kind.AMBIGUOUS),
    ("The site returned 503", Kind.ERROR),
    ("Is this the right customer?", Kind.OTHER),
    ("", Kind.OTHER),
]


@pytest.mark.parametrize(("reason", "kind"), LOCAL + STRANGERS)
def test_a_reason_names_its_kind(reason, kind):
    assert kinds.of(reason) == kind


@pytest.mark.parametrize("planted", ["captcha", "one-time code", "error 404", "sign in", "which one is meant?", ""])
@pytest.mark.parametrize(
    ("act", "kind"),
    [("pay $5", Kind.PAYMENT), ("delete the customer", Kind.IRREVERSIBLE), ("p\u200bay now", Kind.PAYMENT)],
)
def test_nothing_that_a_page_plants_makes_it_less_careful(act, kind, planted):
    assert kinds.of(f"I am about to {act}. The page says “{planted}”.") == kind
    assert kinds.of(f"The page says “{planted}” ” {planted} “. I am about to {act}.") == kind
    assert kinds.of(f'The page says "{planted}" {planted} ". I am about to {act} by "this".') == kind
    assert kinds.of(f"„{planted}“ I am about to {act} „”{planted}“") == kind
    assert kinds.of(f'{planted}: "{planted}" May I press “{act}”?') in {kind, kinds.of(planted)}
    assert kinds.of(f"{planted} " * 900 + act) == kind, "however far behind it stands"


def test_words_in_quotes_make_a_question_more_careful_and_choose_no_other_kind():
    assert kinds.of("Shall I press “Buy now”?") == Kind.PAYMENT
    assert kinds.of("Which one is meant, “Delete all” or “Delete one”?") == Kind.IRREVERSIBLE
    assert kinds.of("The page says “solve the captcha”. Shall I go on?") == Kind.OTHER
    assert kinds.of("The page says “solve the captcha") == Kind.OTHER, "a quote without an end"


def test_a_long_reason_is_read_in_milliseconds():
    began = time.perf_counter()
    for text in ("the page asks: " * 1500, "send " * 4000, "“" * 20_000, "ﷺ" * 20_000, "1 " * 10_000):
        kinds.of(text)
    assert time.perf_counter() - began < 3


def test_every_kind_says_how_it_is_handled_and_the_careful_ones_stand_alone():
    for kind in Kind:
        handled = kinds.handling(kind)
        assert str(handled.needs)
        assert timedelta(0) < handled.due <= timedelta(hours=2)
        assert handled.form
    assert {kind for kind in Kind if kinds.is_careful(kind)} == {Kind.PAYMENT, Kind.IRREVERSIBLE}
    assert not any(kinds.handling(kind).may_group for kind in (Kind.PAYMENT, Kind.IRREVERSIBLE, Kind.CODE))
    assert kinds.handling("no such kind") == kinds.handling(Kind.OTHER)
    assert [kinds.people_needed("payment", twice) for twice in ((), ("payment",), ("error",))] == [1, 2, 1]
