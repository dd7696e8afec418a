"""When the agent asks, on scenes made by hand: phrase and control must belong together."""

from __future__ import annotations

import re

import pytest

from coasty_local.agent import asking, captcha, paying, reading, verifier, ways
from coasty_local.agent.planner.steps import Goal, Verify
from coasty_local.agent.scene import BUTTON, CHECK, INPUT, LINK, Box, Control, Line, Scene


def scene(*rows: str, unit: float = 14.0) -> Scene:
    """A scene from a sketch: each row is a line of text at its column; [x] is a button, <x> a link,
    {label|text} a field,
    (label:on|off) a check box. A row that starts with # is a heading."""
    lines, controls = [], []
    for number, row in enumerate(rows):
        y, tall = 20 + number * 40, row.startswith("#")
        for match in re.finditer(
            r"\[([^]]+)\]|<([^>]+)>|\{([^}|]*)\|([^}]*)\}|\(([^():]+):(on|off)\)|(?:[^\[\]<>{}() ]| (?! ))+",
            row.lstrip("# "),
        ):
            x = 20 + match.start() * 9
            box = Box(x, y, max(20, len(match.group()) * 9), 24 if tall else 12)
            button, link, label, value, mark, state = match.groups()
            if button:
                controls.append(Control(BUTTON, box, button))
            elif link:
                controls.append(Control(LINK, box, link))
            elif label is not None:
                controls.append(Control(INPUT, Box(x, y, 300, 30), value, label))
                continue
            elif mark:
                controls.append(Control(CHECK, Box(x, y, 14, 14), "", mark, checked=state == "on"))
            text = button or link or mark or match.group().strip()
            if text:
                lines.append(Line(text, box))
    return Scene(1280, 800, tuple(lines), tuple(controls), unit)


def the(page: Scene, words: str) -> Control:
    return next(control for control in page.controls if control.text == words)


@pytest.mark.parametrize(
    "page",
    [
        scene("# Are you a robot?", "Type the letters you see in the picture", "{Letters|}", "[Verify]"),
        scene("# Sign in", "{Email|a@b.c}", "{Password|}", "(I'm not a robot:off)", "[Sign in]"),
        scene("# UC1NM", "Type the letters you see in the picture to prove that you are", "not a robot.", "[Continue]"),
        scene("# One moment", "Enter the characters shown in the image", "<Show another picture>"),
        scene("# Sign up", "{Name|Ada}", "Please type the text in the image below.", "{|}", "[Create]"),
        scene("Please prove you are human", "{Answer|}", "[Go]"),
    ],
)
def test_a_captcha_is_a_phrase_with_something_to_solve_it_by(page: Scene) -> None:
    assert captcha.unsolved(page) is not None


@pytest.mark.parametrize(
    "page",
    [
        scene("# How captchas work", "A captcha asks people to prove they are human.", "<Read more>"),
        scene("# Sign in", "{Email|}", "(I'm not a robot:on)", "[Sign in]"),
        scene("# Search", "{Search|captcha}", "[Find]"),
        scene("# Help", "{Search|}", "[Go]", "Why we ask you to type the letters in the picture", "<Read more>"),
        scene("# Check your phone", "Enter the code that we sent you.", "{Code|}", "[Verify]"),
    ],
)
def test_prose_and_solved_captchas_do_not_park(page: Scene) -> None:
    assert captcha.unsolved(page) is None


def test_an_answer_that_a_person_typed_into_a_form_is_left_to_be_sent() -> None:
    page = scene("# Sign up", "Type the letters you see in the picture", "{Letters|UC1NM}", "[Create account]")
    assert captcha.unsolved(page) is not None
    assert captcha.unsolved(page, {""}) is None
    assert captcha.unsolved(page, {"UC1NM"}) is not None


def test_a_code_is_asked_for_where_a_field_stands_with_the_phrase() -> None:
    assert asking.code_field(
        scene("# Two-step verification", "Enter the 6-digit code from your app.", "{Code|}", "[Verify]")
    )
    assert asking.code_field(scene("# Security", "Two-factor codes keep accounts safe.", "<Back>")) is None
    assert asking.code_field(scene("# Checkout", "{Name|}", "{Street|}", "{City|}", "{Promo code|}", "[Go on]")) is None
    assert asking.code_field(scene("# Sign in", "{Email|}", "{Password|}", "Lost your one-time code?")) is None


def test_a_login_wall_is_a_password_and_little_beside_it() -> None:
    assert asking.login_wall(scene("# Welcome", "{Email|}", "{Password|}", "[Log in]"))
    assert not asking.login_wall(scene("# Welcome", "{Search|}", "[Find]"))
    many = [f"{{Field {n}|}}" for n in range(5)]
    assert not asking.login_wall(scene("# Sign up", *many, "{Password|}", "[Create account]"))


@pytest.mark.parametrize(
    "words",
    ["Pay", "PAY NOW", "Pay $12.00", "Pay this invoice", "Confirm payment", "Place order", "Buy now", "Yes, pay"],
)
def test_words_that_pay(words: str) -> None:
    assert paying.pays(the(scene(f"[{words}]"), words))


@pytest.mark.parametrize("words", ["Payments", "Payees", "Paid invoices", "How to pay", "Display", "Orders", "Save"])
def test_words_that_do_not_pay(words: str) -> None:
    assert not paying.pays(the(scene(f"[{words}]"), words))


def test_a_plain_confirmation_pays_when_the_question_above_it_is_about_money() -> None:
    page = scene("# Pay $1,250.00 to Northwind Traders?", "[Confirm]    [Cancel]")
    assert paying.pays_here(page, the(page, "Confirm"))
    other = scene("# Leave this page?", "[Confirm]    [Cancel]")
    assert not paying.pays_here(other, the(other, "Confirm"))


@pytest.mark.parametrize("words", ["Details", "Add to cart", "View", "Select", "Choose", "Next", "Learn more", "+"])
def test_a_price_beside_a_control_that_leads_on_is_for_reading(words: str) -> None:
    page = scene("# Rooms", "Double room    Price: $90.00", f"[{words}]", "Total: $90.00")
    assert not paying.pays(the(page, words))
    assert not paying.buys("book", "room", page, the(page, words))


@pytest.mark.parametrize("words", ["Book", "Confirm booking", "Pay now", "Place order", "Transfer", "Reserve now"])
def test_what_completes_a_thing_that_costs_asks(words: str) -> None:
    page = scene("# Double room", "Total: $90.00", f"[{words}]")
    assert paying.pays(the(page, words)) or paying.buys("book", "room", page, the(page, words))


def test_a_list_of_prices_is_an_offer_and_a_total_a_sum_to_pay() -> None:
    assert not paying.costs(scene("# Rooms", "Single    Price: $60", "Double    Price: $90", "Suite    Price: $200"))
    assert paying.costs(scene("# Double room", "Price: $90", "[Book]"))
    assert paying.costs(scene("# Rooms", "Single    Price: $60", "Double    Price: $90", "Tax    $9", "Total    $159"))


def test_going_on_to_the_next_page_of_an_order_is_no_payment_yet() -> None:
    page = scene("# Delivery", "Your payment of $40.00 comes next", "[Continue]")
    assert not paying.pays_here(page, the(page, "Continue"))
    asked = scene("# Pay $40.00 to Acme?", "[Continue]    [Cancel]")
    assert paying.pays_here(asked, the(asked, "Continue"))


def test_the_question_names_payee_and_amount_as_the_screen_shows_them() -> None:
    table = scene(
        "Invoice     Payee                  Amount        Status",
        "INV-1041    Cedar Paper Mill       $2,315.75     Due       [Pay]",
        "INV-1042    Northwind Traders      $1,250.00     Due       [Pay]",
    )
    row_two = [control for control in table.controls if control.text == "Pay"][1]
    asked = paying.pay_question(table, row_two, "INV-1042")
    assert "Northwind Traders" in asked
    assert "$1,250.00" in asked
    assert "Cedar" not in asked
    detail = scene("# Invoice INV-1042", "Payee    Northwind Traders", "Amount    $1,250.00", "[Pay now]")
    asked = paying.pay_question(detail, the(detail, "Pay now"), "INV-1042")
    assert "Northwind Traders" in asked
    assert "$1,250.00" in asked


def test_a_question_says_what_the_screen_does_not_show() -> None:
    page = scene("# Ready?", "[Pay now]")
    assert "neither payee nor amount" in paying.pay_question(page, the(page, "Pay now"))


def test_reasons_are_short() -> None:
    assert len(asking.Stuck(asking.NOT_FOUND, "long " * 200).reason) <= 300


@pytest.mark.parametrize(
    "words", ["Delete", "Delete account", "Remove", "Yes, delete it", "Cancel subscription", "Issue refund"]
)
def test_words_that_destroy(words: str) -> None:
    assert asking.destroys(the(scene(f"[{words}]"), words))


@pytest.mark.parametrize("words", ["Cancel", "Undelete", "Close", "Deleted items"])
def test_words_that_do_not_destroy(words: str) -> None:
    assert not asking.destroys(the(scene(f"[{words}]"), words))


def test_a_status_belongs_to_its_own_record_and_not_to_the_card_beside_it() -> None:
    cards = scene("INV-1040              INV-1042", "Paid                  Due")
    assert not verifier.holds(cards, Verify(words="Paid", about="INV-1042"))
    row = scene("INV-1040    Harbor    Paid", "INV-1042    Northwind    Due")
    assert verifier.holds(row, Verify(words="Paid", about="INV-1040"))
    assert not verifier.holds(row, Verify(words="Paid", about="INV-1042"))


def test_similar_numbers_are_not_taken_for_each_other() -> None:
    page = scene("Invoice INV-1043 was paid")
    assert not reading.says(page, "INV-1042")
    assert not reading.says(page, "1043")
    assert reading.says(page, "INV-1043")


def test_unpaid_and_not_paid_do_not_say_paid() -> None:
    assert not verifier.holds(scene("INV-7    Unpaid"), Verify(words="Paid", about="INV-7"))
    assert not verifier.holds(scene("INV-7    Not paid"), Verify(words="Paid", about="INV-7"))


def test_a_button_for_an_act_is_no_sign_that_it_was_done() -> None:
    assert not reading.within("refunded", "Refund")
    assert not reading.within("approved", "Approve")
    page = scene("# Order 7001", "Customer    Mabel Ortiz", "[Refund]")
    assert not verifier.holds(page, Verify(words="refunded", about="7001"))


def test_the_act_is_pressed_on_the_row_of_its_record() -> None:
    table = scene("# Invoices", "INV-1041    Cedar    [Pay]", "INV-1042    Northwind    [Pay]")
    found = ways.act_control(table, Goal(act="pay", noun="invoice", key="INV-1042"))
    assert found is not None
    assert found.box.y == table.controls[1].box.y
    lonely = scene("# Invoices", "INV-1041    Cedar    [Pay]", "INV-1042    Northwind    Draft")
    assert ways.act_control(lonely, Goal(act="pay", noun="invoice", key="INV-1042")) is None


def test_what_completes_an_act_is_never_the_way_out() -> None:
    page = scene("# Refund order 7001", "{Reason|damaged}", "[Issue refund]    [Cancel]    [Keep order]")
    last = ways.last_control(page, Goal(act="refund", noun="order", key="7001"), None, set(), None)
    assert last is not None
    assert last.text == "Issue refund"
