"""The list of runs under a hand that works on it, many runs at once, tables, templates and budgets."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.pages.test_looks import violations

TABLE = "number;customer\nINV-1;Nordwind\nINV-2;\nINV-3;Contoso\n"


def test_nothing_moves_under_the_pointer_and_many_runs_are_cancelled_by_keys(people, upstream, until) -> None:
    runs = [upstream.add(task=f"Bulk job {n}") for n in range(3)]
    for run in runs:
        run.go()
        run.step()
    person = people["operator"]
    page = person.live("/runs/?q=bulk")
    expect(page.locator(".run-row")).to_have_count(3, timeout=8000)
    page.locator(".run-row").first.hover()
    late = upstream.add(task="Bulk job that came late")
    expect(page.locator("[data-show-new]")).to_have_text("1 new", timeout=8000)
    runs[1].finish("failed")
    expect(page.locator(".run-row", has_text="Bulk job 1")).to_contain_text("Failed", timeout=8000)
    expect(page.locator(".run-row")).to_have_count(3)
    page.locator("[data-show-new]").click()
    expect(page.locator(".run-row")).to_have_count(4)
    page.locator(".row-link", has_text="came late").focus()
    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-chosen]")).to_have_text("4 runs selected")
    page.get_by_role("button", name="Cancel these…").click()
    expect(page.locator("h1")).to_have_text("Cancel 3 runs")
    expect(page.locator("main")).to_contain_text("$0.10 were spent on them")
    expect(page.locator("main")).to_contain_text("1 of the selected runs has ended already")
    assert not violations(page)
    page.get_by_role("button", name="Cancel 3 runs").click()
    expect(page.locator(".batch-head")).to_contain_text("3 of 3 rows are dealt with", timeout=12_000)
    expect(page.locator(".batch-head .chip").first).to_have_text("Done")
    expect(page.locator("[data-while-open]")).to_be_hidden()
    assert {run.status for run in (runs[0], runs[2], late)} == {"cancelled"}
    assert not person.noise


def test_filters_stand_in_the_address_and_a_view_of_them_is_saved(people, upstream) -> None:
    person = people["operator"]
    page = person.live("/runs/")
    page.get_by_text("Filters", exact=True).click()
    page.select_option("#f-trouble", "ended-badly")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"trouble=ended-badly"))
    page.get_by_text("Save this view…").click()
    page.fill("#id_name", "Ended badly")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".views [aria-current]")).to_have_text("Ended badly")
    page.keyboard.press("/")
    page.keyboard.type("bulk")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"trouble=ended-badly.*q=bulk|q=bulk.*trouble=ended-badly"))
    expect(page.locator(".run-row")).to_have_count(1)
    assert not person.noise


def save_template(page, name: str) -> None:
    page.fill("#id_name", name)
    page.fill("#id_text", "pay invoice {{number}} of {{customer}} with the word {{word:secret}}")
    page.get_by_role("button", name="Save the template").click()


def test_a_template_asks_for_its_values_shows_the_sentence_and_keeps_no_secret(people, upstream) -> None:
    person = people["operator"]
    page = person.go("/templates/")
    save_template(page, "Pay one")
    page.locator(".row-link", has_text="Pay one").click()
    page.fill("#id_var_number", "INV-9")
    page.fill("#id_var_word", "xyzzy-secret")
    expect(page.locator("#preview")).to_have_text("pay invoice INV-9 of customer with the word ••••••••")
    page.fill("#id_ceiling", "0.35")
    expect(page.locator("#cost")).to_have_text("$0.35")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator("#error-var_customer")).to_be_visible()
    assert page.input_value("#id_var_word") == ""
    page.fill("#id_var_customer", "Nordwind")
    page.fill("#id_var_word", "xyzzy-secret")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator("h1")).to_contain_text("pay invoice INV-9 of Nordwind", timeout=8000)
    sent = list(upstream.runs.values())[-1].fields
    assert (sent["task"][-12:], sent["max_steps"]) == ("xyzzy-secret", 7)
    assert "xyzzy" not in page.content()
    person.noise.clear()  # the browser notes the 422 itself


def test_a_table_starts_a_run_for_each_row_after_its_wrong_line_was_named(people, upstream) -> None:
    person = people["operator"]
    save_template(person.go("/templates/"), "Pay each")
    page = person.go("/batches/new/")
    page.select_option("#id_recipe", label="Pay each")
    page.fill(
        "#id_table",
        TABLE.replace("customer", "customer;word").replace(";Contoso", ";Contoso;b").replace("wind", "wind;a"),
    )
    page.get_by_role("button", name="Look at the table").click()
    expect(page.locator(".wrong-lines li").first).to_contain_text("Line 3, customer: A value is missing.")
    expect(page.get_by_role("button", name="Start 3 runs")).to_be_disabled()
    assert not violations(page)
    before = len(upstream.runs)
    page.get_by_role("link", name="Another table").click()
    page.fill("#id_table", "number,customer,word\nINV-1,Nordwind,a\nINV-3,Contoso,b\n")
    page.get_by_role("button", name="Look at the table").click()
    expect(page.locator(".confirm-line")).to_contain_text("$5.00")
    page.get_by_role("button", name="Start 2 runs").dblclick()
    expect(page.locator(".batch-head")).to_contain_text("2 of 2 rows are dealt with", timeout=12_000)
    assert len(upstream.runs) == before + 2
    results = person.context.request.get(page.url + "results.csv").text()
    assert "2,INV-1,Nordwind,••••••••,done" in results
    page.get_by_role("link", name="Its runs in the list").click()
    expect(page.locator(".run-row")).to_have_count(2)
    assert not person.noise


def test_a_budget_is_seen_where_runs_start_and_keeps_them_from_it(people, upstream) -> None:
    admin = people["admin"]
    page = admin.go("/budgets/")
    page.fill("#id_name", "Tiny")
    page.fill("#id_limit", "1.00")
    page.select_option("#id_period", "run")
    page.get_by_role("button", name="Save the budget").click()
    expect(page.locator(".budget-rows")).to_contain_text("$1.00 each run")
    try:
        page = people["operator"].go("/runs/new/")
        page.fill("#id_task", "Dear")
        page.get_by_role("button", name="Start the run").click()
        expect(page.get_by_role("alert")).to_contain_text("the budget “Tiny” allows $1.00 a run")
        assert page.input_value("#id_task") == "Dear"
        viewer = people["viewer"].go("/budgets/")
        expect(viewer.locator("main")).to_contain_text("Administrators change budgets.")
    finally:
        page = admin.go("/budgets/")
        page.locator(".row-link", has_text="Tiny").click()
        page.get_by_text("Remove…").click()
        page.get_by_role("button", name="Remove this budget").click()
    expect(page.locator(".notice.success")).to_be_visible()
    people["operator"].noise.clear()


def test_the_pages_of_planning_have_no_violation_and_do_not_scroll_sideways(people) -> None:
    person = people["admin"]
    wrong = {}
    for path in (
        "/runs/?trouble=waits",
        "/templates/",
        "/batches/",
        "/batches/new/",
        "/budgets/",
        "/runs/new/?template=1",
    ):
        person.page.emulate_media(color_scheme="light")
        page = person.go(path)
        assert page.locator("h1").inner_text() != "Something broke on our side", path
        page.locator("details").evaluate_all("all => all.forEach(e => { if (!e.closest('.confirm')) e.open = true; })")
        found = violations(page)
        page.emulate_media(color_scheme="dark")  # only colours differ
        found += violations(page, {"runOnly": ["color-contrast"]})
        page.set_viewport_size({"width": 360, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            found.append("wider than the screen")
        page.set_viewport_size({"width": 1280, "height": 900})
        if found:
            wrong[path] = found
    person.noise.clear()
    assert not wrong
