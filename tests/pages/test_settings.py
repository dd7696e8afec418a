"""A person's zone, language and devices in a browser; the console offline, and below the path of a proxy."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect

from tests.pages.site import Site, sign_in


class BelowAPath(Site):
    """A console that a proxy shows at /console."""

    @property
    def url(self) -> str:
        return f"{self.origin}/console"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"FORCE_SCRIPT_NAME": "console/"}


@pytest.fixture
def second(site, browser):
    person = sign_in(site, browser, "second", timezone_id="America/New_York")
    yield person
    person.context.close()


def shown_hour(page, path: str) -> int:
    page.goto(path)
    stamp = page.locator("time[data-stamp]").first
    return int(re.fullmatch(r"\d{4}-\d\d-\d\d (\d\d):\d\d:\d\d", stamp.text_content())[1])


def test_times_follow_the_device_until_a_zone_is_chosen_then_that_and_the_page_its_language(
    second, parked, until
) -> None:
    page, url = second.page, second.site.url
    run = f"{url}/runs/{parked.id}/"
    until(lambda: page.goto(run).status == 200)
    second.noise.clear()
    hour = int(page.locator("time[data-stamp]").first.get_attribute("datetime")[11:13])
    assert (hour - shown_hour(page, run)) % 24 in {4, 5}
    page.goto(f"{url}/settings/")
    page.get_by_role("button", name="Use this device's zone: America/New York").click()
    expect(page.locator("#id_time_zone")).to_have_value("America/New_York")
    page.select_option("#id_time_zone", "Asia/Tokyo")
    page.select_option("#id_language", "de")
    page.get_by_role("button", name=re.compile("Save|Speichern")).click()
    page.wait_for_url("**/settings/")
    assert page.evaluate("document.documentElement.lang") == "de"
    assert (shown_hour(page, run) - hour) % 24 == 9
    until(second.is_live)
    parked.finish("cancelled")  # what a socket brings is in the person's zone as well
    until(lambda: page.locator("[id^=run-head]", has=page.locator(".tone-cancelled")).count())
    assert page.locator("[id^=run-head] time").first.get_attribute("title").endswith(("JST", "GMT+9"))
    page.goto(f"{url}/settings/")
    page.select_option("#id_time_zone", "")
    page.select_option("#id_language", "")
    page.locator(".save button").click()
    page.wait_for_url("**/settings/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert second.noise == []


def test_offline_there_is_an_honest_page_and_nothing_of_the_pages_was_kept(second) -> None:
    page = second.go("/approvals/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kept = page.evaluate(
        "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(kept => kept.keys()))))"
        ".then(all => all.flat().map(request => new URL(request.url).pathname))"
    )
    assert {path for path in kept if not path.startswith("/static/")} == {"/offline/", "/offline/unanswered/"}
    second.context.set_offline(True)
    page.goto(second.site.url + "/runs/")
    expect(page.get_by_role("heading", name="You are offline; nothing was sent")).to_be_visible()
    second.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Approvals")).to_be_visible()


def get(address: str) -> tuple[int, str]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        answer = urllib.request.build_opener(Stay).open(address)
    except HTTPError as refused:
        return refused.code, refused.headers.get("Location", "")
    return answer.status, answer.headers.get("Content-Type", "")


def with_people_of(site: Site, folder: Path) -> None:
    """A database like the other site's, without its workers: quicker than to migrate an empty one."""
    with closing(sqlite3.connect(site.folder / "console.sqlite3")) as there:
        with closing(sqlite3.connect(folder / "console.sqlite3")) as here:
            there.backup(here)
            here.executescript("DELETE FROM runs_lease; DELETE FROM runs_worker;")


def test_below_a_path_pages_sockets_files_and_the_service_worker_work(site, upstream, browser, tmp_path, parked):
    with_people_of(site, tmp_path)
    site = BelowAPath(tmp_path, upstream).start()
    try:
        person = sign_in(site, browser, "reviewer")
        page = person.live("/approvals/")
        row = page.locator(".queue-row").first.locator("a").first
        expect(row).to_be_visible(timeout=8000)
        assert row.get_attribute("href").startswith("/console/approvals/")
        person.live(f"/runs/{parked.id}/")
        scope = page.evaluate("navigator.serviceWorker.ready.then(worker => worker.scope)")
        assert scope == f"{site.url}/"
        assert {cookie["path"] for cookie in person.context.cookies()} == {"/console/"}
        assert person.noise == []
        person.context.close()
        # A proxy that strips the path from what it passes on is served the same.
        for base in (site.origin, site.url):
            assert get(f"{base}/runs/") == (302, "/console/sign-in/?next=/console/runs/")
            assert get(f"{base}/static/tokens.css") == (200, 'text/css; charset="utf-8"')
    finally:
        site.stop()


def rung(page) -> list[list[str]]:
    return page.evaluate(
        "navigator.serviceWorker.ready.then(worker => worker.getNotifications())"
        ".then(all => all.map(each => [each.tag, each.title, each.body, each.data.path, String(each.actions.length)]))"
    )


def test_a_push_rings_with_counts_only_and_offers_nothing_to_decide_and_stops_when_it_is_settled(second, until) -> None:
    second.context.grant_permissions(["notifications"], origin=second.site.url)
    page = second.go("/approvals/")
    session, known = second.context.new_cdp_session(page), []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda said: known.extend(said["registrations"]))
    session.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def push(**said: object) -> None:
        session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": second.site.url, "registrationId": known[-1]["registrationId"], "data": json.dumps(said)},
        )

    until(lambda: page.evaluate("1") and known)
    push(event="opened", id=12, waiting=3)
    push(event="several", id=None, waiting=3)
    until(lambda: len(rung(page)) == 2)
    assert sorted(rung(page)) == [
        ["approval-12", "Approval 12 needs a person", "Waiting in all: 3", "approvals/12/", "0"],
        ["queue", "Several approvals need a look", "Waiting in all: 3", "approvals/", "0"],
    ]
    push(event="settled", id=12, waiting=2)
    until(lambda: [each[0] for each in rung(page)] == ["queue"])
    push(event="settled", id=13, waiting=0)
    until(lambda: rung(page) == [])
