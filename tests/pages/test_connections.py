"""The page of connections in a browser: added, coloured, switched off and on; accessible in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.test_looks import violations
from tests.upstreams import Upstream

KEY = "sk-coasty-live-" + "9e" * 24


@pytest.fixture
def service():
    with Upstream(KEY) as scripted:
        yield scripted


def looked_at(person, path):
    wrong = []
    for theme in ("light", "dark"):
        person.page.emulate_media(color_scheme=theme)
        person.go(path)
        wrong += [f"{path} {theme} {one}" for one in violations(person.page)]
    return wrong


def test_an_administrator_adds_a_connection_and_switches_it_off_and_on(people, service, upstream) -> None:
    admin = people["admin"]
    run = service.add(task="Count the chairs")
    page = admin.go("/connections/")
    page.fill("#id_name", "Warehouse")
    page.fill("#id_base_url", service.base_url)
    page.fill("#id_key", "sk-coasty-live-wrong")
    page.select_option("#id_colour", "violet")
    page.get_by_role("button", name="Try the key and add").click()
    expect(page.locator("#error-key")).to_contain_text("refuses this key")
    expect(page.locator("#id_key")).to_have_value("")
    page.fill("#id_key", KEY)
    page.get_by_role("button", name="Try the key and add").click()
    expect(page.get_by_text("Warehouse answers")).to_be_visible()
    page = admin.live("/runs/?connection=warehouse")
    expect(page.locator(f'a[href="/runs/{run.id}/"]')).to_be_visible(timeout=8000)
    expect(page.locator(".row .swatch-violet")).to_be_visible()
    wrong = looked_at(admin, "/connections/warehouse/")
    page = admin.go("/connections/warehouse/")
    page.get_by_role("button", name="Make a secret").click()
    expect(page.locator("#webhook-secret")).to_contain_text("whsec_")
    page.uncheck("#id_is_enabled")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".row", has_text="Warehouse")).to_contain_text("Disabled")
    page = admin.live(f"/runs/{run.id}/")
    expect(page.get_by_text("The connection is disabled").first).to_be_visible(timeout=8000)
    page = admin.go("/connections/warehouse/")
    page.check("#id_is_enabled")
    page.get_by_role("button", name="Save").click()
    page = admin.live(f"/runs/{run.id}/")
    expect(page.locator(".stream-live")).to_be_visible(timeout=8000)
    service.key = "rotated"
    service.cut()
    alert = page.locator("#alerts").get_by_text("refuses our key")
    expect(alert).to_be_visible(timeout=8000)
    page.set_viewport_size({"width": 390, "height": 844})  # a phone has short lines, and what they mean on demand
    meaning = page.locator("#alerts .rest")
    expect(meaning).to_be_hidden()
    assert page.locator(".alarms").bounding_box()["height"] < 100
    page.locator(".alarms-more summary").press("Enter")
    expect(meaning).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    wrong += looked_at(admin, "/runs/")
    page = admin.go("/connections/warehouse/")
    page.uncheck("#id_is_enabled")  # the pages of other tests know one connection only
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#alerts")).not_to_contain_text("Warehouse")
    admin.noise.clear()
    assert not wrong
