"""The same instructions as different people write them: chatty, passive, in lists, with slips."""

# ruff: noqa: E501 (sentences)

from __future__ import annotations

from typing import Any

import pytest

from coasty_local.agent.planner import read
from coasty_local.agent.planner.steps import Nothing, Type
from tests.local.mind.test_sentences import click, shape, verify

SAVE = click("Save")


def shapes(task: str) -> list[tuple[Any, ...]]:
    return [shape(step) for step in read(task) if not isinstance(step, Nothing)]


@pytest.mark.parametrize(
    ("task", "steps"),
    [
        # around the instructions
        ("Hi there! Could you please open Reports? Then press save, thanks!", [("open", "Reports", ""), click("save")]),
        ("Hey team, I'd like you to have a look at the Billing page", [("open", "Billing", "")]),
        ("Would you mind opening the calendar and clicking Today?", [("open", "calendar", ""), click("Today")]),
        ("Right, first things first: click Start. Basically you need to press Stop.", [click("Start"), click("Stop")]),
        ("Set city to Bath. Don't forget to save it!", [("type", "city", "Bath", False), SAVE]),
        ("When you get a chance, please click Start", [click("Start")]),
        ("Start by clicking Menu, followed by Account", [click("Menu"), click("Account")]),
        ("Expand Europe, then France, and click Lyon", [click("Europe"), click("France"), click("Lyon")]),
        ("a) open the form b) name: Ann Lee c) click Submit", [("open", "form", ""), ("fill", ("name", "Ann Lee")), click("Submit")]),
        # order and states
        ("Once the dialog has opened, click Yes", [click("Yes")]),
        ("Wait for the spinner to disappear before clicking Go", [("wait", 0.0, "spinner", True), click("Go")]),
        ("After signing in as v@o.example with password d55 open ticket 8841", [("sign in", "v@o.example", "d55"), ("open", "ticket", "8841")]),
        ("Click Save. After clicking Save, verify that it says Done.", [SAVE, verify("Done")]),
        ("In the dialog that appears, enter 'a@b.c' into the Email field", [("type", "Email", "a@b.c", False)]),
        # passive
        ("The box 'Send offers' must be unticked before the form is submitted", [("check", "Send offers", False)]),
        ("The language has to be set to French and the changes saved", [("type", "language", "French", False), SAVE]),
        ("A new folder named Taxes needs to be created", [("goal", "add", "folder", "Taxes", ("name", "Taxes"))]),
        ("I need the invoice 5590 cancelled, please.", [("goal", "cancel", "invoice", "5590")]),
        ("Given I am on the login page\nWhen I click Go\nThen I should see 'Hi, Amy'", [("open", "login", ""), click("Go"), verify("Hi, Amy")]),
        ("Click Export and when the file is ready click Close", [click("Export"), click("Close")]),
        ("On the orders page, click Edit. In the left sidebar click Help.", [("open", "orders", ""), click("Edit"), click("Help")]),
        ("Having opened the basket, remove the mug 'A'", [("open", "basket", ""), ("goal", "delete", "mug", "A")]),
        # slips
        ("pleese clik on Save and than veryfy that it says Saved", [click("Save"), verify("Saved")]),
        ("enter 'Ann' in teh name feild adn press submit", [("type", "name", "Ann", False), click("submit")]),
        ("chose 'Large' form the Size list", [("choose", "Large", "Size")]),
        # values in lines
        ("Fill out the form using the following data:\nFirst name: Zoë\nCountry: Chad", [("fill", ("first name", "Zoë"), ("country", "Chad"))]),
        ("Name: Jo O'Neil\nPhone: 555 01\nPlease fill these into the form.", [("fill", ("name", "Jo O'Neil"), ("phone", "555 01"))]),
        ("URL: http://a.test/\nUser: k@s.example\nPassword: k8te!\nTask: log in", [("goto", "http://a.test/"), ("fact", "email", "k@s.example"), ("fact", "password", "k8te!"), ("sign in", "", "")]),
        ("Set Priority: High, Due: 2027-06-01", [("fill", ("priority", "High"), ("due", "2027-06-01"))]),
        ("Enter the IBAN DE44 5001 and the amount 75,50", [("fill", ("iban", "DE44 5001"), ("amount", "75,50"))]),
        ("Change the amount from 100 to 250 EUR", [("type", "amount", "250 EUR", False)]),
        ("Put 'Müller, Söhne' in Company and 'DE 123' in VAT ID", [("type", "Company", "Müller, Söhne", False), ("type", "VAT ID", "DE 123", False)]),
        ("Enter Lea as the name, 1990-12-24 as the date and l@b.example as the email", [("type", "name", "Lea", False), ("type", "date", "1990-12-24", False), ("type", "email", "l@b.example", False)]),
        ("Set quantity = 12, unit price = 4.50", [("fill", ("quantity", "12"), ("unit price", "4.50"))]),
        ("Enter the URL https://b.example/p in the Link field", [("type", "Link", "https://b.example/p", False)]),
        ("Log in. The user name is n@b.example and the password is hive22.", [("fact", "email", "n@b.example"), ("fact", "password", "hive22"), ("sign in", "", "")]),
        ("Recipient: Nils\nMessage: Please sign.\nSend it.", [("fill", ("recipient", "Nils"), ("message", "Please sign")), click("Send")]),
        # several things, places, switches
        ("tick rows INV-1 and INV-2", [("check", "", True), ("check", "", True)]),
        ("make sure that the switch Auto-renew is turned off", [("check", "Auto-renew", False)]),
        ("make sure News is off and Offers is on", [("check", "News", False), ("check", "Offers", True)]),
        ("verify that the box News is off", [verify("box News", state="unchecked")]),
        ("check that the header says Hello and the cart shows 1 item", [verify("Hello"), verify("1 item", about="cart")]),
        ("turn on Alerts on the Security tab", [("open", "Security", ""), ("check", "Alerts", True)]),
        ("inbox: open mail from Carla", [("open", "inbox", ""), ("open", "mail", "Carla")]),
        ("settings > notifications", [("open", "settings", ""), click("notifications")]),
        ("open the three-dot menu of the project Zeus", [click("menu", row="Zeus")]),
        ("press the plus button three times", [click("plus")] * 3),
        ("set check-in to 2027-05-10 and check-out to 2027-05-14", [("type", "check-in", "2027-05-10", False), ("type", "check-out", "2027-05-14", False)]),
        ("log in with my address d@s.example (password: peach-77)", [("sign in", "d@s.example", "peach-77")]),
        ("My email's j@x.example and my password's tulip99", [("fact", "email", "j@x.example"), ("fact", "password", "tulip99")]),
        ("Invite a@q.example and b@q.example as editors", [("goal", "invite", "editor", "a@q.example", ("email", "a@q.example")), ("goal", "invite", "editor", "b@q.example", ("email", "b@q.example"))]),
        ("Choose Express for shipping and PayPal for payment.", [("choose", "Express", "shipping"), ("choose", "PayPal", "payment")]),
        ("press Apply, then Continue", [click("Apply"), click("Continue")]),
        ("continue, press + twice", [("click", "Continue", None, "", 1, "left"), click("+"), click("+")]),
        ("delete the file Notes.txt", [("goal", "delete", "file", "Notes.txt")]),
        ("Make sure the order 5 is not cancelled", [verify("cancelled", False, "5")]),
        ("open the event Dentist and delete it", [("open", "event", "Dentist"), ("goal", "delete", "event", "Dentist")]),
        ("pick Turku in From and Riga in To", [("choose", "Turku", "from"), ("choose", "Riga", "to")]),
        ("tell me Sara's role", [("read", "role", "Sara")]),
        ("let me know what the status of order 5512 is", [("read", "status", "5512")]),
    ],
)  # fmt: skip
def test_people_say_the_same_in_many_ways(task: str, steps: list[tuple[Any, ...]]) -> None:
    assert shapes(task) == steps


@pytest.mark.parametrize(
    "task",
    [
        "Pick the 2 pm slot if it's still free, otherwise ask me",
        "Click Load more if necessary",
        "add 2 to cart",
        "delete it",
        "Delete the file 'a.pdf' and confirm if asked",
        "Set opening hours from 9:00 to 17:30.",
        "Set everything back to default.",
        "Remove the last item from the list.",
        "change it to 'Notes'",
        "Go to checkout and stop before clicking Pay now.",
        "After deleting the draft, open the inbox.",
        "Once you've cancelled order 7, tell me the total.",
        "Fill the name field with Ada and ask me before pressing Save.",
        "I don't want the order 5 cancelled.",
        "The order 9 must not be deleted.",
        "Click Delete unless the status is Paid.",
        "Pay nothing.",
        "What does the banner at the top say?",
        "read the last entry",
        "Pick the dates from 3 May to 9 May 2027",
        "Click Save. The order 991 should be cancelled.",
    ],
)
def test_what_may_mean_two_things_is_asked(task: str) -> None:
    assert "unknown" in [step[0] for step in shapes(task)]


@pytest.mark.parametrize("value", ["clik", "serch", "mail", "Chek", "teh", "adn"])
def test_what_is_typed_keeps_its_spelling(value: str) -> None:
    for task in (f"type {value} into the name field", f"type '{value}' into the name field"):
        [step] = read(task)
        assert isinstance(step, Type)
        assert step.text == value
