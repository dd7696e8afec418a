"""Inbound webhooks: what proves one, what is refused, and that only reading the run is believed."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from runs import control, registry, tasks, vault, webhooks
from runs.models import Hint, Run, RunSecret, SeenSignature
from tests.upstreams import Upstream

pytestmark = pytest.mark.django_db

VECTORS = [
    (
        "whsec_test_secret_123", 1750000000, b'{"event":"run.succeeded","run_id":"run_123","status":"succeeded"}',
        "5f70978eab52dbf5838da76e5eb6c6c465560ce8e746ed8e6113c159d8bbb2d4",
    ),
    (
        "whsec_other_secret_456", 1750000300, b'{"event":"run.awaiting_human","run_id":"run_456","reason":"captcha"}',
        "844504f42b7498094a83cedd7e050fc2f7fa32593b0814cc514c4be52a932e63",
    ),
]  # fmt: skip


class Sender:
    """Signs and posts to the connection's address."""

    def __init__(self, connection, secret):
        self.connection, self.secret, self.client = connection, secret, Client()

    def __call__(self, body, *, at=None, secret=None, header=None, name="Coasty-Signature"):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = int(time.time()) if at is None else at
        header = header if header is not None else f"t={at},v1={signed(secret or self.secret, at, raw)}"
        path = f"/webhooks/coasty/{self.connection.slug}/"
        return self.client.generic("POST", path, raw, "application/json", headers={name: header})


def signed(secret, at, raw):
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()


@pytest.fixture(autouse=True)
def fresh_senders():
    webhooks._senders._left.clear()


@pytest.fixture
def send(connection, people):
    return Sender(connection, registry.new_webhook_secret(people.admin, connection))


@pytest.mark.parametrize(("secret", "at", "body", "digest"), VECTORS)
def test_the_vectors_of_the_contract_are_proven(secret, at, body, digest):
    assert webhooks.proven(f"t={at},v1={digest}", body, [secret], at + 299) == at
    assert webhooks.proven(f"v1={'0' * 64}, v1={digest}, t={at}, v0=x", body, ["another", secret], at - 299) == at


@pytest.mark.parametrize(
    "header",
    [
        "", "t=1750000000", "v1={digest}", "t=,v1={digest}", "t=x,v1={digest}", "t=1750000000,v1=", "t=-1,v1={digest}",
        "t=1750000000,v1=ü", "t=1750000000;v1={digest}", "t=17500000000000000000,v1={digest}", "t=٣,v1={digest}",
    ],
)  # fmt: skip
def test_a_header_that_proves_nothing_is_refused(header):
    secret, at, body, digest = VECTORS[0]
    assert webhooks.proven(header.format(digest=digest), body, [secret], at) is None


def test_what_is_not_signed_by_a_secret_within_five_minutes_is_refused():
    secret, at, body, digest = VECTORS[0]
    header = f"t={at},v1={digest}"
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert webhooks.proven(header, changed, [secret], at) is None
    for seconds in (-301, 301, 86_400):
        assert webhooks.proven(header, body, [secret], at + seconds) is None
    assert webhooks.proven(header, body, [VECTORS[1][0]], at) is None
    assert webhooks.proven(header, body, [], at) is None


SHAPES = [
    lambda run: {"event": "run.succeeded", "run_id": run.id, "status": "succeeded"},
    lambda run: {"event": "run.succeeded", "run": {**run.view(), "status": "failed"}, "created_at": "x"},
    lambda run: {"event": "run.of_tomorrow", "id": run.id, "status": "cancelled", "result": None},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_webhook_is_a_hint_and_the_run_itself_is_believed(shape, upstream, send):
    scripted = upstream.add(task="told")
    scripted.go()
    answer = send(shape(scripted))
    assert (answer.status_code, answer.json()) == (200, {"received": True, "deduplicated": False})
    assert not Run.objects.exists(), "nothing is believed, and nobody waited for upstream"
    assert tasks.read_hints() == 1
    assert Run.objects.get().status == "running"
    assert not Hint.objects.exists()


def test_a_replay_changes_nothing(upstream, send):
    scripted = upstream.add()
    body, at = {"event": "run.failed", "run_id": scripted.id}, int(time.time())
    assert not send(body, at=at).json()["deduplicated"]
    Hint.objects.all().delete()
    raw = json.dumps(body).encode()
    other_header = f"v1={'0' * 64},t={at},v1={signed(send.secret, at, raw)}"
    for again in (send(body, at=at), send(body, header=other_header)):
        assert (again.status_code, again.json()) == (200, {"received": True, "deduplicated": True})
    assert not Hint.objects.exists()
    assert SeenSignature.objects.count() == 1
    webhooks.forget(timezone.now() + timedelta(seconds=600))
    assert SeenSignature.objects.exists(), "as long as it could be shown again"
    webhooks.forget(timezone.now() + timedelta(seconds=700))
    assert not SeenSignature.objects.exists()


def test_wrong_ones_are_refused_in_the_words_of_the_contract(send, connection):
    body = {"event": "run.failed", "run_id": "r"}
    now = int(time.time())
    refused = [
        send(body, secret="whsec_wrong"), send(body, header=""), send(body, at=now - 400), send(body, at=now + 400),
        send(body, at=now - 400, name="X-Coasty-Signature"),
    ]  # fmt: skip
    for answer in refused:
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "INVALID_SIGNATURE"
    assert not Hint.objects.exists()
    assert not SeenSignature.objects.exists()
    assert send(body, name="X-Coasty-Signature").status_code == 200
    assert Client().get(f"/webhooks/coasty/{connection.slug}/").status_code == 405
    assert Client().post("/webhooks/coasty/nobody/", b"{}", "application/json").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not json", b"[]", b"null", b'{"run_id": 5}', b'{"run": "x"}', b'{"run_id": "a\\u0000"}', b"\xff\xfe",
        b'{"run_id": "' + b"x" * 200 + b'"}', b"[" * 50_000, b'{"event": "ping"}',
    ],
)  # fmt: skip
def test_what_is_signed_but_names_no_run_is_taken_and_forgotten(body, send):
    assert send(body).status_code == 200
    assert not Hint.objects.exists()


def test_a_body_over_a_megabyte_is_refused(send):
    assert send(b'{"a": "' + b"x" * 1_000_000 + b'"}').status_code == 413
    assert send(b'{"a": "' + b"x" * 990_000 + b'"}').status_code == 200


def test_too_many_from_one_sender_wait(send, connection, monkeypatch):
    monkeypatch.setattr(webhooks, "_senders", webhooks.Senders(1, 5))
    answers = [Client().post(f"/webhooks/coasty/{connection.slug}/", b"{}", "application/json") for _ in range(9)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert answers[-1]["Retry-After"]


def test_a_run_that_the_key_cannot_see_is_forgotten_and_one_that_cannot_be_read_is_tried_again(upstream, send):
    scripted = upstream.add()
    send({"run_id": "of-somebody-else"})
    tasks.read_hints()
    assert not Hint.objects.exists()
    upstream.fail("GET", "/runs/", status=503, times=1)
    send({"run_id": scripted.id})
    assert tasks.read_hints() == 0
    assert Hint.objects.get().tries == 1
    assert tasks.read_hints() == 0, "not before its pause is over"
    Hint.objects.update(due_at=timezone.now())
    assert tasks.read_hints() == 1
    assert Run.objects.get().upstream_id == scripted.id


def test_a_run_started_with_our_address_proves_its_webhooks_by_its_own_secret(upstream, connection, people, settings):
    settings.PUBLIC_URL = "https://console.example.org"
    registry.change(people.admin, connection, wants_webhooks=True)
    connection.refresh_from_db()
    run = control.start(people.operator, {"task": "told"}, connection=connection)
    scripted = upstream.runs[run.upstream_id]
    address = f"https://console.example.org/webhooks/coasty/{connection.slug}/"
    assert scripted.view()["webhook_url"] == address
    secret = vault.unseal(RunSecret.objects.get(run=run).sealed)
    assert secret.startswith("whsec_")
    assert secret not in RunSecret.objects.get().sealed
    sender = Sender(connection, secret)
    scripted.finish("failed")
    assert sender({"run_id": run.upstream_id}).status_code == 200
    assert sender({"run_id": "another"}).status_code == 401, "it is the secret of that run alone"
    tasks.read_hints()
    run.refresh_from_db()
    assert run.status == "failed"
    webhooks.forget(timezone.now() + timedelta(hours=23))
    assert RunSecret.objects.exists()
    webhooks.forget(timezone.now() + timedelta(hours=25))
    assert not RunSecret.objects.exists()
    own = control.start(people.operator, {"task": "own", "webhook_url": "https://me.example/x"}, connection=connection)
    assert not RunSecret.objects.filter(run=own).exists()


@pytest.mark.parametrize("order", list(itertools.permutations(["webhook", "list", "stream"])), ids="-".join)
def test_webhook_list_and_stream_come_to_one_state_in_any_order(order, upstream, send, connection, arrived):
    from runs import ingest

    scripted = upstream.add(task="one state")
    scripted.go()
    scripted.step()
    scripted.pause("Which one?")
    asked_at = timezone.now()
    early = scripted.view()
    ingest.take_snapshot(connection, early, asked_at=asked_at)
    scripted.resume("go on")
    scripted.finish("succeeded")
    run = Run.objects.get()

    def stream():
        batch = [arrived(run, seq, kind, raw) for seq, kind, raw, _at in scripted.log]
        ingest.take_events(batch)

    def hinted():
        send({"event": "run.awaiting_human", "run_id": scripted.id, "status": "awaiting_human"})
        tasks.read_hints()

    acts = {
        "webhook": hinted,
        "list": lambda: ingest.take_snapshots(connection, [scripted.view()], asked_at=timezone.now()),
        "stream": stream,
    }
    for name in order:
        acts[name]()
    ingest.take_snapshot(connection, early, asked_at=asked_at)
    run.refresh_from_db()
    assert (run.status, run.cursor, run.steps_completed) == ("succeeded", len(scripted.log), 1)
    assert run.result == scripted.view()["result"]


def test_webhooks_to_a_disabled_connection_leave_nothing_to_read(send, connection, people):
    registry.change(people.admin, connection, is_enabled=False)
    assert send({"run_id": "r"}).status_code == 200
    assert not Hint.objects.exists()


def test_two_connections_do_not_take_each_others_secrets(send, people):
    with Upstream("sk-coasty-test-2") as far:
        other = registry.add(people.admin, name="Other", base_url=far.base_url, key=far.key)
        theirs = Sender(other, registry.new_webhook_secret(people.admin, other))
        body = {"run_id": "r"}
        assert theirs(body).status_code == 200
        assert theirs(body, secret=send.secret).status_code == 401
