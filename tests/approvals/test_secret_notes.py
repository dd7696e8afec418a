"""A secret goes out once, and is readable nowhere before or after; a note that looks like one is stopped."""

from __future__ import annotations

import json
import logging

import pytest
from django.apps import apps
from django.test import Client

from approvals import decisions, recalls
from approvals.errors import HoldsSecret, Invalid
from approvals.models import Decision
from runs import secret_notes
from runs.models import Event, SecretNote
from tests.approvals.desk import resumed_notes

pytestmark = pytest.mark.django_db
SECRET = "482913-lovelace"


def everything_stored():
    """Each value of each row of each table, as text."""
    for model in apps.get_models():
        for row in model._default_manager.values_list():
            yield from (f"{model.__name__}: {value}" for value in map(str, row))


def pages(people, approval, run):
    client = Client()
    client.force_login(people.admin, "django.contrib.auth.backends.ModelBackend")
    for path in (f"/approvals/{approval.pk}/", "/approvals/", f"/runs/{run.upstream_id}/", "/audit/", "/"):
        yield client.get(path).content.decode()


def assert_nowhere(people, approval, run, caplog):
    assert not [text for text in everything_stored() if SECRET in text]
    assert not [page for page in pages(people, approval, run) if SECRET in page]
    assert SECRET not in caplog.text


def test_a_secret_is_sent_once_and_kept_nowhere(desk, people, caplog):
    caplog.set_level(logging.DEBUG)
    scripted, run, approval = desk.parked("The page asks for the one-time code.")
    decision = decisions.decide(people.reviewer, approval, "resume", "the code is", secret=SECRET, hold_seconds=5)
    assert_nowhere(people, approval, run, caplog)
    assert SecretNote.objects.get().sealed
    assert desk.deliver(decision, 6).delivery == "delivered"
    assert resumed_notes(scripted) == [f"the code is {SECRET} [decision {decision.code}]"]
    desk.follow(scripted)
    told = Event.objects.get(run=run, type="resumed")
    assert told.data == f'{{"note": "the code is •••••••• [decision {decision.code}]"}}'
    assert SecretNote.objects.get().sealed == ""
    assert_nowhere(people, approval, run, caplog)
    desk.follow(scripted)  # told again, it is the same event
    assert Event.objects.filter(run=run, type="resumed").count() == 1


@pytest.mark.parametrize("end", ["recalled", "refused"])
def test_what_never_went_out_is_forgotten_too(desk, people, end):
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "", secret=SECRET, hold_seconds=5)
    if end == "recalled":
        recalls.recall(people.reviewer, decision)
    else:
        scripted.finish("cancelled")
        assert desk.deliver(decision, 6).delivery == "refused"
    assert SecretNote.objects.get().sealed == ""
    assert desk.sent() == 0


def test_an_answer_that_was_lost_keeps_it_until_it_is_known(desk, people):
    scripted, _, approval = desk.parked()
    desk.far.fail("POST", "/resume$", lose="before")
    decision = decisions.decide(people.reviewer, approval, "resume", "the code is", secret=SECRET)
    assert desk.deliver(decision).delivery == "unsure"
    assert SecretNote.objects.get().sealed
    assert desk.pursue(decision).delivery == "delivered"
    assert resumed_notes(scripted) == [f"the code is {SECRET} [decision {decision.code}]"]


def test_a_secret_that_no_key_opens_is_refused_and_asked_again(desk, people, settings):
    _, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume", "", secret=SECRET)
    settings.SECRET_KEY = "another key than the one that sealed it, long enough"
    settings.SECRET_KEY_FALLBACKS = []
    done = desk.deliver(decision)
    assert (done.delivery, desk.sent()) == ("refused", 0)
    assert "SECRET_KEY" in done.delivery_detail


@pytest.mark.parametrize("verdict", ["resume", "fail"])
@pytest.mark.parametrize("note", ["the code is 123456", "password: lovelace", "4111 1111 1111 1111", "482913"])
def test_a_note_that_looks_like_a_secret_is_stopped(desk, people, verdict, note):
    _, _, approval = desk.parked()
    with pytest.raises(HoldsSecret) as stopped:
        decisions.decide(people.reviewer, approval, verdict, note)
    assert stopped.value.status == 422
    approval.refresh_from_db()
    assert approval.is_open


def test_a_secret_goes_with_a_resume_only_and_fits_with_its_note(desk, people):
    _, _, approval = desk.parked()
    for verdict, note, secret in (("fail", "", "x1"), ("resume", "x" * 1970, "y" * 20), ("resume", "a", "y" * 501)):
        with pytest.raises(Invalid):
            decisions.decide(people.reviewer, approval, verdict, note, secret=secret)


def test_the_command_that_seals_anew_covers_what_waits_to_be_sent(desk, people, settings):
    from django.core.management import call_command

    _, _, approval = desk.parked()
    old = settings.SECRET_KEY
    decision = decisions.decide(people.reviewer, approval, "resume", "", secret=SECRET)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next key, which is long enough to be one", [old]
    call_command("seal_anew", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    assert secret_notes.whole(decision.code) == SECRET


@pytest.mark.parametrize("reason", ["The page asks for the password of ada.", "To pay I need the one-time code."])
def test_where_the_pause_asks_for_a_secret_the_note_may_hold_it_and_is_kept_masked(desk, people, reason):
    scripted, _run, approval = desk.parked(reason)
    decision = decisions.decide(people.reviewer, approval, "resume", "the code is 123456")
    assert "123456" not in Decision.objects.get().note
    assert desk.pursue(decision).delivery == "delivered"
    assert resumed_notes(scripted)[0].startswith("the code is 123456 [decision ")
    assert "123456" not in Decision.objects.get().note


def test_an_upstream_that_repeats_the_secret_in_its_refusal_gives_nothing_away(desk, people, caplog):
    _, run, approval = desk.parked("The page asks for the one-time code.")
    decision = decisions.decide(people.reviewer, approval, "resume", "the code is", secret=SECRET)
    said = f"The note 'the code is {SECRET} [decision {decision.code}]' is not taken, nor {SECRET}."
    desk.far.fail(
        "POST", "/resume$", status=422, body=json.dumps({"error": {"code": "INVALID", "message": said}}).encode()
    )
    decision = desk.deliver(decision)
    assert decision.delivery == "refused"
    assert "is not taken" in decision.delivery_detail
    assert_nowhere(people, approval, run, caplog)
