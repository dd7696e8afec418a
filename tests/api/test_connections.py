"""Connections: who may change them, what a wrong one is told, what is recorded, and that a key goes nowhere."""

from __future__ import annotations

import logging
import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from runs import audit, fragments, upstream, vault
from runs.models import AuditEntry, Connection, Run
from tests.upstreams import Upstream

KEY = "sk-coasty-live-" + "7c0ffee7" * 6
NEXT = "sk-coasty-live-" + "5eed5eed" * 6


@pytest.fixture
def service():
    with Upstream(KEY) as scripted:
        yield scripted


@pytest.fixture
def admin(people):
    client = Client()
    client.force_login(people.admin)
    return client


def form(service, **more):
    return {"name": "Live", "base_url": service.base_url, "key": KEY, "colour": "teal", **more}


def change(client, row, **more):
    now = {"name": row.name, "colour": row.colour, **({"is_enabled": "on"} if row.is_enabled else {})}
    return client.post(f"/connections/{row.slug}/", {**now, **more})


@pytest.fixture
def row(admin, service, desk):
    assert admin.post("/connections/", form(service)).status_code == 302
    return Connection.objects.get(name="Live")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["viewer", "operator", "reviewer", "stranger", ""])
def test_only_administrators_see_and_change_connections(people, row, name, service):
    client = Client()
    if name:
        client.force_login(getattr(people, name))
    pages = [("get", "/connections/"), ("get", f"/connections/{row.slug}/"), ("post", "/connections/")]
    pages += [("post", f"/connections/{row.slug}/{part}") for part in ("", "key/", "webhook/")]
    for method, path in pages:
        assert getattr(client, method)(path, form(service, name="Mine")).status_code == (403 if name else 302), path
    assert Connection.objects.count() == 2
    assert not Connection.objects.get(pk=row.pk).sealed_webhook_secret


@pytest.mark.django_db
def test_a_connection_is_added_after_its_key_was_tried(row, service, admin):
    assert service.count("GET", r"/runs\?") == 1
    assert (row.slug, row.colour, row.health, row.key_kind, row.base_url) == (
        "live", "teal", "up", "test", service.base_url,
    )  # fmt: skip
    assert vault.unseal(row.sealed_key) == KEY
    entry = AuditEntry.objects.get(act="connection.added")
    assert (entry.actor_name, entry.subject) == ("admin", "Live")
    page = admin.get("/connections/").content.decode()
    assert "Answers since" in page
    assert "test key" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"key": NEXT}, "key", "refuses this key"),
        ({"key": ""}, "key", "Give the key"),
        ({"key_env": "COASTY_OTHER"}, "key", "one of the two"),
        ({"key": "two words"}, "key", "without spaces"),
        ({"key": "", "key_env": "SECRET_KEY"}, "key_env", "must start with COASTY_"),
        ({"key": "", "key_env": "COASTY_NOT_SET"}, "key_env", "no variable COASTY_NOT_SET"),
        ({"base_url": "http://127.0.0.1:1/v1"}, "base_url", "can't be reached"),
        ({"base_url": "coasty.ai"}, "base_url", "whole address"),
        ({"base_url": "file:///etc/passwd"}, "base_url", "whole address"),
        ({"base_url": "https://a:b@coasty.ai/v1"}, "base_url", "no user name"),
        ({"base_url": "{base}/nothing"}, "base_url", "no /v1 service"),
        ({"name": ""}, "name", "required"),
        ({"colour": "#ff0000"}, "colour", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(admin, service, desk, change, field, said):
    data = form(service, **{name: value.format(base=service.base_url) for name, value in change.items()})
    answer = admin.post("/connections/", data)
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors[field])
    assert Connection.objects.count() == 1
    assert not AuditEntry.objects.filter(act="connection.added").exists()
    for key in (KEY, NEXT):
        assert key not in answer.content.decode(), "not even when the form comes back"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 403, "code": "INSUFFICIENT_SCOPE"}, "runs:read"),
        ({"status": 403, "body": b"<html>error code: 1010</html>"}, "proxy or firewall"),
        ({"status": 429, "code": "RATE_LIMITED"}, "asks to wait"),
        ({"status": 503, "code": "DB_UNAVAILABLE"}, "not as the service should"),
        ({"status": 200, "body": b"<html></html>"}, "not as the service should"),
    ],
)
def test_what_the_service_answers_is_told_in_words(admin, service, desk, fault, said):
    service.fail("GET", "/runs", **fault)
    answer = admin.post("/connections/", form(service))
    assert answer.status_code == 422
    assert said in " ".join(str(error) for errors in answer.context["form"].errors.values() for error in errors)


@pytest.mark.django_db
def test_a_second_key_of_one_account_is_refused(admin, row, service, people):
    from runs import control

    control.start(people.admin, {"task": "x"}, connection=row)
    answer = admin.post("/connections/", form(service, name="Twin"))
    assert "Live follows already" in " ".join(answer.context["form"].errors["key"])
    assert admin.post(f"/connections/{row.slug}/key/", {"key": KEY}).status_code == 302, "its own runs are no matter"


@pytest.mark.django_db
def test_a_key_may_stand_in_the_environment(admin, service, desk, monkeypatch):
    monkeypatch.setenv("COASTY_SECOND_KEY", KEY)
    assert admin.post("/connections/", form(service, key="", key_env="COASTY_SECOND_KEY")).status_code == 302
    row = Connection.objects.get(name="Live")
    assert (row.sealed_key, upstream.key(row)) == ("", KEY)
    monkeypatch.delenv("COASTY_SECOND_KEY")
    with pytest.raises(Exception, match="no variable COASTY_SECOND_KEY"):
        upstream.client(row).list_runs()


@pytest.mark.django_db
def test_changes_count_are_recorded_and_explained(admin, row, settings):
    assert (
        change(admin, row, name="Production", colour="red", max_requests_a_second="5", max_runs="3").status_code == 302
    )
    row.refresh_from_db()
    assert (row.name, row.slug, row.colour, row.max_requests_a_second, row.max_runs) == (
        "Production", "live", "red", 5, 3,
    )  # fmt: skip
    entry = AuditEntry.objects.get(act="connection.changed")
    assert entry.detail["name"] == {"from": "Live", "to": "Production"}
    same = {"max_requests_a_second": "5", "max_runs": "3"}
    assert change(admin, row, **same).status_code == 302
    assert AuditEntry.objects.filter(act="connection.changed").count() == 1
    taken = Connection.objects.get(is_from_settings=True).name
    assert change(admin, row, name=taken).status_code == 422
    assert change(admin, row, **same, wants_webhooks="on").status_code == 422, "no PUBLIC_URL"
    settings.PUBLIC_URL = "http://console.example.org"
    assert change(admin, row, **same, wants_webhooks="on").status_code == 422, "upstream wants https"
    settings.PUBLIC_URL = "https://console.example.org"
    assert change(admin, row, **same, wants_webhooks="on").status_code == 302
    assert change(admin, row, **same, is_enabled="").status_code == 302
    row.refresh_from_db()
    assert not row.is_enabled
    assert "Disabled: nothing is asked of it" in admin.get("/connections/").content.decode()
    assert audit.verify() == (True, None)


@pytest.mark.django_db
def test_a_key_is_replaced_only_by_one_that_works(admin, row, service):
    path = f"/connections/{row.slug}/key/"
    refused = admin.post(path, {"key": NEXT})
    assert (refused.status_code, NEXT in refused.content.decode()) == (422, False)
    row.refresh_from_db()
    assert upstream.key(row) == KEY
    service.key = NEXT
    assert admin.post(path, {"key": NEXT}).status_code == 302
    row.refresh_from_db()
    assert upstream.key(row) == NEXT
    assert AuditEntry.objects.filter(act="connection.key_replaced").count() == 1
    own = Connection.objects.get(is_from_settings=True)
    assert admin.post(f"/connections/{own.slug}/key/", {"key": KEY}).status_code == 422
    assert not Connection.objects.get(pk=own.pk).sealed_key


@pytest.mark.django_db
def test_a_webhook_secret_is_shown_once(admin, row):
    answer = admin.post(f"/connections/{row.slug}/webhook/")
    secret = re.search(r"whsec_[\w-]{30,}", answer.content.decode())[0]
    assert "no-store" in answer["Cache-Control"]
    row.refresh_from_db()
    assert vault.unseal(row.sealed_webhook_secret) == secret
    assert secret not in admin.get(f"/connections/{row.slug}/").content.decode()
    assert "/webhooks/coasty/live/" in admin.get(f"/connections/{row.slug}/").content.decode()
    assert secret not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


@pytest.mark.django_db
def test_a_key_stands_in_no_page_answer_log_audit_entry_or_dump(admin, row, service, callers, caplog, capsys, people):
    """Even where upstream repeats it in what it says."""
    caplog.set_level(logging.DEBUG)
    echo = b'{"error": {"code": "INVALID_API_KEY", "message": "The key %s is unknown."}}' % KEY.encode()
    service.fail("*", "/", status=401, body=echo, times=1000)
    from coasty_api import errors
    from runs import control

    with pytest.raises(errors.KeyRefused) as refused:
        control.start(people.admin, {"task": "x", "machine_id": "m"}, connection=row)
    upstream.note_health(row, refused.value)
    pages = [
        "/",
        "/runs/",
        "/runs/new/?connection=live",
        "/audit/",
        "/connections/",
        "/connections/live/",
        "/approvals/",
    ]
    shown = [admin.get(path).content.decode() for path in pages]
    assert any("(the key)" in page for page in shown), "what upstream said is shown, but for the key"
    shown += [admin.post("/connections/", form(service, name="Again")).content.decode()]
    shown += [admin.post("/connections/live/key/", {"key": KEY}).content.decode()]
    shown += [callers.admin("GET", path).content.decode() for path in ("/connections", "/runs", "/audit")]
    shown += [callers.admin("POST", "/runs", {"task": "x", "machine_id": "m", "connection": "live"}).content.decode()]
    shown += [str(refused.value), repr(refused.value), caplog.text, fragments.health(), fragments.alerts()]
    call_command("dumpdata", "runs", "approvals", "auth", "sessions")
    shown.append(capsys.readouterr().out)
    assert "sealed_key" in shown[-1]
    assert not [text[:200] for text in shown if KEY in text]


@pytest.mark.django_db
def test_a_run_is_started_and_listed_by_its_connection(row, service, callers, desk, people):
    started = callers.operator("POST", "/runs", {"task": "there", "connection": "live"})
    assert started.status_code == 201
    assert started.json()["connection"] == "live"
    assert started.json()["id"] in service.runs
    here = callers.operator("POST", "/runs", {"task": "here"}).json()
    assert here["id"] in desk.far.runs
    listed = callers.viewer("GET", "/runs?connection=live").json()["data"]
    assert [run["id"] for run in listed] == [started.json()["id"]]
    assert callers.operator("POST", "/runs", {"task": "x", "connection": "nobody"}).status_code == 422
    told = callers.viewer("GET", "/connections").json()["data"]
    assert [one["slug"] for one in told] == [here["connection"], "live"]
    cancelled = callers.operator("POST", f"/runs/{started.json()['id']}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    assert service.count("POST", "/cancel") == 1


@pytest.mark.django_db
def test_the_pages_name_the_connection_once_there_is_more_than_one(admin, desk, service, people, callers):
    from runs import control, ingest

    control.start(people.operator, {"task": "here"})
    assert "swatch" not in admin.get("/runs/").content.decode()
    assert "On which connection" not in admin.get("/runs/new/").content.decode()
    admin.post("/connections/", form(service))
    row = Connection.objects.get(name="Live")
    run = control.start(people.operator, {"task": "there"}, connection=row)
    page = admin.get("/runs/").content.decode()
    assert "swatch-teal" in page
    narrowed = admin.get("/runs/?connection=live").content.decode()
    assert "there" in narrowed
    assert f"/runs/{Run.objects.get(task='here').upstream_id}/" not in narrowed
    assert "swatch-teal" in admin.get(f"/runs/{run.upstream_id}/").content.decode()
    service.runs[run.upstream_id].pause("Which one?")
    ingest.take_snapshot(row, service.runs[run.upstream_id].view(), asked_at=timezone.now())
    approval = run.approvals.get()
    for path in ("/approvals/", f"/approvals/{approval.pk}/", "/"):
        assert "swatch-teal" in admin.get(path).content.decode()
    assert callers.admin("GET", f"/approvals/{approval.pk}").json()["connection"] == "live"
    new = admin.get("/runs/new/?connection=live")
    assert "On which connection" in new.content.decode()
    assert admin.get("/runs/new/?connection=nobody").status_code == 404
    key = new.context["form"]["idempotency_key"].value()
    fields = {"task": "by form", "max_steps": "5", "on_awaiting_human": "pause", "cua_version": "v3"}
    answer = admin.post("/runs/new/?connection=live", {**fields, "idempotency_key": key})
    assert answer.status_code == 302
    assert Run.objects.get(task="by form").connection == row
