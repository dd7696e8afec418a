"""Who gets in, and where to."""

from __future__ import annotations

import pytest
import requests


def test_the_right_password_leads_to_a_welcome(visitor):
    assert "Welcome back, Ada" in visitor.sign_in()


def test_a_wrong_password_says_so_and_keeps_the_email(visitor):
    page = visitor.sign_in(password="nope")
    assert "Wrong email or password" in page
    assert 'value="ada@example.com"' in page
    assert "Welcome back, Ada" in visitor.sign_in()


def test_grace_is_asked_for_a_code_and_may_try_again(visitor):
    assert "One-time code" in visitor.sign_in("grace@example.com", "hopper")
    assert "That code is not right" in visitor.post("/code", code="000000")
    assert "Welcome back, Grace" in visitor.post("/code", code=" 123456 ")


def test_no_code_without_a_password(visitor):
    assert "Sign in to" in visitor.get("/code")
    assert "Sign in to" in visitor.post("/code", code="123456")
    assert "Sign in to" in visitor.get("/dashboard").replace("Please sign in to go on", "Sign in to")


def test_a_deep_link_waits_behind_the_sign_in(visitor):
    assert "Please sign in to go on" in visitor.get("/invoices/INV-1042")
    assert "Invoice INV-1042" in visitor.sign_in()


def test_a_deep_link_waits_behind_the_code_too(visitor):
    visitor.get("/orders/7001")
    visitor.sign_in("grace@example.com", "hopper")
    assert "Order 7001" in visitor.post("/code", code="123456")


def test_signing_out_shuts_the_door(ada):
    assert "You have signed out" in ada.post("/sign-out")
    assert "Please sign in" in ada.get("/invoices")


@pytest.mark.parametrize("path", ["/dashboard", "/invoices", "/orders", "/customers", "/reports", "/settings"])
def test_every_area_asks_a_stranger_to_sign_in(visitor, path):
    assert "Please sign in" in visitor.get(path)


def test_a_post_by_a_stranger_does_nothing(visitor):
    visitor.post("/invoices/INV-1042/pay", token="x")
    assert visitor.acts() == []
    assert "Welcome back" in visitor.sign_in()


def test_the_first_link_of_the_front_page_is_help(visitor):
    page = visitor.get("/")
    first = page[page.index("<a ") :]
    assert first[: first.index("</a>")].endswith(">Help")
    assert "Short answers" in visitor.get("/help")


def test_help_speaks_of_codes_payments_and_captchas_without_a_form(visitor):
    for slug, word in (("two-factor-codes", "6-digit"), ("paying-invoices", "payment"), ("why-captchas", "robot")):
        page = visitor.get(f"/help/{slug}")
        assert word in page
        assert "<form" not in page


def test_answers_are_private_and_never_stored(visitor):
    visitor.get("/")
    headers = visitor.response.headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=lax" in headers["Set-Cookie"]


def test_the_icon_is_there(portal):
    assert requests.get(portal.base + "/favicon.ico", timeout=10).ok


def test_an_unknown_address_says_so_in_the_portals_own_look(visitor):
    assert "There is no page at this address" in visitor.get("/nowhere/at/all")
    assert visitor.response.status_code == 404


def test_an_oversized_form_is_refused(visitor):
    visitor.post("/sign-in", email="x" * 50_000)
    assert visitor.response.status_code == 413


def test_an_invented_cookie_is_not_adopted(portal, visitor):
    visitor.http.cookies.set("larkfield", "chosen-by-somebody-else", path="/practice")
    visitor.get("/")
    assert "chosen-by-somebody-else" not in visitor.response.headers["Set-Cookie"]
