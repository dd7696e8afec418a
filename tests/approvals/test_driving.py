"""The calls of a takeover's page: who sees the screen, what may be framed, what a GET leaves as it was."""

from __future__ import annotations

import json

import pytest

from approvals import screens, takeovers
from approvals.models import Takeover
from runs import private
from runs.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ask_again():
    screens._without.clear()


@pytest.fixture
def sign_in(client):
    def enter(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


def test_the_screen_is_never_stored_and_the_same_picture_is_not_sent_twice(desk, people, sign_in):
    _, run, _ = desk.parked()
    address = f"/runs/{run.upstream_id}/screen/"
    first = sign_in(people.operator).get(address)
    assert (first.status_code, first["Cache-Control"].split(",")[0]) in [(200, "no-store"), (200, "max-age=0")]
    assert "no-store" in first["Cache-Control"]
    again = sign_in(people.operator).get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    takeovers.act(takeovers.begin(people.operator, run), "click", {"x": 1, "y": 1})
    assert sign_in(people.operator).get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert not run.frames.exists()


def test_nobody_else_sees_the_screen_while_something_private_is_typed(desk, people, sign_in):
    _, run, _ = desk.parked(reason="The password of ada is not known.")
    address = f"/runs/{run.upstream_id}/screen/"
    takeovers.begin(people.operator, run)
    assert sign_in(people.operator).get(address).status_code == 200
    refused = sign_in(people.reviewer).get(address)
    assert refused.status_code == 409
    assert "operator types something private" in refused.json()["error"]["message"]


def test_only_the_origin_of_the_vendors_page_may_be_framed_and_only_by_the_driver(desk, people, sign_in):
    _, run, _ = desk.parked()
    desk.far.machine_connection = {"vnc_url": "https://vnc.example.org/x?token=s3cret", "vnc_password": "hunter2"}
    address = f"/runs/{run.upstream_id}/takeover/"
    takeovers.begin(people.operator, run)
    page = sign_in(people.operator).get(address)
    assert "frame-src https://vnc.example.org;" in page["Content-Security-Policy"] + ";"
    assert b"https://vnc.example.org/x?token=s3cret" in page.content
    assert b"hunter2" not in page.content
    assert "no-store" in page["Cache-Control"]
    for other in (sign_in(people.operator).get(address + "?screen=pictures"), sign_in(people.reviewer).get(address)):
        assert "frame-src" not in other["Content-Security-Policy"]
        assert b"s3cret" not in other.content
    assert "s3cret" not in str(list(AuditEntry.objects.values_list("detail", "subject")))


def test_looking_at_the_page_takes_nothing_over(desk, people, sign_in):
    _, run, _ = desk.parked(reason="The password is not known.")
    for part in ("", "draft/"):
        sign_in(people.operator).get(f"/runs/{run.upstream_id}/takeover/{part}")
    assert not Takeover.objects.exists()
    assert not private.is_on(run.pk)


def test_the_switch_is_the_drivers_alone(desk, people, sign_in):
    _, run, _ = desk.parked()
    address = f"/runs/{run.upstream_id}/takeover/private/"
    takeovers.begin(people.operator, run)
    assert sign_in(people.reviewer).post(address, {"on": "1"}).status_code == 409
    assert not private.is_on(run.pk)
    assert sign_in(people.operator).post(address, {"on": "1"}).json() == {"private": True}
    assert private.is_on(run.pk)
    assert sign_in(people.operator).post(address, {"on": "0"}).json() == {"private": False}
    assert not private.is_on(run.pk)


def test_an_act_that_says_it_is_private_is_before_it_is_sent(desk, people, sign_in):
    _, run, _ = desk.parked()
    takeovers.begin(people.operator, run)
    desk.far.fail("POST", "/actions$", status=500)
    said = json.dumps({"command": "type", "parameters": {"text": "x"}, "private": True})
    answer = sign_in(people.operator).post(
        f"/runs/{run.upstream_id}/takeover/act/", said, content_type="application/json"
    )
    assert answer.status_code == 502
    assert private.is_on(run.pk)
    draft = sign_in(people.operator).get(f"/runs/{run.upstream_id}/takeover/draft/").json()
    assert draft == {"note": "By hand: I typed into a field. Look again.", "skipped": 0}


def test_comments_and_hand_overs_come_by_the_page_and_say_what_is_wrong(desk, people, sign_in):
    _, _, approval = desk.parked()
    base = f"/approvals/{approval.pk}"
    page = sign_in(people.reviewer).post(f"{base}/comment/", {"text": "Hello"}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert b"Hello" in page.content
    empty = sign_in(people.reviewer).post(f"{base}/comment/", {"text": " "}, headers={"HX-Request": "true"})
    assert (empty.status_code, b"Write something first" in empty.content) == (422, True)
    wrong = sign_in(people.reviewer).post(f"{base}/hand-over/", {"to": "999"}, headers={"HX-Request": "true"})
    assert (wrong.status_code, b"Choose a colleague" in wrong.content) == (422, True)
    done = sign_in(people.reviewer).post(f"{base}/hand-over/", {"to": people.admin.pk, "word": "you"}, follow=True)
    assert "handed this to" in done.content.decode()
    assert (
        sign_in(people.viewer).post(f"{base}/comment/", {"text": "x"}, headers={"HX-Request": "true"}).status_code
        == 403
    )
