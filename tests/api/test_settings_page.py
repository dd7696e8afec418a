"""The pages of settings, the installable console, and links that a prefetcher may follow without changing anything."""

from __future__ import annotations

import json
import re
from datetime import time
from html import unescape

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from approvals.models import Channel, Device, Notice, Preferences
from approvals.notices import channels, preferences, push, timers
from tests.approvals.receivers import Browser, Receiver

pytestmark = pytest.mark.django_db
WISHES = {
    "language": "de", "time_zone": "Asia/Tokyo",
    "occasions": ["opened", "routed", "handed", "escalated", "refused", "burning"],
    "kinds": ["payment"], "digest": "every", "digest_minutes": "30", "quiet_from": "22:00", "quiet_to": "07:00",
    "escalations_break_through": "on",
}  # fmt: skip


@pytest.fixture
def hook(settings):
    settings.NOTICES_TO_PRIVATE_ADDRESSES = True
    with Receiver() as receiver:
        yield receiver


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def test_everyone_who_is_signed_in_has_settings_and_a_look_writes_nothing(people):
    for person in (people.viewer, people.stranger, people.admin):
        assert signed_in(person).get("/settings/").status_code == 200
    assert Client().get("/settings/").status_code == 302
    assert not Preferences.objects.exists()


def test_what_is_saved_stands_in_the_form_and_in_the_row(people):
    client = signed_in(people.reviewer)
    assert client.post("/settings/", WISHES).status_code == 302
    row = Preferences.objects.get()
    assert (row.language, row.time_zone, row.quiet_from, row.quiet_to) == ("de", "Asia/Tokyo", time(22), time(7))
    assert (row.digest, row.digest_minutes, row.muted_occasions) == ("every", 30, ["due_soon"])
    assert "payment" not in row.muted_kinds
    assert "captcha" in row.muted_kinds
    page = client.get("/settings/").content.decode()
    assert '<html lang="de" data-root="/" data-zone="Asia/Tokyo"' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert client.post("/settings/", WISHES).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Moon/Base"},
        {"language": "xx"},
        {"quiet_to": ""},
        {"digest_minutes": "1"},
        {"digest_minutes": ""},
        {"kinds": ["nothing"]},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(people, wrong):
    assert signed_in(people.reviewer).post("/settings/", {**WISHES, **wrong}).status_code == 422
    assert not Preferences.objects.exists()


def test_a_channel_is_added_tried_switched_and_removed_and_its_address_is_never_shown(people, hook):
    client = signed_in(people.reviewer)
    url = f"{hook.address}/in?token=s3cret"
    client.post("/settings/channels/", {"name": "My hook", "url": url})
    row = Channel.objects.get()
    page = client.get("/settings/").content.decode()
    assert "My hook" in page
    assert "s3cret" not in page
    page = client.post(f"/settings/channels/{row.pk}/", {"act": "test"}, follow=True).content.decode()
    assert "taken by My hook" in page
    assert hook.messages[0]["event"] == "test"
    hook.status = 500
    page = client.post(f"/settings/channels/{row.pk}/", {"act": "test"}, follow=True).content.decode()
    assert "127.0.0.1 answered with 500" in page
    client.post(f"/settings/channels/{row.pk}/", {"act": "off"})
    assert not Channel.objects.get().is_enabled
    client.post(f"/settings/channels/{row.pk}/", {"act": "remove"})
    assert not Channel.objects.exists()


def test_an_address_that_is_refused_is_said_at_its_field_and_not_repeated(people):
    answer = signed_in(people.reviewer).post("/settings/channels/", {"name": "x", "url": "https://10.0.0.1/s3cret"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "inside this network" in page
    assert "s3cret" not in page


def test_nobody_changes_a_channel_or_device_of_another_and_the_teams_are_for_administrators(people, hook):
    mine = channels.add(people.reviewer, name="mine", url=hook.address, owner=people.reviewer)
    team = channels.add(people.admin, name="team", url=hook.address, owner=None)
    push.make_key()
    device = channels.subscribe(people.reviewer, name="b", **Browser(hook).subscription)
    for person in (people.viewer, people.operator, people.admin):
        client = signed_in(person)
        assert client.post(f"/settings/channels/{mine.pk}/", {"act": "remove"}).status_code == 404
        assert client.post(f"/settings/devices/{device.pk}/", {"act": "remove"}).status_code == 404
    reviewer = signed_in(people.reviewer)
    assert reviewer.post(f"/settings/channels/{team.pk}/", {"act": "remove"}).status_code == 404
    assert reviewer.get("/settings/team/").status_code == 403
    assert reviewer.post("/settings/team/", {}).status_code == 403
    assert reviewer.post("/settings/team/channels/", {"name": "x", "url": hook.address}).status_code == 403
    assert Channel.objects.count() == 2


def test_the_team_page_keeps_hours_due_times_and_channels(people, hook):
    client = signed_in(people.admin)
    hours = {
        "is_limited": "on", "days": ["0", "1"], "starts_at": "08:00", "ends_at": "16:00", "time_zone": "Europe/Rome",
        "remind_minutes": "5", "escalates": "on", "due_payment": "45",
    }  # fmt: skip
    assert client.post("/settings/team/", hours).status_code == 302
    row = timers.working_time()
    assert (row.days, row.starts_at, row.due_minutes, row.remind_minutes) == ([0, 1], time(8), {"payment": 45}, 5)
    assert client.post("/settings/team/", {**hours, "days": []}).status_code == 422
    client.post(
        "/settings/team/channels/", {"name": "ops", "url": hook.address, "occasions": ["escalated"], "kinds": []}
    )
    channel = Channel.objects.get()
    assert channel.owner is None
    assert "opened" in channel.muted_occasions
    assert "escalated" not in channel.muted_occasions
    assert "ops" in client.get("/settings/team/").content.decode()


def test_what_does_not_get_through_is_told_on_every_page_to_who_relies_on_it(people, hook):
    row = channels.add(people.admin, name="ops-hook", url=hook.address, owner=None)
    banner = "Notices do not get through to ops-hook"
    assert banner not in signed_in(people.admin).get("/runs/").content.decode()
    now = timezone.now()
    Channel.objects.filter(pk=row.pk).update(failing_since_at=now, gave_up_at=now, failure="It said no.")
    assert banner in signed_in(people.admin).get("/runs/").content.decode()
    assert banner not in signed_in(people.viewer).get("/runs/").content.decode()
    mine = channels.add(people.viewer, name="my-hook", url=hook.address, owner=people.viewer)
    Channel.objects.filter(pk=mine.pk).update(failing_since_at=now, gave_up_at=now, failure="It said no.")
    assert "Does not get through" in signed_in(people.viewer).get("/settings/").content.decode()
    told = signed_in(people.viewer).get("/runs/").content.decode()
    assert ("through to my-hook" in told, "It said no." in told, banner in told) == (True, True, False)
    told = signed_in(people.reviewer).get("/approvals/").content.decode()  # who decides waits for its calls
    assert (banner in told, "an administrator can mend it" in told, "It said no." in told) == (True, True, False)
    assert "my-hook" not in told
    for name in ("a-hook", "b-hook", "c-hook"):
        row = channels.add(people.admin, name=name, url=hook.address, owner=None)
        Channel.objects.filter(pk=row.pk).update(failing_since_at=now, gave_up_at=now, failure="It said no.")
    told = signed_in(people.admin).get("/runs/").content.decode()
    assert "Notices do not get through to a-hook, b-hook, c-hook, ops-hook<" in told
    assert told.count("It said no.") == 1
    for name in ("a-hook", "b-hook"):
        Channel.objects.filter(name=name).update(failure=f"{name} said no.")
    told = signed_in(people.admin).get("/runs/").content.decode()
    assert told.count("do not get through") == 1
    assert "for several reasons" in told


def test_a_browser_subscribes_is_tried_and_takes_its_subscription_back(people, hook):
    push.make_key()
    client, browser = signed_in(people.viewer), Browser(hook)
    given = browser.subscription
    body = {"endpoint": given["endpoint"], "keys": {"p256dh": given["p256dh"], "auth": given["auth"]}, "name": "Phone"}
    answer = client.post("/settings/devices/", json.dumps(body), "application/json")
    pk = answer.json()["device"]
    assert "Phone" in client.get("/settings/").content.decode()
    client.post(f"/settings/devices/{pk}/", {"act": "test"})
    assert [said["event"] for said in browser.read()] == ["test"]
    for wrong in ("", "[]", '{"endpoint": 1}', json.dumps({**body, "keys": {}})):
        assert client.post("/settings/devices/", wrong, "application/json").status_code == 422
    client.post("/settings/devices/", json.dumps({"endpoint": given["endpoint"], "gone": True}), "application/json")
    assert not Device.objects.exists()


def test_the_console_can_be_installed_and_opens_with_the_queue(client):
    answer = client.get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    said = answer.json()
    assert (said["start_url"], said["scope"], said["display"]) == ("/approvals/", "/", "standalone")
    sizes = {icon["sizes"]: icon["src"] for icon in said["icons"]}
    picture = client.get(sizes["192x192"])
    assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture.content[16:20], "big") == 192
    assert client.get("/icon/100000.png").status_code == 404


def test_the_service_worker_keeps_only_pages_that_hold_nothing_of_anybodys(client, people):
    answer = client.get("/worker.js")
    assert answer.headers["service-worker-allowed"] == "/"
    assert "javascript" in answer.headers["content-type"]
    texts = json.loads(re.search(r"const TEXTS = (.*);\n", answer.content.decode())[1])
    assert texts["keep"][:2] == ["/offline/", "/offline/unanswered/"]
    assert all(address.startswith("/static/") for address in texts["keep"][2:])
    assert set(texts["languages"]) == {"en", "de"}
    for path in texts["keep"][:2]:
        shown = signed_in(people.admin).get(path).content.decode()
        assert people.admin.username not in shown
    assert "nothing was sent" in client.get("/offline/").content.decode()
    policy = client.get("/offline/").headers["content-security-policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy


def rows():
    """Every table's rows, but for the sessions."""
    left_out = {"Session"}
    return {
        m.__name__: list(m.objects.order_by("pk").values_list())
        for m in apps.get_models()
        if m.__name__ not in left_out
    }


def test_a_prefetcher_that_follows_every_link_changes_nothing(desk, people, hook):
    channels.add(people.admin, name="team", url=hook.address, owner=None)
    preferences.change(people.admin, language="en")
    _, run, approval = desk.parked("May I pay?")
    client = signed_in(people.admin)
    before, seen = rows(), set()
    todo = [
        "/",
        "/approvals/",
        f"/approvals/{approval.pk}/",
        "/runs/",
        f"/runs/{run.upstream_id}/",
        "/settings/",
        "/settings/team/",
        "/people/",
        "/connections/",
    ]
    while todo:
        path = todo.pop()
        if path in seen or len(seen) > 150:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code < 500, path
        if "text/html" in answer.headers.get("content-type", ""):
            found = re.findall(r'(?:href|src|action|hx-get|hx-post|data-[a-z-]+)="(/[^"]*)"', answer.content.decode())
            todo += [unescape(each).split("#")[0] for each in found if not each.startswith("/static/")]
    assert len(seen) > 30
    after = rows()
    assert [name for name in before if before[name] != after[name]] == []
    assert not Notice.objects.exists()
