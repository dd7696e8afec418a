"""What a browser shows of who may see and send what; the tables of every role are in `tests/api/test_routes.py`."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def known(people, upstream):
    """A parked run that the console has taken in, and its approval's address."""
    run = upstream.add(task="Known to all")
    run.go()
    run.step()
    run.pause("Known reason?")
    page = people["viewer"].live("/approvals/")
    link = page.locator(".queue-row", has_text="Known reason?").locator("a").first
    expect(link).to_be_visible(timeout=8000)
    return run, link.get_attribute("href")


def test_nothing_is_shown_or_taken_without_a_sign_in_and_a_form_needs_its_token(site, browser, people, known) -> None:
    run, approval = known
    context = browser.new_context()
    for path in ("/", "/approvals/", approval, "/runs/", f"/runs/{run.id}/", "/audit/", "/people/", "/runs/new/"):
        answer = context.request.get(site.url + path, max_redirects=0)
        assert (answer.status, answer.headers["location"]) == (302, f"/sign-in/?next={path}")
    context.close()
    reviewer = people["reviewer"].context
    answer = reviewer.request.post(site.url + f"{approval}decide/", form={"verdict": "cancel"}, max_redirects=0)
    assert answer.status == 403
    assert run.status == "awaiting_human"


SOCKET = """path => new Promise(done => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + path);
    let heard = '';
    socket.onopen = () => socket.send('{"have": {}}');
    socket.onclose = event => done(event.code);
    setTimeout(() => done(socket.readyState), 700);
})"""


@pytest.mark.parametrize(("name", "code"), [("viewer", 1), ("stranger", 4403), (None, 4401)])
def test_a_socket_stays_open_for_those_who_may_watch_and_says_why_to_others(site, browser, people, known, name, code):
    run, approval = known
    context = people[name].context if name else browser.new_context()
    page = context.new_page()
    page.goto(site.url + "/sign-in/" if name is None else site.url + "/static/favicon.svg")
    for path in ("/ws/runs/", f"/ws/runs/{run.id}/", "/ws/queue/", f"/ws{approval}", "/ws/audit/", "/ws/nav/"):
        assert page.evaluate(SOCKET, path) == code, path
    if name == "viewer":
        assert page.evaluate(SOCKET, "/ws/runs/no-such-run/") == 4404
    page.close()


def test_a_socket_from_another_origin_is_refused(site, people) -> None:
    import socket

    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in people["viewer"].context.cookies())

    def answer(origin: str) -> str:
        with socket.create_connection(("127.0.0.1", site.port), 5) as raw:
            raw.sendall(
                f"GET /ws/queue/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                f"Origin: {origin}\r\nCookie: {cookies}\r\n\r\n".encode()
            )
            return raw.recv(200).decode().split("\r\n")[0]

    assert "101" in answer(f"http://127.0.0.1:{site.port}")
    assert "403" in answer("http://evil.example")
    assert "403" in answer(f"http://127.0.0.1:{site.port + 1}")


def test_a_page_that_lies_open_is_told_when_its_person_signs_out(site, browser, until) -> None:
    from tests.pages.site import sign_in

    person = sign_in(site, browser, "second")
    page = person.live("/approvals/")
    other = person.context.new_page()
    other.goto(site.url + "/runs/")
    other.get_by_role("button", name="Sign out").click()
    expect(page.locator("#connection-banner")).to_contain_text("You are signed out", timeout=9000)
    person.context.close()


def test_the_pages_forbid_foreign_scripts_styles_and_frames(people) -> None:
    answer = people["viewer"].context.request.get(people["viewer"].site.url + "/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert json.dumps(" style=") not in answer.text()
