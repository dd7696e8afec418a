"""Two people on one approval: each sees at once what the other does there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.test_deciding import open_approval
from tests.pages.test_looks import violations


@pytest.fixture
def waiting(upstream, request):
    run = upstream.add(task=f"Task of {request.node.name}")
    run.go()
    run.step()
    run.pause("Which of the two vendors?")
    yield run
    if not run.is_over:
        run.finish("cancelled")


def test_presence_claim_comment_and_hand_over_are_seen_by_the_other_at_once(people, waiting, until) -> None:
    mine, other = (open_approval(people[name], waiting, until) for name in ("reviewer", "second"))
    company = other.locator(".company")
    expect(company).to_contain_text("reviewer", timeout=8000)
    expect(mine.locator(".company")).to_contain_text("second")

    mine.fill("#note", "the blue one")
    expect(company).to_contain_text("reviewer is on it")
    expect(company.get_by_role("button")).to_have_count(0)
    other.fill("#comment-text", "half a thought")
    mine.fill("#comment-text", "I know <b>Nordwind</b>, they are fine")
    mine.locator("#comment-text").press("Control+Enter")
    expect(other.locator(".comment")).to_contain_text("I know <b>Nordwind</b>, they are fine")
    expect(mine.locator("#comment-text")).to_have_value("")
    assert other.input_value("#comment-text") == "half a thought"
    assert mine.input_value("#note") == "the blue one"

    mine.get_by_text("Hand over to a colleague").click()
    mine.select_option("#hand-to", label="second")
    mine.fill("#hand-word", "You know them better")
    mine.get_by_role("button", name="Hand over", exact=True).click()
    expect(company).to_contain_text("reviewer asks you to go on with this")
    expect(company).to_contain_text("You know them better")
    expect(company).not_to_contain_text("is on it")
    company.get_by_role("button", name="I am on it").click()
    expect(mine.locator(".company")).to_contain_text("second is on it")
    assert not violations(mine)
    assert not people["reviewer"].noise
    assert not people["second"].noise
