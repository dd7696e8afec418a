"""The calls of a takeover's page: who sees the screen, what may be framed, what a GET leaves as it was."""

from __future__ import annotations

import json

import pytest

from approvals import answers, decisions, endorsements, screens, takeovers
from approvals.models import Approval, Decision, Takeover
from runs import private
from runs.models import AuditEntry, Run, step_cents
from runs.steps import money

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


@pytest.mark.parametrize(
    ("said", "decided"),
    [({"verdict": "resume"}, ["resume"]), ({"as_secret": "1"}, ["resume"]), ({"verdict": "cancel"}, []), ({}, [])],
)
def test_handing_back_resumes_only_where_that_is_said(desk, people, sign_in, said, decided):
    _, run, _ = desk.parked("The page wants a captcha.")
    takeovers.begin(people.reviewer, run)
    sign_in(people.reviewer).post(f"/runs/{run.upstream_id}/takeover/end/", {**said, "note": "done"})
    assert list(Decision.objects.values_list("verdict", flat=True)) == decided
    assert takeovers.active(run) is None


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


PAYMENT = "I am about to pay $5.00 to Ada. Shall I?"


def handed_back(client, run, **said):
    return client.post(f"/runs/{run.upstream_id}/takeover/end/", {"verdict": "resume", **said})


def test_handing_back_with_a_resume_confirms_a_payment_as_the_approvals_page_does(desk, people, sign_in):
    _, run, approval = desk.parked(PAYMENT)
    Run.objects.filter(pk=run.pk).update(max_steps=40, steps_completed=5)
    takeovers.begin(people.reviewer, run)
    client, digest = sign_in(people.reviewer), answers.form("payment", PAYMENT).digest
    page = client.get(f"/runs/{run.upstream_id}/takeover/").content.decode()
    assert f'id="confirm" value="{digest}" required' in page
    step = step_cents(run.cua_version)
    assert f"{money(step)} a step; 35 more at most, {money(step * 35)}" in page
    assert "Waiting bills no steps." in page
    for wrong in ({}, {"confirm": "on"}, {"confirm": answers.form("payment", "Pay?").digest}):
        assert handed_back(client, run, **wrong).status_code == 302
        told = client.post(
            f"/runs/{run.upstream_id}/takeover/end/", {"verdict": "resume", **wrong}, headers={"HX-Request": "true"}
        )
        assert (told.status_code, b"Confirm first" in told.content) == (422, True)
    approval.refresh_from_db()
    assert approval.is_open
    assert takeovers.active(run)  # what was typed there is not lost
    assert handed_back(client, run, confirm=digest, note="I paid half").status_code == 302
    assert (approval.decision.verdict, approval.decision.note) == ("resume", "I paid half")
    assert takeovers.active(run) is None


def test_handing_back_is_one_yes_of_two_and_the_machine_is_free_for_the_second(desk, people, sign_in):
    _, run, approval = desk.parked(PAYMENT)
    Approval.objects.filter(pk=approval.pk).update(people_needed=2)
    digest = answers.form("payment", PAYMENT).digest
    takeovers.begin(people.reviewer, run)
    client = sign_in(people.reviewer)
    assert b"2 people must say so" in client.get(f"/runs/{run.upstream_id}/takeover/").content
    handed_back(client, run, confirm=digest)
    approval.refresh_from_db()
    assert approval.is_open
    assert [one.user for one in endorsements.shown(approval)] == [people.reviewer]
    assert takeovers.active(run) is None
    handed_back(client, run, confirm=digest)  # nobody is two people
    approval.refresh_from_db()
    assert approval.is_open
    takeovers.begin(people.admin, run)
    handed_back(sign_in(people.admin), run, confirm=digest)
    approval.refresh_from_db()
    assert (approval.is_open, approval.decision.decided_by) == (False, people.admin)


def test_who_started_the_run_hands_back_without_a_resume_where_somebody_else_must_say_it(desk, people, sign_in):
    _, run, approval = desk.parked(PAYMENT)
    Approval.objects.filter(pk=approval.pk).update(not_starter=True)
    Run.objects.filter(pk=run.pk).update(started_by=people.reviewer)
    takeovers.begin(people.reviewer, run)
    client = sign_in(people.reviewer)
    page = client.get(f"/runs/{run.upstream_id}/takeover/").content.decode()
    assert "somebody else must say resume" in page
    assert "Hand back and resume" not in page
    handed_back(client, run, confirm=answers.form("payment", PAYMENT).digest)
    approval.refresh_from_db()
    assert approval.is_open
    assert takeovers.active(run)
    client.post(f"/runs/{run.upstream_id}/takeover/end/")
    assert takeovers.active(run) is None


def test_handing_back_what_somebody_else_has_decided_meanwhile_says_that_nothing_was_sent(desk, people, sign_in):
    _, run, approval = desk.parked("The page wants a captcha.")
    takeovers.begin(people.reviewer, run)
    decisions.decide(people.admin, approval, "cancel")
    answer = sign_in(people.reviewer).post(
        f"/runs/{run.upstream_id}/takeover/end/", {"verdict": "resume", "note": "done"}, follow=True
    )
    assert "Nothing was sent: the run does not wait for a person any more." in answer.content.decode()
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["cancel"]
