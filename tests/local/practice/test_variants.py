"""Every look shows the same content, wherever the portal is mounted."""

from __future__ import annotations

import re

import pytest
import requests

from coasty_local.practice.variants import VARIANTS
from tests.local.practice.portal import Person, Portal

EVERY = range(len(VARIANTS))
PAGES = ("/dashboard", "/invoices", "/invoices/INV-1042", "/orders", "/orders/7001",
         "/customers", "/settings", "/help")  # fmt: skip


def facts(page: str) -> list[str]:
    """What a page says of names, numbers and dates, whatever its look."""
    words = re.sub(r"<[^>]+>", " ", page.split("<main>")[1].split("</main>")[0])
    pattern = r"INV-\d+|\$[\d,.]+|\d+ [A-Z][a-z]+ 2027|\S+@\S+|70\d\d|Northwind Traders|Mabel Ortiz|Overdue|Delivered"
    return sorted(set(re.findall(pattern, words)))


def test_there_are_at_least_eight_looks_and_no_two_are_the_same():
    assert len(VARIANTS) >= 8
    assert len({repr(look).split(",", 1)[1] for look in VARIANTS}) == len(VARIANTS)


@pytest.mark.parametrize("number", EVERY)
def test_content_is_the_same_in_every_look(portal, number):
    plain, dressed = Person(portal.base), Person(portal.base)
    dressed.get(f"/?variant={number}")
    assert "Welcome back, Ada" in dressed.sign_in()
    plain.sign_in()
    for path in PAGES:
        assert facts(dressed.get(path)) == facts(plain.get(path)), path


@pytest.mark.parametrize("number", EVERY)
def test_the_whole_errand_works_in_every_look(portal, number):
    person = Person(portal.base)
    person.get(f"/invoices?variant={number}")
    assert "INV-1042" in person.sign_in()
    person.get("/invoices/INV-1042/pay")
    assert "Payment sent" in person.submit("/invoices/INV-1042/pay")
    person.get("/orders/7001/refund")
    assert "refunded" in person.submit("/orders/7001/refund", reason="damaged in transit")
    person.get("/customers/new")
    assert "added" in person.submit("/customers/new", name="Grace Hopper", email="grace@example.com", plan="Pro")


def test_a_look_stays_with_its_visit_and_wraps_round(portal, visitor):
    assert "/look/3.css" in visitor.get("/?variant=3")
    assert "/look/3.css" in visitor.get("/help")
    assert "/look/1.css" in visitor.get(f"/?variant={len(VARIANTS) + 1}")
    assert "/look/1.css" in visitor.get("/?variant=%3Cb%3E")
    assert "/look/0.css" in Person(portal.base).get("/")


@pytest.mark.parametrize("number", EVERY)
def test_every_style_sheet_is_whole_and_asks_nothing_from_outside(portal, number):
    sheet = requests.get(f"{portal.base}/look/{number}.css", timeout=10).text
    assert sheet.count("{") == sheet.count("}")
    assert "$" not in sheet
    assert "url(" not in sheet


@pytest.mark.parametrize("number", EVERY)
def test_text_stands_out_from_its_ground(number):
    from coasty_local.practice import theme

    colors = dict(zip(theme.NAMES, theme.PALETTES[VARIANTS[number].theme].split(), strict=True))
    pairs = [("ink", "card"), ("soft", "card"), ("ink", "page"), ("accent", "card"), ("accent", "page"),
             ("on_accent", "accent"), ("on_head", "head"), ("danger", "card"), ("soft", "field")]  # fmt: skip
    for ink, ground in pairs:
        assert contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)


def test_the_cookie_banner_goes_away_for_good(visitor):
    assert "Accept cookies" in visitor.get("/?variant=4")
    visitor.post("/cookies")
    assert "Accept cookies" not in visitor.get("/")


def test_links_follow_the_mount_path():
    with Portal(None, mount="/some/where") as portal:
        person = Person(portal.base)
        assert "Welcome back" in person.sign_in()
        assert set(re.findall(r'(?:href|src|action)="([^"]*)"', person.page)) >= {"/some/where/invoices"}
        assert all(
            link.startswith("/some/where/") for link in re.findall(r'(?:href|src|action)="([^"]*)"', person.page)
        )


def test_no_page_asks_anything_from_outside(ada):
    for number in EVERY:
        for path in PAGES:
            page = ada.get(f"{path}?variant={number}")
            assert not re.search(r'(?:href|src|action)="(?!/practice/)', page), path


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two #rrggbb colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
