"""What can't be taken back: done once, and written down."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from tests.local.practice.portal import Person, Portal


def test_a_payment_asks_first_and_is_written_down(ada):
    ada.get("/invoices/INV-1042")
    assert "Pay $1,250.00 to Northwind Traders?" in ada.get("/invoices/INV-1042/pay")
    assert ada.acts() == []
    page = ada.submit("/invoices/INV-1042/pay")
    assert "Payment sent: $1,250.00 to Northwind Traders." in page
    assert ">Paid<" in page
    [act] = ada.acts()
    assert (act["act"], act["what"]) == ("pay_invoice", "INV-1042 Northwind Traders $1,250.00")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", act["at"])


def test_a_form_posted_twice_counts_once_and_shows_its_result_again(ada):
    ada.get("/invoices/INV-1042/pay")
    token = ada.token("/invoices/INV-1042/pay")
    for _ in range(2):
        page = ada.post("/invoices/INV-1042/pay", token=token)
        assert ">Paid<" in page
    assert len(ada.acts()) == 1


def test_a_hundred_posts_at_once_pay_once(ada):
    ada.get("/invoices/INV-1042/pay")
    first, second = ada.token("/invoices/INV-1042/pay"), (ada.get("/invoices/INV-1042/pay"), ada.token("/pay"))[1]
    url, cookies = ada.base + "/invoices/INV-1042/pay", ada.http.cookies

    def post(n):
        return Person(ada.base).http.post(url, data={"token": (first, second)[n % 2]}, cookies=cookies, timeout=20)

    with ThreadPoolExecutor(10) as pool:
        assert all(answer.ok for answer in pool.map(post, range(100)))
    assert len(ada.acts()) == 1


def test_a_form_without_its_token_does_nothing(ada):
    assert "expired" in ada.post("/invoices/INV-1042/pay")
    assert ada.acts() == []


def test_only_what_is_payable_can_be_paid(ada):
    assert "be paid" in ada.get("/invoices/INV-1041/pay")
    assert "Pay" not in ada.get("/invoices/INV-1040").split("<main>")[1].split("Status")[0].replace("Payee", "")


def test_approving_makes_an_invoice_payable(ada):
    ada.get("/invoices/INV-1041")
    page = ada.submit("/invoices/INV-1041/approve")
    assert "Invoice INV-1041 approved." in page
    ada.get("/invoices/INV-1041/pay")
    ada.submit("/invoices/INV-1041/pay")
    assert [act["act"] for act in ada.acts()] == ["approve_invoice", "pay_invoice"]


def test_a_refund_needs_a_reason(ada):
    ada.get("/orders/7001/refund")
    assert "Please give a reason" in ada.submit("/orders/7001/refund", reason="  ")
    page = ada.submit("/orders/7001/refund", reason="damaged in transit")
    assert "Order 7001 refunded: $84.50" in page
    assert ">Refunded<" in page
    assert ada.acts()[0]["what"] == "7001 Mabel Ortiz $84.50 damaged in transit"


def test_a_refund_posted_twice_counts_once(ada):
    ada.get("/orders/7001/refund")
    token = ada.token("/orders/7001/refund")
    for reason in ("damaged", ""):
        assert ">Refunded<" in ada.post("/orders/7001/refund", token=token, reason=reason)
    assert len(ada.acts()) == 1


def test_a_new_customer_appears_in_the_list(ada):
    ada.get("/customers/new")
    page = ada.submit("/customers/new", name="Grace Hopper", email="grace@example.com", plan="Pro", notes="")
    assert "Customer Grace Hopper added." in page
    assert "grace@example.com" in page
    assert ada.acts()[0]["what"] == "Grace Hopper grace@example.com Pro"


def test_a_customer_form_says_what_is_missing_and_keeps_the_rest(ada):
    ada.get("/customers/new")
    assert "full name" in ada.submit("/customers/new", email="g@x.example", plan="Pro")
    assert "valid email" in ada.submit("/customers/new", name="Grace", email="nonsense", plan="Pro")
    assert 'value="Grace"' in ada.page
    assert '<option value="Pro" selected>' in ada.page
    assert "choose a plan" in ada.submit("/customers/new", name="Grace", email="g@x.example", plan="Gold")
    assert ada.acts() == []


def test_what_is_typed_is_never_markup(ada):
    evil = "<script>alert(1)</script>\"'"
    ada.get("/customers/new")
    ada.submit("/customers/new", name=evil, email="a@b.example", plan="Pro", notes="<img src=x>")
    assert "<script>alert" not in ada.page
    assert "<img src=x>" not in ada.page
    assert "&lt;script&gt;" in ada.get("/customers")


def test_deleting_the_account_asks_and_shuts_it_for_good(ada):
    assert "cannot be undone" in ada.get("/settings/delete")
    assert "has been deleted" in ada.submit("/settings/delete")
    assert "Wrong email or password" in ada.sign_in()
    assert [act["act"] for act in ada.acts()] == ["delete_account"]


def test_settings_stay(ada):
    assert "Settings saved" in ada.post("/settings", weekly="on", format="CSV", note="Thank you")
    page = ada.get("/settings")
    assert re.search(r'name="weekly" value="on" checked', page)
    assert not re.search(r'name="due" value="on" checked', page)
    assert re.search(r'value="CSV" checked', page)
    assert ">Thank you</textarea>" in page
    assert ada.acts() == []


def test_every_browser_has_its_own_data_and_all_share_the_ledger(portal):
    one, two = Person(portal.base), Person(portal.base)
    for person in (one, two):
        person.sign_in()
        person.get("/invoices/INV-1042/pay")
    one.submit("/invoices/INV-1042/pay")
    assert ">Due<" in two.get("/invoices/INV-1042")
    two.get("/invoices/INV-1042/pay")
    assert "Payment sent" in two.submit("/invoices/INV-1042/pay")
    assert len(one.acts()) == 2


def test_a_ledger_file_survives_a_restart_and_a_torn_line(tmp_path):
    path = tmp_path / "data" / "ledger.jsonl"
    with Portal(path) as portal:
        person = Person(portal.base)
        person.sign_in()
        person.get("/invoices/INV-1042/pay")
        person.submit("/invoices/INV-1042/pay")
    with path.open("a") as file:
        file.write('{"at": "2027-')
    with Portal(path) as portal:
        assert [act["act"] for act in Person(portal.base).all_acts()] == ["pay_invoice"]


def test_old_visits_are_let_go(portal):
    visits = portal.app.state.visits
    first = visits.get("")
    for _ in range(1_200):
        visits.get("")
    assert len(visits) == 1_000
    assert visits.get(first.id) is not first
