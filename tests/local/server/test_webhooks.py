"""Webhooks: their signature, their body, their tries."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coasty_local.runner import webhooks
from tests.local.running import Platform, until

VECTORS = [
    (
        "whsec_test_secret_123", 1750000000, '{"event":"run.succeeded","run_id":"run_123","status":"succeeded"}',
        "5f70978eab52dbf5838da76e5eb6c6c465560ce8e746ed8e6113c159d8bbb2d4",
    ),
    (
        "whsec_other_secret_456", 1750000300, '{"event":"run.awaiting_human","run_id":"run_456","reason":"captcha"}',
        "844504f42b7498094a83cedd7e050fc2f7fa32593b0814cc514c4be52a932e63",
    ),
]  # fmt: skip


class Receiver:
    """A web server that keeps what it gets and refuses the first `refuse` of them."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes, float]] = []
        self.refuse = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body, time.time()))
                self.send_response(500 if len(outer.got) <= outer.refuse else 204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize(("secret", "at", "body", "digest"), VECTORS)
def test_the_signature_fits_the_known_vectors(secret: str, at: int, body: str, digest: str) -> None:
    assert webhooks.signature(secret, at, body.encode()) == f"t={at},v1={digest}"


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://example.com/x", True), ("http://127.0.0.1:8000/x", True), ("http://localhost/x", True),
        ("http://[::1]:8/x", True), ("http://127.0.0.1.example.com/", False), ("http://10.0.0.1/", False),
        ("https://user@example.com/", False), ("https:///x", False), ("file:///etc/passwd", False), ("x", False),
        ("https://example.com:99999/", False), ("https://exa mple.com/", False), ("https://192.168.1.1/x", False),
        ("https://[fd00::1]/", False), ("https://169.254.169.254/", False), ("https://127.0.0.1/", True),
    ],
)  # fmt: skip
def test_webhooks_go_by_https_or_to_this_machine(url: str, fine: bool) -> None:
    assert (webhooks.refusal(url) is None) is fine


def test_a_pause_and_the_end_are_told_signed_with_the_union_of_bodies(platform: Platform, receiver: Receiver) -> None:
    run = platform.create("ask now?\nstep", webhook_url=receiver.url)
    platform.wait(run["id"], "awaiting_human")
    until(lambda: len(receiver.got) == 1)
    platform.resume(run["id"])
    until(lambda: len(receiver.got) == 2)
    bodies = [_verified(run["webhook_secret"], *got[:2]) for got in receiver.got]
    assert [body["event"] for body in bodies] == ["run.awaiting_human", "run.succeeded"]
    assert [body["run_id"] for body in bodies] == [run["id"]] * 2
    assert (bodies[0]["reason"], bodies[0]["awaiting_human_reason"], bodies[0]["status"]) == (
        "now?", "now?", "awaiting_human",
    )  # fmt: skip
    assert (bodies[1]["run"]["id"], bodies[1]["run"]["webhook_secret"]) == (run["id"], None)
    assert bodies[1]["result"]["passed"] is True


def test_a_refused_delivery_is_tried_again_freshly_signed_and_holds_nothing_up(
    platform: Platform, receiver: Receiver
) -> None:
    receiver.refuse = 1
    run = platform.create("step", webhook_url=receiver.url)
    assert platform.wait(run["id"])["status"] == "succeeded"
    until(lambda: len(receiver.got) == 2, 20)
    (first, body, at), (second, again, later) = receiver.got
    assert body == again
    assert later - at > 0.8
    assert first["Coasty-Signature"] != second["Coasty-Signature"]
    _verified(run["webhook_secret"], second, again)


def _verified(secret: str, headers: dict[str, str], body: bytes) -> dict:
    parts = dict(part.split("=", 1) for part in headers["Coasty-Signature"].split(","))
    expected = hmac.new(secret.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], expected)
    assert abs(int(parts["t"]) - time.time()) < 5
    return json.loads(body)
