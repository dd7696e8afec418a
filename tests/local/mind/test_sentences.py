"""The grammar: what each sentence, as users write it, becomes."""

from __future__ import annotations

from typing import Any

import pytest

from coasty_local.agent.planner import GrammarPlanner, read
from coasty_local.agent.planner.facts import likely_secrets
from coasty_local.agent.planner.steps import (
    Allow,
    Check,
    Choose,
    Click,
    Drag,
    Fact,
    Fill,
    Goal,
    Goto,
    Hover,
    Nothing,
    Open,
    Press,
    Read,
    Scroll,
    Search,
    SignIn,
    Step,
    Travel,
    Type,
    Unknown,
    Verify,
    Wait,
)  # fmt: skip
from coasty_local.agent.scene import BUTTON, CHECK, INPUT, LINK, SELECT


def shape(step: Step) -> tuple[Any, ...]:
    """The step in short: its type and what matters of it."""
    match step:
        case Goto(url=url):
            return ("goto", url)
        case Click(target=t, clicks=n, button=b):
            return ("click", t.words, t.ordinal, t.row, n, b)
        case Type(target=t, text=text, secret=secret):
            return ("type", t.words, text, secret)
        case Fill(slots=slots):
            return ("fill", *slots)
        case Choose(option=o, source_list=s):
            return ("choose", o.words, s.words if s else "")
        case Check(target=t, on=on):
            return ("check", t.words, on)
        case Verify(words=w, present=p, about=a, state=s):
            return ("verify", w, p, a, s)
        case Goal(act=a, noun=n, key=k, slots=s):
            return ("goal", a, n, k, *s)
        case SignIn(user=u, password=p):
            return ("sign in", u, p)
        case Open(noun=n, key=k):
            return ("open", n, k)
        case Scroll(direction=d, target=t):
            return ("scroll", d, t.words if t else "")
        case Wait(seconds=s, words=w, gone=g):
            return ("wait", s, w, g)
        case Read(words=w, about=a):
            return ("read", w, a)
        case Press(keys=keys):
            return ("press", *keys)
        case Fact(name=n, value=v):
            return ("fact", n, v)
        case Allow(kind=k, granted=g):
            return ("allow", k, g)
        case Search(words=w):
            return ("search", w)
        case Travel(way=w):
            return (w,)
        case Hover(target=t):
            return ("hover", t.words)
        case Drag(target=t, onto=o):
            return ("drag", t.words, o.words)
        case Unknown(source=s):
            return ("unknown", s)
    return (type(step).__name__.lower(),)


def click(
    words: str, ordinal: int | None = None, row: str = "", clicks: int = 1, button: str = "left"
) -> tuple[Any, ...]:
    return ("click", words, ordinal, row, clicks, button)


def verify(words: str = "", present: bool = True, about: str = "", state: str = "") -> tuple[Any, ...]:
    return ("verify", words, present, about, state)


GRACE = (("name", "Grace Hopper"), ("email", "grace@example.com"), ("plan", "Pro"))

SENTENCES: list[tuple[str, list[tuple[Any, ...]]]] = [
    # places
    ("go to http://127.0.0.1:8787/practice/?variant=2", [("goto", "http://127.0.0.1:8787/practice/?variant=2")]),
    ("Open http://localhost:8000/.", [("goto", "http://localhost:8000/")]),
    ("navigate to example.com", [("goto", "https://example.com")]),
    ("Visit the website www.example.org/help, please.", [("goto", "https://www.example.org/help")]),
    ("open localhost:9000/admin in the browser", [("goto", "http://localhost:9000/admin")]),
    ("Go to the practice site", [("goto", "")]),
    ("Open Chrome", [("nothing",)]),
    ("launch the browser", [("nothing",)]),
    ("go back", [("back",)]),
    ("reload the page", [("reload",)]),
    ("Refresh", [("reload",)]),
    # signing in
    ("sign in as ada@example.com with password lovelace", [("sign in", "ada@example.com", "lovelace")]),
    ("log in using email a@b.c and password x1", [("sign in", "a@b.c", "x1")]),
    ("Log in with username \"ada\" and password \"love lace\".", [("sign in", "ada", "love lace")]),
    ("sign in with ada@example.com / lovelace", [("sign in", "ada@example.com", "lovelace")]),
    ("Please log in to the portal as bob with the password 's3cr,et'", [("sign in", "bob", "s3cr,et")]),
    ("sign in as ada@example.com", [("sign in", "ada@example.com", "")]),
    ("Sign in", [("sign in", "", "")]),
    ("log out", [("signout",)]),
    ("sign out of the portal", [("signout",)]),
    # typing
    ("type hello into the Name field", [("type", "Name", "hello", False)]),
    ("Enter 'foo, and bar' in the search box", [("type", "search", "foo, and bar", False)]),
    ("put 5 in quantity", [("type", "quantity", "5", False)]),
    ("fill the email field with a@b.c", [("type", "email", "a@b.c", False)]),
    ("fill in City with Paris", [("type", "City", "Paris", False)]),
    ("set Quantity to 3", [("type", "Quantity", "3", False)]),
    ("write \"Hello there\" in the message box", [("type", "message", "Hello there", False)]),
    ("in the First name field, type Ada", [("type", "First name", "Ada", False)]),
    ("type lovelace in the password field", [("type", "password", "lovelace", True)]),
    ("type Ada in the name field and Lovelace in the surname field",
     [("type", "name", "Ada", False), ("type", "surname", "Lovelace", False)]),
    ("fill the email field with a@b.c and the name with Bob",
     [("type", "email", "a@b.c", False), ("type", "name", "Bob", False)]),
    ("Fill in the form with name Ada, email a@b.c and plan Pro",
     [("fill", ("name", "Ada"), ("email", "a@b.c"), ("plan", "Pro"))]),
    ("enter email: a@b.c", [("fill", ("email", "a@b.c"))]),
    ("enter the code 123456", [("fill", ("code", "123456"))]),
    ("type \"hello world\" and press Enter", [("type", "", "hello world", False), ("press", "Enter")]),
    # clicking
    ("click the first link", [click("", 1)]),
    ("click Sign in", [click("Sign in")]),
    ("press the Save button", [click("Save")]),
    ("tap on 'Save and continue'", [click("Save and continue")]),
    ("hit the \"Pay now\" button", [click("Pay now")]),
    ("click the link called About us", [click("About us")]),
    ("click the button labelled 'Go'", [click("Go")]),
    ("click the last Delete button", [click("Delete", -1)]),
    ("click the second Delete button in the row of Ada Lovelace", [click("Delete", 2, "Ada Lovelace")]),
    ("click the Pay button next to INV-1042", [click("Pay", None, "INV-1042")]),
    ("click the Edit button for Grace Hopper", [click("Edit", None, "Grace Hopper")]),
    ("click Remove in the Blue shirt row", [click("Remove", None, "Blue shirt")]),
    ("double-click report.txt", [click("report.txt", None, "", 2)]),
    ("right click the file notes", [click("file notes", None, "", 1, "right")]),
    ("open the first result", [click("", 1)]),
    ("click the Terms of service link", [click("Terms of service")]),
    ("submit the form", [click("Submit")]),
    ("save the changes", [click("Save")]),
    ("hover over the Products menu", [("hover", "Products")]),
    ("drag Task A to Done", [("drag", "Task A", "Done")]),
    ("press Enter", [("press", "Enter")]),
    ("press ctrl+a", [("press", "Control", "a")]),
    ("hit the Escape key", [("press", "Escape")]),
    ("press Tab twice", [("press", "Tab"), ("press", "Tab")]),
    # lists and marks
    ("choose Pro from the Plan list", [("choose", "Pro", "Plan")]),
    ("select 'Extra large' in the size dropdown", [("choose", "Extra large", "size")]),
    ("pick France as the country", [("choose", "France", "country")]),
    ("from the Plan menu, choose Pro", [("choose", "Pro", "Plan")]),
    ("select Express delivery", [("choose", "Express delivery", "")]),
    ("select the second row", [click("row", 2)]),
    ("check the Remember me box", [("check", "Remember me", True)]),
    ("tick \"I agree\"", [("check", "I agree", True)]),
    ("uncheck Newsletter", [("check", "Newsletter", False)]),
    ("turn off the Dark mode switch", [("check", "Dark mode", False)]),
    ("accept the terms and conditions", [("check", "terms and conditions", True)]),
    ("accept all cookies", [("dismiss",)]),
    ("close the dialog", [("dismiss",)]),
    # scrolling and waiting
    ("scroll down", [("scroll", "down", "")]),
    ("scroll down to Terms of service", [("scroll", "down", "Terms of service")]),
    ("scroll to the bottom of the page", [("scroll", "bottom", "")]),
    ("scroll up until you see Welcome", [("scroll", "up", "Welcome")]),
    ("wait for 3 seconds", [("wait", 3.0, "", False)]),
    ("wait until the page says Done", [("wait", 0.0, "Done", False)]),
    ("wait for the results to appear", [("wait", 0.0, "results", False)]),
    ("wait until Loading disappears", [("wait", 0.0, "Loading", True)]),
    # checking and reading
    ("verify that the page says Welcome back, Ada.", [verify("Welcome back, Ada")]),
    ("check that it says Paid", [verify("Paid")]),
    ("make sure there is a link called Orders", [verify("Orders")]),
    ("confirm that 'Thank you' is shown", [verify("Thank you")]),
    ("verify the status of INV-1042 is Paid", [verify("Paid", True, "INV-1042")]),
    ("confirm that INV-1042 is paid", [verify("paid", True, "INV-1042")]),
    ("verify that \"Error\" is not shown", [verify("Error", False)]),
    ("make sure there is no error message", [verify("error message", False)]),
    ("check that the Newsletter box is checked", [verify("Newsletter", True, "", "checked")]),
    ("verify that you are logged in as Ada", [verify("Ada", True, "", "signed_in")]),
    ("verify that the payment went through", [verify("", True, "", "success")]),
    ("the page should say Hello", [verify("Hello")]),
    ("read the total", [("read", "total", "")]),
    ("tell me the status of order 7001", [("read", "status", "7001")]),
    ("What is the total of INV-1042?", [("read", "total", "INV-1042")]),
    ("report what the page says", [("read", "", "")]),
    # goals
    ("Pay invoice INV-1042", [("goal", "pay", "invoice", "INV-1042")]),
    ("pay the invoice from Northwind Traders", [("goal", "pay", "invoice", "Northwind Traders")]),
    ("pay $1,250.00 to Northwind Traders", [("goal", "pay", "", "Northwind Traders", ("amount", "$1,250.00"))]),
    ("Approve invoice INV-1043", [("goal", "approve", "invoice", "INV-1043")]),
    ("Refund order 7001 with the reason 'damaged in transit'",
     [("goal", "refund", "order", "7001", ("reason", "damaged in transit"))]),
    ("refund order 7001 because it was damaged", [("goal", "refund", "order", "7001", ("reason", "it was damaged"))]),
    ("Issue a refund for order #7001", [("goal", "refund", "order", "7001")]),
    ("delete the customer Grace Hopper", [("goal", "delete", "customer", "Grace Hopper")]),
    ("Cancel order 7002", [("goal", "cancel", "order", "7002")]),
    ("mark invoice INV-1 as paid", [("goal", "pay", "invoice", "INV-1")]),
    ("Add the customer Grace Hopper, grace@example.com, plan Pro",
     [("goal", "add", "customer", "Grace Hopper", *GRACE)]),
    ("create a new customer: name Grace Hopper; email grace@example.com; plan Pro",
     [("goal", "add", "customer", "Grace Hopper", *GRACE)]),
    ("Add a customer named Grace Hopper with email grace@example.com and plan Pro",
     [("goal", "add", "customer", "Grace Hopper", *GRACE)]),
    ("add Grace Hopper as a customer with email grace@example.com",
     [("goal", "add", "customer", "Grace Hopper", ("name", "Grace Hopper"), ("email", "grace@example.com"))]),
    ("change the plan of Grace Hopper to Pro", [("goal", "edit", "", "Grace Hopper", ("plan", "Pro"))]),
    ("add the blue shirt to the cart", [click("Add to cart", None, "blue shirt")]),
    ("open invoice INV-1042", [("open", "invoice", "INV-1042")]),
    ("go to the Orders page", [("open", "Orders", "")]),
    ("search for blue shoes", [("search", "blue shoes")]),
    # facts and permissions
    ("The password is lovelace", [("fact", "password", "lovelace")]),
    ("You may pay without asking", [("allow", "payment", True)]),
    ("do not pay anything", [("allow", "payment", False)]),
    # what can't be read
    ("Please frobnicate the gizmo.", [("unknown", "frobnicate the gizmo")]),
    ("book the cheapest flight to Paris", [("unknown", "book the cheapest flight to Paris")]),
    ("pay all overdue invoices", [("unknown", "pay all overdue invoices")]),
    ("email me the report", [("unknown", "email me the report")]),
    ("If the total is over 100, cancel", [("unknown", "If the total is over 100"), ("unknown", "cancel")]),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "expected"), SENTENCES, ids=[sentence[:60] for sentence, _ in SENTENCES])
def test_a_sentence_becomes_its_steps(sentence: str, expected: list[tuple[Any, ...]]) -> None:
    assert [shape(step) for step in read(sentence)] == expected


CHAINS: list[tuple[str, list[tuple[Any, ...]]]] = [
    (
        "Open Chrome, go to http://a.test/, sign in as ada@example.com with password lovelace, and verify "
        "that the page says "
     "Welcome back, Ada.",
     [("goto", "http://a.test/"), ("sign in", "ada@example.com", "lovelace"), verify("Welcome back, Ada")]),
    ("Open Chrome, navigate to http://a.test/, and click the first link.", [("goto", "http://a.test/"), click("", 1)]),
    ("1. Go to example.com\n2. Click \"Sign in\"\n3. Type ada in the user name field\n4. Press Enter",
     [("goto", "https://example.com"), click("Sign in"), ("type", "user name", "ada", False), ("press", "Enter")]),
    ("click A; click B; then click C", [click("A"), click("B"), click("C")]),
    ("First go to example.com. Then click Help. Finally, check that it says Contact.",
     [("goto", "https://example.com"), click("Help"), verify("Contact")]),
    ("- open example.com\n- click News\n- read the headline",
     [("goto", "https://example.com"), click("News"), ("read", "headline", "")]),
    ("sign in as a@b.c with password x, pay invoice INV-1042 and verify that INV-1042 is Paid",
     [("sign in", "a@b.c", "x"), ("goal", "pay", "invoice", "INV-1042"), verify("Paid", True, "INV-1042")]),
    ("Could you please go to example.com and click on 'Terms and check' and then go back?",
     [("goto", "https://example.com"), click("Terms and check"), ("back",)]),
    ("type 'click Save, then log out' in the notes field and press the Save button",
     [("type", "notes", "click Save, then log out", False), click("Save")]),
    ("Pay invoice INV-1042 without asking",
     [("allow", "payment", True), ("allow", "irreversible", True), ("goal", "pay", "invoice", "INV-1042")]),
    ("Open invoice INV-1042, pay it without asking",
     [("open", "invoice", "INV-1042"), ("allow", "payment", True), ("allow", "irreversible", True),
      ("goal", "pay", "invoice", "INV-1042")]),
    ("Paying this invoice without asking is fine", [("allow", "payment", True)]),
    ("Pay INV-1. You may pay without asking", [("allow", "payment", True), ("goal", "pay", "", "INV-1")]),
    # a permission for some is none for the others
    ("Paying small invoices without asking is fine", [("allow", "payment", False)]),
    ("You may pay invoices under 100 dollars without asking", [("allow", "payment", False)]),
    ("You may delete test users without asking", [("allow", "irreversible", False)]),
    ("You can do everything without asking", [("allow", "irreversible", True)]),
    ("You may pay without asking if it is below $50", [("allow", "payment", False)]),
    ("Pay invoice INV-1042 without asking, then pay invoice INV-1043",
     [("allow", "payment", True), ("allow", "irreversible", True), ("goal", "pay", "invoice", "INV-1042"),
      ("allow", "payment", False), ("allow", "irreversible", False), ("goal", "pay", "invoice", "INV-1043")]),
    ("You may pay without asking. Pay invoice INV-1042 without asking, then pay invoice INV-1043",
     [("allow", "payment", True), ("allow", "payment", True), ("allow", "irreversible", True),
      ("goal", "pay", "invoice", "INV-1042"), ("allow", "irreversible", False),
      ("goal", "pay", "invoice", "INV-1043")]),
    ("Go to example.com and find out who won", [("goto", "https://example.com"), ("unknown", "find out who won")]),
]  # fmt: skip


@pytest.mark.parametrize(("task", "expected"), CHAINS, ids=[task[:50] for task, _ in CHAINS])
def test_a_task_is_split_where_instructions_begin(task: str, expected: list[tuple[Any, ...]]) -> None:
    assert [shape(step) for step in read(task) if not isinstance(step, Nothing)] == expected


@pytest.mark.timeout(20)
def test_a_long_run_of_blanks_is_one() -> None:
    assert read("click" + " " * 9000 + "Save\n\n" + "\t" * 9000 + "click Go") == read("click Save\nclick Go")


def test_fields_and_buttons_get_the_roles_that_the_sentence_names() -> None:
    typed, pressed, ticked = read("type a in the Name field, click the Go button, tick the Terms box")
    assert typed.target.kinds == (INPUT, SELECT)
    assert pressed.target.kinds[0] == BUTTON
    assert ticked.target.kinds[0] == CHECK
    assert read("click the first link")[0].target.kinds == (LINK,)


def test_instructions_give_facts_and_permissions_and_say_what_was_not_used() -> None:
    plan = GrammarPlanner().plan(
        "Pay invoice INV-1", "You may pay without asking. The password is x9y. Be quick about it."
    )
    assert [shape(step)[0] for step in plan.steps] == ["allow", "fact", "goal"]
    assert plan.remarks == ("Be quick about it",)


def test_an_unread_clause_keeps_the_words_of_the_user() -> None:
    unread = GrammarPlanner().plan("Click Save and frobnicate 'the big one'").unread()
    assert [step.source for step in unread] == ["frobnicate 'the big one'"] or unread == []


def test_passwords_are_known_even_in_clauses_that_can_not_be_read() -> None:
    assert "lovelace" in likely_secrets("somehow get in (password: lovelace), whatever")
    assert "lovelace" in likely_secrets("use lovelace as the password")
    assert likely_secrets("reset the password and click the password field") == ()
