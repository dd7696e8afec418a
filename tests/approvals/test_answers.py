"""What a pause asks for is read from the agent's words; the form puts one note together and saved notes help."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals import answers, forms, kinds, phrases, recorded
from approvals.errors import HoldsSecret, Invalid, NotAllowed
from approvals.models import Approval, NoteTemplate
from runs.models import AuditEntry


def asked(reason):
    return answers.form(kinds.of(reason), reason)


@pytest.mark.parametrize(
    ("reason", "amount", "payee"),
    [
        ("I am about to pay $1,240.00 to Nordwind GmbH. Shall I?", "$1,240.00", "Nordwind GmbH"),
        ("About to pay Northwind Traders $1,250.00 by “Pay now”. Resume to pay.", "$1,250.00", "Northwind Traders"),
        ("Transfer 12.50 EUR to Ada Lovelace and Sons, now?", "12.50 EUR", "Ada Lovelace and Sons"),
        ("I am about to pay.", "", ""),
    ],
)
def test_amount_and_payee_are_those_that_the_agent_names(reason, amount, payee):
    terms = asked(reason).terms
    assert (terms.amount, terms.payee) == (amount, payee)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Which one? It could be: 1 “Approve”, 2 “Archive”. Answer with the number.", ["1", "2"]),
        ("Two buttons read “Approve”: which one is meant, 3 or 7?", ["3", "7"]),
        ("Which of these? 1) blue card, 2) red card", ["1", "2"]),
        ("Which one is meant?", []),
    ],
)
def test_choices_are_what_was_numbered(reason, said):
    assert [choice.said for choice in asked(reason).choices] == said


@pytest.mark.parametrize(
    ("reason", "typed", "note", "secret"),
    [
        ("The page asks for a one-time code.", {"secret": "482913"}, "the code is", "482913"),
        ("Sign-in needed. Answer “the password is …”.", {"note": "Ada", "secret": "x"}, "Ada. the password is", "x"),
        ("Which one? 1 “A”, 2 “B”", {"choice": "2", "note": "the left one"}, "2. the left one", ""),
        ("The amount is missing. Answer “amount: …”.", {"value": "12"}, "amount: 12", ""),
        ("I can't find “Proceed”.", {"value": "Go on", "note": "Use this."}, "Use this. the value is Go on", ""),
        ("Is it right?", {"value": "not asked for", "choice": "1", "note": "yes"}, "yes", ""),
        ("Is it right?", {"note": "my word", "as_secret": "1", "verdict": ""}, "", "my word"),
    ],
)  # fmt: skip
def test_one_note_is_made_of_what_was_typed(reason, typed, note, secret):
    form = forms.Decide({"verdict": "resume", **typed}, Approval(kind=kinds.of(reason), reason=reason))
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["note"], form.cleaned_data["secret"]) == (note, secret)


def test_a_secret_that_was_typed_is_dropped_with_a_fail_or_cancel():
    form = forms.Decide(
        {"verdict": "fail", "note": "no", "secret": "482913"}, Approval(kind="code", reason="The code?")
    )
    assert form.is_valid()
    assert form.cleaned_data["secret"] == ""


@pytest.mark.django_db
def test_a_payment_is_resumed_only_when_what_it_asks_was_confirmed(desk, people):
    _, _, approval = desk.parked("I am about to pay $5.00 to Ada. Shall I?")
    client = Client()
    client.force_login(people.reviewer, "django.contrib.auth.backends.ModelBackend")
    path, digest = f"/approvals/{approval.pk}/decide/", asked(approval.reason).digest
    for confirm in ("", "on", asked("I am about to pay $9.00 to Ada. Shall I?").digest):
        assert client.post(path, {"verdict": "resume", "confirm": confirm}).status_code == 422
    approval.refresh_from_db()
    assert approval.is_open
    assert client.post(path, {"verdict": "resume", "confirm": digest}).status_code == 302


@pytest.mark.django_db
def test_saved_notes_are_ones_own_or_the_teams_and_hold_no_secret(people):
    mine = phrases.add(people.reviewer, "Use the blue card.", "payment")
    ours = phrases.add(people.reviewer, "Try again.", is_for_all=True)
    for bad in ("", "x" * 501):
        with pytest.raises(Invalid):
            phrases.add(people.reviewer, bad)
    with pytest.raises(HoldsSecret):
        phrases.add(people.reviewer, "the password is lovelace")
    assert set(NoteTemplate.objects.usable_by(people.reviewer)) == {mine, ours}
    assert set(NoteTemplate.objects.usable_by(people.admin)) == {ours}
    with pytest.raises(NotAllowed):
        phrases.remove(people.stranger, ours)
    phrases.remove(people.admin, ours)
    assert list(AuditEntry.objects.order_by("seq").values_list("act", flat=True)) == [
        "note.saved",
        "note.saved",
        "note.removed",
    ]


@pytest.mark.django_db
def test_the_page_of_saved_notes_saves_and_removes_and_the_form_offers_them(desk, people):
    _, _, approval = desk.parked("Is it right?")
    client = Client()
    client.force_login(people.reviewer, "django.contrib.auth.backends.ModelBackend")
    client.post("/approvals/notes/", {"text": "Look twice.", "kind": "other"})
    client.post("/approvals/notes/", {"text": "For payments only.", "kind": "payment"})
    assert client.post("/approvals/notes/", {"text": "PIN: 1234"}).status_code == 422
    page = client.get(f"/approvals/{approval.pk}/").content.decode()
    assert 'data-preset="Look twice."' in page
    assert "For payments only." not in page
    first = NoteTemplate.objects.get(text="Look twice.")
    client.post(f"/approvals/notes/{first.pk}/remove/")
    assert not NoteTemplate.objects.filter(pk=first.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://portal.example.com:8443/pay?x=1", "portal.example.com:8443"),
        ("https://аррle.com/", "xn--le-6kc8da.com"),
        ("javascript:alert(1)", None),
        ("https://[broken", None),
    ],
)
def test_the_host_is_the_one_that_the_agent_opened_in_letters_nobody_mixes_up(desk, url, name):
    scripted, run = desk.run()
    scripted.emit("action", {"action_type": "browser_navigate", "params": {"url": url}})
    desk.follow(scripted)
    found = recorded.host(run)
    assert (found.name if found else None) == name
