"""No page offers its reader a link or a form that the server then refuses to their role."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import resolve
from django.urls.exceptions import Resolver404

from tests.api.test_routes import ANYBODY, NEVER, ROUTES, addresses, enter  # noqa: F401 (one is a fixture)

pytestmark = pytest.mark.django_db
NOT_PAGES = ("screen/", "now/", "draft/", "film/", ".jsonl", ".csv", ".jpg")
OF_HTMX = {"hx-get": "GET", "hx-post": "POST", "formaction": "POST", "data-claim": "POST"}


class Offers(HTMLParser):
    """What a page lets its reader do: (method, address) of each link, form and button."""

    def __init__(self, page, address):
        super().__init__()
        self.address, self.found, self.form = address, set(), None
        self.feed(page)

    def handle_starttag(self, tag, given):
        given = dict(given)
        if tag == "a" and "href" in given:
            self.found.add(("GET", given["href"]))
        if tag == "form" and given.get("method") != "dialog" and "method" in given:
            self.form = (given["method"].upper(), given.get("action") or self.address)
            self.found.add(self.form)
        if tag == "fieldset" and "disabled" in given:  # shown with the reason why it can't be sent
            self.found.discard(self.form)
        self.found.update((method, given[name]) for name, method in OF_HTMX.items() if name in given)


def refused(role, method, address, page):
    """Whether the table refuses this role what a page offers; addresses of others are none of ours."""
    if "//" in address:
        return False
    path = re.sub(r"[?#].*", "", address) or page
    try:
        route = resolve(path).route if path.startswith("/") else None
    except Resolver404:
        return True
    who = ROUTES[route][method == "POST"] if route in ROUTES else ANYBODY
    return who is NEVER or role not in who


@pytest.mark.parametrize("name", ["viewer", "operator", "reviewer", "admin", "stranger"])
def test_no_page_offers_what_is_refused_to_its_reader(people, addresses, name):  # noqa: F811 (the fixture)
    client, wrong, opened = enter(people, name), set(), 0
    for route, (who, _) in ROUTES.items():
        if who and name in who and not route.endswith(NOT_PAGES):
            answer = client.get(addresses[route], follow=True)
            page = answer.request["PATH_INFO"]
            assert answer.status_code in {200, 204, 404}, page
            opened += answer.status_code == 200
            offered = Offers(answer.content.decode(), page).found
            wrong |= {(route, *one) for one in offered if refused(name, *one, page)}
    assert not wrong
    assert opened >= (1 if name == "stranger" else 20)
