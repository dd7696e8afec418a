"""What comes in over the network, to the letter: webhooks to the process that serves, bodies too large and too slow."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import select
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.api.test_served import all_at_once
from tests.conftest import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served")]
SHAPES = [
    lambda run: {"event": "run.succeeded", "run_id": run.id, "status": "succeeded", "result": {"passed": True}},
    lambda run: {"event": "run.succeeded", "run": {**run.view(), "status": "succeeded"}, "created_at": "x"},
    lambda run: {"event": "run.of_tomorrow", "id": run.id, "status": "failed"},
]


class Line:
    """One connection, on which bytes are sent as they are."""

    def __init__(self, console):
        self.socket = socket.create_connection(("127.0.0.1", console.port), timeout=20)

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)
        return self

    def has_answer(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def answer(self):
        """(status, head as text, body as bytes) once the other side has closed."""
        with self.socket:
            whole = b"".join(iter(lambda: self.socket.recv(65_536), b""))
        head, _, body = whole.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1.1 (\d{3}) ", head)
        assert status, whole[:200]
        return int(status[1]), head.decode(), body


@pytest.fixture(scope="module")
def path(console):
    slug = wait_until(lambda: console.call("viewer", "GET", "/api/connections").json()["data"])[0]["slug"]
    return f"/webhooks/coasty/{slug}/"


@pytest.fixture(scope="module", autouse=True)
def slow(console, path):
    """Bodies that will not come, from before the first test on; the last one looks what became of them."""
    begun = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
    one_byte = Line(console).send(f"{begun}Content-Length: 50\r\n\r\n{{".encode())
    chunks = Line(console).send(f"{begun}Transfer-Encoding: chunked\r\n\r\n5\r\nab".encode())
    return [one_byte, chunks, Line(console).send(begun.encode())], time.monotonic()


@pytest.fixture
def post(console, path):
    """Sends one webhook, signed unless told otherwise; (status, error's code or what was answered)."""

    def send(body=b"{}", *, at=0, header=None, more="", to=path, method="POST", framing=None):
        at += int(time.time())
        header = f"Coasty-Signature: {signature(console, at, body)}\r\n" if header is None else header
        framing = f"Content-Length: {len(body)}\r\n" if framing is None else framing
        head = f"{method} {to} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{framing}{header}{more}\r\n"
        status, head, told = Line(console).send(head.encode(), body).answer()
        told = json.loads(told) if "application/json" in head else told
        return status, told["error"]["code"] if isinstance(told, dict) and "error" in told else told

    return send


def signature(console, at, body):
    digest = hmac.new(console.webhook_secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def chunked(body, size=8_000):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_each_shape_makes_the_run_be_read_and_only_the_run_is_believed(console, served_far, post):
    runs = [served_far.add(task="told by a webhook alone") for _ in SHAPES]
    served_far.unlisted |= {run.id for run in runs}
    for run, shape in zip(runs, SHAPES, strict=True):
        run.go()
        assert post(json.dumps(shape(run)).encode()) == (200, {"received": True, "deduplicated": False})
    for run in runs:
        answer = wait_until(lambda run=run: (told := console.call("viewer", "GET", f"/api/runs/{run.id}")).ok and told)
        assert answer.json()["status"] == "running"
        assert run.id not in served_far.listed


def test_a_signature_counts_for_five_minutes_in_both_directions(post):
    for at in (-295, 295):
        assert post(at=at)[0] == 200
    for at in (-301, 303, -86_400):
        assert post(at=at) == (401, "INVALID_SIGNATURE")


def test_what_proves_nothing_is_refused(console, post):
    now = int(time.time())
    good, other = signature(console, now, b"{}"), signature(console, now - 1, b"{}")
    for header in (
        "", "Coasty-Signature:\r\n", f"Coasty-Signature: {good[:-1]}\r\n", f"Signature: {good}\r\n",
        f"Coasty-Signature: {good}\r\nCoasty-Signature: {other}\r\n", f"Coasty_Signature: {good}\r\n",
        f"Coasty-Signature: {good.split(',')[1]}\r\n", f"Coasty-Signature: {good},t={now + 1}\r\n",
    ):  # fmt: skip
        assert post(header=header) == (401, "INVALID_SIGNATURE"), header
    assert post(b"{ }", header=f"Coasty-Signature: {good}\r\n") == (401, "INVALID_SIGNATURE")
    for header in (f"coasty-signature: {good}\r\ncoasty-signature: v1=00\r\n", f"X-Coasty-Signature: {good}\r\n"):
        assert post(header=header)[0] == 200, header


def test_of_many_replays_at_once_one_is_new(post):
    body, at = b'{"event": "ping", "n": 1}', int(time.time())
    answers = all_at_once([lambda: post(body, at=at - int(time.time())) for _ in range(8)])
    assert Counter(status for status, _ in answers) == {200: 8}
    assert sum(not told["deduplicated"] for _, told in answers) == 1


def test_an_address_is_forgiving_where_nothing_is_at_stake_and_tells_the_rest(post, path):
    assert post(to=path.rstrip("/"))[0] == 200
    assert post(to="/webhooks/coasty/nobody/") == (404, "NOT_FOUND")
    browser = "Origin: https://evil.example\r\nReferer: https://evil.example/\r\nCookie: sessionid=x; csrftoken=y\r\n"
    assert post(more=browser)[0] == 200, "it is no form of anybody's browser"
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert post(method=method)[0] == 405
    assert post(method="HEAD") == (405, b"")


def test_a_body_up_to_a_megabyte_is_taken_however_it_is_framed(console, path, post):
    body = b'{"a": "' + b"x" * 999_991 + b'"}'
    assert len(body) == 1_000_000
    assert post(body)[0] == 200
    assert post(body + b" ") == (413, "PAYLOAD_TOO_LARGE")
    for sent, status in ((body, 200), (body + b" ", 413)):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
            f"Coasty-Signature: {signature(console, int(time.time()), sent)}\r\n\r\n"
        )
        assert Line(console).send(head.encode(), chunked(sent)).answer()[0] == status


@pytest.mark.parametrize("to", ["/webhooks/coasty/x/", "/api/runs", "/sign-in/"])
def test_a_gigabyte_is_refused_before_it_is_sent(console, to):
    line = Line(console).send(
        f"POST {to} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    status, head, body = line.answer()
    assert (status, json.loads(body)["error"]["code"]) == (413, "TOO_LARGE")
    assert "100 Continue" not in head
    assert "Connection: close" in head


def test_a_body_without_an_end_is_refused_on_the_way_and_fills_no_memory(console, path):
    before = peak_kilobytes(console.process.pid)
    line = Line(console).send(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Language: de\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    sent, chunk = 0, b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    while not line.has_answer() and sent < 200_000_000:
        line.send(chunk)
        sent += len(chunk)
    status, _head, body = line.answer()
    assert (status, sent < 100_000_000) == (413, True)
    assert "höchstens 4 Megabyte" in body.decode()
    assert peak_kilobytes(console.process.pid) - before < 30_000


def peak_kilobytes(pid):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


def test_what_never_comes_keeps_nobody_waiting_and_is_ended(console, slow):
    lines, began = slow
    assert console.call("", "GET", "/healthz").ok
    for line in lines:
        status, _head, body = line.answer()
        assert (status, json.loads(body)["error"]["code"]) == (408, "TOO_SLOW")
    assert time.monotonic() - began >= console.request_seconds
