"""Starting a run: the worst case is told first, a refusal stands at its field, and nothing typed is lost."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_worst_case_is_told_while_typing_and_a_double_click_starts_one_run(people, upstream, until) -> None:
    page = people["operator"].live("/runs/new/")
    before = len(upstream.runs)
    page.fill("#id_task", "Open the newest order")
    page.fill("#id_max_steps", "12")
    expect(page.locator("#cost")).to_have_text("$0.60")
    page.locator("#new-run details summary").click()
    page.select_option("#id_cua_version", "v1")
    expect(page.locator("#cost")).to_have_text("$0.96")
    page.get_by_role("button", name="Start the run").dblclick()
    page.wait_for_url(lambda url: "/runs/new/" not in url)
    expect(page.locator("h1")).to_have_text("Open the newest order")
    assert len(upstream.runs) == before + 1
    assert list(upstream.runs.values())[-1].fields["max_steps"] == 12
    assert not people["operator"].noise


def test_the_same_form_sent_twice_starts_one_run(people, site, upstream) -> None:
    person = people["operator"]
    page = person.go("/runs/new/")
    page.fill("#id_task", "Only once")
    form = page.evaluate("Object.fromEntries(new FormData(document.getElementById('new-run')))")
    before = len(upstream.runs)
    answers = [
        person.context.request.post(
            site.url + "/runs/new/", form=form, headers={"Referer": site.url + "/"}, max_redirects=0
        )
        for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [302, 302]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(upstream.runs) == before + 1


def test_what_upstream_refuses_stands_at_its_field_and_what_was_typed_stays(people, upstream) -> None:
    page = people["operator"].live("/runs/new/")
    details = [{"loc": ["body", "webhook_url"], "msg": "must be https", "type": "value_error"}]
    import json

    body = json.dumps({"error": {"code": "VALIDATION_ERROR", "message": "No.", "details": details}}).encode()
    upstream.fail("POST", r"/runs$", status=422, body=body)
    page.fill("#id_task", "Keep my words")
    page.locator("#new-run details summary").click()
    page.fill("#id_metadata", '{"ticket": "A-17"}')
    page.fill("#id_webhook_url", "http://example.test/")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator("#error-webhook_url")).to_contain_text("must be https")
    assert page.input_value("#id_task") == "Keep my words"
    assert page.input_value("#id_webhook_url") == "http://example.test/"
    assert page.input_value("#id_metadata") == '{"ticket": "A-17"}'
    people["operator"].noise.clear()  # the browser notes the 422 itself


def test_bad_entries_are_told_at_their_fields(people) -> None:
    page = people["operator"].live("/runs/new/")
    page.fill("#id_max_steps", "2000")
    page.locator("#new-run details summary").click()
    page.fill("#id_metadata", "[1, 2]")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator("#error-task")).to_be_visible()
    expect(page.locator("#error-max_steps")).to_contain_text("1000")
    expect(page.locator("#error-metadata")).to_contain_text("JSON object")
    assert page.locator("#id_task").get_attribute("aria-invalid") == "true"
    people["operator"].noise.clear()


def test_a_run_is_cancelled_after_a_second_look(people, upstream, until) -> None:
    run = upstream.add(task="To be cancelled")
    run.go()
    page = people["operator"].live("/runs/")
    page.get_by_role("link", name="To be cancelled").click(timeout=8000)
    page.get_by_text("Cancel run…").click()
    page.keyboard.press("Escape")  # led back to where it was asked
    expect(page.get_by_role("button", name="Cancel this run")).to_be_hidden()
    expect(page.locator("summary", has_text="Cancel run…")).to_be_focused()
    page.keyboard.press("Enter")
    assert run.status == "running"
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.locator(".notice.success")).to_contain_text("cancelled")
    assert run.status == "cancelled"
    expect(page.get_by_text("Cancel run…")).to_be_hidden()
    assert not people["operator"].noise
