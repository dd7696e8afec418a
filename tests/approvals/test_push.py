"""Web Push, read as a browser reads it at a push service on a socket: counts and an id, for that device alone."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.management import call_command
from django.utils import timezone

from approvals import claims, decisions
from approvals.models import Device, PushKey
from approvals.notices import addresses, channels, push
from tests.approvals.receivers import Browser, Receiver
from tests.approvals.test_notices import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(settings):
    settings.NOTICES_TO_PRIVATE_ADDRESSES = True
    push.make_key()
    with Receiver() as receiver:
        yield receiver


def subscribed(service, person, name="b1"):
    browser = Browser(service, name)
    channels.subscribe(person, name=name, **browser.subscription)
    return browser


def test_a_device_gets_the_id_and_the_count_and_nothing_that_was_said(desk, people, service):
    browser, other = subscribed(service, people.reviewer), subscribed(service, people.operator, "b2")
    _, _, approval = desk.parked("May I pay ACME?")
    tell()
    assert browser.read() == [{"event": "opened", "id": approval.pk, "waiting": 1}]
    assert other.read() == [], "an operator decides nothing"
    _, headers, body = service.got[0]
    assert headers["Content-Encoding"] == "aes128gcm"
    assert headers["Topic"] == f"approval-{approval.pk}"
    assert int(headers["TTL"]) > 0
    assert b"opened" not in body


def test_the_push_service_can_prove_that_the_console_sent_it(desk, people, service):
    subscribed(service, people.reviewer)
    desk.parked()
    tell()
    said = dict(
        part.strip().split("=", 1) for part in service.got[0][1]["Authorization"].removeprefix("vapid ").split(",")
    )
    assert said["k"] == push.public_key()
    head, claim, signature = said["t"].split(".")
    raw = push.padded(signature)
    pair = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), push.padded(said["k"]))
    key.verify(pair, f"{head}.{claim}".encode(), ec.ECDSA(SHA256()))
    assert json.loads(base64.urlsafe_b64decode(claim + "=="))["aud"] == service.address


@pytest.mark.parametrize("how", ["claim", "decide", "elsewhere"])
def test_it_stops_on_each_device_that_rang_when_anyone_claims_or_decides(desk, people, service, how):
    browsers = [subscribed(service, people.reviewer), subscribed(service, people.admin, "b2")]
    scripted, _, approval = desk.parked()
    tell()
    if how == "claim":
        claims.claim(people.reviewer, approval)
    elif how == "decide":
        decisions.decide(people.reviewer, approval, "cancel")
    else:
        scripted.finish("cancelled")
        desk.follow(scripted)
    tell()
    for browser in browsers:
        assert [said["event"] for said in browser.read()] == ["opened", "settled"]
    assert {headers["Topic"] for _, headers, _ in service.got} == {f"approval-{approval.pk}"}


def test_what_was_let_go_rings_again_where_it_had_stopped_and_nowhere_else(desk, people, service):
    browser = subscribed(service, people.admin)
    _, _, approval = desk.parked()
    tell()
    claims.claim(people.reviewer, approval)
    tell()
    late = subscribed(service, people.admin, "late")
    claims.release(people.reviewer, approval)
    tell()
    claims.claim(people.reviewer, approval)
    tell()
    claims.expire(now=timezone.now() + timedelta(hours=1))
    tell()
    assert [said["event"] for said in browser.read()] == ["opened", "settled", "opened", "settled", "opened"]
    assert late.read() == []


def test_a_claim_on_what_never_rang_sends_nothing(desk, people, service):
    subscribed(service, people.admin)
    _, _, approval = desk.parked()
    claims.claim(people.reviewer, approval)
    decisions.decide(people.reviewer, approval, "cancel")
    tell()
    assert service.got == []


def test_many_at_once_ring_once(desk, people, service):
    browser = subscribed(service, people.reviewer)
    for _ in range(5):
        desk.parked()
    tell()
    assert browser.read() == [{"event": "several", "id": None, "waiting": 5}]


def test_a_device_that_took_its_subscription_back_is_forgotten(desk, people, service):
    subscribed(service, people.reviewer)
    service.status = 410
    desk.parked()
    assert list(tell().values()) == ["gone"]
    assert not Device.objects.exists()


def test_a_browser_that_another_person_signs_in_on_rings_for_that_person_only(people, service):
    browser = subscribed(service, people.reviewer)
    channels.subscribe(people.admin, name="b1", **browser.subscription)
    assert [row.user for row in Device.objects.all()] == [people.admin]


def test_the_private_key_is_made_once_and_kept_sealed(service):
    row = PushKey.objects.get()
    push.make_key()
    assert PushKey.objects.get().public == row.public
    assert len(row.sealed_private) > 80
    assert len(push.padded(row.public)) == 65


def test_a_subscription_that_is_none_or_points_inside_is_refused(people, service, settings):
    good = Browser(service).subscription
    for wrong in ({"p256dh": "AAAA"}, {"auth": "AAAA"}, {"auth": "!!"}, {"endpoint": "file:///etc/passwd"}):
        with pytest.raises(addresses.Refused):
            channels.subscribe(people.reviewer, name="x", **{**good, **wrong})
    settings.NOTICES_TO_PRIVATE_ADDRESSES = False
    with pytest.raises(addresses.Refused):
        channels.subscribe(people.reviewer, name="x", **good)
    assert not Device.objects.exists()


def test_what_is_sealed_here_opens_after_a_change_of_the_secret_key(desk, people, service, settings):
    browser = subscribed(service, people.reviewer)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key of this console"
    call_command("seal_anew", stdout=StringIO())
    settings.SECRET_KEY_FALLBACKS = []
    desk.parked()
    tell()
    assert [said["event"] for said in browser.read()] == ["opened"]
