"""What upstream, or a page that an agent read, plants in a text stays text, on every page."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

SCRIPT = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
LINK = "<a href='javascript:alert(1)'>pay here</a> https://evil.example/"
FAKE = "<form action='/decide'><button name='verdict' value='resume'>Resume</button></form> [ Resume ]"
HIDDEN = "safe\u202egpj.exe\u200b\u2066end\x1b[31m"


@pytest.fixture(scope="module")
def hostile(upstream):
    run = upstream.add(
        task=f"Task {SCRIPT} {HIDDEN} {FAKE} " + "T" * 2_000_000, metadata={"k": SCRIPT}, instructions=SCRIPT
    )
    run.go()
    run.step(f"{SCRIPT} {HIDDEN}")
    run.emit("tool_call", {"step": 2, "action_type": SCRIPT, "params": {"x": 5, "y": "7", "text": LINK}})
    run.emit("tool_call", {"step": 2, "action_type": "click", "params": {"x": 10**400, "y": -5}})
    run.emit("tool_call", {"step": "two", "params": [1, 2]})
    run.emit("strange", '{"not": "json')
    run.emit("stranger", {"html": SCRIPT, "deep": [[[{"a": HIDDEN}]]]})
    run.emit("text", {"text": ["not", "a", "string"]})
    run.emit("done?", {})
    run.pause(f"{SCRIPT} {LINK} {HIDDEN} {FAKE} " + "A" * 2_000_000)
    yield run
    run.fields["task"] = "Task"  # the tests after these list it, too


def harmless(page) -> None:
    assert page.evaluate("window.hacked") is None
    assert (
        page.locator(
            "main img[onerror], main a[href^='javascript'], main script, main .untrusted :is(button, form, a)"
        ).count()
        == 0
    )
    assert "\u202e" not in page.inner_text("body")
    assert "\u200b" not in page.inner_text("body")


@pytest.mark.parametrize("path", ["/", "/approvals/", "/runs/", "/runs/?q=script", "/audit/"])
def test_hostile_text_stays_text_in_lists(people, hostile, until, path) -> None:
    until(lambda: hostile.connections)
    page = people["reviewer"].live(path)
    harmless(page)
    assert not people["reviewer"].noise


def test_hostile_events_stay_text_on_the_timeline(people, hostile, until) -> None:
    page = people["reviewer"].live("/runs/")
    expect(page.locator(f'a[href="/runs/{hostile.id}/"]')).to_be_visible(timeout=8000)
    page = people["reviewer"].live(f"/runs/{hostile.id}/")
    until(lambda: page.locator("[data-seq]").count() == hostile.next_seq - 1)
    harmless(page)
    expect(page.locator("#main")).to_contain_text("<script>window.hacked = 1</script>")
    page.get_by_text("Not known to this console").first.click()
    expect(page.locator(".raw").first).to_contain_text("not")
    hostile.emit("text", {"text": f"live {SCRIPT}"})
    expect(page.locator(".line", has_text="live <script>")).to_have_count(1)
    harmless(page)
    assert not people["reviewer"].noise


def test_a_reason_of_2_mb_with_buttons_of_its_own_is_cut_named_and_decidable(people, hostile, until) -> None:
    page = people["reviewer"].live("/approvals/")
    page.locator(".queue-row", has_text="window.hacked").locator("a").first.click()
    expect(page.locator("#says")).to_contain_text("U+202E")
    expect(page.locator("#says .hidden-char").first).to_have_attribute("title", "right-to-left override")
    expect(page.locator("#says")).to_contain_text("U+001B")
    expect(page.locator("#says")).to_contain_text("<button name='verdict' value='resume'>Resume</button>")
    expect(page.get_by_role("button", name="Resume")).to_have_count(1)
    harmless(page)
    assert page.locator("#says").evaluate("e => e.getBoundingClientRect().height") < 600
    page.get_by_role("button", name="Cancel", exact=False).last.click()
    expect(page.locator(".approval-state")).to_contain_text("You decided: cancel")
    until(lambda: hostile.status == "cancelled")
    harmless(page)
    assert not people["reviewer"].noise


@pytest.mark.parametrize("name", ["a/b", "..", "x?y#z&amp;", "ü %2F", "<b>"])
def test_whatever_upstream_calls_a_run_its_page_opens(name) -> None:
    from django.urls import resolve, reverse

    address = reverse("run", args=[name])
    assert address.count("/") == 3
    assert resolve(unquote(address)).kwargs == {"upstream_id": name}
