"""The sites tell the truth: what a task asks can be done, and the server knows whether it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.local.sites import corpus
from tests.local.sites.entry import SIGN_IN, SIGN_UP
from tests.local.sites.shop import CHECKOUT
from tests.local.sites.street import Street


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Street() as running:
        yield running


@pytest.mark.parametrize("name", corpus.SITES)
def test_every_task_opens_on_a_page_and_begins_undone(street, name):
    for seed in range(6):
        for site, task in corpus.tasks([name], [seed]):
            world, url = street.open(task, site)
            answer = requests.get(url, timeout=10)
            assert answer.ok
            assert "<h1>" in answer.text
            assert "{url}" in task.text
            assert world.done() == (task.wanted == ())


@pytest.mark.parametrize("seed", range(8))
def test_signing_in_is_seen_by_the_server(street, seed):
    [task] = SIGN_IN.tasks(seed)
    world, url = street.open(task, SIGN_IN)
    wrong = {"email": world.data["email"], "password": "something else"}
    assert "Wrong e-mail or password" in requests.post(url, data=wrong, timeout=10).text
    assert world.wrong_acts() == [("failed_sign_in",)]
    world.acts.clear()
    answer = requests.post(url, data=wrong | {"password": world.data["password"]}, timeout=10)
    assert "You are signed in" in answer.text
    assert world.done()


@pytest.mark.parametrize("seed", range(8))
def test_signing_up_is_judged_by_every_field(street, seed):
    [task] = SIGN_UP.tasks(seed)
    world, url = street.open(task, SIGN_UP)
    _, name, email, password, country, _ = task.wanted[0]
    fields = {"name": name, "email": email, "password": password, "again": password, "terms": "yes"}
    if 'name="country"' in requests.get(url, timeout=10).text:
        fields["country"] = country
    else:
        assert country == "-"
    requests.post(url, data=fields | {"offers": "yes"}, timeout=10)
    assert not world.done()
    world.acts.clear()
    assert "ready" in requests.post(url, data=fields, timeout=10).text
    assert world.done()


def test_an_order_is_judged_by_every_field(street):
    [task] = CHECKOUT.tasks(5)
    world, url = street.open(task, CHECKOUT)
    _, name, place, city, code, shipping, _ = task.wanted[0]
    fields = {"name": name, "street": place, "city": city, "zip": code, "shipping": shipping}
    answer = requests.post(url.removesuffix("checkout") + "order", data=fields, timeout=10)
    assert "Your order is placed" in answer.text
    assert world.done()
    assert world.wrong_acts() == []


def test_a_secret_that_was_shown_is_remembered(street):
    [task] = SIGN_IN.tasks(1)
    world, url = street.open(task, SIGN_IN)
    report = url + "typed"
    requests.post(report, data={"field": "password", "type": "password", "value": task.secrets[0]}, timeout=10)
    requests.post(report, data={"field": "email", "type": "text", "value": task.secrets[0][0]}, timeout=10)
    assert world.leaks() == []
    requests.post(report, data={"field": "email", "type": "text", "value": task.secrets[0]}, timeout=10)
    assert world.leaks() == ["email"]
