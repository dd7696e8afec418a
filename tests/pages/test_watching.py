"""A run's page, the lists and the counts follow what upstream tells, without a reload."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_a_run_that_starts_elsewhere_shows_in_the_list_and_its_steps_on_its_page(people, upstream) -> None:
    page = people["viewer"].live("/runs/")
    run = upstream.add(task="Read the newest order")
    expect(page.get_by_role("link", name="Read the newest order")).to_be_visible(timeout=8000)
    page.get_by_role("link", name="Read the newest order").click()
    run.go()
    run.step("I see a list of orders")
    expect(page.locator(".line", has_text="I see a list of orders")).to_have_count(1)
    expect(page.locator(".figures")).to_contain_text("1 of 50")
    expect(page.locator(".figures")).to_contain_text("$0.05")
    run.step("I open the newest")
    expect(page.locator(".step h3")).to_have_text(["Start", "Step 1", "Step 2"])
    expect(page.locator(".screen img")).to_be_visible()
    expect(page.locator(".step .marks")).to_have_count(2)
    expect(page.locator("[data-film-place]")).to_have_text(re.compile("^Newest$|^Step 2 "))  # never a step that is over
    run.finish()
    expect(page.locator(".outcome")).to_contain_text("Upstream verified it")
    expect(page.locator("[data-film-place]")).to_contain_text("Step 2 ·", timeout=8000)  # what is shown, of as many
    expect(page.get_by_role("slider", name="Step shown")).to_have_value("2")
    assert not people["viewer"].noise


def seqs(page) -> list[int]:
    return [
        int(found)
        for found in page.evaluate("[...document.querySelectorAll('.timeline [data-seq]')].map(e => e.dataset.seq)")
    ]


def test_after_a_restart_of_the_server_the_page_has_every_event_once_and_the_typed_note(
    people, site, upstream, parked, until
) -> None:
    watcher, reviewer = people["viewer"], people["reviewer"]
    page = watcher.live("/runs/")
    expect(page.locator(f'a[href="/runs/{parked.id}/"]')).to_be_visible(timeout=8000)
    page = watcher.live(f"/runs/{parked.id}/")
    until(lambda: len(seqs(page)) == parked.next_seq - 1)
    desk = reviewer.live("/approvals/")
    desk.locator(".queue-row", has_text=parked.fields["task"]).locator("a").click()
    desk.fill("#note", "a half-typed no")
    site.kill()
    expect(page.locator("#connection-banner")).to_contain_text("Connection lost", timeout=5000)
    parked.emit("text", {"text": "said while nobody listened"})
    parked.emit("brand_new_type", {"html": "<img src=x onerror=alert(1)>"})
    site.start()
    until(lambda: len(seqs(page)) >= parked.next_seq - 1, 20)
    assert seqs(page) == list(range(1, parked.next_seq))
    expect(page.locator("#connection-banner")).to_be_hidden(timeout=8000)
    assert desk.input_value("#note") == "a half-typed no"
    outage = ("WebSocket", "ERR_", "[object Event]")
    noise = [said for said in [*watcher.noise, *reviewer.noise] if not any(word in said for word in outage)]
    watcher.noise.clear()
    reviewer.noise.clear()
    assert not noise


def test_the_queue_and_the_count_of_a_page_that_lies_open_move_by_themselves(people, upstream, until) -> None:
    page = people["reviewer"].live("/approvals/")
    before = int(re.search(r"\d+$", page.locator("#nav-counts").inner_text()).group())
    run = upstream.add(task="Solve this")
    run.go()
    run.pause("There is a captcha on the page.")
    expect(page.locator(".queue-row", has_text="There is a captcha")).to_have_count(1, timeout=8000)
    until(lambda: page.title().startswith(f"({before + 1}) "))
    run.resume("done elsewhere")
    expect(page.locator(".queue-row", has_text="There is a captcha")).to_have_count(0)
    expect(page.locator("#past")).to_contain_text("resumed elsewhere")
    until(lambda: before == 0 or page.title().startswith(f"({before}) "))
    run.finish()
    assert not people["reviewer"].noise


def test_while_upstream_is_down_every_page_works_and_says_so(people, upstream, parked, until) -> None:
    person = people["admin"]
    page = person.live("/approvals/")
    link = page.locator(".queue-row", has_text=parked.fields["task"]).locator("a")
    expect(link).to_be_visible(timeout=8000)
    approval = link.get_attribute("href")
    upstream.close()
    try:
        expect(page.locator("#health")).to_contain_text("down since", timeout=25_000)
        for path in ("/", approval, "/runs/", f"/runs/{parked.id}/", "/runs/new/", "/audit/"):
            assert page.goto(person.site.url + path).status == 200, path
        expect(page.locator("#health")).to_contain_text("down since")
        page.goto(person.site.url + f"/runs/{parked.id}/")
        expect(page.locator(".stream")).to_contain_text("Upstream is down since")
        page.goto(person.site.url + "/runs/new/")
        page.fill("#id_task", "Started while nobody is there")
        page.get_by_role("button", name="Start the run").click()
        expect(page.get_by_role("alert")).to_contain_text("nothing was started")
        assert page.input_value("#id_task") == "Started while nobody is there"
    finally:
        upstream.listen()
    page.goto(person.site.url + "/")
    expect(page.locator("#health")).to_contain_text(": up", timeout=25_000)
    person.noise.clear()


DEAF = """async path => {
    window.got = [];
    window.messages = 0;
    window.deaf = new WebSocket(location.origin.replace('http', 'ws') + path);
    deaf.onmessage = said => {
        messages++;
        got.push(...[...said.data.matchAll(/data-seq="([0-9]+)"/g)].map(found => Number(found[1])));
    };
    await new Promise(done => { deaf.onopen = done; });
    deaf.send(JSON.stringify({have: {}, after: 0}));
}"""


def test_a_browser_that_does_not_keep_up_is_not_flooded_and_misses_nothing(people, upstream, until) -> None:
    person = people["viewer"]
    run = upstream.add(task="Much happens here")
    run.go()
    page = person.live("/runs/")
    expect(page.get_by_role("link", name="Much happens here")).to_be_visible(timeout=8000)
    page.goto(person.site.url + "/static/favicon.svg")
    page.evaluate(DEAF, f"/ws/runs/{run.id}/")
    until(lambda: page.evaluate("got.length") == 2)
    address = f"{person.site.url}/runs/{run.id}/"
    for _ in range(12):
        last = run.emit("text", {"text": "one more", "step": 1})
        until(lambda last=last: f'data-seq="{last}"' in person.context.request.get(address).text())
    assert page.evaluate("messages") <= 6
    page.evaluate("setInterval(() => deaf.send(JSON.stringify({ack: 1})), 50)")
    until(lambda: page.evaluate("got.length") == last)
    assert page.evaluate("got") == list(range(1, last + 1))
    run.finish()


def test_a_page_whose_catalog_of_words_did_not_come_works_in_english(people) -> None:
    watcher = people["viewer"]
    watcher.noise.clear()
    watcher.page.route("**/words/**", lambda route: route.abort())
    page = watcher.live("/runs/")
    page.unroute("**/words/**")
    assert page.evaluate("interpolate(ngettext('%s run', '%s runs', 2), [2])") == "2 runs"
    assert page.evaluate("interpolate(gettext('%(a)s of %(b)s'), {a: 1, b: 2}, true)") == "1 of 2"
    assert not [told for told in watcher.noise if "ERR_FAILED" not in told]
    watcher.noise.clear()
